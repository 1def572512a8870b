"""Labels: made by typing them, the same on chats, tickets and customers (CHAT-8)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import asyncpg

from deskbell.store.types import Database

MOST = 1_000
"""How many there may be."""


class Taken(Exception):
    """Another label has this name, in any case."""


class Label(NamedTuple):
    id: int
    name: str
    color: str


class Used(NamedTuple):
    """A label, and on how many it is."""

    id: int
    name: str
    color: str
    conversations: int
    customers: int


# By the beginning of a word first, then anywhere; % and _ are ordinary letters here.
_FIND = """
    SELECT id, name, color FROM label
    WHERE $1 = '' OR strpos(lower(name), lower($1)) > 0
    ORDER BY strpos(lower(name), lower($1)) <> 1, lower(name), id LIMIT $2
"""

# Make those that are not there yet; the ones there keep their spelling. None above the bound.
_MAKE = """
    INSERT INTO label (name, color)
    SELECT name, color FROM unnest($1::text[], $2::text[]) AS given (name, color)
    WHERE (SELECT count(*) FROM label) + cardinality($1::text[]) <= $3
    ON CONFLICT (lower(name)) DO NOTHING
"""

# The ids of names, whatever their case.
_BY_NAME = """
    SELECT given.name AS asked, label.id FROM unnest($1::text[]) AS given (name)
    JOIN label ON lower(label.name) = lower(given.name)
"""

_USED = """
    SELECT label.id, name, color, COALESCE(c.n, 0), COALESCE(p.n, 0) FROM label
    LEFT JOIN (SELECT unnest(labels) AS id, count(*) AS n FROM conversation WHERE labels <> '{}' GROUP BY 1) c USING (id)
    LEFT JOIN (SELECT unnest(labels) AS id, count(*) AS n FROM customer WHERE labels <> '{}' GROUP BY 1) p USING (id)
    ORDER BY lower(name), label.id
"""

# Only the columns named in CHANGEABLE ever get here.
_CHANGE = "UPDATE label SET {columns} WHERE id = $1 RETURNING id, name, color"
CHANGEABLE = ("name", "color")

# Taken off everywhere, or ($2) replaced by another one, where that is not on it already.
_REPLACE = """
    UPDATE {table} SET labels = CASE WHEN $2::int IS NULL OR labels @> ARRAY[$2::int] THEN array_remove(labels, $1)
                                ELSE array_replace(labels, $1, $2) END
    WHERE labels <> '{{}}' AND labels @> ARRAY[$1::int]
"""
_DELETE = "DELETE FROM label WHERE id = $1 RETURNING id"
_THERE = "SELECT count(*) FROM label WHERE id = ANY($1::int[])"

COLORS = ("blue", "green", "amber", "red", "violet", "teal", "pink", "slate")


async def find(db: Database, words: str, limit: int) -> list[Label]:
    """Labels whose name holds `words`, at most `limit`."""
    return [Label(*record.values()) for record in await db.fetch(_FIND, words, limit)]


async def find_or_make(db: Database, names: Sequence[str]) -> dict[str, int]:
    """The id of each name, made if it is new; a new one is missing when there are MOST. Its first colour follows from
    its name."""
    found = await by_name(db, names)
    new = [name for name in names if name not in found]
    if not new:
        return found
    colors = [COLORS[sum(name.lower().encode()) % len(COLORS)] for name in new]
    await db.execute(_MAKE, new, colors, MOST)
    return await by_name(db, names)


async def by_name(db: Database, names: Sequence[str]) -> dict[str, int]:
    """The ids of those names that are there."""
    return {record["asked"]: record["id"] for record in await db.fetch(_BY_NAME, list(names))}


async def used(db: Database) -> list[Used]:
    """All of them by name, with how much each is used."""
    return [Used(*record.values()) for record in await db.fetch(_USED)]


async def change(db: Database, label_id: int, values: Mapping[str, object]) -> Label | None:
    """Set columns of CHANGEABLE, at least one; None when there is no such label. Raises Taken."""
    if unknown := set(values) - set(CHANGEABLE):
        raise ValueError(f"not to be changed so: {', '.join(sorted(unknown))}")
    columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=2))
    try:
        record = await db.fetchrow(_CHANGE.format(columns=columns), label_id, *values.values())
    except asyncpg.UniqueViolationError:
        raise Taken from None
    return Label(*record.values()) if record else None


async def remove(pool: asyncpg.Pool, label_id: int, into: int | None = None) -> bool:
    """Delete a label, taken off everywhere or replaced by the label `into`. False when one of them is not there."""
    wanted = [label_id] if into is None else [label_id, into]
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(_THERE, wanted) != len(wanted):
            return False
        for table in ("conversation", "customer"):
            await connection.execute(_REPLACE.format(table=table), label_id, into)
        return await connection.fetchval(_DELETE, label_id) is not None
