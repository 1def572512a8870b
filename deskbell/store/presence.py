"""Leases that say who has a live console, renewed in bulk per node (PEOPLE-4)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from deskbell.store.types import Database

GRACE = timedelta(seconds=60)
"""No live console for this long reads as Unavailable (PEOPLE-4)."""

# A person is online while the switch stands on Available and a lease is fresh; $1 is the oldest fresh moment.
ONLINE = """
    staff.active AND staff.available
    AND EXISTS (SELECT FROM presence WHERE presence.staff_id = staff.id AND presence.seen_at > $1)
"""

# One statement renews everybody who is connected to a node.
_RENEW = """
    INSERT INTO presence (staff_id, node, seen_at)
    SELECT unnest($1::int[]), $2, $3
    ON CONFLICT (staff_id, node) DO UPDATE SET seen_at = GREATEST(presence.seen_at, excluded.seen_at)
"""

# Who is online now.
_ONLINE_STAFF = f"SELECT id FROM staff WHERE {ONLINE}"

# Leases nobody renews any more.
_FORGET = "DELETE FROM presence WHERE seen_at < $1"


async def renew(db: Database, node: str, staff_ids: Sequence[int], now: datetime) -> None:
    """These people have a live console on this node."""
    await db.execute(_RENEW, list(staff_ids), node, now)


async def online_staff(db: Database, now: datetime) -> frozenset[int]:
    """Ids of those who are Available and have had a live console within the grace time."""
    return frozenset(row["id"] for row in await db.fetch(_ONLINE_STAFF, now - GRACE))


async def forget_old(db: Database, now: datetime) -> None:
    """Drop leases that ran out an hour ago or earlier."""
    await db.execute(_FORGET, now - timedelta(hours=1))
