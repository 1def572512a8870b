"""What routing looks at: the queue, and the available agents with their load."""

from datetime import datetime, timedelta

from deskbell.domain.routing import Overdue, Waiting, Workload
from deskbell.kit.postgres import Connection, Pool

from .presence import GRACE, ONLINE

QUEUE_LOOKED_AT = 500
OVERDUE_LOOKED_AT = 500
WAITS_LOOKED_AT = 20
WAITS_WITHIN = timedelta(hours=1)

# One router at a time, on all nodes; held while its assignments are committed.
_LOCK = "SELECT pg_advisory_lock(4021, 1)"
_UNLOCK = "SELECT pg_advisory_unlock(4021, 1)"

# The queue, oldest first, of each department so many; with what rings, which keeps its place until it is answered.
# Who has written or done something in a chat has had it.
_QUEUE = """
SELECT c.id, c.department_id, c.queued_at, cu.last_agent_id, c.queued_at > c.created_at, c.declined, c.offered_at,
       c.queue_told, c.state = 'offered', c.queued_at > c.created_at AND EXISTS (
           SELECT FROM entry e WHERE e.conversation_id = c.id AND e.author = 'agent' AND e.author_id = cu.last_agent_id
           AND e.client_id IS NOT NULL)
FROM (SELECT id, row_number() OVER (PARTITION BY department_id ORDER BY queued_at, id) AS place
      FROM conversation WHERE state IN ('queued', 'offered')) q
JOIN conversation c ON c.id = q.id JOIN customer cu ON cu.id = c.customer_id
WHERE q.place <= $1 ORDER BY c.queued_at, c.id"""

# Live chats without an answer since $1 (timers.py says the same): new ones first, longest first.
_OVERDUE_WHERE = """c.state = 'live' AND c.flagged_at IS NULL AND c.waiting_since IS NOT NULL
  AND GREATEST(c.waiting_since, c.state_at) <= $1"""
_OVERDUE = f"""
SELECT c.id, c.department_id, c.owner_id, COALESCE(c.stuck_at >= c.waiting_since, false)
FROM conversation c WHERE {_OVERDUE_WHERE}
ORDER BY COALESCE(c.stuck_at >= c.waiting_since, false), GREATEST(c.waiting_since, c.state_at), c.id LIMIT $2"""

# Whether routing has anything to do at all.
_WAITING = f"""
SELECT EXISTS (SELECT FROM conversation WHERE state IN ('queued', 'offered'))
    OR EXISTS (SELECT FROM conversation c WHERE {_OVERDUE_WHERE})"""

_FIRST_LINE = "SELECT id FROM department WHERE first_line"

# Available agents; live and ringing chats count, pending ones do not (LIFE-3).
_WORKLOADS = f"""
SELECT staff.id, ARRAY(SELECT department_id FROM department_staff WHERE staff_id = staff.id) AS departments,
       (SELECT count(*) FROM conversation WHERE owner_id = staff.id AND state = 'live')
     + (SELECT count(*) FROM conversation WHERE offered_to = staff.id AND state = 'offered') AS chats,
       COALESCE(staff.max_chats, $2) AS maximum, staff.last_assigned_at
FROM staff WHERE {ONLINE}"""

_ASSIGNED_AT = """
UPDATE staff SET last_assigned_at = $2 WHERE id = ANY($1::integer[])"""

# How far apart chats left the queue lately, by department (null: none), for the estimate of VISITOR-11.
_PACE = """
SELECT department_id, count(*), EXTRACT(epoch FROM $1::timestamptz - min(assigned_at))::float
FROM (SELECT department_id, assigned_at, row_number() OVER (PARTITION BY department_id ORDER BY assigned_at DESC) AS n
      FROM conversation
      WHERE state IN ('live', 'pending', 'closed') AND queue_told AND assigned_at > $1::timestamptz - $2::interval) recent
WHERE n <= $3 GROUP BY department_id"""


async def lock(connection: Connection) -> None:
    await connection.execute(_LOCK)


async def unlock(connection: Connection) -> None:
    await connection.execute(_UNLOCK)


async def anybody_waits(pool: Pool, unanswered_since: datetime) -> bool:
    """In the queue, or for an answer since then or longer."""
    return bool(await pool.fetchval(_WAITING, unanswered_since))


async def queue(connection: Connection) -> list[Waiting]:
    """The chats that wait or ring; `is_open` is not known here."""
    rows = await connection.fetch(_QUEUE, QUEUE_LOOKED_AT)
    return [
        Waiting(r[0], r[1], r[2], r[3], r[4], tuple(r[5]), r[6], told=r[7], rings=r[8], returns=r[9])
        for r in rows
    ]


async def overdue(connection: Connection, unanswered_since: datetime) -> list[Overdue]:
    """Chats whose owners have not answered since then, longest wait first (LIFE-6)."""
    return [Overdue(*row) for row in await connection.fetch(_OVERDUE, unanswered_since, OVERDUE_LOOKED_AT)]


async def first_line(connection: Connection) -> frozenset[int]:
    return frozenset(row[0] for row in await connection.fetch(_FIRST_LINE))


async def workloads(connection: Connection, maximum: int, now: datetime) -> list[Workload]:
    """`maximum` is the preference for agents without their own."""
    rows = await connection.fetch(_WORKLOADS, now - GRACE, maximum)
    return [Workload(r[0], frozenset(r[1]), r[2], r[3], r[4]) for r in rows]


async def note_assigned(connection: Connection, agent_ids: list[int], now: datetime) -> None:
    await connection.execute(_ASSIGNED_AT, agent_ids, now)


async def pace(connection: Connection, now: datetime) -> dict[int | None, float]:
    """Department -> mean seconds between chats leaving its queue during the last hour; missing when there were none."""
    rows = await connection.fetch(_PACE, now, WAITS_WITHIN, WAITS_LOOKED_AT)
    return {row[0]: row[2] / row[1] for row in rows if row[1]}
