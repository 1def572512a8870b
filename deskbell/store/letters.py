"""Replies that go by e-mail because their chat was closed too long ago (LIFE-10): written with the reply, sent later."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from deskbell.domain.conversation import Letter
from deskbell.kit.postgres import Connection

# One sender at a time, on all nodes; a node that dies lets go of it.
_TRY_LOCK = "SELECT pg_try_advisory_lock(4022, 2)"
_UNLOCK = "SELECT pg_advisory_unlock(4022, 2)"

_SAVE = """
INSERT INTO letter (conversation_id, seq, recipient, due_at)
SELECT c, seq, recipient, $4 FROM unnest($1::bigint[], $2::integer[], $3::text[]) AS l(c, seq, recipient)"""

# What is to be tried now, oldest first.
_DUE = """
SELECT l.conversation_id, l.seq, l.recipient, l.tries, e.text, COALESCE(s.name, ''), cu.name
FROM letter l JOIN entry e ON e.conversation_id = l.conversation_id AND e.seq = l.seq
JOIN conversation c ON c.id = l.conversation_id JOIN customer cu ON cu.id = c.customer_id
LEFT JOIN staff s ON s.id = e.author_id
WHERE l.due_at <= $1 ORDER BY l.due_at LIMIT $2"""

_DONE = "UPDATE letter SET due_at = NULL, done_at = $3, error = $4 WHERE conversation_id = $1 AND seq = $2"
_LATER = """
UPDATE letter SET due_at = $3, tries = tries + 1, error = $4 WHERE conversation_id = $1 AND seq = $2"""


class Due(NamedTuple):
    """`tries`: how often it was tried before; `agent` and `customer` are names."""

    conversation_id: int
    seq: int
    recipient: str
    tries: int
    text: str
    agent: str
    customer: str


async def try_lock(connection: Connection) -> bool:
    return bool(await connection.fetchval(_TRY_LOCK))


async def unlock(connection: Connection) -> None:
    await connection.execute(_UNLOCK)


async def save(connection: Connection, letters: Sequence[Letter], now: datetime) -> None:
    """In the transaction that writes the replies themselves."""
    await connection.execute(_SAVE, *zip(*letters, strict=True), now)


async def due(connection: Connection, now: datetime, limit: int) -> list[Due]:
    return [Due(*row) for row in await connection.fetch(_DUE, now, limit)]


async def done(connection: Connection, letter: Due, now: datetime, error: str | None) -> None:
    """It went, or (`error`) it is given up."""
    await connection.execute(_DONE, letter.conversation_id, letter.seq, now, error)


async def later(connection: Connection, letter: Due, at: datetime, error: str) -> None:
    await connection.execute(_LATER, letter.conversation_id, letter.seq, at, error)
