"""The one writing door of conversations: lock, look for earlier answers, save. Called inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import asyncpg
import msgspec

from deskbell.domain.conversation import Conversation, Entry
from deskbell.kit.postgres import Connection

CHANNEL = "deskbell"  # where a node tells the others what it has committed

COLUMNS = Conversation._fields
_SELECTED = ", ".join(f"c.{name}" for name in COLUMNS)
_WIDTH = len(COLUMNS)

# Lock the conversations in id order, so that two writers cannot wait for each other.
_LOCK = f"""
SELECT {_SELECTED}, cu.name AS customer_name, cu.opted_out, cu.blocked_until
FROM conversation c JOIN customer cu ON cu.id = c.customer_id
WHERE c.id = ANY($1::bigint[]) ORDER BY c.id FOR UPDATE OF c"""

# What was answered to these senders' client ids before.
_ANSWERS = """
SELECT e.conversation_id, e.author, e.author_id, e.client_id, e.seq, e.at
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) AS k(c, author, author_id, client_id)
JOIN entry e ON e.conversation_id = k.c AND e.author = k.author AND e.author_id = k.author_id
            AND e.client_id = k.client_id"""

# Where a start belongs: the conversation this very start has made or joined, or else the customer's open chat.
_PLACES = """
SELECT k.customer_id, k.start_id, c.id
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) AS k(customer_id, start_id, author, author_id)
JOIN LATERAL (
    SELECT id, EXISTS (SELECT FROM entry WHERE conversation_id = conversation.id AND author = k.author
                       AND author_id = k.author_id AND client_id = k.start_id) AS answered
    FROM conversation WHERE customer_id = k.customer_id
) c ON c.answered OR c.id = (
    SELECT id FROM conversation WHERE customer_id = k.customer_id
    AND kind = 'chat' AND state IN ('queued', 'offered', 'live', 'pending'))
ORDER BY c.answered"""

_NEW_IDS = "SELECT nextval('conversation_id_seq') FROM generate_series(1, $1)"

_CUSTOMERS = "SELECT id, name, opted_out FROM customer WHERE id = ANY($1::bigint[])"

_INSERT_CONVERSATION = (
    f"INSERT INTO conversation ({', '.join(COLUMNS)}) OVERRIDING SYSTEM VALUE VALUES "
    f"({', '.join(f'${n}' for n in range(1, _WIDTH + 1))})"
)

_ARRAYS = [COLUMNS.index(name) for name in ("labels", "declined", "mentioned")]
_FIRST_HOT = COLUMNS.index("opened_at")
_FIRST_MARK = COLUMNS.index("customer_delivered")

# Every column but those of the marks, which another path writes (marks.py).
_FULL = COLUMNS[1:_FIRST_MARK]
_UPDATE_CONVERSATION = (
    f"UPDATE conversation SET {', '.join(f'{name} = ${n}' for n, name in enumerate(_FULL, 2))} WHERE id = $1"
)

# A message touches only these; one statement saves a whole batch of them.
_HOT: dict[str, str] = {
    "opened_at": "timestamptz",
    "last_seq": "integer",
    "last_public_seq": "integer",
    "last_customer_seq": "integer",
    "last_agent_seq": "integer",
    "last_customer_at": "timestamptz",
    "last_agent_at": "timestamptz",
    "waiting_since": "timestamptz",
    "customer_messages": "integer",
    "agent_messages": "integer",
    "preview": "text",
    "preview_by": "text",
}
if tuple(_HOT) != COLUMNS[_FIRST_HOT:_FIRST_MARK]:  # they are cut out by position
    raise AssertionError("the hot columns must stand together in Conversation")

# The columns of an entry, in the order of its fields.
_ENTRY: dict[str, str] = {
    "conversation_id": "bigint",
    "seq": "integer",
    "kind": "text",
    "public": "boolean",
    "prev_public": "integer",
    "author": "text",
    "author_id": "bigint",
    "client_id": "text",
    "text": "text",
    "html": "text",
    "data": "jsonb",
    "at": "timestamptz",
}


def _columns(kinds: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in kinds.items())


# A message never takes `opened_at` away, so a first look that memory missed is kept: it leaves no entry and so no number.
_SET_HOT = ", ".join(
    f"{name} = {'COALESCE(c.opened_at, u.opened_at)' if name == 'opened_at' else f'u.{name}'}"
    for name in _HOT
)

# Rows travel as JSON: encoding them costs a third of what arrays cost here, and the database has the other core.
_SAVE = f"""
WITH entries AS (
    INSERT INTO entry ({", ".join(_ENTRY)})
    SELECT {", ".join(_ENTRY)} FROM json_to_recordset($1::text::json) AS e({_columns(_ENTRY)})
), conversations AS (
    UPDATE conversation c SET {_SET_HOT}
    FROM json_to_recordset($2::text::json) AS u(id bigint, {_columns(_HOT)})
    WHERE c.id = u.id
)
SELECT pg_notify('{CHANNEL}', notice) FROM unnest($3::text[]) AS notice"""

# The same for plain messages that were decided from memory: each conversation only if it still has the number it was
# remembered with, all of them or none (else the division fails, and with it the statement). Rows are locked in the
# order of ids, as everywhere; the writer's connection keeps the planner to it.
_SAVE_UNLOCKED = f"""
WITH remembered AS (
    SELECT * FROM json_to_recordset($2::text::json) AS u(id bigint, known integer, {_columns(_HOT)}) ORDER BY id
), conversations AS (
    UPDATE conversation c SET {_SET_HOT} FROM remembered u
    WHERE c.id = u.id AND c.last_seq = u.known RETURNING c.id
), entries AS (
    INSERT INTO entry ({", ".join(_ENTRY)})
    SELECT {", ".join(_ENTRY)} FROM json_to_recordset($1::text::json) AS e({_columns(_ENTRY)})
), notices AS (
    SELECT pg_notify('{CHANNEL}', notice) FROM unnest($3::text[]) AS notice
)
SELECT 1 / (CASE WHEN (SELECT count(*) FROM conversations) = $4::integer THEN 1 ELSE 0 END),
       (SELECT count(*) FROM notices)"""

_EntryRow = msgspec.defstruct("_EntryRow", [(name, object) for name in _ENTRY])
_HotRow = msgspec.defstruct("_HotRow", [(name, object) for name in ("id", *_HOT)])
_KnownRow = msgspec.defstruct("_KnownRow", [(name, object) for name in ("id", "known", *_HOT)])
_encode = msgspec.json.Encoder().encode

_ATTACH = """
UPDATE file f SET conversation_id = k.c FROM unnest($1::text[], $2::bigint[]) AS k(id, c) WHERE f.id = k.id"""

# What a customer said of themselves in the form: unverified, and never over what is verified (VISITOR-6).
_INTRODUCE = """
UPDATE customer SET name = CASE WHEN $2 = '' THEN name ELSE $2 END,
                    email = CASE WHEN $3 = '' OR email_verified THEN email ELSE $3 END,
                    fields = fields || $4::jsonb
