"""Visits, page views and what a site signs for its people."""

from deskbell.store.migrations.runner import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql(__file__)
