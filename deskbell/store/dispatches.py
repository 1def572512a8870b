"""What goes out over channels: written with the change, handed over later by one node at a time (CHANNEL-2).

Who hands an entry over holds it by `due_at`, which lies in the future as long as that node is alive. Whatever happens,
a part is sent only by who moved it from `waiting` to `sending`, and from there it never goes back by itself but when the
service has said that it did not take it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from deskbell.domain.conversation import Dispatch
from deskbell.kit.ids import public_id
from deskbell.kit.postgres import Connection
from deskbell.store.types import Database, Pool, from_json, to_json

# Once more: what was sent stays; only what failed or whose fate is unknown goes again, under another mark.
_SAVE = """
WITH given AS (
    SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::bigint[], $5::text[], $6::boolean[])
        AS g(conversation_id, seq, channel, customer_id, content, again)
), again AS (
    UPDATE dispatch d SET state = 'waiting', due_at = $7, changed_at = $7, tries = 0, code = 0, error = ''
    FROM given g WHERE g.again AND d.conversation_id = g.conversation_id AND d.seq = g.seq
      AND d.state IN ('failed', 'unknown')
    RETURNING d.conversation_id, d.seq
), parts AS (
    UPDATE dispatch_part p SET state = 'waiting', external_id = NULL, code = 0, error = '', changed_at = $7,
        attempt = replace(gen_random_uuid()::text, '-', '')
    FROM again a WHERE p.conversation_id = a.conversation_id AND p.seq = a.seq
      AND p.state IN ('failed', 'unknown', 'sending')
)
INSERT INTO dispatch (conversation_id, seq, channel, customer_id, content, created_at, changed_at, due_at)
SELECT conversation_id, seq, channel, customer_id, content::jsonb, $7, $7, $7 FROM given WHERE NOT again
ON CONFLICT DO NOTHING"""

# The oldest unfinished entry of each customer, where it is due. Who waits (a pause, or parked: no time at all) holds up
# their own later ones and nobody else's.
_CLAIM = """
WITH head AS (
    SELECT DISTINCT ON (customer_id) conversation_id, seq, due_at FROM dispatch
    WHERE state IN ('waiting', 'sending') ORDER BY customer_id, created_at, conversation_id, seq
), mine AS (
    SELECT d.conversation_id, d.seq FROM dispatch d JOIN head h USING (conversation_id, seq)
    WHERE d.due_at <= $1 AND h.due_at <= $1 AND d.state IN ('waiting', 'sending')
    ORDER BY d.due_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED
)
UPDATE dispatch d SET due_at = $2 FROM mine WHERE d.conversation_id = mine.conversation_id AND d.seq = mine.seq
RETURNING d.conversation_id, d.seq, d.channel, d.customer_id, d.content::text, d.tries, d.changed_at > d.created_at"""

_HOLD = """
UPDATE dispatch d SET due_at = $3 FROM unnest($1::bigint[], $2::integer[]) AS k(c, seq)
WHERE d.conversation_id = k.c AND d.seq = k.seq AND d.state IN ('waiting', 'sending') AND d.due_at IS NOT NULL"""

_LET_GO = """
UPDATE dispatch SET due_at = $3 WHERE conversation_id = $1 AND seq = $2 AND state IN ('waiting', 'sending')"""

_PARTS = """
SELECT p.part, p.attempt, p.account_id, p.body::text, p.state, c.user_id, c.phone, c.name, c.username
FROM dispatch_part p JOIN contact c ON c.id = p.contact_id
WHERE p.conversation_id = $1 AND p.seq = $2 ORDER BY p.part"""

# How to reach the customer: where they wrote last.
_ROUTE = """
SELECT c.id, c.account_id FROM contact c JOIN channel_account a ON a.id = c.account_id
WHERE c.customer_id = $1 AND a.channel = $2 ORDER BY c.last_in_at DESC NULLS LAST, c.id DESC LIMIT 1"""

_ENTRY = """
SELECT e.text, e.html, e.data::text, m.external_id FROM entry e
LEFT JOIN channel_message m ON m.conversation_id = e.conversation_id AND m.account_id = $3
      AND m.seq = (e.data -> 'quote' ->> 'seq')::integer
