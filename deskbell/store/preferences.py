"""The preferences as they are set now (SUPERVISOR-2); what may be set is said in the domain."""

from collections.abc import Mapping

from deskbell.domain.preferences import Preferences, merged
from deskbell.store.types import Database, from_json, to_json

# All that differ from their default, or once did.
_LOAD = "SELECT name, value::text AS value FROM preference"

# Set several at once.
_SAVE = """
    INSERT INTO preference (name, value, changed_by)
    SELECT name, value::jsonb, $3 FROM unnest($1::text[], $2::text[]) AS given (name, value)
    ON CONFLICT (name) DO UPDATE
    SET value = excluded.value, changed_at = now(), changed_by = excluded.changed_by
"""


async def load(db: Database) -> Preferences:
    """Every preference, the default where none was set."""
    return merged({record["name"]: from_json(record["value"]) for record in await db.fetch(_LOAD)})


async def save(db: Database, values: Mapping[str, object], by: int | None) -> None:
    """Set preferences that the domain has checked."""
    await db.execute(_SAVE, list(values), [to_json(value) for value in values.values()], by)
