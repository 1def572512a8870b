"""Whole tables at once, for the demo: rows travel as JSON and take their own ids with them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from deskbell.store.types import Database, to_json

# One process fills, the others wait and find it filled.
_LOCK = "SELECT pg_advisory_xact_lock(4021, 2)"

# Rows of one table; the columns are those of the first row.
_INSERT = """
    INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE
    SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::text::json)
"""

# The next row gets a number of its own.
_CONTINUE = "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"

_COLOR = """
    UPDATE label SET color = given.color FROM unnest($1::text[], $2::text[]) AS given (name, color)
    WHERE label.name = given.name
"""

Rows = list[dict[str, Any]]


class Filling(NamedTuple):
    """Rows by table, each a dict of columns; all rows of a table have the same columns."""

    customer: Rows
    conversation: Rows
    entry: Rows
    seen: Rows
    file: Rows
    notification: Rows
    note: Rows


async def lock(db: Database) -> None:
    """Until the transaction ends."""
    await db.execute(_LOCK)


async def color_labels(db: Database, colors: Mapping[str, str]) -> None:
    await db.execute(_COLOR, list(colors), list(colors.values()))


async def save(db: Database, filling: Filling) -> None:
    """Into tables that are empty so far."""
    for table, rows in filling._asdict().items():
        if rows:
            await db.execute(_INSERT.format(table=table, columns=", ".join(rows[0])), to_json(rows))
    for table in ("customer", "conversation", "notification", "note"):
        await db.execute(_CONTINUE.format(table=table))
