"""A few figures about the whole desk, for those who watch over it (OPS-3)."""

from datetime import datetime

from deskbell.store.presence import online_staff
from deskbell.store.types import Database

# What is open, by kind and state; the partial indexes hold all of it.
_OPEN = """
    SELECT kind, state, count(*)::int FROM conversation
    WHERE state IN ('queued', 'offered', 'live', 'pending', 'unassigned', 'assigned') GROUP BY kind, state ORDER BY 1, 2
"""


async def ping(db: Database) -> None:
    await db.execute("SELECT 1")


async def open_conversations(db: Database) -> list[tuple[str, str, int]]:
    """(kind, state, how many)."""
    return [(row[0], row[1], row[2]) for row in await db.fetch(_OPEN)]


async def staff_online(db: Database, now: datetime) -> int:
    return len(await online_staff(db, now))
