"""What messaging services sent us, stored before it is answered, and how far it is worked on (CHANNEL-2)."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from deskbell.kit.postgres import Connection
from deskbell.store.types import Database, from_json

WORKING = 21
"""One worker at a time, on all nodes; a node that dies lets go of it."""
HOLDS = 3
"""So many failures of one arrival keep the later ones of its sender back; then they go past it."""

_TRY_LOCK = "SELECT pg_try_advisory_lock(4022, $1)"
_UNLOCK = "SELECT pg_advisory_unlock(4022, $1)"

# Numbered in the order in which they came, and written by all nodes in the order of their keys, so that two who have the
# same things never wait for each other.
_KEEP = """
INSERT INTO arrival (id, account_id, key, sender, payload, received_at, due_at) OVERRIDING SYSTEM VALUE
SELECT id, account, key, sender, payload::jsonb, $5, $5 FROM (
    SELECT nextval('arrival_id_seq') AS id, k.* FROM (
        SELECT * FROM unnest($1::integer[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
            AS u(account, key, sender, payload, place) ORDER BY place
    ) k OFFSET 0
) numbered ORDER BY account, key
ON CONFLICT (account_id, key) DO NOTHING"""

# In the order in which they came; what fails keeps back what its sender said after it, for a while.
_DUE = """
SELECT a.id, a.account_id, c.channel, a.key, a.sender, a.payload::text, a.received_at, a.tries
FROM arrival a JOIN channel_account c ON c.id = a.account_id
WHERE a.state = 'new' AND a.due_at <= $1 AND NOT (a.sender <> '' AND EXISTS (
    SELECT FROM arrival b WHERE b.state = 'new' AND b.tries > 0 AND b.error <> '' AND b.tries <= $3
      AND b.account_id = a.account_id AND b.sender = a.sender AND b.id < a.id))
ORDER BY a.due_at, a.id LIMIT $2"""

_DONE = """
UPDATE arrival a SET state = 'done', outcome = k.outcome, conversation_id = k.c, seq = k.seq, done_at = $5, error = ''
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::integer[]) AS k(id, outcome, c, seq) WHERE a.id = k.id"""
_MESSAGES = """
INSERT INTO channel_message (account_id, external_id, conversation_id, seq, direction, at)
SELECT account, external_id, c, seq, 'in', $5
FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::integer[]) AS k(account, external_id, c, seq)
ON CONFLICT DO NOTHING"""
_LATER = "UPDATE arrival SET due_at = $2, tries = tries + 1, error = $3 WHERE id = $1"
_ASIDE = """
UPDATE arrival SET state = 'aside', error = $2, tries = tries + 1, done_at = $3 WHERE id = $1"""
_REOPEN = "UPDATE arrival SET state = 'new', tries = 0, error = '', due_at = $1 WHERE state = 'aside'"

# Entries that were made of these before, whatever became of their conversations since.
_MADE = """
SELECT k.client_id, e.conversation_id, e.seq
FROM unnest($1::bigint[], $2::text[]) AS k(customer_id, client_id)
JOIN conversation c ON c.customer_id = k.customer_id
JOIN entry e ON e.conversation_id = c.id AND e.author = 'customer' AND e.author_id = k.customer_id
            AND e.client_id = k.client_id"""

# Which entries these messages of the service are, in and out.
_ENTRIES = """
SELECT k.account, k.external_id, m.conversation_id, m.seq
FROM unnest($1::integer[], $2::text[]) AS k(account, external_id)
JOIN LATERAL (
    SELECT conversation_id, seq FROM channel_message WHERE account_id = k.account AND external_id = k.external_id
    UNION ALL
    SELECT conversation_id, seq FROM dispatch_part WHERE account_id = k.account AND external_id = k.external_id
    LIMIT 1
) m ON true"""

# Where a customer's next message on a channel belongs: (their open chat, open ticket there, newest closed one there).
_PLACES = """
SELECT k.customer_id,
  (SELECT id FROM conversation WHERE customer_id = k.customer_id AND kind = 'chat'
     AND state IN ('queued', 'offered', 'live', 'pending')),
  (SELECT id FROM conversation WHERE customer_id = k.customer_id AND channel = k.channel AND kind = 'ticket'
     AND state IN ('unassigned', 'assigned') ORDER BY id DESC LIMIT 1),
  (SELECT id FROM conversation WHERE customer_id = k.customer_id AND channel = k.channel AND state = 'closed'
     ORDER BY closed_at DESC NULLS LAST, id DESC LIMIT 1)
FROM unnest($1::bigint[], $2::text[]) AS k(customer_id, channel)"""

_NEWEST = """
SELECT id FROM conversation WHERE customer_id = $1 AND channel = $2 AND state <> 'archived' ORDER BY id DESC LIMIT 1"""

# What became of a message last, by the time the service gives; `withdrawn` is the end of it.
_AMENDED = """
SELECT coalesce(max((data ->> 'at')::bigint) FILTER (WHERE data ->> 'name' = $3), -1),
       coalesce(bool_or(data ->> 'name' = 'withdrawn'), false)
