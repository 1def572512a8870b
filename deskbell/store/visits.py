"""Visits of browsers and what they looked at, as staff read them (VISITOR-3). Written by page_views.py."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from deskbell.store.types import Database, from_json

VISIT_ENDS = timedelta(minutes=30)
"""Without activity (VISITOR-3)."""
KEPT = timedelta(days=90)
VISITS_SHOWN = 20
VIEWS_SHOWN = 100
SWEPT_AT_ONCE = 1_000


class Visit(NamedTuple):
    id: int
    site_id: int
    ip: str
    user_agent: str
    locale: str
    time_zone: str
    referrer: str
    landing_url: str
    landing_title: str
    pages: int
    started_at: datetime
    last_at: datetime


class PageView(NamedTuple):
    """`dwell`: seconds it was in front."""

    url: str
    title: str
    at: datetime
    dwell: int


class Initial(NamedTuple):
    """The first visit ever and the page's facts, both as the browser or its page say."""

    first_at: datetime
    first_url: str
    visits: int
    facts: dict[str, str]


# The address a customer was last seen at, in any of their browsers.
_LAST_IP = "SELECT ip FROM visit WHERE customer_id = $1 AND ip <> '' ORDER BY last_at DESC LIMIT 1"

# A customer's visits, the newest first.
_VISITS = f"""
    SELECT {", ".join(Visit._fields)} FROM visit WHERE customer_id = $1 ORDER BY last_at DESC LIMIT $2
"""

# The newest views of one visit, in the order in which they were opened.
_VIEWS = """
    SELECT url, title, at, dwell FROM (
        SELECT * FROM page_view WHERE visit_id = $1 ORDER BY at DESC, id DESC LIMIT $2) AS newest
    ORDER BY at, id
"""

# Of several browsers the one that came first knows the first visit; the facts are those said last.
_INITIAL = """
    SELECT first_at, first_url, visits, facts::text AS facts FROM visitor WHERE customer_id = $1
    ORDER BY seen_at DESC LIMIT 10
"""

# A chat frame has begun or come back: the visit under way goes on, or a new one begins.
_GO_ON = """
    UPDATE visit SET last_at = $2, ip = $3, user_agent = $4,
        locale = CASE WHEN $5 = '' THEN locale ELSE $5 END,
        time_zone = CASE WHEN $6 = '' THEN time_zone ELSE $6 END
    WHERE id = (SELECT id FROM visit WHERE customer_id = $1 AND last_at > $7 ORDER BY last_at DESC LIMIT 1)
    RETURNING id
"""
_BEGIN = """
    INSERT INTO visit (customer_id, site_id, ip, user_agent, locale, time_zone, started_at, last_at, visitor_id)
    VALUES ($1, $7, $3, $4, $5, $6, $2, $2, $8) RETURNING id
"""

# The browser that reports pages under this key is this customer's.
_LINK = """
    INSERT INTO visitor (key_hash, site_id, customer_id, first_at, seen_at) VALUES ($1, $2, $3, $4, $4)
    ON CONFLICT (key_hash) DO UPDATE SET customer_id = excluded.customer_id, unclaimed = false,
        visit_id = CASE WHEN visitor.customer_id IS DISTINCT FROM excluded.customer_id
            AND visitor.customer_id IS NOT NULL THEN NULL ELSE visitor.visit_id END
    RETURNING id
"""
_GIVE_VISITS = "UPDATE visit SET customer_id = $2 WHERE visitor_id = $1 AND customer_id IS NULL"
_SET_VISIT = "UPDATE visitor SET visit_id = $2, visits = visits + 1 WHERE id = $1 AND visit_id IS NULL"

# The one and only time that a key gets a token: an agent began a chat with a browser that had none.
_CLAIM = "UPDATE visitor SET unclaimed = false WHERE key_hash = $1 AND unclaimed RETURNING customer_id"

# What is old enough to be forgotten, a bounded number at a time.
_FORGET_VISITS = """
    DELETE FROM visit WHERE id IN (SELECT id FROM visit WHERE last_at < $1 ORDER BY last_at LIMIT $2)
"""
_FORGET_VISITORS = """
    DELETE FROM visitor WHERE id IN (
        SELECT id FROM visitor WHERE seen_at < $1 AND customer_id IS NULL ORDER BY seen_at LIMIT $2)
"""


class Arrival(NamedTuple):
    """What a chat frame's request says of where it comes from."""

    site_id: int
    ip: str
    user_agent: str
    locale: str
    time_zone: str


async def last_ip(db: Database, customer_id: int) -> str | None:
    """The address this customer was last seen at; None if none is known (any more)."""
    found: str | None = await db.fetchval(_LAST_IP, customer_id)
    return found


async def of_customer(db: Database, customer_id: int, limit: int = VISITS_SHOWN) -> list[Visit]:
    """The newest first."""
    return [Visit(*row) for row in await db.fetch(_VISITS, customer_id, limit)]


async def views(db: Database, visit_id: int, limit: int = VIEWS_SHOWN) -> list[PageView]:
    """The newest `limit` views of a visit, oldest first."""
    return [PageView(*row) for row in await db.fetch(_VIEWS, visit_id, limit)]


async def initial(db: Database, customer_id: int) -> Initial | None:
    """None when no browser of theirs has reported pages."""
    rows = await db.fetch(_INITIAL, customer_id)
    if not rows:
        return None
    first = min(rows, key=lambda row: row["first_at"])
    facts: dict[str, Any] = next((f for row in rows if (f := from_json(row["facts"]))), {})
    return Initial(first["first_at"], first["first_url"], sum(row["visits"] for row in rows), facts)


async def claim(db: Database, key_hash: bytes) -> int | None:
    """The customer an agent has begun a chat with, once; None if there is none or it was claimed."""
    found: int | None = await db.fetchval(_CLAIM, key_hash)
    return found


async def arrive(
    db: Database, customer_id: int, key_hash: bytes | None, arrival: Arrival, now: datetime
) -> None:
    """A chat frame of this customer is there: note its visit, and whose the reporting browser is."""
    visitor_id = None
    if key_hash is not None:
        visitor_id = await db.fetchval(_LINK, key_hash, arrival.site_id, customer_id, now)
        await db.execute(_GIVE_VISITS, visitor_id, customer_id)
    said = (arrival.ip, arrival.user_agent, arrival.locale, arrival.time_zone)
    if await db.fetchval(_GO_ON, customer_id, now, *said, now - VISIT_ENDS) is None:
        visit_id = await db.fetchval(_BEGIN, customer_id, now, *said, arrival.site_id, visitor_id)
        if visitor_id is not None:
            await db.execute(_SET_VISIT, visitor_id, visit_id)


async def forget_old(db: Database, now: datetime) -> int:
    """Drop visits of more than 90 days ago, and browsers not seen since that never chatted; how many visits."""
    count = 0
    before: Sequence[object] = (now - KEPT, SWEPT_AT_ONCE)
    while True:
        done = int((await db.execute(_FORGET_VISITS, *before)).split()[-1])
        await db.execute(_FORGET_VISITORS, *before)
        count += done
        if done < SWEPT_AT_ONCE:
            return count
