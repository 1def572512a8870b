"""Members of staff: who they are, their role, switch, settings and departments (PEOPLE)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from deskbell.store.presence import GRACE, ONLINE
from deskbell.store.types import Database, from_json, to_json


class StaffRow(NamedTuple):
    """One member of staff. `available` is the switch; `online` is it with a live console (PEOPLE-4)."""

    id: int
    email: str
    name: str
    role: str
    active: bool
    available: bool
    max_chats: int | None
    settings: dict[str, Any]
    created_at: datetime
    departments: tuple[int, ...]
    online: bool


class Credentials(NamedTuple):
    id: int
    password_hash: str | None
    active: bool


_COLUMNS = f"""
    staff.id, email, name, role, active, available, max_chats, settings::text AS settings, created_at,
    ARRAY(SELECT department_id FROM department_staff WHERE staff_id = staff.id ORDER BY 1) AS departments,
    ({ONLINE}) AS online
"""

# Everybody, in the order of their names.
_EVERYBODY = f"SELECT {_COLUMNS} FROM staff ORDER BY lower(name), id"

# One by id.
_ONE = f"SELECT {_COLUMNS} FROM staff WHERE staff.id = $2"

# Live chats of every active member of staff and the most that routing gives them; pending ones do not count (LIFE-3).
_LOADS = """
    SELECT staff.id, count(conversation.id), COALESCE(staff.max_chats, $1)
    FROM staff LEFT JOIN conversation ON conversation.owner_id = staff.id AND conversation.state = 'live'
    WHERE staff.active GROUP BY staff.id ORDER BY staff.id
"""

# What a sign-in is checked against.
_CREDENTIALS = "SELECT id, password_hash, active FROM staff WHERE email = $1"

# The same for somebody who is signed in and gives the password again.
_CREDENTIALS_OF = "SELECT id, password_hash, active FROM staff WHERE id = $1"

# A new member of staff; an address that is taken gives no row.
_ADD = """
    INSERT INTO staff (email, name, role, password_hash, max_chats, created_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING RETURNING id
"""

# Only the columns named in CHANGEABLE ever get here.
_CHANGE = "UPDATE staff SET {columns} WHERE id = $1"
CHANGEABLE = ("email", "name", "role", "active", "available", "max_chats", "password_hash")

# Keys that are not named keep their value.
_SETTINGS = "UPDATE staff SET settings = settings || $2::text::jsonb WHERE id = $1"

# Active admins, locked, so that two admins cannot each remove the other as the last one.
_ADMINS = "SELECT id FROM staff WHERE role = 'admin' AND active ORDER BY id FOR UPDATE"

# The departments of one person, replaced.
_LEAVE = "DELETE FROM department_staff WHERE staff_id = $1 AND department_id <> ALL ($2::int[])"
_JOIN = """
    INSERT INTO department_staff (department_id, staff_id) SELECT unnest($2::int[]), $1 ON CONFLICT DO NOTHING
"""

# Whether the desk has ever had anybody.
_ANYBODY = "SELECT EXISTS (SELECT FROM staff)"


def _row(record: asyncpg.Record) -> StaffRow:
    return StaffRow(
        **{
            **record,
            "settings": from_json(record["settings"]),
            "departments": tuple(record["departments"]),
        }
    )


async def everybody(db: Database, now: datetime) -> list[StaffRow]:
    """All members of staff, also the inactive, by name."""
    return [_row(record) for record in await db.fetch(_EVERYBODY, now - GRACE)]


async def get(db: Database, staff_id: int, now: datetime) -> StaffRow | None:
    record = await db.fetchrow(_ONE, now - GRACE, staff_id)
    return _row(record) if record else None


async def loads(db: Database, maximum: int) -> list[tuple[int, int, int]]:
    """(staff id, live chats, their maximum); `maximum` is for those without their own."""
    return [(row[0], row[1], row[2]) for row in await db.fetch(_LOADS, maximum)]


async def credentials(db: Database, email: str) -> Credentials | None:
    """By the address in lower case."""
    record = await db.fetchrow(_CREDENTIALS, email)
    return Credentials(*record.values()) if record else None


async def credentials_of(db: Database, staff_id: int) -> Credentials | None:
    record = await db.fetchrow(_CREDENTIALS_OF, staff_id)
    return Credentials(*record.values()) if record else None


async def add(
    db: Database,
    *,
    email: str,
    name: str,
    role: str,
    password_hash: str | None,
    max_chats: int | None,
    now: datetime,
) -> int | None:
    """The new id, or None if the address is taken."""
    added: int | None = await db.fetchval(_ADD, email, name, role, password_hash, max_chats, now)
    return added


async def change(db: Database, staff_id: int, values: Mapping[str, object]) -> bool:
    """Set columns of CHANGEABLE. False if the new address is taken by somebody else."""
    if unknown := set(values) - set(CHANGEABLE):
        raise ValueError(f"not to be changed so: {', '.join(sorted(unknown))}")
    if not values:
        return True
    columns = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, start=2))
    try:
        await db.execute(_CHANGE.format(columns=columns), staff_id, *values.values())
    except asyncpg.UniqueViolationError:
        return False
    return True


async def change_settings(db: Database, staff_id: int, settings: Mapping[str, object]) -> None:
    """Set a person's own screen settings; those not named stay."""
    await db.execute(_SETTINGS, staff_id, to_json(dict(settings)))


async def active_admins(db: Database) -> list[int]:
    """Ids of the active admins, locked until the transaction ends."""
    return [record["id"] for record in await db.fetch(_ADMINS)]


async def set_departments(db: Database, staff_id: int, departments: list[int]) -> None:
    """Put a person into exactly these departments; they exist."""
    await db.execute(_LEAVE, staff_id, departments)
    await db.execute(_JOIN, staff_id, departments)


async def anybody(db: Database) -> bool:
    """Whether there is, or ever was, any member of staff."""
    found: bool = await db.fetchval(_ANYBODY)
    return found
