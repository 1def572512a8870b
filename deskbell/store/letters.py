"""Replies and transcripts that go by e-mail (LIFE-10, LIFE-13, TICKET-9): written with the change, sent later."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from deskbell.domain.conversation import Letter, Transcript
from deskbell.kit.postgres import Connection
from deskbell.store.types import Database, from_json

Kind = TypeVar("Kind")

GRACE = timedelta(seconds=20)
"""For who reads a reply in the widget; then no mail goes."""
MESSAGES = 1_000
"""Of one transcript; with more, the last ones."""

# One sender at a time, on all nodes; a node that dies lets go of it.
_TRY_LOCK = "SELECT pg_try_advisory_lock(4022, 2)"
_UNLOCK = "SELECT pg_advisory_unlock(4022, 2)"

_SAVE = """
INSERT INTO letter (conversation_id, seq, recipient, unless_read, due_at)
SELECT c, seq, recipient, unless_read, $5::timestamptz + CASE WHEN unless_read THEN $6::interval ELSE interval '0' END
FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::boolean[]) AS l(c, seq, recipient, unless_read)"""

# A closing's transcript begins where that of the closing before ended, and there is one only where something was said
# since and an address is known; whoever has opted out gets none unless they ask. One that was asked for is whole.
_SAVE_TRANSCRIPTS = """
INSERT INTO transcript (conversation_id, seq, since, asked, recipient, created_at, due_at)
SELECT t.c, t.seq, b.since, t.asked, to_whom, $5, $5
FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[]) AS t(c, seq, asked, recipient)
JOIN conversation c ON c.id = t.c JOIN customer cu ON cu.id = c.customer_id
CROSS JOIN LATERAL (SELECT CASE WHEN t.recipient = '' THEN cu.email ELSE t.recipient END) AS r(to_whom)
CROSS JOIN LATERAL (
    SELECT CASE WHEN t.asked = 'close' THEN COALESCE(max(p.seq), 0) ELSE 0 END
    FROM transcript p WHERE p.conversation_id = t.c AND p.asked = 'close') AS b(since)
WHERE to_whom <> '' AND (cu.blocked_until IS NULL OR cu.blocked_until <= $5) AND (t.asked <> 'close' OR NOT cu.opted_out)
  AND EXISTS (SELECT FROM entry e WHERE e.conversation_id = t.c AND e.seq > b.since AND e.seq <= t.seq
              AND e.kind = 'message' AND e.public)
ON CONFLICT DO NOTHING"""

# What every mail on a conversation needs to know of it.
_ABOUT = """
    c.kind, c.subject, c.channel, concat_ws(',', si.look ->> 'locale', cu.locale),
    COALESCE((SELECT v.time_zone FROM visit v WHERE v.customer_id = cu.id AND v.time_zone <> ''
              ORDER BY v.last_at DESC LIMIT 1), ''),
    cu.email_verified, COALESCE(d.name, ''), COALESCE(d.mail_address, ''),
    COALESCE(d.mail_name, ''), COALESCE(si.name, ''), COALESCE(si.look ->> 'color', '')"""
_JOINED = """
JOIN conversation c ON c.id = l.conversation_id JOIN customer cu ON cu.id = c.customer_id
LEFT JOIN department d ON d.id = c.department_id LEFT JOIN site si ON si.id = c.site_id"""

# What is to be tried now, oldest first.
_DUE = f"""
SELECT l.conversation_id, l.seq, l.recipient, l.tries, l.unless_read, c.customer_delivered >= l.seq,
       c.customer_read >= l.seq, e.at, {_ABOUT}
FROM letter l {_JOINED} JOIN entry e ON e.conversation_id = l.conversation_id AND e.seq = l.seq
WHERE l.due_at <= $1 ORDER BY l.due_at LIMIT $2"""

_TRANSCRIPTS_DUE = f"""
SELECT l.conversation_id, l.seq, l.recipient, l.tries, l.since, l.asked, l.created_at,
       (SELECT s.kind FROM survey s WHERE s.conversation_id = l.conversation_id AND s.seq = l.seq), {_ABOUT}
