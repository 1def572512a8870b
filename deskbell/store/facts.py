"""What rules ask of the database besides the conversations themselves. Called inside the writing transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from deskbell.domain.conversation import Entry, preview_of
from deskbell.domain.facts import Undelivered
from deskbell.kit.net import limit_key
from deskbell.kit.postgres import Connection

from . import visits
from .presence import GRACE, ONLINE

WRITTEN = 500  # messages of one chat that go along into a ticket

# Who of these have looked into these conversations, written there, or been told of it (it rang, or was offered to them).
_DEALT_WITH = """
SELECT k.c, k.staff FROM unnest($1::bigint[], $2::integer[]) AS k(c, staff)
WHERE EXISTS (SELECT FROM seen WHERE staff_id = k.staff AND conversation_id = k.c)
   OR EXISTS (SELECT FROM notification WHERE staff_id = k.staff AND conversation_id = k.c)
   OR EXISTS (SELECT FROM entry WHERE conversation_id = k.c AND author = 'agent' AND author_id = k.staff
              AND client_id IS NOT NULL)"""

_OPEN_CHATS = """
SELECT customer_id, id FROM conversation
WHERE customer_id = ANY($1::bigint[]) AND kind = 'chat' AND state IN ('queued', 'offered', 'live', 'pending')"""

# The open converted tickets of the customers of these conversations, and of these customers (TICKET-7).
_TICKETS = """
SELECT t.customer_id, t.id FROM conversation t
WHERE t.kind = 'ticket' AND t.converted AND t.state IN ('unassigned', 'assigned')
  AND t.customer_id = ANY($2::bigint[] || ARRAY(SELECT customer_id FROM conversation WHERE id = ANY($1::bigint[])))"""

# What these customers have open.
_BELONGINGS = """
SELECT customer_id, id FROM conversation
WHERE customer_id = ANY($1::bigint[]) AND state NOT IN ('closed', 'archived')"""

_EMAILS = "SELECT id, email, email_verified FROM customer WHERE id = ANY($1::bigint[])"

# Transcripts that were asked for since a moment.
_TRANSCRIPTS = """
SELECT conversation_id, count(*) FROM transcript
WHERE conversation_id = ANY($1::bigint[]) AND asked <> 'close' AND created_at > $2 GROUP BY conversation_id"""

# Available staff and their departments.
_ONLINE = f"""
SELECT staff.id, ARRAY(SELECT department_id FROM department_staff WHERE staff_id = staff.id)
FROM staff WHERE {ONLINE}"""

# Live and ringing chats, and the own maximum (null: the preference).
_LOADS = """
SELECT s.id, s.max_chats,
       (SELECT count(*) FROM conversation WHERE owner_id = s.id AND state = 'live')
     + (SELECT count(*) FROM conversation WHERE offered_to = s.id AND state = 'offered')
FROM staff s WHERE s.id = ANY($1::integer[])"""

# What customers wrote in these conversations since they last came into the queue.
_WRITTEN = """
SELECT e.conversation_id, e.seq, e.kind, e.public, e.prev_public, e.author, e.author_id, e.client_id, e.text, e.html,
       e.data, e.at
FROM conversation c JOIN entry e ON e.conversation_id = c.id
WHERE c.id = ANY($1::bigint[]) AND e.kind = 'message' AND e.author = 'customer' AND e.at >= c.queued_at
ORDER BY e.conversation_id, e.seq LIMIT $2"""


# When these customers last wrote over these channels.
_REACH = """
SELECT co.customer_id, a.channel, max(co.last_in_at) FROM contact co JOIN channel_account a ON a.id = co.account_id
WHERE (co.customer_id, a.channel) IN (SELECT * FROM unnest($1::bigint[], $2::text[])) GROUP BY 1, 2"""

_UNDELIVERED = """
SELECT d.conversation_id, d.seq, d.content IS NOT NULL
FROM unnest($1::bigint[], $2::integer[]) AS k(c, seq)
JOIN dispatch d ON d.conversation_id = k.c AND d.seq = k.seq AND d.state IN ('failed', 'unknown')"""

# Messages that both sides see, by number; the cut is longer than a preview ever is.
_QUOTED = """
SELECT k.c, e.seq, e.author, e.author_id, left(e.text, 300), COALESCE(jsonb_array_length(e.data -> 'files'), 0)
FROM unnest($1::bigint[], $2::integer[]) AS k(c, seq)
JOIN entry e ON e.conversation_id = k.c AND e.seq = k.seq AND e.kind = 'message' AND e.public"""


class Load(NamedTuple):
    """`maximum` is the agent's own one, or None."""

    chats: int
    maximum: int | None


