"""Reading conversations and their threads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from deskbell.domain.conversation import Conversation, Entry
from deskbell.kit.postgres import Pool

from .changes import COLUMNS, Loaded, conversation_of

_SELECTED = ", ".join(f"c.{name}" for name in COLUMNS)
_ENTRY = """conversation_id, seq, kind, public, prev_public, author, author_id, client_id, text, html, data, at,
            read_at"""

# One conversation with its customer's name.
_ONE = f"""
SELECT {_SELECTED}, cu.name FROM conversation c JOIN customer cu ON cu.id = c.customer_id WHERE c.id = $1"""

# What a visitor sees on coming back: the open chat, else the newest conversation in which there is something for them
# and in which they may write.
_CURRENT = """
SELECT CASE WHEN kind = 'chat' AND state = 'closed' THEN COALESCE(
           (SELECT ticket.id FROM conversation ticket WHERE ticket.id = c.linked_to AND ticket.state <> 'archived'), id)
       ELSE id END
FROM conversation c WHERE customer_id = $1 AND last_public_seq > 0 AND state <> 'archived'
ORDER BY state IN ('queued', 'offered', 'live', 'pending') DESC, id DESC LIMIT 1"""

_AFTER = f"""
SELECT {_ENTRY} FROM entry WHERE conversation_id = $1 AND seq > $2 AND (public OR NOT $3) ORDER BY seq LIMIT $4"""

_BEFORE = f"""
SELECT {_ENTRY} FROM entry WHERE conversation_id = $1 AND seq < $2 AND (public OR NOT $3) ORDER BY seq DESC LIMIT $4"""

# The comments of a conversation, newest first.
_COMMENTS = f"""
SELECT {_ENTRY} FROM entry WHERE conversation_id = $1 AND kind = 'comment' ORDER BY seq DESC LIMIT $2"""

# How many replies each agent has written, up to a number.
_AGENTS = """
SELECT author_id::integer, count(*) FROM entry
WHERE conversation_id = $1 AND seq <= $2 AND author = 'agent' AND kind = 'message' GROUP BY 1 ORDER BY min(seq)"""

# Unread for the customer: what staff wrote after the customer's read mark.
_UNREAD = """
SELECT count(*) FROM entry WHERE conversation_id = $1 AND seq > $2 AND author = 'agent' AND kind = 'message'"""

_SEEN = "SELECT seq, customer_messages FROM seen WHERE staff_id = $1 AND conversation_id = $2"

# What staff see of the customer beside the thread.
_CUSTOMER = """
SELECT id, name, email, email_verified, phone, locale, company, labels, blocked_until FROM customer WHERE id = $1"""

# Tickets made from a chat, or the conversation this one was made from or went into (TICKET-8).
_LINKS = """
SELECT id, kind, state, subject, owner_id FROM conversation
WHERE id = $2 OR linked_to = $1 AND kind = 'ticket' AND NOT converted ORDER BY id LIMIT 50"""

# The present numbers of conversations that are being followed, to notice lost news.
_HEADS = """
SELECT id, last_seq FROM conversation WHERE id = ANY($1::bigint[])
UNION
SELECT id, last_seq FROM conversation
WHERE owner_id = ANY($2::integer[]) AND state IN ('live', 'pending', 'assigned')
   OR offered_to = ANY($2) OR transfer_at IS NOT NULL AND transfer_to = ANY($2)
   OR mentioned && $2 AND state IN ('live', 'pending')"""


class Person(NamedTuple):
    """What staff see of a customer beside the thread."""

    id: int
    name: str
    email: str
    email_verified: bool
    phone: str
    locale: str
    company: str
    labels: list[int]
    blocked_until: datetime | None


class Link(NamedTuple):
    id: int
    kind: str
    state: str
    subject: str
    owner_id: int | None


class Line(NamedTuple):
    """An entry as stored, and when the customer read it."""

    entry: Entry
    read_at: datetime | None


def _lines(records: Sequence[Any]) -> list[Line]:
    return [Line(Entry(*tuple(r)[:12]), r[12]) for r in records]


async def get(pool: Pool, conversation_id: int) -> Loaded | None:
    row = await pool.fetchrow(_ONE, conversation_id)
    return None if row is None else Loaded(conversation_of(row), row[len(COLUMNS)])


async def current_of(pool: Pool, customer_id: int) -> int | None:
    """The conversation a visitor is shown, if there is any; for a chat that was merged, the ticket it is part of."""
    found: int | None = await pool.fetchval(_CURRENT, customer_id)
    return found


async def after(pool: Pool, conversation_id: int, seq: int, limit: int, *, public: bool) -> list[Line]:
    """The next `limit` lines after `seq`, ascending."""
    return _lines(await pool.fetch(_AFTER, conversation_id, seq, public, limit))


async def before(pool: Pool, conversation_id: int, seq: int, limit: int, *, public: bool) -> list[Line]:
    """The last `limit` lines before `seq`, ascending."""
    return _lines(await pool.fetch(_BEFORE, conversation_id, seq, public, limit))[::-1]


async def comments(pool: Pool, conversation_id: int, limit: int) -> list[Line]:
    """The last `limit` comments, ascending."""
    return _lines(await pool.fetch(_COMMENTS, conversation_id, limit))[::-1]


async def replies_by_agent(pool: Pool, conversation_id: int, up_to: int) -> list[tuple[int, int]]:
    """(staff id, replies among the first `up_to` entries), in the order of the first reply."""
    return [(row[0], row[1]) for row in await pool.fetch(_AGENTS, conversation_id, up_to)]


async def unread_by_customer(pool: Pool, conversation: Conversation) -> int:
    if conversation.last_agent_seq <= conversation.customer_read:
        return 0
    return int(await pool.fetchval(_UNREAD, conversation.id, conversation.customer_read))


async def seen_by(pool: Pool, staff_id: int, conversation_id: int) -> tuple[int, int]:
    """(seq, customer's messages) up to which this person has looked."""
    row = await pool.fetchrow(_SEEN, staff_id, conversation_id)
    return (row[0], row[1]) if row else (0, 0)


async def heads(pool: Pool, ids: Sequence[int], owners: Sequence[int]) -> list[tuple[int, int]]:
    """(id, last number) of these conversations, and of the open ones of these owners."""
    return [(row[0], row[1]) for row in await pool.fetch(_HEADS, ids, owners)]


async def customer_of(pool: Pool, customer_id: int) -> Person:
    row = await pool.fetchrow(_CUSTOMER, customer_id)
    assert row is not None  # a conversation cannot be without its customer
    return Person(*row)


async def links_of(pool: Pool, conversation: Conversation) -> list[Link]:
    """What it is linked with, by number (TICKET-8)."""
    return [Link(*row) for row in await pool.fetch(_LINKS, conversation.id, conversation.linked_to)]
