"""Surveys: asked with a closing, answered by the customer (SUPERVISOR-4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from deskbell.domain.conversation import Rating, Survey
from deskbell.domain.facts import SurveyFact
from deskbell.kit.postgres import Connection
from deskbell.store.types import Database

_ASK = """
INSERT INTO survey (conversation_id, seq, kind, asked_at)
SELECT c, seq, kind, $4 FROM unnest($1::bigint[], $2::integer[], $3::text[]) AS s(c, seq, kind) ON CONFLICT DO NOTHING"""

_RATE = """
UPDATE survey SET score = $3, comment = $4, rated_at = COALESCE(rated_at, $5), changed_at = $5
WHERE conversation_id = $1 AND seq = $2"""

_COLUMNS = "seq, kind, asked_at, score, comment, rated_at"
_OF = f"SELECT conversation_id, {_COLUMNS} FROM survey WHERE conversation_id = ANY($1::bigint[]) ORDER BY seq"

# A survey by the closing it is about, with the customer it was asked of.
_ONE = """
SELECT s.seq, s.kind, s.asked_at, s.score, s.comment, s.rated_at, c.customer_id, COALESCE(si.name, ''),
       COALESCE(si.look ->> 'color', ''), concat_ws(',', si.look ->> 'locale', cu.locale)
FROM survey s JOIN conversation c ON c.id = s.conversation_id JOIN customer cu ON cu.id = c.customer_id
LEFT JOIN site si ON si.id = c.site_id
WHERE s.conversation_id = $1 AND s.seq = $2"""


class Asked(NamedTuple):
    """`site` and `color`: whose look the page has; "" without a site. `locale`: the site's and the customer's."""

    survey: SurveyFact
    customer_id: int
    site: str
    color: str
    locale: str


async def ask(connection: Connection, surveys: Sequence[Survey], now: datetime) -> None:
    """In the transaction that closes the conversations."""
    await connection.execute(_ASK, *zip(*surveys, strict=True), now)


async def rate(connection: Connection, rating: Rating, now: datetime) -> None:
    await connection.execute(_RATE, rating.conversation_id, rating.seq, rating.score, rating.comment, now)


async def of(db: Database, conversations: Sequence[int]) -> dict[int, list[SurveyFact]]:
    """Conversation -> its surveys, the oldest first."""
    found: dict[int, list[SurveyFact]] = {}
    for row in map(tuple, await db.fetch(_OF, conversations)):
        found.setdefault(row[0], []).append(SurveyFact(*row[1:]))
    return found


async def one(db: Database, conversation_id: int, seq: int) -> Asked | None:
    row = await db.fetchrow(_ONE, conversation_id, seq)
    if row is None:
        return None
    values = tuple(row)
    return Asked(SurveyFact(*values[:6]), *values[6:])
