"""What is told to one person: the list under the bell, the same on all devices (TEAM-3, TEAM-6)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from deskbell.domain.conversation import Notification
from deskbell.kit.postgres import Connection
from deskbell.store.types import Database, from_json

KEPT = 500
"""Of one person; older ones go with the sweep."""
KEPT_FOR = timedelta(days=90)


class Stored(NamedTuple):
    """A notification as it stands under its person's bell. `customer`: whose conversation it is, by name, maybe empty."""

    id: int
    staff_id: int
    kind: str
    conversation_id: int
    data: dict[str, Any]
    at: datetime
    read_at: datetime | None
    customer_id: int
    customer: str


_SHOWN = """n.id, n.staff_id, n.kind, n.conversation_id, n.data::text AS data, n.at, n.read_at,
    c.customer_id, cu.name AS customer"""
_OF_CUSTOMER = "JOIN conversation c ON c.id = n.conversation_id JOIN customer cu ON cu.id = c.customer_id"

# Not for somebody who has left, nor for whom this kind is switched off: `quiet` names what is, as in "mention.bell". A
# chat that rings at them again and again is told once, until that was read.
_SAVE = f"""
WITH n AS (
    INSERT INTO notification (staff_id, kind, conversation_id, data, at)
    SELECT g.staff_id, g.kind, g.conversation_id, g.data, $2
    FROM json_to_recordset($1::text::json)
         AS g(place integer, staff_id integer, kind text, conversation_id bigint, data jsonb)
    JOIN staff s ON s.id = g.staff_id
    WHERE s.active AND NOT COALESCE(s.settings -> 'quiet', '[]') ? (g.kind || '.bell')
      AND NOT (g.kind = 'offered' AND EXISTS (
          SELECT FROM notification o WHERE o.staff_id = g.staff_id AND o.conversation_id = g.conversation_id
          AND o.kind = 'offered' AND o.read_at IS NULL))
    ORDER BY g.place
    RETURNING *
)
SELECT {_SHOWN} FROM n {_OF_CUSTOMER} ORDER BY n.id"""

_NOTIFY = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload"

# The newest before a number.
_PAGE = f"""
SELECT {_SHOWN} FROM notification n {_OF_CUSTOMER}
WHERE n.staff_id = $1 AND n.id < $2 ORDER BY n.id DESC LIMIT $3"""

_UNREAD = "SELECT count(*) FROM notification WHERE staff_id = $1 AND read_at IS NULL"

# Only what was unread is touched and answered, so that each is counted once whoever reads it, and wherever.
_READ = """
UPDATE notification SET read_at = $2 WHERE staff_id = $1 AND read_at IS NULL {which} RETURNING id"""
_READ_ALL = _READ.format(which="")
_READ_SOME = _READ.format(which="AND id = ANY($3::bigint[])")
_READ_OF = _READ.format(which="AND conversation_id = $3")

_FORGET = """
DELETE FROM notification WHERE at < $1 OR id IN (
    SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY staff_id ORDER BY id DESC) AS place FROM notification) n
    WHERE place > $2)"""


class _Given(msgspec.Struct):
    place: int
    staff_id: int
    kind: str
    conversation_id: int
    data: dict[str, Any]


def _stored(record: asyncpg.Record) -> Stored:
    return Stored(**{**record, "data": from_json(record["data"])})


async def save(connection: Connection, told: Sequence[Notification], now: datetime) -> list[Stored]:
    """Write them in one statement, inside the caller's transaction. Answers those that were wanted, in their order."""
    if not told:
        return []
    given = msgspec.json.encode([_Given(place, *one) for place, one in enumerate(told)]).decode()
    return [_stored(record) for record in await connection.fetch(_SAVE, given, now)]


async def tell_nodes(connection: Connection, channel: str, payloads: Sequence[str]) -> None:
    """Leave with the commit, or not at all."""
    await connection.execute(_NOTIFY, channel, payloads)


async def page(db: Database, staff_id: int, before: int, limit: int) -> list[Stored]:
    """A person's notifications with numbers below `before`, newest first."""
    return [_stored(record) for record in await db.fetch(_PAGE, staff_id, before, limit)]


async def unread(db: Database, staff_id: int) -> int:
    count: int = await db.fetchval(_UNREAD, staff_id)
    return count


async def read(db: Database, staff_id: int, ids: Sequence[int], now: datetime) -> list[int]:
    """Mark these of one person as read; those of others are left alone. Answers what was unread."""
    return [record["id"] for record in await db.fetch(_READ_SOME, staff_id, now, list(ids))]


async def read_all(db: Database, staff_id: int, now: datetime) -> list[int]:
    """Mark all of one person as read. Answers what was unread."""
    return [record["id"] for record in await db.fetch(_READ_ALL, staff_id, now)]


async def read_of(db: Database, staff_id: int, conversation_id: int, now: datetime) -> list[int]:
    """The person looks at the conversation: what was told of it is read. Answers what was unread."""
    return [record["id"] for record in await db.fetch(_READ_OF, staff_id, now, conversation_id)]


async def forget_old(db: Database, now: datetime) -> None:
    """Remove what is older than KEPT_FOR, and of each person all but the newest KEPT."""
    await db.execute(_FORGET, now - KEPT_FOR, KEPT)


class Due(NamedTuple):
    """A person to whom a digest is due."""

    staff_id: int
    email: str
    name: str


# Of one person only what is unread, in no mail yet, and neither so young that they may still see it nor so old that
# nobody needs a mail of it. The time of the last mail is that of its notifications.
_DIGEST_OF = "n.read_at IS NULL AND n.mailed_at IS NULL AND n.at <= $1 AND n.at > $2"
_DUE = f"""
SELECT s.id, s.email, s.name FROM staff s
WHERE s.active AND COALESCE(s.settings ->> 'digest', 'true') <> 'false'
  AND s.id IN (SELECT n.staff_id FROM notification n WHERE {_DIGEST_OF})
  AND NOT EXISTS (SELECT FROM notification n WHERE n.staff_id = s.id AND n.mailed_at > $3)
ORDER BY s.id"""
_DIGEST = f"""
SELECT {_SHOWN} FROM notification n {_OF_CUSTOMER} WHERE n.staff_id = $3 AND {_DIGEST_OF} ORDER BY n.id"""

_MAILED = "UPDATE notification SET mailed_at = $2 WHERE id = ANY($1::bigint[])"

_ALONE = "SELECT pg_try_advisory_lock($1)"
_NOT_ALONE = "SELECT pg_advisory_unlock($1)"
_DIGEST_LOCK = 7_403_118


async def digests_due(db: Database, older: datetime, newer: datetime, last_mail: datetime) -> list[Due]:
    """Who has unread ones told between `newer` and `older`, wants mails, and got none since `last_mail`."""
    return [Due(*record) for record in await db.fetch(_DUE, older, newer, last_mail)]


async def digest_of(db: Database, staff_id: int, older: datetime, newer: datetime) -> list[Stored]:
    """What goes into this person's mail, oldest first."""
    return [_stored(record) for record in await db.fetch(_DIGEST, older, newer, staff_id)]


async def mailed(db: Database, ids: Sequence[int], now: datetime) -> None:
    await db.execute(_MAILED, list(ids), now)


async def try_alone(connection: Connection) -> bool:
    """Be the only one, of all nodes, who sends digests; until `leave_alone`, or until the connection goes."""
    alone: bool = await connection.fetchval(_ALONE, _DIGEST_LOCK)
    return alone


async def leave_alone(connection: Connection) -> None:
    await connection.execute(_NOT_ALONE, _DIGEST_LOCK)