async def dealt_with(connection: Connection, pairs: Sequence[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Those of (conversation, staff id) where this person has looked, written or been told before."""
    rows = await connection.fetch(_DEALT_WITH, *zip(*pairs, strict=True))
    return frozenset((row[0], row[1]) for row in rows)


async def open_chats(connection: Connection, customers: Sequence[int]) -> dict[int, int]:
    """Customer -> their open chat, for those who have one."""
    return {row[0]: row[1] for row in await connection.fetch(_OPEN_CHATS, customers)}


async def open_tickets(
    connection: Connection, conversations: Sequence[int], customers: Sequence[int] = ()
) -> dict[int, int]:
    """One of these customers, or of these conversations' -> their open converted ticket."""
    return {row[0]: row[1] for row in await connection.fetch(_TICKETS, conversations, customers)}


async def belongings(connection: Connection, customers: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row in await connection.fetch(_BELONGINGS, customers):
        found.setdefault(row[0], []).append(row[1])
    return found


async def emails(connection: Connection, customers: Sequence[int]) -> tuple[dict[int, str], frozenset[int]]:
    """Their addresses, and whose are verified."""
    rows = await connection.fetch(_EMAILS, customers)
    return {row[0]: row[1] for row in rows}, frozenset(row[0] for row in rows if row[2])


async def transcripts(
    connection: Connection, conversations: Sequence[int], since: datetime
) -> dict[int, int]:
    """Conversation -> how many transcripts somebody has asked for since."""
    return {row[0]: row[1] for row in await connection.fetch(_TRANSCRIPTS, conversations, since)}


async def addresses(connection: Connection, customers: Sequence[int]) -> dict[int, str]:
    """Customer -> what counts as their last address (an IPv6 home is its /64), for those of whom one is known."""
    found = {customer: await visits.last_ip(connection, customer) for customer in customers}
    return {customer: limit_key(address) for customer, address in found.items() if address}


async def online(connection: Connection, now: datetime) -> dict[int, frozenset[int]]:
    """Available staff -> their departments."""
    return {row[0]: frozenset(row[1]) for row in await connection.fetch(_ONLINE, now - GRACE)}


async def loads(connection: Connection, agents: Sequence[int]) -> dict[int, Load]:
    return {row[0]: Load(row[2], row[1]) for row in await connection.fetch(_LOADS, agents)}


async def written(connection: Connection, conversations: Sequence[int]) -> dict[int, list[Entry]]:
    """Conversation -> the messages its customer wrote since it waits."""
    found: dict[int, list[Entry]] = {}
    for row in await connection.fetch(_WRITTEN, conversations, WRITTEN * len(conversations)):
        found.setdefault(row[0], []).append(Entry(*row))
    return found


async def quoted(
    connection: Connection, places: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], dict[str, Any]]:
    """(conversation, number) -> what is shown of it where it is quoted; others than public messages are left out."""
    rows = await connection.fetch(_QUOTED, *zip(*places, strict=True))
    return {
        (row[0], row[1]): {"seq": row[1], "by": row[2], "by_id": row[3], "text": preview_of(row[4], row[5])}
        for row in rows
    }


async def reach(
    connection: Connection, wanted: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], datetime | None]:
    """(customer, channel) -> when they last wrote; those who never met the channel are missing."""
    rows = await connection.fetch(_REACH, *map(list, zip(*wanted, strict=True)))
    return {(row[0], row[1]): row[2] for row in rows}


async def undelivered(
    connection: Connection, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Undelivered]:
    rows = await connection.fetch(_UNDELIVERED, *map(list, zip(*wanted, strict=True)))
    return {(row[0], row[1]): Undelivered(row[2]) for row in rows}