WHERE e.conversation_id = $1 AND e.seq = $2 ORDER BY m.at LIMIT 1"""

_PREPARE = """
INSERT INTO dispatch_part (conversation_id, seq, part, attempt, account_id, contact_id, body, changed_at)
SELECT $1, $2, k.part, k.attempt, $5, $6, k.body::jsonb, $7
FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS k(attempt, body, part) ON CONFLICT DO NOTHING"""

# Committed before the call. No row: somebody else was first, or it stands otherwise by now.
_BEGIN = """
WITH message AS (
    SELECT 1 FROM dispatch WHERE conversation_id = $1 AND seq = $2 FOR UPDATE
), part AS (
    UPDATE dispatch_part SET state = 'sending', changed_at = $4
    WHERE conversation_id = $1 AND seq = $2 AND part = $3 AND state = 'waiting' AND EXISTS (SELECT FROM message)
    RETURNING 1
)
UPDATE dispatch SET state = 'sending' WHERE conversation_id = $1 AND seq = $2 AND EXISTS (SELECT FROM part) RETURNING 1"""

# The service did not take it: it goes again at $4, or waits until the account is mended (null).
_BACK = """
WITH message AS (
    SELECT 1 FROM dispatch WHERE conversation_id = $1 AND seq = $2 FOR UPDATE
), part AS (
    UPDATE dispatch_part SET state = 'waiting', changed_at = $5
    WHERE conversation_id = $1 AND seq = $2 AND part = $3 AND state = 'sending' AND EXISTS (SELECT FROM message)
    RETURNING 1
)
UPDATE dispatch SET due_at = $4, tries = tries + $6, error = $7, code = $8, state = CASE
    WHEN EXISTS (SELECT FROM dispatch_part p WHERE p.conversation_id = $1 AND p.seq = $2 AND p.part < $3)
    THEN 'sending' ELSE 'waiting' END
WHERE conversation_id = $1 AND seq = $2 AND EXISTS (SELECT FROM part)"""

# Given up before anything of it was under way: what is, may have gone.
_FAIL = """
UPDATE dispatch SET state = 'failed', due_at = $4, changed_at = $4, error = $3
WHERE conversation_id = $1 AND seq = $2 AND state IN ('waiting', 'sending') AND NOT EXISTS (
    SELECT FROM dispatch_part p WHERE p.conversation_id = $1 AND p.seq = $2 AND p.state = 'sending')"""

_RELEASE = """
UPDATE dispatch SET due_at = $2 WHERE (conversation_id, seq) IN (
    SELECT conversation_id, seq FROM dispatch
    WHERE channel = $1 AND state IN ('waiting', 'sending') AND due_at IS NULL
    ORDER BY created_at LIMIT $3)"""

_COUNTS = """
SELECT channel, count(*), count(*) FILTER (WHERE due_at IS NULL)
FROM dispatch WHERE state IN ('waiting', 'sending') GROUP BY 1"""

# What the thread has to be told of; the mark of the part makes it once.
_TO_TELL = """
SELECT d.conversation_id, d.seq, d.state = 'failed', d.error,
       COALESCE((SELECT p.attempt FROM dispatch_part p WHERE p.conversation_id = d.conversation_id AND p.seq = d.seq
                 AND p.state = d.state ORDER BY p.part LIMIT 1), 'whole-' || d.seq)
FROM dispatch d WHERE d.state IN ('failed', 'unknown') AND d.due_at <= $1 ORDER BY d.due_at LIMIT $2"""

_TOLD = """
UPDATE dispatch SET due_at = NULL
WHERE conversation_id = $1 AND seq = $2 AND state = CASE WHEN $3 THEN 'failed' ELSE 'unknown' END"""


class Head(NamedTuple):
    """An entry that is to be handed over; `content` instead of its text and files (a template). `again`: it stood
    otherwise before."""

    conversation_id: int
    seq: int
    channel: str
    customer_id: int
    content: dict[str, Any] | None
    tries: int
    again: bool

    @property
    def key(self) -> tuple[int, int]:
        return self.conversation_id, self.seq


class Part(NamedTuple):
    """`user_id` to `username`: who it goes to, as the service names them."""

    part: int
    attempt: str
    account_id: int
    body: Mapping[str, Any]
    state: str
    user_id: str
    phone: str | None
    name: str
    username: str


class Said(NamedTuple):
    """An entry as it was written; `answers`: the service's id of what it quotes."""

    text: str
    html: str | None
    files: Sequence[Mapping[str, Any]]
    answers: str | None


