"""Brings the database to the schema this version of the desk needs.

Alembic and SQLAlchemy are loaded only when there is something to do: a start with an up-to-date schema
costs one query. Migrations only go forward and are safe while the old version still serves (OPS-3).
"""

import logging
import re
from pathlib import Path

import asyncpg
from asyncpg.pool import PoolConnectionProxy

FOLDER = Path(__file__).parent / "migrations"
VERSIONS = FOLDER / "versions"
LOCK = 7_301_110
"""Key of the advisory lock under which one node at a time migrates."""

_REVISION = re.compile(r'^revision(?:: str)? = "([^"]+)"', re.MULTILINE)

logger = logging.getLogger(__name__)


def known_versions() -> list[str]:
    """The revisions this version of the desk knows, oldest first (file names sort in that order)."""
    found = [_REVISION.search(path.read_text()) for path in sorted(VERSIONS.glob("[0-9]*.py"))]
    return [match.group(1) for match in found if match]


async def current_version(connection: asyncpg.Connection | PoolConnectionProxy) -> str | None:
    """The revision the database has; None when it is empty."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    version: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return version


async def migrate(dsn: str) -> bool:
    """Bring the database at `dsn` up to date; True when something was done.

    A database newer than this program is left alone: its newer node has made it, safe for us.
    """
    connection = await asyncpg.connect(dsn)
    try:
        if not await _behind(connection):
            return False
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        if not await _behind(connection):
            return False
        # Alembic tells of its plugins while it is being imported.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        from deskbell.store.migrations.runner import upgrade

        await upgrade(dsn, FOLDER)
        return True
    finally:
        await connection.close()


async def _behind(connection: asyncpg.Connection) -> bool:
    known, current = known_versions(), await current_version(connection)
    if current is not None and current not in known:
        logger.warning("The database is of a newer version (%s) than this program knows", current)
        return False
    return bool(known) and current != known[-1]
