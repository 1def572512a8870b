"""The steps of the schema: one numbered `.py` with its plain `.sql` beside it, per step."""
