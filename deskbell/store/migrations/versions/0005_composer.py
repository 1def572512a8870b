"""Canned replies and what else helps to write."""

from deskbell.store.migrations.runner import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql(__file__)