class Route(NamedTuple):
    contact_id: int
    account_id: int


class ToTell(NamedTuple):
    conversation_id: int
    seq: int
    final: bool
    why: str
    attempt: str


async def save(connection: Connection, dispatches: Sequence[Dispatch], now: datetime) -> None:
    """In the transaction that writes the entries themselves."""
    await connection.execute(
        _SAVE,
        [d.conversation_id for d in dispatches],
        [d.seq for d in dispatches],
        [d.channel for d in dispatches],
        [d.customer_id for d in dispatches],
        [None if d.content is None else to_json(d.content) for d in dispatches],
        [d.again for d in dispatches],
        now,
    )


async def claim(db: Database, now: datetime, until: datetime, limit: int) -> list[Head]:
    """Entries of as many customers that are due, held until then."""
    rows = await db.fetch(_CLAIM, now, until, limit)
    return [
        Head(row[0], row[1], row[2], row[3], from_json(row[4]) if row[4] else None, row[5], row[6])
        for row in rows
    ]


async def hold(db: Database, keys: Iterable[tuple[int, int]], until: datetime) -> None:
    """Those that are still at work, so that no other node takes them."""
    conversations, seqs = _columns(keys)
    await db.execute(_HOLD, conversations, seqs, until)


async def let_go(db: Database, head: Head, due: datetime) -> None:
    """Somebody, perhaps us, goes on with it then."""
    await db.execute(_LET_GO, head.conversation_id, head.seq, due)


async def parts_of(db: Database, head: Head) -> list[Part]:
    rows = await db.fetch(_PARTS, head.conversation_id, head.seq)
    return [
        Part(row[0], row[1], row[2], from_json(row[3]), row[4], row[5], row[6], row[7], row[8])
        for row in rows
    ]


async def route_of(db: Database, customer_id: int, channel: str) -> Route | None:
    row = await db.fetchrow(_ROUTE, customer_id, channel)
    return None if row is None else Route(*row)


async def said(db: Database, head: Head, account_id: int) -> Said:
    row = await db.fetchrow(_ENTRY, head.conversation_id, head.seq, account_id)
    assert row is not None  # it was written with the dispatch, and entries stay
    data = from_json(row[2]) if row[2] else {}
    return Said(row[0], row[1], data.get("files", ()), row[3])


async def prepare(
    db: Database, head: Head, route: Route, bodies: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Its parts, each with a mark of ours; those that are there stay."""
    marks, texts = [public_id() for _ in bodies], [to_json(dict(body)) for body in bodies]
    await db.execute(
        _PREPARE, head.conversation_id, head.seq, marks, texts, route.account_id, route.contact_id, now
    )


async def begin(db: Database, head: Head, part: int, now: datetime) -> bool:
    """Whether it is ours to send now. Whoever gets True must call the service, and say what came of it."""
    return bool(await db.fetchval(_BEGIN, head.conversation_id, head.seq, part, now))


async def back(
    db: Database,
    head: Head,
    part: int,
    due: datetime | None,
    now: datetime,
    *,
    error: str,
    code: int,
    counts: bool,
) -> None:
    """The service did not take it. `due` None: parked until its account is mended."""
    await db.execute(_BACK, head.conversation_id, head.seq, part, due, now, int(counts), error, code)


async def fail(db: Database, head: Head, error: str, now: datetime) -> None:
    await db.execute(_FAIL, head.conversation_id, head.seq, error, now)


async def release(db: Database, channel: str, now: datetime, limit: int | None = None) -> int:
    """What is parked goes on, the oldest first. How many."""
    return int((await db.execute(_RELEASE, channel, now, limit)).rpartition(" ")[2])


async def to_tell(db: Database, now: datetime, limit: int) -> list[ToTell]:
    return [ToTell(*row) for row in await db.fetch(_TO_TELL, now, limit)]


async def told(db: Pool, one: ToTell) -> None:
    await db.execute(_TOLD, one.conversation_id, one.seq, one.final)


def _columns(keys: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    pairs = list(keys)
    return [c for c, _ in pairs], [seq for _, seq in pairs]


async def counts(db: Database) -> list[tuple[str, int, int]]:
    """(channel, not handed over yet, of these parked)."""
    return [(row[0], row[1], row[2]) for row in await db.fetch(_COUNTS)]
