"""Labels: made by typing them, the same everywhere (CHAT-8)."""

from collections.abc import Sequence
from typing import NamedTuple

from deskbell.store.types import Database


class Label(NamedTuple):
    id: int
    name: str
    color: str


# By the beginning of a word first, then anywhere; % and _ are ordinary letters here.
_FIND = """
    SELECT id, name, color FROM label
    WHERE $1 = '' OR strpos(lower(name), lower($1)) > 0
    ORDER BY strpos(lower(name), lower($1)) <> 1, lower(name), id LIMIT $2
"""

# Make those that are not there yet; the ones there keep their spelling.
_MAKE = """
    INSERT INTO label (name, color)
    SELECT name, color FROM unnest($1::text[], $2::text[]) AS given (name, color)
    ON CONFLICT (lower(name)) DO NOTHING
"""

# The ids of names, whatever their case.
_BY_NAME = """
    SELECT given.name AS asked, label.id FROM unnest($1::text[]) AS given (name)
    JOIN label ON lower(label.name) = lower(given.name)
"""

COLORS = ("blue", "green", "amber", "red", "violet", "teal", "pink", "slate")


async def find(db: Database, words: str, limit: int) -> list[Label]:
    """Labels whose name holds `words`, at most `limit`."""
    return [Label(*record.values()) for record in await db.fetch(_FIND, words, limit)]


async def find_or_make(db: Database, names: Sequence[str]) -> dict[str, int]:
    """The id of each name, made if it is new. A label's first colour follows from its name."""
    colors = [COLORS[sum(name.lower().encode()) % len(COLORS)] for name in names]
    await db.execute(_MAKE, list(names), colors)
    return await by_name(db, names)


async def by_name(db: Database, names: Sequence[str]) -> dict[str, int]:
    """The ids of those names that are there."""
    return {record["asked"]: record["id"] for record in await db.fetch(_BY_NAME, list(names))}