WHERE id = $1"""

# LIFE-12: only where it changes.
_OPT = """
UPDATE customer cu SET opted_out = k.wish FROM unnest($1::bigint[], $2::boolean[]) AS k(id, wish)
WHERE cu.id = k.id AND cu.opted_out <> k.wish"""

# TEAM-5: the numbers stay, the texts and names are gone for good.
_WIPE = """
UPDATE entry e SET text = '', html = NULL, data = NULL FROM unnest($1::bigint[], $2::integer[]) AS k(id, upto)
WHERE e.conversation_id = k.id AND e.seq <= k.upto AND e.kind = 'comment'"""

_LAST_AGENT = """
UPDATE customer cu SET last_agent_id = k.agent FROM unnest($1::bigint[], $2::integer[]) AS k(id, agent)
WHERE cu.id = k.id"""


class Loaded(NamedTuple):
    conversation: Conversation
    customer_name: str


class Answer(NamedTuple):
    """What a sender is told: the entry that carries the sender's client id. `dup`: it was there before."""

    conversation_id: int
    seq: int
    at: datetime
    dup: bool = False


class Introduction(NamedTuple):
    customer_id: int
    name: str
    email: str
    fields: dict[str, str]


class Saving(NamedTuple):
    """Everything one batch saves. `before` holds the loaded state of each conversation that was there already.

    `wiped`: conversation -> up to which number its comments lose their texts.
    `wishes`: customer -> whether they have opted out.
    """

    before: dict[int, Conversation]
    after: dict[int, Conversation]
    entries: Sequence[Entry]
    attached: Sequence[tuple[str, int]]
    introductions: Sequence[Introduction]
    wiped: dict[int, int]
    wishes: dict[int, bool]
    notices: Sequence[str]


def conversation_of(record: Any) -> Conversation:
    """The conversation in the first columns of a record that starts with COLUMNS."""
    values = list(record)[:_WIDTH]
    for place in _ARRAYS:
        values[place] = tuple(values[place])
    return Conversation(*values)


class Locked(NamedTuple):
    """Conversations, and which of their customers have opted out or are blocked."""

    loaded: list[Loaded]
    opted_out: frozenset[int]
    blocked: frozenset[int]


