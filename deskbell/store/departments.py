"""Departments and who is in them (PEOPLE-6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from deskbell.store.presence import GRACE, ONLINE
from deskbell.store.types import Database, from_json, to_json


class Member(NamedTuple):
    id: int
    name: str
    online: bool


class Department(NamedTuple):
    """`offered`: customers may pick it. `first_line`: new chats go here first (LIFE-2). `hours` as stored, see
    domain/hours.py; None: the desk's. `staff` are its active members by name.
    """

    id: int
    name: str
    description: str
    offered: bool
    first_line: bool
    hours: dict[str, Any] | None
    mail_address: str
    mail_name: str
    staff: tuple[Member, ...]


# Departments with their active members, one row per member (or one without).
_ALL = f"""
    SELECT department.id, department.name, department.description, department.offered,
        department.first_line, department.hours::text AS hours,
        department.mail_address, department.mail_name, staff.id AS staff_id,
        staff.name AS staff_name, ({ONLINE}) AS online
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
CHANGEABLE = ("name", "description", "offered", "first_line", "hours", "mail_address", "mail_name")

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
        WHERE department_staff.department_id = department.id AND {ONLINE}) AS available, department.hours::text
    FROM department
    WHERE department.offered AND (cardinality($2::int[]) = 0 OR department.id = ANY ($2::int[]))
    ORDER BY lower(department.name), department.id
"""


class Offered(NamedTuple):
    """`available`: one of its agents is, whatever its `hours` (as stored; None: the desk's)."""

    id: int
    name: str
    available: bool
    hours: dict[str, Any] | None


async def everyone(db: Database, now: datetime) -> list[Department]:
    """All departments by name."""
    found: dict[int, tuple[asyncpg.Record, list[Member]]] = {}
    for record in await db.fetch(_ALL, now - GRACE):
        members = found.setdefault(record["id"], (record, []))[1]
        if record["staff_id"] is not None:
            members.append(Member(record["staff_id"], record["staff_name"], record["online"]))
    return [
        Department(
            record["id"],
            record["name"],
            record["description"],
            record["offered"],
            record["first_line"],
            _hours(record["hours"]),
            record["mail_address"],
            record["mail_name"],
            tuple(members),
        )
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
    given = dict(values)
    if given.get("hours") is not None:
        given["hours"] = to_json(given["hours"])
    columns = ", ".join(
        f"{name} = ${number}{'::text::jsonb' if name == 'hours' else ''}"
        for number, name in enumerate(given, start=2)
    )
    try:
        await db.execute(_CHANGE.format(columns=columns), department_id, *given.values())
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
    return [Offered(row["id"], row["name"], row["available"], _hours(row["hours"])) for row in rows]


def _hours(stored: str | None) -> dict[str, Any] | None:
    return None if stored is None else from_json(stored)
