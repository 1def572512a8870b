"""Sessions of staff: an opaque token, kept as a hash, that ends on its own (PEOPLE-3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from deskbell.store.presence import GRACE, ONLINE
from deskbell.store.staff import StaffRow
from deskbell.store.types import Database, from_json

SESSIONS_OF_ONE = 20
"""More sessions than these of one person end the oldest."""


class SignedIn(NamedTuple):
    session_id: int
    expires_at: datetime
    staff: StaffRow


# Begin a session.
_START = """
    INSERT INTO session (token_hash, staff_id, created_at, expires_at, address, user_agent)
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""

# The oldest ones of a person beyond the number allowed.
_TRIM = """
    DELETE FROM session WHERE id IN (
        SELECT id FROM session WHERE staff_id = $1 ORDER BY created_at DESC, id DESC OFFSET $2)
    RETURNING id
"""

# Who a token is: expiry and activity are part of the look-up, so that no path can forget them.
_FIND = f"""
    SELECT session.id AS session_id, session.expires_at, staff.id, email, name, role, active, available,
        max_chats, settings::text AS settings, staff.created_at,
        ARRAY(SELECT department_id FROM department_staff WHERE staff_id = staff.id ORDER BY 1) AS departments,
        ({ONLINE}) AS online
    FROM session JOIN staff ON staff.id = session.staff_id
    WHERE session.token_hash = $2 AND session.expires_at > $3 AND staff.active
"""

# Sign-out.
_END = "DELETE FROM session WHERE id = $1"

# All of one person, or all but the one that asked.
_END_ALL = "DELETE FROM session WHERE staff_id = $1 AND id <> $2 RETURNING id"

# Those of $1 that live no more.
_ENDED = """
    SELECT id FROM unnest($1::bigint[]) AS id
    WHERE NOT EXISTS (SELECT FROM session WHERE session.id = id.id AND expires_at > $2)
"""

# Those whose time is over.
_SWEEP = "DELETE FROM session WHERE expires_at <= $1 RETURNING id"

# A changed length counts for running sessions too (LIFE-18's principle).
_STRETCH = "UPDATE session SET expires_at = created_at + make_interval(hours => $1)"


async def start(
    db: Database,
    token_hash: bytes,
    staff_id: int,
    *,
    now: datetime,
    expires_at: datetime,
    address: str,
    user_agent: str,
) -> list[int]:
    """Begin a session. Answers the ids of older ones that ended to make room."""
    await db.execute(_START, token_hash, staff_id, now, expires_at, address, user_agent)
    return [record["id"] for record in await db.fetch(_TRIM, staff_id, SESSIONS_OF_ONE)]


async def find(db: Database, token_hash: bytes, now: datetime) -> SignedIn | None:
    """Who this token signs in, if it is alive and the person active. One query."""
    record = await db.fetchrow(_FIND, now - GRACE, token_hash, now)
    if record is None:
        return None
    values = dict(record)
    session_id, expires_at = values.pop("session_id"), values.pop("expires_at")
    values["settings"] = from_json(values["settings"])
    values["departments"] = tuple(values["departments"])
    return SignedIn(session_id, expires_at, StaffRow(**values))


async def end(db: Database, session_id: int) -> None:
    await db.execute(_END, session_id)


async def end_all(db: Database, staff_id: int, keep: int = 0) -> list[int]:
    """End all sessions of a person except `keep`; the ids that ended."""
    return [record["id"] for record in await db.fetch(_END_ALL, staff_id, keep)]


async def sweep(db: Database, now: datetime) -> list[int]:
    """Remove the sessions whose time is over; their ids."""
    return [record["id"] for record in await db.fetch(_SWEEP, now)]


async def stretch(db: Database, hours: int) -> None:
    """Count every running session's end anew from its start."""
    await db.execute(_STRETCH, hours)


async def ended(db: Database, ids: Sequence[int], now: datetime) -> list[int]:
    """Those of `ids` that were ended or have run out."""
    return [record["id"] for record in await db.fetch(_ENDED, list(ids), now)]
