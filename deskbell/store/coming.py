"""Files that came with messages and are still at their service: the message shows first, the file comes after."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from deskbell.store.types import Database

_ADD = """
INSERT INTO coming_file (conversation_id, seq, part, account_id, media_id, kind, type, name, sha256, due_at)
SELECT c, seq, part, account, media_id, kind, type, name, sha256, $10
FROM unnest($1::bigint[], $2::integer[], $3::smallint[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[]) AS k(c, seq, part, account, media_id, kind, type, name, sha256)
ON CONFLICT DO NOTHING"""

# Whoever takes one has it for a while: a node that dies lets the next one try.
_CLAIM = """
UPDATE coming_file f SET due_at = $2 FROM (
    SELECT conversation_id, seq, part FROM coming_file WHERE due_at <= $1
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) k
WHERE (f.conversation_id, f.seq, f.part) = (k.conversation_id, k.seq, k.part)
RETURNING f.conversation_id, f.seq, f.part, f.account_id, f.media_id, f.kind, f.type, f.name, f.sha256, f.tries,
    (SELECT customer_id FROM conversation WHERE id = f.conversation_id)"""
_LATER = """
UPDATE coming_file SET due_at = $4, tries = tries + 1, error = $5 WHERE conversation_id = $1 AND seq = $2 AND part = $3"""
_DONE = "DELETE FROM coming_file WHERE conversation_id = $1 AND seq = $2 AND part = $3"
_COUNT = "SELECT count(*) FROM coming_file"


class Claimed(NamedTuple):
    file: "Coming"
    tries: int
    customer_id: int


class Coming(NamedTuple):
    """`part`: which of the message's files, from 0. `sha256`: in hex, or ""."""

    conversation_id: int
    seq: int
    part: int
    account_id: int
    media_id: str
    kind: str
    type: str
    name: str
    sha256: str


async def add(db: Database, files: Sequence[Coming], now: datetime) -> None:
    await db.execute(_ADD, *map(list, zip(*files, strict=True)), now)


async def claim(db: Database, now: datetime, until: datetime, limit: int) -> list[Claimed]:
    """Some that are due; nobody else gets them until that time."""
    return [Claimed(Coming(*row[:9]), row[9], row[10]) for row in await db.fetch(_CLAIM, now, until, limit)]


async def later(db: Database, file: Coming, at: datetime, error: str) -> None:
    await db.execute(_LATER, *file[:3], at, error[:500])


async def done(db: Database, file: Coming) -> None:
    """It is there, or never will be; the thread says which."""
    await db.execute(_DONE, *file[:3])


async def count(db: Database) -> int:
    found: int = await db.fetchval(_COUNT)
    return found
