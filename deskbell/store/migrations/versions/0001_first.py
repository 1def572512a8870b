"""The first schema."""

from deskbell.store.migrations.runner import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql(__file__)
