"""Departments and who is in them (PEOPLE-6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from deskbell.store.presence import GRACE, ONLINE
from deskbell.store.types import Database


class Member(NamedTuple):
    id: int
    name: str
    online: bool


class Department(NamedTuple):
    """`offered`: customers may pick it. `staff` are its active members by name."""

    id: int
    name: str
    description: str
    offered: bool
    staff: tuple[Member, ...]


# Departments with their active members, one row per member (or one without).
_ALL = f"""
    SELECT department.id, department.name, department.description, department.offered,
        staff.id AS staff_id, staff.name AS staff_name, ({ONLINE}) AS online
    FROM department
    LEFT JOIN department_staff ON department_staff.department_id = department.id
    LEFT JOIN staff ON staff.id = department_staff.staff_id AND staff.active
    ORDER BY lower(department.name), department.id, lower(staff.name), staff.id
"""

# A new one; a name that is taken (in any case) gives no row.
_ADD = """
    INSERT INTO department (name, description, offered) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING RETURNING id
"""

# Only the columns named in CHANGEABLE ever get here.
_CHANGE = "UPDATE department SET {columns} WHERE id = $1"
CHANGEABLE = ("name", "description", "offered")

# Which of these there are.
_EXISTING = "SELECT id FROM department WHERE id = ANY ($1::int[])"

# The members of one department, replaced.
_REMOVE = "DELETE FROM department_staff WHERE department_id = $1 AND staff_id <> ALL ($2::int[])"
_INSERT = """
    INSERT INTO department_staff (department_id, staff_id)
    SELECT $1, id FROM staff WHERE id = ANY ($2::int[]) ON CONFLICT DO NOTHING
"""

# What a visitor may pick and whether somebody is there: offered ones, of this site if it names any.
_OFFERED = f"""
    SELECT department.id, department.name, EXISTS (
        SELECT FROM department_staff JOIN staff ON staff.id = department_staff.staff_id
        WHERE department_staff.department_id = department.id AND {ONLINE}) AS available
    FROM department
    WHERE department.offered AND (cardinality($2::int[]) = 0 OR department.id = ANY ($2::int[]))
    ORDER BY lower(department.name), department.id
"""


class Offered(NamedTuple):
    id: int
    name: str
    available: bool


async def everyone(db: Database, now: datetime) -> list[Department]:
    """All departments by name."""
    found: dict[int, tuple[asyncpg.Record, list[Member]]] = {}
    for record in await db.fetch(_ALL, now - GRACE):
        members = found.setdefault(record["id"], (record, []))[1]
        if record["staff_id"] is not None:
            members.append(Member(record["staff_id"], record["staff_name"], record["online"]))
    return [
        Department(record["id"], record["name"], record["description"], record["offered"], tuple(members))
        for record, members in found.values()
    ]


async def add(db: Database, name: str, description: str, offered: bool) -> int | None:
    """The new id, or None if the name is taken."""
    added: int | None = await db.fetchval(_ADD, name, description, offered)
    return added


async def change(db: Database, department_id: int, values: Mapping[str, object]) -> bool:
    """Set columns of CHANGEABLE. False if another department has the name."""
    if unknown := set(values) - set(CHANGEABLE):
        raise ValueError(f"not to be changed so: {', '.join(sorted(unknown))}")
    if not values:
        return True
    columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=2))
    try:
        await db.execute(_CHANGE.format(columns=columns), department_id, *values.values())
    except asyncpg.UniqueViolationError:
        return False
    return True


async def existing(db: Database, ids: Sequence[int]) -> set[int]:
    """Those of `ids` that are departments."""
    return {record["id"] for record in await db.fetch(_EXISTING, list(ids))}


async def set_staff(db: Database, department_id: int, staff_ids: Sequence[int]) -> None:
    """Make exactly these people its members; ids of nobody are passed over."""
    await db.execute(_REMOVE, department_id, list(staff_ids))
    await db.execute(_INSERT, department_id, list(staff_ids))


async def offered(db: Database, site_departments: Sequence[int], now: datetime) -> list[Offered]:
    """What a customer of a site may pick; an empty `site_departments` means every offered one."""
    rows = await db.fetch(_OFFERED, now - GRACE, list(site_departments))
    return [Offered(*record.values()) for record in rows]
