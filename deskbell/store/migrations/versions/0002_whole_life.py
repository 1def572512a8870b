"""The whole life of a conversation: offers, transfers, pending, flags, comments, tickets, notifications, search."""

from deskbell.store.migrations.runner import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql(__file__)