FROM entry WHERE conversation_id = $1 AND seq > $2 AND kind = 'event'
  AND data ->> 'name' IN ('reacted', 'edited', 'withdrawn') AND (data ->> 'seq')::integer = $2
  AND data ->> 'at' ~ '^[0-9]{1,15}$'"""

_WAITING = """
SELECT c.channel, count(*) FILTER (WHERE a.state = 'new'), count(*) FILTER (WHERE a.state = 'aside')
FROM channel_account c LEFT JOIN arrival a ON a.account_id = c.id AND a.state <> 'done' GROUP BY 1 ORDER BY 1"""
_FORGET = """
DELETE FROM arrival WHERE id IN (SELECT id FROM arrival WHERE state = 'done' AND done_at < $1 ORDER BY done_at LIMIT $2)"""


class Fresh(NamedTuple):
    """What is to be kept. `payload` is JSON."""

    account_id: int
    key: str
    sender: str
    payload: str


class Arrival(NamedTuple):
    """One thing that waits to be worked on."""

    id: int
    account_id: int
    channel: str
    key: str
    sender: str
    payload: dict[str, Any]
    received_at: datetime
    tries: int


class Place(NamedTuple):
    """An entry of a conversation."""

    conversation_id: int
    seq: int


class Settled(NamedTuple):
    """What became of an arrival. `messages`: (the service's id, the entry it became)."""

    arrival: Arrival
    outcome: str
    place: Place | None = None
    messages: tuple[tuple[str, Place], ...] = ()


async def keep(db: Database, fresh: Sequence[Fresh], now: datetime) -> None:
    """In one statement; what is known already stays as it is."""
    await db.execute(_KEEP, *map(list, zip(*dict.fromkeys(fresh), strict=True)), now)


async def try_lock(connection: Connection) -> bool:
    return bool(await connection.fetchval(_TRY_LOCK, WORKING))


async def unlock(connection: Connection) -> None:
    await connection.execute(_UNLOCK, WORKING)


async def due(db: Database, now: datetime, limit: int) -> list[Arrival]:
    """In order for each sender."""
    rows = await db.fetch(_DUE, now, limit, HOLDS)
    found = [Arrival(*(from_json(value) if n == 5 else value for n, value in enumerate(row))) for row in rows]
    return sorted(found, key=attrgetter("id"))


async def done(connection: Connection, settled: Sequence[Settled], now: datetime) -> None:
    """And which entries their messages are. Call it inside a transaction."""
    places = [one.place or Place(0, 0) for one in settled]
    await connection.execute(
        _DONE,
        [one.arrival.id for one in settled],
        [one.outcome for one in settled],
        [place.conversation_id or None for place in places],
        [place.seq for place in places],
        now,
    )
    made = [(one.arrival.account_id, named, *place) for one in settled for named, place in one.messages]
    if made:
        await connection.execute(_MESSAGES, *map(list, zip(*made, strict=True)), now)


async def later(db: Database, arrival_id: int, at: datetime, error: str = "") -> None:
    """Once more at that time. With an error it keeps its sender's later ones back; without one it only waits."""
    await db.execute(_LATER, arrival_id, at, error[:500])


async def aside(db: Database, arrival_id: int, error: str, now: datetime) -> None:
    """Nothing could be done with it, however often it was tried; it stays and is counted."""
    await db.execute(_ASIDE, arrival_id, error[:500], now)


async def reopen(db: Database, now: datetime) -> None:
    """Try once more with everything that was put aside."""
    await db.execute(_REOPEN, now)


async def made(db: Database, asked: Sequence[tuple[int, str]]) -> dict[str, Place]:
    """Client id -> the entry it has, of these (customer, client id)."""
    rows = await db.fetch(_MADE, *map(list, zip(*asked, strict=True)))
    return {row[0]: Place(row[1], row[2]) for row in rows}


async def entries(db: Database, asked: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Place]:
    """(account, the service's id of a message) -> the entry it is; unknown ones are missing."""
    rows = await db.fetch(_ENTRIES, *map(list, zip(*asked, strict=True)))
    return {(row[0], row[1]): Place(row[2], row[3]) for row in rows}


async def places(db: Database, asked: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Customer -> the conversation to which their next message on a channel belongs, of these (customer, channel); who
    needs a new one is missing."""
    rows = await db.fetch(_PLACES, *map(list, zip(*asked, strict=True)))
    found = {row[0]: row[1] or row[2] or row[3] for row in rows}
    return {customer: place for customer, place in found.items() if place is not None}


async def newest(db: Database, customer_id: int, channel: str) -> int | None:
    """The customer's newest conversation on a channel that is not archived."""
    found: int | None = await db.fetchval(_NEWEST, customer_id, channel)
    return found


async def amended(db: Database, place: Place, what: str) -> tuple[int, bool]:
    """(when the service last said `what` of this message, in ms, or -1; whether it is withdrawn)."""
    row = await db.fetchrow(_AMENDED, place.conversation_id, place.seq, what)
    assert row is not None  # an aggregate always has its row
    return row[0], row[1]


async def waiting(db: Database) -> list[tuple[str, int, int]]:
    """(channel, arrivals not worked on yet, those that could not be) of each channel with an account."""
    return [tuple(row) for row in await db.fetch(_WAITING)]


async def forget(db: Database, before: datetime, limit: int) -> int:
    """Forget what was done before a moment; how many there were, `limit` at most."""
    return int((await db.execute(_FORGET, before, limit)).rpartition(" ")[2])