FROM transcript l {_JOINED}
WHERE l.due_at <= $1 ORDER BY l.due_at LIMIT $2"""

_SAID = """
SELECT e.seq, e.author, COALESCE(s.name, ''), e.text, e.html, e.data::text AS data, e.at
FROM entry e LEFT JOIN staff s ON e.author = 'agent' AND s.id = e.author_id
WHERE e.conversation_id = $1 AND e.seq > $2 AND e.seq <= $3 AND e.kind = 'message' AND e.public
ORDER BY e.seq DESC LIMIT $4"""

# Mails of this conversation that went or came, the newest first.
_THREAD = """
SELECT message_id FROM mail_message WHERE conversation_id = $1 AND seq <> $2 ORDER BY at DESC LIMIT $3"""

# Transcripts to one address since a moment, of which this is not the first.
_BEFORE = """
SELECT count(*) FROM transcript WHERE recipient = $1 AND created_at > $2
   AND (created_at, conversation_id, seq) < ($3, $4, $5)"""

_DONE = "UPDATE {table} SET due_at = NULL, done_at = $3, error = $4 WHERE conversation_id = $1 AND seq = $2"
_LATER = """
UPDATE {table} SET due_at = $3, tries = tries + $5, error = $4 WHERE conversation_id = $1 AND seq = $2"""


class About(NamedTuple):
    """The conversation a mail is about; "" stands for what is unknown or not there. `time_zone`: the customer's.

    `locale`: the site's and the customer's, best first, as in `de,en-GB`; the widget asks in that order too.
    """

    kind: str
    subject: str
    channel: str
    locale: str
    time_zone: str
    verified: bool
    department: str
    mail_address: str
    mail_name: str
    site: str
    color: str


class Due(NamedTuple):
    """A reply to be mailed. `tries`: how often it was tried before; `at`: when it was written."""

    conversation_id: int
    seq: int
    recipient: str
    tries: int
    unless_read: bool
    delivered: bool
    read: bool
    at: datetime
    about: About


class DueTranscript(NamedTuple):
    """`survey`: the kind that is asked with this closing, or None."""

    conversation_id: int
    seq: int
    recipient: str
    tries: int
    since: int
    asked: str
    at: datetime
    survey: str | None
    about: About


class Said(NamedTuple):
    """One message. `name` is the agent's, or ""."""

    seq: int
    author: str
    name: str
    text: str
    html: str | None
    files: list[dict[str, Any]]
    at: datetime


async def try_lock(connection: Connection) -> bool:
    return bool(await connection.fetchval(_TRY_LOCK))


async def unlock(connection: Connection) -> None:
    await connection.execute(_UNLOCK)


async def save(connection: Connection, letters: Sequence[Letter], now: datetime) -> None:
    """In the transaction that writes the replies themselves."""
    await connection.execute(_SAVE, *zip(*letters, strict=True), now, GRACE)


async def save_transcripts(connection: Connection, asked: Sequence[Transcript], now: datetime) -> None:
    """In the transaction that closes the conversations, after they were written."""
    await connection.execute(_SAVE_TRANSCRIPTS, *zip(*asked, strict=True), now)


async def due(connection: Connection, now: datetime, limit: int) -> list[Due]:
    return [_due(Due, tuple(row)) for row in await connection.fetch(_DUE, now, limit)]


async def transcripts_due(connection: Connection, now: datetime, limit: int) -> list[DueTranscript]:
    return [_due(DueTranscript, tuple(row)) for row in await connection.fetch(_TRANSCRIPTS_DUE, now, limit)]


def _due(kind: Callable[..., Kind], row: tuple[Any, ...]) -> Kind:
    """The columns of About come last."""
    width = len(About._fields)
    return kind(*row[:-width], About(*row[-width:]))


async def said(
    db: Database, conversation_id: int, since: int, upto: int, limit: int = MESSAGES
) -> list[Said]:
    """The messages after `since` up to `upto` in order; with more than `limit`, the last ones."""
    rows = await db.fetch(_SAID, conversation_id, since, upto, limit)
    found = []
    for seq, author, name, text, html, data, at in map(tuple, reversed(rows)):
        files = (from_json(data) or {}).get("files", []) if data else []
        found.append(Said(seq, author, name, text, html, files, at))
    return found


async def thread(db: Database, letter: Due | DueTranscript, limit: int) -> tuple[str, ...]:
    """Ids of the last mails of its conversation, without their brackets, the oldest first."""
    rows = await db.fetch(_THREAD, letter.conversation_id, letter.seq, limit)
    return tuple(row[0] for row in reversed(rows))


async def transcripts_before(db: Database, due: DueTranscript, since: datetime) -> int:
    """How many transcripts for the same address came before this one, from `since` on."""
    count: int = await db.fetchval(_BEFORE, due.recipient, since, due.at, due.conversation_id, due.seq)
    return count


async def done(db: Database, letter: Due | DueTranscript, now: datetime, error: str | None) -> None:
    """It went, or (`error`) it is given up."""
    await db.execute(_DONE.format(table=_table(letter)), letter.conversation_id, letter.seq, now, error)


async def later(
    db: Database, letter: Due | DueTranscript, at: datetime, error: str | None, *, counts: bool = True
) -> None:
    """Try it again then; `counts`: it was tried now."""
    query = _LATER.format(table=_table(letter))
    await db.execute(query, letter.conversation_id, letter.seq, at, error, int(counts))


def _table(letter: Due | DueTranscript) -> str:
    return "letter" if isinstance(letter, Due) else "transcript"
