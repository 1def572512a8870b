"""Notes on a customer's profile: they stay, whatever becomes of the conversations (TEAM-7)."""

from datetime import datetime
from typing import NamedTuple

from deskbell.store.types import Database

MOST = 500
"""Notes on one customer."""


class Note(NamedTuple):
    id: int
    staff_id: int
    text: str
    at: datetime


# A page, newest first.
_PAGE = """
    SELECT id, staff_id, text, at FROM note WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""
_ABOVE_ALL = 2**63 - 1

_COUNT = "SELECT count(*) FROM note WHERE customer_id = $1"

# The same client id again is the same note; above the limit nothing is written.
_ADD = """
    WITH added AS (
        INSERT INTO note (customer_id, staff_id, client_id, text, at)
        SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM note WHERE customer_id = $1) < $6
        ON CONFLICT (customer_id, staff_id, client_id) DO NOTHING
        RETURNING id, staff_id, text, at
    )
    SELECT * FROM added
    UNION ALL
    SELECT id, staff_id, text, at FROM note WHERE customer_id = $1 AND staff_id = $2 AND client_id = $3
    LIMIT 1
"""

_AUTHOR = "SELECT staff_id FROM note WHERE customer_id = $1 AND id = $2"

_DELETE = "DELETE FROM note WHERE customer_id = $1 AND id = $2"


async def page(db: Database, customer_id: int, before: int | None, limit: int) -> list[Note]:
    """The newest with an id below `before`, newest first."""
    rows = await db.fetch(_PAGE, customer_id, _ABOVE_ALL if before is None else before, limit)
    return [Note(*record.values()) for record in rows]


async def count(db: Database, customer_id: int) -> int:
    counted: int = await db.fetchval(_COUNT, customer_id)
    return counted


async def add(
    db: Database, customer_id: int, staff_id: int, client_id: str, text: str, now: datetime
) -> Note | None:
    """The note, also if this very one was added before; None when the customer has MOST already."""
    record = await db.fetchrow(_ADD, customer_id, staff_id, client_id, text, now, MOST)
    return Note(*record.values()) if record else None


async def author(db: Database, customer_id: int, note_id: int) -> int | None:
    """Who wrote this note of this customer, if there is such a one."""
    found: int | None = await db.fetchval(_AUTHOR, customer_id, note_id)
    return found


async def delete(db: Database, customer_id: int, note_id: int) -> None:
    await db.execute(_DELETE, customer_id, note_id)
