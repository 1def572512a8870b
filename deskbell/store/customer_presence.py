"""Customers who are there: with a chat frame open on some node, or with a page that has reported within the minute."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from deskbell.store.types import Database

HERE = timedelta(seconds=60)
MOST = 20_000

# One statement renews everybody who is connected to a node.
_RENEW = """
    INSERT INTO customer_presence (customer_id, node, seen_at) SELECT unnest($1::bigint[]), $2, $3
    ON CONFLICT (customer_id, node) DO UPDATE SET seen_at = GREATEST(customer_presence.seen_at, excluded.seen_at)
"""
_ELSEWHERE = """
    SELECT customer_id FROM customer_presence WHERE seen_at > $1 AND node <> $2
    UNION
    SELECT customer_id FROM visit WHERE last_at > $1 AND customer_id IS NOT NULL AND pages > 0
    LIMIT $3
"""
_FORGET = "DELETE FROM customer_presence WHERE seen_at < $1"


async def renew(db: Database, node: str, customers: Sequence[int], now: datetime) -> None:
    """These customers have a chat frame open on this node."""
    await db.execute(_RENEW, sorted(customers), node, now)


async def elsewhere(db: Database, node: str, now: datetime) -> frozenset[int]:
    """Who is there as far as other nodes and the reports of pages say; at most MOST."""
    return frozenset(row[0] for row in await db.fetch(_ELSEWHERE, now - HERE, node, MOST))


async def forget_old(db: Database, now: datetime) -> None:
    """Drop leases that ran out an hour ago or earlier."""
    await db.execute(_FORGET, now - timedelta(hours=1))
