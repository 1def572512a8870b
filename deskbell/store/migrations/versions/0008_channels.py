"""Channels that are somebody else's service: accounts, contacts, what comes in and what goes out."""

from deskbell.store.migrations.runner import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql(__file__)
