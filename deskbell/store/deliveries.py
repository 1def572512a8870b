"""What services say of parts of messages, and how it stands with the messages then (CHANNEL-2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from deskbell.domain.ticks import SETTLED, moves, whole
from deskbell.kit.postgres import Connection
from deskbell.store.types import Database

UNKNOWN_FOR = timedelta(seconds=60)
"""How long a word of the service is waited for before nobody knows whether a message went."""

# Which parts these words are about: by the service's id, or by our mark when we never heard the id.
_FIND = """
SELECT k.n, p.conversation_id, p.seq, p.part
FROM unnest($1::integer[], $2::text[], $3::text[]) WITH ORDINALITY AS k(account_id, external_id, attempt, n)
JOIN dispatch_part p ON p.account_id = k.account_id AND p.external_id = k.external_id
UNION
SELECT k.n, p.conversation_id, p.seq, p.part
FROM unnest($1::integer[], $2::text[], $3::text[]) WITH ORDINALITY AS k(account_id, external_id, attempt, n)
JOIN dispatch_part p ON p.attempt = k.attempt AND p.account_id = k.account_id"""

# Whoever changes parts locks their messages first, in order.
_LOCK = """
SELECT d.conversation_id, d.seq, d.state, d.changed_at, d.due_at, COALESCE(c.owner_id, 0)
FROM dispatch d JOIN conversation c ON c.id = d.conversation_id
WHERE (d.conversation_id, d.seq) IN (SELECT * FROM unnest($1::bigint[], $2::integer[]))
ORDER BY d.conversation_id, d.seq FOR UPDATE OF d"""

_PARTS = """
SELECT conversation_id, seq, part, account_id, external_id, state, code, error, changed_at FROM dispatch_part
WHERE (conversation_id, seq) IN (SELECT * FROM unnest($1::bigint[], $2::integer[])) ORDER BY 1, 2, 3"""

_SAVE_PARTS = """
UPDATE dispatch_part p SET external_id = u.external_id, state = u.state, code = u.code, error = u.error,
    changed_at = u.changed_at
FROM unnest($1::bigint[], $2::integer[], $3::smallint[], $4::text[], $5::text[], $6::integer[], $7::text[],
            $8::timestamptz[]) AS u(c, seq, part, external_id, state, code, error, changed_at)
WHERE p.conversation_id = u.c AND p.seq = u.seq AND p.part = u.part"""

_SAVE_WHOLE = """
UPDATE dispatch d SET state = u.state, code = u.code, error = u.error, changed_at = u.changed_at, due_at = u.due_at
FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::integer[], $5::text[], $6::timestamptz[], $7::timestamptz[])
    AS u(c, seq, state, code, error, changed_at, due_at)
WHERE d.conversation_id = u.c AND d.seq = u.seq"""

_KNOW = """
INSERT INTO channel_message (account_id, external_id, conversation_id, seq, direction, at)
SELECT u.account_id, u.external_id, u.c, u.seq, 'out', u.at
FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::integer[], $5::timestamptz[])
    AS u(account_id, external_id, c, seq, at)
