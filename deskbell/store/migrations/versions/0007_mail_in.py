"""Mails that came in, and how they find their tickets."""

from deskbell.store.migrations.runner import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_sql(__file__)
