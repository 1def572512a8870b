"""Transcripts, surveys and how mails go out."""

from deskbell.store.migrations.runner import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql(__file__)
