"""How long a transcript takes: chats end one after the other, and a real SMTP server on loopback gets the mails."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.server import BenchError

_SILENT = "interval '120 minutes'"
PATIENCE_S = 60
_NUMBER = re.compile(rb"^Message-ID: *(?:\r?\n[ \t]+)?<c([0-9]+)\.t", re.MULTILINE | re.IGNORECASE)

_CUSTOMERS = """
    INSERT INTO customer (name, email) SELECT 'Ends ' || n, 'ends' || n || '@load.test'
    FROM generate_series(1, $1) AS n RETURNING id
"""

# Silent since two hours, one after the other from $4 on, for $5 seconds; two messages each.
_CHATS = f"""
    WITH made AS (
        INSERT INTO conversation (kind, state, channel, site_id, customer_id, owner_id, created_at, state_at, queued_at,
            assigned_at, opened_at, last_agent_at, last_seq, last_public_seq, last_customer_seq, last_agent_seq,
            customer_messages, agent_messages)
        SELECT 'chat', 'live', 'web', $2, customer, $3::integer, long, long, long, long, long, due - {_SILENT},
            2, 2, 1, 2, 1, 1
        FROM unnest($1::bigint[]) WITH ORDINALITY AS c (customer, n),
            LATERAL (SELECT $4::timestamptz + $5::float8 * interval '1 second' * n / cardinality($1) AS due) AS d,
            LATERAL (SELECT due - interval '9 hours' AS long) AS l
        RETURNING id, customer_id, created_at
    )
    INSERT INTO entry (conversation_id, seq, kind, public, prev_public, author, author_id, text, at)
    SELECT id, seq, 'message', true, seq - 1, CASE seq WHEN 1 THEN 'customer' ELSE 'agent' END,
        CASE seq WHEN 1 THEN customer_id ELSE $3 END, 'What was said, number ' || seq, created_at
    FROM made, generate_series(1, 2) AS seq
"""

_ENDED = """
    SELECT id, EXTRACT(epoch FROM closed_at)::float8 FROM conversation
    WHERE customer_id = ANY($1::bigint[]) AND state = 'closed'
"""


class Taker:
    """Notes when the mail of each conversation was handed over."""

    def __init__(self) -> None:
        self.taken: dict[int, float] = {}

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        found = _NUMBER.search(bytes(envelope.content or b""))  # type: ignore[arg-type]
        if found:
            self.taken.setdefault(int(found[1]), time.time())
        return "250 OK"


@asynccontextmanager
async def taking(port: int) -> AsyncIterator[Taker]:
    """An SMTP server in this loop."""
    taker = Taker()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(taker), "127.0.0.1", port)
    try:
        yield taker
    finally:
        server.close()


async def transcript_lags(
    db: asyncpg.Connection, taker: Taker, site: int, agent: int, count: int, seconds: float
) -> list[float]:
    """`count` chats end within `seconds`; from each end to its mail being handed over, in seconds, sorted."""
    customers = [row["id"] for row in await db.fetch(_CUSTOMERS, count)]
    begin = await db.fetchval("SELECT now() + interval '3 seconds'")
    await db.execute(_CHATS, customers, site, agent, begin, seconds)
    await asyncio.sleep(3 + seconds)
    for _ in range(PATIENCE_S):
        ended = {row[0]: row[1] for row in await db.fetch(_ENDED, customers)}
        if len(ended) == count and ended.keys() <= taker.taken.keys():
            return sorted(max(0.0, taker.taken[number] - at) for number, at in ended.items())
        await asyncio.sleep(1)
    missing = len(ended.keys() - taker.taken.keys())
    raise BenchError(
        f"{len(ended)} of {count} ended, and {missing} of them were not mailed within {PATIENCE_S} s"
    )