async def lock(connection: Connection, ids: Iterable[int], now: datetime) -> Locked:
    """Lock and read conversations. Unknown ids are simply missing."""
    rows = await connection.fetch(_LOCK, sorted(ids))
    return Locked(
        [Loaded(conversation_of(row), row[_WIDTH]) for row in rows],
        frozenset(row[5] for row in rows if row[_WIDTH + 1]),
        frozenset(row[5] for row in rows if (until := row[_WIDTH + 2]) is not None and until > now),
    )


Key = tuple[int, str, int, str]


async def earlier_answers(connection: Connection, keys: Sequence[Key]) -> dict[Key, Answer]:
    """Answers that were given before to (conversation, author, author id, client id)."""
    rows = await connection.fetch(_ANSWERS, *zip(*keys, strict=True))
    return {(r[0], r[1], r[2], r[3]): Answer(r[0], r[4], r[5], True) for r in rows}


async def places_of(
    connection: Connection, starts: Sequence[tuple[int, str, str, int]]
) -> dict[tuple[int, str], int]:
    """(customer, start id, author, author id) each: (customer, start id) -> the conversation a start belongs to."""
    rows = await connection.fetch(_PLACES, *zip(*starts, strict=True))
    return {(r[0], r[1]): r[2] for r in rows}


async def new_ids(connection: Connection, count: int) -> list[int]:
    return [row[0] for row in await connection.fetch(_NEW_IDS, count)]


async def customers(connection: Connection, ids: Sequence[int]) -> tuple[dict[int, str], frozenset[int]]:
    """Their names, and which of them have opted out."""
    rows = await connection.fetch(_CUSTOMERS, ids)
    return {row[0]: row[1] for row in rows}, frozenset(row[0] for row in rows if row[2])


async def save(connection: Connection, saving: Saving) -> None:
    """Write a batch: new conversations, changed ones, entries, files, and one notice to the other nodes."""
    new, full, hot = _sort_out(saving)
    if new:
        await connection.executemany(_INSERT_CONVERSATION, new)
    if full:
        await connection.executemany(_UPDATE_CONVERSATION, [c[:_FIRST_MARK] for c in full])
    for introduction in sorted(saving.introductions, key=attrgetter("customer_id")):
        await connection.execute(_INTRODUCE, *introduction)
    given = _newly_given(saving)
    if given:
        await connection.execute(_LAST_AGENT, *zip(*given, strict=True))
    if saving.attached:
        await connection.execute(_ATTACH, *zip(*saving.attached, strict=True))
    entries = _encode([_EntryRow(*entry) for entry in saving.entries]).decode()
    conversations = _encode([_HotRow(c.id, *c[_FIRST_HOT:_FIRST_MARK]) for c in hot]).decode()
    await connection.execute(_SAVE, entries, conversations, saving.notices)
    if saving.wiped:
        await connection.execute(_WIPE, *zip(*sorted(saving.wiped.items()), strict=True))
    if saving.wishes:
        await connection.execute(_OPT, *zip(*sorted(saving.wishes.items()), strict=True))


async def save_unlocked(
    connection: Connection,
    before: dict[int, Conversation],
    after: dict[int, Conversation],
    entries: Sequence[Entry],
    notices: Sequence[str],
) -> bool:
    """Write messages decided from `before` as remembered. False, with nothing written, if any of it was outdated."""
    rows = []
    for c in after.values():
        known = before[c.id]
        if c[:_FIRST_HOT] != known[:_FIRST_HOT]:
            return False
        rows.append(_KnownRow(c.id, known.last_seq, *c[_FIRST_HOT:_FIRST_MARK]))
    try:
        await connection.fetch(
            _SAVE_UNLOCKED,
            _encode([_EntryRow(*entry) for entry in entries]).decode(),
            _encode(rows).decode(),
            notices,
            len(rows),
        )
    except asyncpg.DivisionByZeroError:
        return False
    return True


def _sort_out(saving: Saving) -> tuple[list[Conversation], list[Conversation], list[Conversation]]:
    new, full, hot = [], [], []
    for c in saving.after.values():
        before = saving.before.get(c.id)
        if before is None:
            new.append(c)
        elif c[:_FIRST_HOT] == before[:_FIRST_HOT]:
            hot.append(c)
        else:
            full.append(c)
    new.sort(
        key=attrgetter("customer_id")
    )  # everybody in one order, so that two writers cannot wait for each other
    return new, full, hot


def _newly_given(saving: Saving) -> list[tuple[int, int]]:
    """(customer, agent) of each conversation that got an owner in this batch, for the last-agent rule (LIFE-2)."""
    given = []
    for c in saving.after.values():
        before = saving.before.get(c.id)
        if c.owner_id is not None and (before is None or before.owner_id != c.owner_id):
            given.append((c.customer_id, c.owner_id))
    return sorted(given)
