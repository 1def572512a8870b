"""What a desk wants to know of its customers besides name and address. Fields are hidden, never deleted."""

from collections.abc import Mapping
from typing import NamedTuple

from deskbell.store.types import Database

MOST = 50
"""How many there may be, hidden ones included."""


class Field(NamedTuple):
    """`key` is what its values are stored under; a form of a site may ask for the same one."""

    id: int
    key: str
    label: str
    kind: str
    active: bool


_ALL = "SELECT id, key, label, kind, active FROM customer_field ORDER BY place, id"
_LOCK = "SELECT pg_advisory_xact_lock(4021, 3)"
_COUNT = "SELECT count(*) FROM customer_field"

# The new one at the end; a key that is taken gives no row.
_ADD = """
    INSERT INTO customer_field (key, label, kind, place)
    SELECT $1, $2, $3, COALESCE(max(place), 0) + 1 FROM customer_field
    ON CONFLICT DO NOTHING RETURNING id, key, label, kind, active
"""

# Only the columns named in CHANGEABLE ever get here.
_CHANGE = "UPDATE customer_field SET {columns} WHERE id = $1 RETURNING id, key, label, kind, active"
CHANGEABLE = ("label", "active")


async def everyone(db: Database) -> list[Field]:
    return [Field(*record.values()) for record in await db.fetch(_ALL)]


async def count(db: Database) -> int:
    """How many there are; in a transaction, nobody else adds one until its end."""
    await db.execute(_LOCK)
    return int(await db.fetchval(_COUNT))


async def add(db: Database, key: str, label: str, kind: str) -> Field | None:
    """The new one, or None if the key is taken."""
    record = await db.fetchrow(_ADD, key, label, kind)
    return Field(*record.values()) if record else None


async def change(db: Database, field_id: int, values: Mapping[str, object]) -> Field | None:
    """Set columns of CHANGEABLE, at least one; None when there is no such field."""
    if unknown := set(values) - set(CHANGEABLE):
        raise ValueError(f"not to be changed so: {', '.join(sorted(unknown))}")
    columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=2))
    record = await db.fetchrow(_CHANGE.format(columns=columns), field_id, *values.values())
    return Field(*record.values()) if record else None
