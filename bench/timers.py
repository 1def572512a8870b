"""How late the clock is: conversations fall due one after the other, and each is settled by the running desk."""

import asyncio

import asyncpg

from bench.server import BenchError

# The defaults: two hours of silence, eight hours pending, twenty minutes for a transfer.
_SILENT = "interval '120 minutes'"
_PENDING = "interval '480 minutes'"
_TRANSFER = "interval '20 minutes'"
PATIENCE_S = 30

_CUSTOMERS = """
    INSERT INTO customer (name) SELECT 'Due ' || n FROM generate_series(1, $1) AS n RETURNING id
"""

# By turns six silent, three pending, one under transfer; due one after the other from $4 on, for $5 seconds.
_CHATS = f"""
    INSERT INTO conversation (kind, state, channel, site_id, customer_id, owner_id, created_at, state_at, queued_at,
        assigned_at, opened_at, last_agent_at, transfer_by, transfer_to, transfer_at)
    SELECT 'chat', CASE WHEN what = 'pending' THEN 'pending' ELSE 'live' END, 'web', $2, customer, $3::integer,
        due - interval '9 hours', CASE WHEN what = 'pending' THEN due - {_PENDING} ELSE due - interval '9 hours' END,
        due - interval '9 hours', due - interval '9 hours', due - interval '9 hours',
        CASE WHEN what = 'silent' THEN due - {_SILENT} ELSE due END,
        CASE WHEN what = 'transfer' THEN $3::integer END, CASE WHEN what = 'transfer' THEN $3 END,
        CASE WHEN what = 'transfer' THEN due - {_TRANSFER} END
    FROM unnest($1::bigint[]) WITH ORDINALITY AS c (customer, n),
        LATERAL (SELECT $4::timestamptz + $5::float8 * interval '1 second' * n / cardinality($1) AS due,
            CASE WHEN n % 10 < 6 THEN 'silent' WHEN n % 10 < 9 THEN 'pending' ELSE 'transfer' END AS what) AS plan
    RETURNING id
"""

# Seconds between due and done; the event says when it was done.
_LAGS = f"""
    SELECT EXTRACT(epoch FROM e.at - CASE
        WHEN e.data ->> 'name' = 'transfer_back' THEN c.last_agent_at
        WHEN c.close_reason LIKE 'pending%' THEN c.last_agent_at
        ELSE c.last_agent_at + {_SILENT} END)::float8
    FROM conversation c JOIN entry e ON e.conversation_id = c.id AND e.seq = 1
    WHERE c.id = ANY($1::bigint[])
"""


async def timer_lags(
    db: asyncpg.Connection, site: int, agent: int, count: int, seconds: float
) -> list[float]:
    """`count` conversations fall due within `seconds`; how late each was settled, in seconds, sorted."""
    customers = [row["id"] for row in await db.fetch(_CUSTOMERS, count)]
    begin = await db.fetchval("SELECT now() + interval '3 seconds'")
    ids = [row["id"] for row in await db.fetch(_CHATS, customers, site, agent, begin, seconds)]
    await asyncio.sleep(3 + seconds)
    for _ in range(PATIENCE_S):
        lags = sorted(row[0] for row in await db.fetch(_LAGS, ids))
        if len(lags) == count:
            return lags
        await asyncio.sleep(1)
    raise BenchError(f"only {len(lags)} of {count} were settled {PATIENCE_S} s after the last was due")
