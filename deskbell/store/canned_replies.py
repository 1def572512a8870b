"""Canned replies: shared ones of the desk, and everybody's own (CHAT-10)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from deskbell.store.types import Database

SHARED_MOST = 300
OWN_MOST = 100
"""How many shared ones there may be, and how many of their own one person may have."""


class Taken(Exception):
    """Another one of the same list has this shortcut, in any case."""


class CannedReply(NamedTuple):
    """`owner_id` None: shared. `departments` empty: for everybody."""

    id: int
    owner_id: int | None
    shortcut: str
    text: str
    html: str | None
    departments: tuple[int, ...]


_SHOWN = "id, owner_id, shortcut, text, html, departments"

# What one person may use: their own, and those shared ones that are for everybody or for one of their departments.
_USABLE = f"""
    SELECT {_SHOWN} FROM canned_reply
    WHERE owner_id = $1 OR (owner_id IS NULL AND ($3 OR departments = '{{}}' OR departments && $2::integer[]))
    ORDER BY lower(shortcut), id
"""

_ONE = f"SELECT {_SHOWN} FROM canned_reply WHERE id = $1"

# Adding to one list (0: the shared one) goes one by one, so that their number holds.
_LOCK = "SELECT pg_advisory_xact_lock(4022, $1)"
_COUNT = "SELECT count(*) FROM canned_reply WHERE COALESCE(owner_id, 0) = $1"

_ADD = f"""
    INSERT INTO canned_reply (owner_id, shortcut, text, html, departments, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_SHOWN}
"""

# Only the columns named in CHANGEABLE ever get here.
_CHANGE = f"UPDATE canned_reply SET changed_at = $2, {{columns}} WHERE id = $1 RETURNING {_SHOWN}"
CHANGEABLE = ("shortcut", "text", "html", "departments")

_DELETE = "DELETE FROM canned_reply WHERE id = $1"


async def usable(
    db: Database, staff_id: int, departments: Sequence[int], *, all_shared: bool
) -> list[CannedReply]:
    """By shortcut; `all_shared`: whatever their departments."""
    rows = await db.fetch(_USABLE, staff_id, list(departments), all_shared)
    return [_of(row) for row in rows]


async def one(db: Database, reply_id: int) -> CannedReply | None:
    row = await db.fetchrow(_ONE, reply_id)
    return _of(row) if row else None


async def count(db: Database, owner_id: int | None) -> int:
    """How many are in this list; in a transaction, nobody else adds one until its end."""
    await db.execute(_LOCK, owner_id or 0)
    return int(await db.fetchval(_COUNT, owner_id or 0))


async def add(
    db: Database,
    owner_id: int | None,
    shortcut: str,
    text: str,
    html: str | None,
    departments: Sequence[int],
    now: datetime,
) -> CannedReply:
    """Raises Taken."""
    try:
        row = await db.fetchrow(_ADD, owner_id, shortcut, text, html, list(departments), now)
    except asyncpg.UniqueViolationError:
        raise Taken from None
    assert row is not None
    return _of(row)


async def change(
    db: Database, reply_id: int, values: Mapping[str, object], now: datetime
) -> CannedReply | None:
    """Set columns of CHANGEABLE, at least one; None when it is gone. Raises Taken."""
    if unknown := set(values) - set(CHANGEABLE):
        raise ValueError(f"not to be changed so: {', '.join(sorted(unknown))}")
    columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=3))
    try:
        row = await db.fetchrow(_CHANGE.format(columns=columns), reply_id, now, *values.values())
    except asyncpg.UniqueViolationError:
        raise Taken from None
    return _of(row) if row else None


async def delete(db: Database, reply_id: int) -> None:
    await db.execute(_DELETE, reply_id)


def _of(row: asyncpg.Record) -> CannedReply:
    return CannedReply(row[0], row[1], row[2], row[3], row[4], tuple(row[5]))
