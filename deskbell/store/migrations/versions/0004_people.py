"""Blocks, linked tickets, labels and what is known of customers."""

from deskbell.store.migrations.runner import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql(__file__)