ON CONFLICT DO NOTHING"""

_OF = """
SELECT seq, state, changed_at, code, error FROM dispatch WHERE conversation_id = $1 AND seq BETWEEN $2 AND $3
ORDER BY seq DESC LIMIT 500"""


class Word(NamedTuple):
    """What is said of one message of a service. `attempt`: our mark, "" when it did not come back."""

    account_id: int
    external_id: str
    attempt: str
    state: str
    at: datetime
    code: int = 0
    error: str = ""


class Stands(NamedTuple):
    """How it stands with an entry now. `owner_id`: of its conversation, or 0."""

    conversation_id: int
    seq: int
    state: str
    at: datetime
    code: int
    error: str
    owner_id: int


class Heard(NamedTuple):
    """`known`: for each word, whether it was about a message of ours. `changed`: entries that stand otherwise now."""

    known: list[bool]
    changed: list[Stands]


class _Part(NamedTuple):
    account_id: int
    external_id: str | None
    state: str
    code: int
    error: str
    at: datetime


_Entry = tuple[int, int]
_Place = tuple[int, int, int]


class _Whole(NamedTuple):
    state: str
    at: datetime
    due_at: datetime | None
    owner_id: int


async def hear(connection: Connection, words: Sequence[Word], now: datetime) -> Heard:
    """In a transaction. Words may come twice, late and in any order."""
    places = await _find(connection, words)
    entries = sorted({(c, seq) for c, seq, _ in places.values()})
    if not entries:
        return Heard([False] * len(words), [])
    keys = [c for c, _ in entries], [seq for _, seq in entries]
    wholes = {(r[0], r[1]): _Whole(*r[2:]) for r in await connection.fetch(_LOCK, *keys)}
    before = {(r[0], r[1], r[2]): _Part(*r[3:]) for r in await connection.fetch(_PARTS, *keys)}
    parts = dict(before)
    for n, word in enumerate(words):
        if (place := places.get(n)) in parts:
            parts[place] = _told(parts[place], word, now)
    moved = {place: part for place, part in parts.items() if part is not before[place]}
    if moved:
        await _save_parts(connection, moved, before)
    changed = _stand(wholes, parts, {(c, seq) for c, seq, _ in moved}, now)
    if changed:
        await _save_wholes(connection, changed)
    return Heard([n in places for n in range(len(words))], [stands for stands, _ in changed])


async def _find(connection: Connection, words: Sequence[Word]) -> dict[int, _Place]:
    rows = await connection.fetch(
        _FIND,
        [w.account_id for w in words],
        [w.external_id or None for w in words],
        [w.attempt or None for w in words],
    )
    return {row[0] - 1: (row[1], row[2], row[3]) for row in rows}


def _told(part: _Part, word: Word, now: datetime) -> _Part:
    """A part after one more word. A service's id that differs is a second message of the same part: it changes nothing."""
    if word.external_id and part.external_id not in (None, word.external_id):
        return part
    after = part
    if word.external_id and part.external_id is None:
        after = after._replace(external_id=word.external_id)
    if moves(part.state, word.state):
        after = after._replace(state=word.state, at=min(word.at, now))
        if part.state == "unknown" and word.state != "failed":
            after = after._replace(code=0, error="")
    if (word.code or word.error) and not (after.code or after.error):
        after = after._replace(code=word.code, error=word.error)
    return after if after != part else part


def _stand(
    wholes: Mapping[_Entry, _Whole], parts: Mapping[_Place, _Part], moved: set[_Entry], now: datetime
) -> list[tuple[Stands, datetime | None]]:
    """The entries among `moved` with how they stand, and when to look at them next."""
    found = []
    for entry in sorted(moved):
        mine = [part for place, part in sorted(parts.items()) if place[:2] == entry]
        had, state = wholes[entry], whole([part.state for part in mine])
        telling = next((p for p in mine if p.state == state and p.error), None) or next(
            (p for p in mine if p.error), None
        )
        at = max(part.at for part in mine) if state != had.state else had.at
        code, error = (telling.code, telling.error) if telling else (0, "")
        stands = Stands(*entry, state, at, code, error, had.owner_id)
        found.append((stands, _due(had, state, now)))
    return found


def _due(had: _Whole, state: str, now: datetime) -> datetime | None:
    if state in SETTLED:
        return None
    if state == had.state:
        return had.due_at
    if state == "failed":
        return now  # the thread is to be told
    if state == "unknown":
        return now + UNKNOWN_FOR
    return now if had.state in ("unknown", "failed") else had.due_at


async def _save_parts(
    connection: Connection, moved: Mapping[_Place, _Part], before: Mapping[_Place, _Part]
) -> None:
    rows = [(*place, p.external_id, p.state, p.code, p.error, p.at) for place, p in moved.items()]
    await connection.execute(_SAVE_PARTS, *map(list, zip(*rows, strict=True)))
    bound = [
        (p.account_id, p.external_id, place[0], place[1], p.at)
        for place, p in moved.items()
        if p.external_id and before[place].external_id is None
    ]
    if bound:
        await connection.execute(_KNOW, *map(list, zip(*bound, strict=True)))


async def _save_wholes(connection: Connection, changed: Sequence[tuple[Stands, datetime | None]]) -> None:
    rows = [(s.conversation_id, s.seq, s.state, s.code, s.error, s.at, due) for s, due in changed]
    await connection.execute(_SAVE_WHOLE, *map(list, zip(*rows, strict=True)))


async def of(db: Database, conversation_id: int, first: int, last: int) -> list[Stands]:
    """How the newest of these entries stand, those that went out over a channel."""
    rows = await db.fetch(_OF, conversation_id, first, last)
    return [Stands(conversation_id, row[0], row[1], row[2], row[3], row[4], 0) for row in rows]
