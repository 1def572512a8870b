"""How far each side has received and read a conversation, and how far each member of staff has looked (CHAT-3, LIST-3).

Marks only ever grow; they are written apart from the batches, gathered, and a lost one is sent again by its client.
"""

from datetime import datetime
from typing import NamedTuple

from deskbell.kit.postgres import Pool


class Mark(NamedTuple):
    """One side's news. `staff_id` 0: the customer's side."""

    conversation_id: int
    staff_id: int
    delivered: int
    read: int


class Marks(NamedTuple):
    """Where a side now stands."""

    conversation_id: int
    by: str
    delivered: int
    read: int
    owner_id: int
    channel: str


class SeenRow(NamedTuple):
    staff_id: int
    conversation_id: int
    seq: int
    customer_messages: int


_LOCK = "SELECT id FROM conversation WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"

# Agents' messages that the customer has now read get their time; each only once (CHAT-3: when it was read).
_READ_AT = """
UPDATE entry e SET read_at = $3
FROM unnest($1::bigint[], $2::integer[]) AS m(c, read) JOIN conversation c ON c.id = m.c
WHERE e.conversation_id = m.c AND e.seq > c.customer_read AND e.seq <= m.read AND e.author = 'agent'
  AND e.kind = 'message' AND e.read_at IS NULL"""

_CUSTOMER = """
UPDATE conversation c SET
    customer_delivered = LEAST(c.last_seq, GREATEST(c.customer_delivered, m.delivered)),
    customer_read = LEAST(c.last_seq, GREATEST(c.customer_read, m.read))
FROM unnest($1::bigint[], $2::integer[], $3::integer[]) AS m(c, delivered, read)
WHERE c.id = m.c AND (m.delivered > c.customer_delivered OR m.read > c.customer_read)
RETURNING c.id, 'customer', c.customer_delivered, c.customer_read, COALESCE(c.owner_id, 0), c.channel"""

# Only the owner's eyes count for the customer's ticks.
_AGENT = """
UPDATE conversation c SET
    agent_delivered = LEAST(c.last_seq, GREATEST(c.agent_delivered, m.delivered)),
    agent_read = LEAST(c.last_seq, GREATEST(c.agent_read, m.read))
FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[]) AS m(c, staff, delivered, read)
WHERE c.id = m.c AND c.owner_id = m.staff AND (m.delivered > c.agent_delivered OR m.read > c.agent_read)
RETURNING c.id, 'agent', c.agent_delivered, c.agent_read, COALESCE(c.owner_id, 0), c.channel"""

_SEEN = """
INSERT INTO seen AS s (staff_id, conversation_id, seq, customer_messages)
SELECT m.staff, m.c, LEAST(m.read, c.last_seq),
       CASE WHEN m.read >= c.last_customer_seq THEN c.customer_messages
            ELSE (SELECT count(*) FROM entry e WHERE e.conversation_id = m.c AND e.seq <= m.read
                  AND e.author = 'customer' AND e.kind = 'message') END
FROM unnest($1::bigint[], $2::integer[], $3::integer[]) AS m(c, staff, read) JOIN conversation c ON c.id = m.c
ORDER BY 1, 2
ON CONFLICT (staff_id, conversation_id) DO UPDATE
SET seq = EXCLUDED.seq, customer_messages = EXCLUDED.customer_messages WHERE EXCLUDED.seq > s.seq
RETURNING staff_id, conversation_id, seq, customer_messages"""


async def save(pool: Pool, marks: list[Mark], now: datetime) -> tuple[list[Marks], list[SeenRow]]:
    """Write gathered marks. Returns what has really moved."""
    customers = sorted(m for m in marks if not m.staff_id)
    staff = sorted(m for m in marks if m.staff_id)
    moved: list[Marks] = []
    seen: list[SeenRow] = []
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_LOCK, sorted({m.conversation_id for m in marks}))
        if customers:
            c, _, delivered, read = zip(*customers, strict=True)
            await connection.execute(_READ_AT, c, read, now)
            moved += [Marks(*row) for row in await connection.fetch(_CUSTOMER, c, delivered, read)]
        if staff:
            c, who, delivered, read = zip(*staff, strict=True)
            moved += [Marks(*row) for row in await connection.fetch(_AGENT, c, who, delivered, read)]
            looked = [m for m in staff if m.read]
            if looked:
                c, who, _, read = zip(*looked, strict=True)
                seen += [SeenRow(*row) for row in await connection.fetch(_SEEN, c, who, read)]
    return moved, seen
