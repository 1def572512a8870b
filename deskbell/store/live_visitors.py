"""Browsers that are on a site now, by their latest report."""

from datetime import datetime
from typing import NamedTuple

from deskbell.store.types import Database


class Live(NamedTuple):
    """`id` is the browser's. `chat`, `owner`: of its customer's open chat."""

    id: int
    site_id: int
    url: str
    title: str
    page_at: datetime
    started_at: datetime
    pages: int
    visits: int
    referrer: str
    locale: str
    time_zone: str
    user_agent: str
    chat: int | None
    owner_id: int | None


_HERE = "FROM visit v JOIN visitor b ON b.visit_id = v.id WHERE v.last_at > $1 AND v.pages > 0"

# The longest here first.
_LIVE = f"""
    SELECT b.id, v.site_id, v.url, v.title, COALESCE(v.page_at, v.started_at), v.started_at, v.pages, b.visits,
        v.referrer, v.locale, v.time_zone, v.user_agent, c.id, c.owner_id
    FROM (SELECT v.*, b.id AS browser {_HERE} ORDER BY v.started_at LIMIT $2) AS v
    JOIN visitor b ON b.id = v.browser
    LEFT JOIN conversation c ON c.customer_id = b.customer_id AND c.kind = 'chat'
        AND c.state IN ('queued', 'offered', 'live', 'pending')
    ORDER BY v.started_at, b.id
"""
_COUNT = f"SELECT count(*) {_HERE}"

# A browser that is here; locked, so that two agents cannot begin with it at once.
_ONE = """
    SELECT b.customer_id, b.site_id, v.locale FROM visit v JOIN visitor b ON b.visit_id = v.id
    WHERE b.id = $1 AND v.last_at > $2 FOR UPDATE OF b
"""
_NEW_CUSTOMER = "INSERT INTO customer (locale, created_at) VALUES ($1, $2) RETURNING id"
_ADOPT = "UPDATE visitor SET customer_id = $2, unclaimed = true WHERE id = $1"
_GIVE_VISITS = "UPDATE visit SET customer_id = $2 WHERE visitor_id = $1 AND customer_id IS NULL"


class Approached(NamedTuple):
    customer_id: int
    site_id: int


async def here(db: Database, since: datetime, most: int) -> list[Live]:
    """At most `most`, the longest here first."""
    return [Live(*row) for row in await db.fetch(_LIVE, since, most)]


async def count(db: Database, since: datetime) -> int:
    found: int = await db.fetchval(_COUNT, since)
    return found


async def approach(db: Database, visitor_id: int, since: datetime, now: datetime) -> Approached | None:
    """In a transaction: the customer of a browser that is here, made if nobody knew it; None if it has gone."""
    row = await db.fetchrow(_ONE, visitor_id, since)
    if row is None:
        return None
    if row["customer_id"] is not None:
        return Approached(row["customer_id"], row["site_id"])
    customer_id: int = await db.fetchval(_NEW_CUSTOMER, row["locale"], now)
    await db.execute(_ADOPT, visitor_id, customer_id)
    await db.execute(_GIVE_VISITS, visitor_id, customer_id)
    return Approached(customer_id, row["site_id"])
