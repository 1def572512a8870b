"""What has run out: the same conditions as in domain/timers.py, as queries over partial indexes."""

from datetime import datetime, timedelta
from typing import NamedTuple

from deskbell.domain.preferences import Preferences
from deskbell.domain.timers import ARCHIVE_AFTER
from deskbell.kit.postgres import Connection

# One sweep at a time, on all nodes; a node that dies lets go of it.
_TRY_LOCK = "SELECT pg_try_advisory_lock(4022, 1)"
_UNLOCK = "SELECT pg_advisory_unlock(4022, 1)"

# Everything that is due, of each kind the longest overdue first. An unanswered chat is routing's business (LIFE-6).
_DUE = """
(SELECT 'inactivity', id, GREATEST(last_agent_at, state_at) + $2::interval AS due FROM conversation
 WHERE state = 'live' AND flagged_at IS NULL AND waiting_since IS NULL
   AND last_agent_at IS NOT NULL AND GREATEST(last_agent_at, state_at) <= $1::timestamptz - $2::interval
 ORDER BY due LIMIT $6)
UNION ALL
(SELECT 'queue', id, queued_at + $2::interval AS due FROM conversation
 WHERE state IN ('queued', 'offered') AND flagged_at IS NULL AND queued_at <= $1::timestamptz - $2::interval
 ORDER BY due LIMIT $6)
UNION ALL
(SELECT 'pending', id, state_at + $3::interval AS due FROM conversation
 WHERE state = 'pending' AND state_at <= $1::timestamptz - $3::interval ORDER BY due LIMIT $6)
UNION ALL
(SELECT 'transfer', id, transfer_at + $4::interval AS due FROM conversation
 WHERE transfer_at <= $1::timestamptz - $4::interval ORDER BY due LIMIT $6)
UNION ALL
(SELECT 'ring', id, offered_at + $5::interval AS due FROM conversation
 WHERE state = 'offered' AND offered_at <= $1::timestamptz - $5::interval ORDER BY due LIMIT $6)"""

_AGED = """
SELECT 'age', id, ticket_at + $2::interval AS due FROM conversation
WHERE kind = 'ticket' AND state <> 'archived' AND ticket_at <= $1::timestamptz - $2::interval ORDER BY ticket_at LIMIT $3"""


class Due(NamedTuple):
    """`at`: when its time was over."""

    timer: str
    conversation_id: int
    at: datetime


async def try_lock(connection: Connection) -> bool:
    return bool(await connection.fetchval(_TRY_LOCK))


async def unlock(connection: Connection) -> None:
    await connection.execute(_UNLOCK)


async def due(connection: Connection, preferences: Preferences, now: datetime, limit: int) -> list[Due]:
    """What ran out by `now`, at most `limit` of each kind."""
    p = preferences
    rows = await connection.fetch(
        _DUE,
        now,
        timedelta(minutes=p.inactivity_minutes),
        timedelta(minutes=p.pending_minutes),
        timedelta(minutes=p.transfer_minutes),
        timedelta(seconds=p.ring_seconds),
        limit,
    )
    return [Due(*row) for row in rows]


async def aged(connection: Connection, now: datetime, limit: int) -> list[Due]:
    """Tickets whose 90 days are over (TICKET-5)."""
    return [Due(*row) for row in await connection.fetch(_AGED, now, ARCHIVE_AFTER, limit)]
