"""Ids of mails that went out or came in, and where they belong: how an answer finds its thread (CHANNEL-4).

Message ids are kept without their angle brackets.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from deskbell.store.types import Database

ID_LIMIT = 500

# The same mail sent or fetched twice keeps its first place.
_NOTE = """
INSERT INTO mail_message (message_id, conversation_id, seq, direction, recipient, at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (message_id) DO NOTHING"""

_FIND = """
SELECT m.message_id, m.conversation_id, m.seq, m.direction, m.recipient
FROM unnest($1::text[]) WITH ORDINALITY AS k(id, place) JOIN mail_message m ON m.message_id = k.id ORDER BY k.place"""

_FAILED = """
UPDATE mail_message SET failed_at = $2 WHERE message_id = $1 AND direction = 'out' AND failed_at IS NULL
RETURNING true"""


class Known(NamedTuple):
    """`seq` is 0 for a mail that carries no entry; `direction` is 'in' or 'out'."""

    message_id: str
    conversation_id: int
    seq: int
    direction: str
    recipient: str


async def sent(
    db: Database, message_id: str, conversation_id: int, seq: int, recipient: str, at: datetime
) -> None:
    """A mail goes out; to be noted before it is handed over, so that no answer is faster."""
    await db.execute(_NOTE, _bare(message_id), conversation_id, seq, "out", recipient, at)


async def received(db: Database, message_id: str, conversation_id: int, seq: int, at: datetime) -> None:
    """A mail has become this entry. An id too long to be kept is none an answer would name whole."""
    if message_id and len(message_id) <= ID_LIMIT:
        await db.execute(_NOTE, _bare(message_id), conversation_id, seq, "in", "", at)


async def find(db: Database, message_ids: Sequence[str]) -> list[Known]:
    """Those that are known, in the order asked for."""
    if not message_ids:
        return []
    return [Known(*row.values()) for row in await db.fetch(_FIND, [_bare(one) for one in message_ids])]


async def failed(db: Database, message_id: str, at: datetime) -> bool:
    """A mail of ours came back; False when that is known already or it is none of ours."""
    return bool(await db.fetchval(_FAILED, _bare(message_id), at))


def _bare(message_id: str) -> str:
    return message_id.strip().removeprefix("<").removesuffix(">")
