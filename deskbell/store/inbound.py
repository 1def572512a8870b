"""Mails that came in, stored before anything is done with them, and how far each mailbox is read (CHANNEL-4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from deskbell.kit.postgres import Connection
from deskbell.store.types import Database

# One reader and one worker at a time, on all nodes; a node that dies lets go of them.
READING, WORKING = 11, 12
_TRY_LOCK = "SELECT pg_try_advisory_lock(4022, $1)"
_UNLOCK = "SELECT pg_advisory_unlock(4022, $1)"

_OPEN = """
INSERT INTO mailbox (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name
RETURNING uidvalidity, last_uid, ok_at"""

_KEEP = """
INSERT INTO inbound_mail (mailbox, uidvalidity, uid, raw_id, size, fetched_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (mailbox, uidvalidity, uid) DO NOTHING"""
_READ_TO = """
UPDATE mailbox SET uidvalidity = $2, ok_at = $4, error = '',
    last_uid = CASE WHEN uidvalidity = $2 THEN GREATEST(last_uid, $3) ELSE $3 END
WHERE name = $1"""
_OK = "UPDATE mailbox SET ok_at = $2, error = '' WHERE name = $1"
_TROUBLE = """
INSERT INTO mailbox (name, error, error_at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET error = excluded.error, error_at = excluded.error_at"""
_STATES = "SELECT name, ok_at, error, error_at FROM mailbox ORDER BY name"
_WAITING = "SELECT count(*), count(*) FILTER (WHERE state = 'aside') FROM inbound_mail WHERE state <> 'done'"

_DUE = """
SELECT id, raw_id, size, fetched_at, tries FROM inbound_mail WHERE state = 'new' AND due_at <= $1
ORDER BY due_at, id LIMIT $2"""
_NEXT = "SELECT min(due_at) FROM inbound_mail WHERE state = 'new'"
_LATER = "UPDATE inbound_mail SET due_at = $2, tries = tries + $3, error = $4 WHERE id = $1"
_ASIDE = "UPDATE inbound_mail SET state = 'aside', error = $2, tries = tries + 1, done_at = $3 WHERE id = $1"

_REOPEN = "UPDATE inbound_mail SET state = 'new', tries = 0, due_at = $1 WHERE state = 'aside'"

_KNOW = "UPDATE inbound_mail SET fingerprint = $2, sender = $3 WHERE id = $1"
_DOUBLE = """
SELECT EXISTS (SELECT FROM inbound_mail WHERE fingerprint = $2 AND id <> $1 AND state = 'done' AND outcome <> 'double')"""
_FROM_SENDER = """
SELECT count(*) FROM inbound_mail WHERE sender = $1 AND done_at > $2 AND state = 'done' AND outcome <> 'double'"""
_DONE = """
UPDATE inbound_mail SET state = 'done', outcome = $2, conversation_id = $3, seq = $4, done_at = $5, error = ''
WHERE id = $1"""

_KEPT = """
SELECT uid FROM inbound_mail WHERE mailbox = $1 AND uidvalidity = $2 AND uid = ANY($3::bigint[]) ORDER BY uid"""

# A mail that became this entry.
_OF_ENTRY = """
SELECT raw_id, size FROM inbound_mail WHERE conversation_id = $1 AND seq = $2 AND state = 'done' ORDER BY id LIMIT 1"""

# What made nothing is kept a while, in case somebody misses it.
_FORGET = """
DELETE FROM inbound_mail WHERE id IN (
    SELECT id FROM inbound_mail WHERE state = 'done' AND conversation_id IS NULL AND done_at < $1 LIMIT $2)
RETURNING raw_id"""

# The addresses a conversation knows: its customer's, and those that mails of it went to.
_ADDRESSES = """
SELECT c.id, c.customer_id, ARRAY(
    SELECT lower(cu.email) UNION SELECT lower(ce.email) FROM customer_email ce WHERE ce.customer_id = c.customer_id
    UNION SELECT lower(m.recipient) FROM mail_message m WHERE m.conversation_id = c.id AND m.direction = 'out')
FROM conversation c JOIN customer cu ON cu.id = c.customer_id WHERE c.id = ANY($1::bigint[])"""

# Who writes from this address: with $2, whoever proved it theirs; else only who has written mail from it before.
_CUSTOMER = """
SELECT cu.id FROM customer cu
WHERE lower(cu.email) = $1 AND cu.merged_into IS NULL AND (
    ($2 AND cu.email_verified)
    OR (NOT EXISTS (SELECT FROM browser b WHERE b.customer_id = cu.id)
        AND EXISTS (SELECT FROM conversation c WHERE c.customer_id = cu.id AND c.channel = 'email')))
ORDER BY ($2 AND cu.email_verified) DESC, cu.id LIMIT 1"""
_ALSO = """
SELECT ce.customer_id FROM customer_email ce WHERE lower(ce.email) = $1 AND ce.verified
ORDER BY ce.customer_id LIMIT 1"""
_NEW_CUSTOMER = """
INSERT INTO customer (name, email, email_verified, created_at) VALUES ($1, $2, $3, $4) RETURNING id"""

# Whoever answers what was sent to their address has it; never where a browser speaks for them that has proved nothing.
_PROVED = """
UPDATE customer cu SET email_verified = true
WHERE cu.id = $1 AND lower(cu.email) = $2 AND NOT cu.email_verified
  AND NOT EXISTS (SELECT FROM browser b WHERE b.customer_id = cu.id)
RETURNING true"""

_DEPARTMENTS = "SELECT lower(mail_address), id FROM department WHERE mail_address <> ''"


class Cursor(NamedTuple):
    uidvalidity: int
    last_uid: int
    ok_at: datetime | None


class Arrived(NamedTuple):
    """A mail that waits to be worked on. `size`: of the whole mail in bytes, of which less may be stored."""

    id: int
    raw_id: str
    size: int
    fetched_at: datetime
    tries: int


class MailboxState(NamedTuple):
    name: str
    ok_at: datetime | None
    error: str
    error_at: datetime | None


class Acquaintance(NamedTuple):
    """What a conversation knows of who may write to it by mail."""

    customer_id: int
    addresses: tuple[str, ...]


async def try_lock(connection: Connection, which: int) -> bool:
    return bool(await connection.fetchval(_TRY_LOCK, which))


async def unlock(connection: Connection, which: int) -> None:
    await connection.execute(_UNLOCK, which)


async def cursor(db: Database, mailbox: str) -> Cursor:
    row = await db.fetchrow(_OPEN, mailbox)
    assert row is not None  # an upsert always has its row
    return Cursor(*row.values())


async def keep(
    db: Database, mailbox: str, uidvalidity: int, uid: int, raw_id: str, size: int, now: datetime
) -> None:
    """Its bytes lie in the file store already. Again does nothing."""
    await db.execute(_KEEP, mailbox, uidvalidity, uid, raw_id, size, now)


async def read_to(db: Database, mailbox: str, uidvalidity: int, uid: int, now: datetime) -> None:
    """Everything up to this uid is stored."""
    await db.execute(_READ_TO, mailbox, uidvalidity, uid, now)


async def kept(db: Database, mailbox: str, uidvalidity: int, uids: Sequence[int]) -> list[int]:
    """Those of these uids that are stored."""
    return [row[0] for row in await db.fetch(_KEPT, mailbox, uidvalidity, list(uids))]


async def all_well(db: Database, mailbox: str, now: datetime) -> None:
    await db.execute(_OK, mailbox, now)


async def trouble(db: Database, mailbox: str, error: str, now: datetime) -> None:
    await db.execute(_TROUBLE, mailbox, error[:500], now)


async def states(db: Database) -> list[MailboxState]:
    return [MailboxState(*row.values()) for row in await db.fetch(_STATES)]


async def waiting(db: Database) -> tuple[int, int]:
    """(mails not worked on yet, those of them that were put aside because they could not be)."""
    row = await db.fetchrow(_WAITING)
    assert row is not None  # an aggregate always has its row
    return row[0], row[1]


async def due(db: Database, now: datetime, limit: int) -> list[Arrived]:
    return [Arrived(*row.values()) for row in await db.fetch(_DUE, now, limit)]


async def later(db: Database, mail_id: int, at: datetime, error: str, *, counts: bool = True) -> None:
    await db.execute(_LATER, mail_id, at, int(counts), error[:500])


async def aside(db: Database, mail_id: int, error: str, now: datetime) -> None:
    """Nothing could be done with it, however often it was tried; it stays and is counted."""
    await db.execute(_ASIDE, mail_id, error[:500], now)


async def reopen(db: Database, now: datetime) -> None:
    """Try once more with everything that was put aside."""
    await db.execute(_REOPEN, now)


async def know(db: Database, mail_id: int, fingerprint: str, sender: str) -> bool:
    """Note what it says and who sent it; whether another mail that said just that was worked on already."""
    await db.execute(_KNOW, mail_id, fingerprint, sender)
    return bool(await db.fetchval(_DOUBLE, mail_id, fingerprint))


async def worked_on(db: Database, sender: str, since: datetime) -> int:
    """How many mails of this sender something was done with."""
    count: int = await db.fetchval(_FROM_SENDER, sender, since)
    return count


async def done(
    db: Database, mail_id: int, outcome: str, conversation_id: int | None, seq: int, now: datetime
) -> None:
    await db.execute(_DONE, mail_id, outcome, conversation_id, seq, now)


async def of_entry(db: Database, conversation_id: int, seq: int) -> tuple[str, int] | None:
    """(id of the stored bytes, size of the whole mail) of the mail that became this entry."""
    row = await db.fetchrow(_OF_ENTRY, conversation_id, seq)
    return (row[0], row[1]) if row else None


async def forget(db: Database, before: datetime, limit: int) -> list[str]:
    """Forget mails that made nothing and were done before a moment; the ids of their bytes."""
    return [row[0] for row in await db.fetch(_FORGET, before, limit)]


async def acquaintances(db: Database, conversations: Sequence[int]) -> dict[int, Acquaintance]:
    """Conversation -> who may write to it; unknown numbers are missing."""
    if not conversations:
        return {}
    rows = await db.fetch(_ADDRESSES, list(conversations))
    return {row[0]: Acquaintance(row[1], tuple(a for a in row[2] if a)) for row in rows}


async def customer_of(db: Database, address: str, *, proven: bool) -> int | None:
    """Whose mail this is. Without proof never somebody a browser speaks for: a forged mail would stand in their chat."""
    found: int | None = await db.fetchval(_CUSTOMER, address, proven)
    if found is None and proven:
        found = await db.fetchval(_ALSO, address)
    return found


async def new_customer(db: Database, name: str, address: str, *, proven: bool, now: datetime) -> int:
    made: int = await db.fetchval(_NEW_CUSTOMER, name, address, proven, now)
    return made


async def proved(db: Database, customer_id: int, address: str) -> bool:
    """Whether that was news."""
    return bool(await db.fetchval(_PROVED, customer_id, address))


async def department_addresses(db: Database) -> dict[str, int]:
    return {row[0]: row[1] for row in await db.fetch(_DEPARTMENTS)}
