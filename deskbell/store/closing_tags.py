"""Closing tags: one is chosen at close, from a list that supervisors keep (LIFE-12). Hidden, never deleted."""

from collections.abc import Mapping
from typing import NamedTuple

import asyncpg

from deskbell.store.types import Database

MOST = 200
"""How many there may be, hidden ones included."""


class Taken(Exception):
    """Another closing tag has this name, in any case."""


class ClosingTag(NamedTuple):
    id: int
    name: str
    active: bool


# All of them by name.
_ALL = "SELECT id, name, active FROM closing_tag ORDER BY lower(name), id"

# Adding goes one by one, so that their number holds.
_LOCK = "SELECT pg_advisory_xact_lock(4021, 2)"
_COUNT = "SELECT count(*) FROM closing_tag"

# A new one; a name that is taken (in any case) gives no row.
_ADD = "INSERT INTO closing_tag (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id, name, active"

# Only the columns named in CHANGEABLE ever get here.
_CHANGE = "UPDATE closing_tag SET {columns} WHERE id = $1 RETURNING id, name, active"
CHANGEABLE = ("name", "active")


async def everyone(db: Database) -> list[ClosingTag]:
    return [ClosingTag(*record.values()) for record in await db.fetch(_ALL)]


async def count(db: Database) -> int:
    """How many there are; in a transaction, nobody else adds one until its end."""
    await db.execute(_LOCK)
    return int(await db.fetchval(_COUNT))


async def add(db: Database, name: str) -> ClosingTag | None:
    """The new one, or None if the name is taken."""
    record = await db.fetchrow(_ADD, name)
    return ClosingTag(*record.values()) if record else None


async def change(db: Database, tag_id: int, values: Mapping[str, object]) -> ClosingTag | None:
    """Set columns of CHANGEABLE, at least one; None when there is no such tag. Raises Taken."""
    if unknown := set(values) - set(CHANGEABLE):
        raise ValueError(f"not to be changed so: {', '.join(sorted(unknown))}")
    columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=2))
    try:
        record = await db.fetchrow(_CHANGE.format(columns=columns), tag_id, *values.values())
    except asyncpg.UniqueViolationError:
        raise Taken from None
    return ClosingTag(*record.values()) if record else None
