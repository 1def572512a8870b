"""Writes what browsers report: visits and page views, many reports in one transaction (VISITOR-2)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

import asyncpg

from deskbell.kit.postgres import Connection
from deskbell.store.types import from_json, to_json
from deskbell.store.visits import VISIT_ENDS

VIEWS_KEPT = 200
"""Of one visit; the oldest go first."""


class View(NamedTuple):
    """`id` is the browser's own name for it. `at`: when it was opened. `dwell`: seconds in front so far."""

    id: int
    url: str
    title: str
    at: datetime
    dwell: int


class Report(NamedTuple):
    """What one browser says of itself in one request. `first_*`: its first visit ever, on its word; None: not said.

    `facts` is None when the page said none.
    """

    key_hash: bytes
    site_id: int
    ip: str
    user_agent: str
    locale: str
    time_zone: str
    referrer: str
    views: tuple[View, ...]
    first_at: datetime | None
    first_url: str
    facts: dict[str, str] | None


class Known(NamedTuple):
    """A browser as it is after its report was written. `chat`: its customer's open chat. `fresh`: views that are new."""

    visitor_id: int
    visit_id: int
    customer_id: int | None
    visits: int
    greeted_at: datetime | None
    dismissed_at: datetime | None
    chat: int | None
    fresh: tuple[View, ...]


class _Row(NamedTuple):
    id: int
    key_hash: bytes
    customer_id: int | None
    visits: int
    visit_id: int | None
    seen_at: datetime
    facts: dict[str, str]
    greeted_at: datetime | None
    dismissed_at: datetime | None


_COLUMNS = (
    "id, key_hash, customer_id, visits, visit_id, seen_at, facts::text AS facts, greeted_at, dismissed_at"
)

# In the order of their keys, as everywhere here, so that two writers cannot wait for each other.
_LOCK = f"SELECT {_COLUMNS} FROM visitor WHERE key_hash = ANY($1::bytea[]) ORDER BY key_hash FOR UPDATE"
_ADD = f"""
    INSERT INTO visitor (key_hash, site_id, first_at, first_url, seen_at)
    SELECT r.key_hash, r.site_id, r.first_at, r.first_url, $5
    FROM unnest($1::bytea[], $2::int[], $3::timestamptz[], $4::text[]) AS r (key_hash, site_id, first_at, first_url)
    JOIN site ON site.id = r.site_id ORDER BY r.key_hash
    ON CONFLICT (key_hash) DO UPDATE SET seen_at = visitor.seen_at RETURNING {_COLUMNS}
"""

# The rows travel as JSON: one parameter, whatever the columns.
_NEW_VISITS = """
    INSERT INTO visit (visitor_id, customer_id, site_id, referrer, landing_url, landing_title, started_at, last_at)
    SELECT visitor_id, customer_id, site_id, referrer, landing_url, landing_title, $2, $2
    FROM json_to_recordset($1::text::json) AS r (visitor_id bigint, customer_id bigint, site_id int,
        referrer text, landing_url text, landing_title text)
    RETURNING visitor_id, id
"""
_VIEWS = """
    INSERT INTO page_view (visit_id, id, url, title, at, dwell)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::int[])
    ON CONFLICT (visit_id, id) DO UPDATE SET dwell = GREATEST(page_view.dwell, excluded.dwell)
    RETURNING visit_id, id, xmax = 0 AS fresh
"""

# A frame may have begun the visit before the page reported: then the page is its landing page.
_TOUCH_VISITS = """
    UPDATE visit SET last_at = GREATEST(visit.last_at, $2), ip = r.ip, user_agent = r.user_agent, locale = r.locale,
        time_zone = r.time_zone, pages = pages + r.fresh,
        url = CASE WHEN r.fresh > 0 THEN r.url ELSE visit.url END,
        title = CASE WHEN r.fresh > 0 THEN r.title ELSE visit.title END,
        page_at = CASE WHEN r.fresh > 0 THEN r.page_at ELSE visit.page_at END,
        landing_url = CASE WHEN pages = 0 AND r.fresh > 0 THEN r.url ELSE landing_url END,
        landing_title = CASE WHEN pages = 0 AND r.fresh > 0 THEN r.title ELSE landing_title END,
        referrer = CASE WHEN pages = 0 AND visit.referrer = '' THEN r.referrer ELSE visit.referrer END
    FROM json_to_recordset($1::text::json) AS r (visit_id bigint, ip text, user_agent text, locale text,
        time_zone text, referrer text, fresh int, url text, title text, page_at timestamptz)
    WHERE visit.id = r.visit_id RETURNING visit.id, pages
"""
_TOUCH_VISITORS = """
    UPDATE visitor SET seen_at = $2, visit_id = r.visit_id, visits = r.visits, facts = r.facts
    FROM json_to_recordset($1::text::json) AS r (id bigint, visit_id bigint, visits int, facts jsonb)
    WHERE visitor.id = r.id
"""
_TRIM = """
    DELETE FROM page_view p USING (
        SELECT visit_id, id, row_number() OVER (PARTITION BY visit_id ORDER BY at DESC, id DESC) AS place
        FROM page_view WHERE visit_id = ANY($1::bigint[])) AS ranked
    WHERE p.visit_id = ranked.visit_id AND p.id = ranked.id AND ranked.place > $2
"""
_CHATS = """
    SELECT customer_id, id FROM conversation WHERE customer_id = ANY($1::bigint[])
    AND kind = 'chat' AND state IN ('queued', 'offered', 'live', 'pending')
"""

# Two tabs may ask at once: the first one gets it.
_GREET = """
    UPDATE visitor SET greeted_at = $2 WHERE id = $1 AND dismissed_at IS NULL
    AND (greeted_at IS NULL OR greeted_at <= $3)
"""
_DISMISS = "UPDATE visitor SET dismissed_at = $2 WHERE id = $1"


async def greet(db: asyncpg.Pool, visitor_id: int, now: datetime, last_before: datetime) -> bool:
    """Note that a greeting is shown now; False if one was after `last_before`, or it was put away for good."""
    return (await db.execute(_GREET, visitor_id, now, last_before)) == "UPDATE 1"


async def dismiss(db: asyncpg.Pool, visitor_id: int, now: datetime) -> None:
    await db.execute(_DISMISS, visitor_id, now)


async def save(connection: Connection, reports: Sequence[Report], now: datetime) -> dict[bytes, Known]:
    """Write a batch of reports, at most one per browser (see `joined`), in the caller's transaction."""
    rows = await _rows(connection, reports, now)
    here = [report for report in reports if report.key_hash in rows]
    visits = await _visits(connection, here, rows, now)
    fresh = await _save_views(connection, here, rows, visits, now)
    await _touch(connection, here, rows, visits, fresh, now)
    customers = sorted({row.customer_id for row in rows.values() if row.customer_id is not None})
    chats: Mapping[int, int] = {}
    if customers:
        chats = {row[0]: row[1] for row in await connection.fetch(_CHATS, customers)}
    return {
        row.key_hash: Known(
            row.id,
            visits[row.id].visit_id,
            row.customer_id,
            row.visits + visits[row.id].is_new,
            row.greeted_at,
            row.dismissed_at,
            chats.get(row.customer_id or 0),
            tuple(fresh[row.id]),
        )
        for row in rows.values()
    }


def joined(reports: Iterable[Report]) -> list[Report]:
    """Several reports of one browser as one: the last word of each view, in the order of keys."""
    found: dict[bytes, Report] = {}
    for report in reports:
        before = found.get(report.key_hash)
        if before is not None:
            report = report._replace(
                views=(*before.views, *report.views),
                first_at=before.first_at or report.first_at,
                first_url=before.first_url or report.first_url,
                referrer=before.referrer or report.referrer,
                facts=before.facts if report.facts is None else report.facts,
            )
        found[report.key_hash] = report
    return [
        report._replace(views=tuple({view.id: view for view in report.views}.values()))
        for report in sorted(found.values(), key=attrgetter("key_hash"))
    ]


class _Visit(NamedTuple):
    visit_id: int
    is_new: bool


async def _rows(connection: Connection, reports: Sequence[Report], now: datetime) -> dict[bytes, _Row]:
    """The browsers of these reports, locked; those never seen are added."""
    rows = [_row(r) for r in await connection.fetch(_LOCK, [report.key_hash for report in reports])]
    known = {row.key_hash for row in rows}
    new = [report for report in reports if report.key_hash not in known]
    if new:
        columns = zip(*((r.key_hash, r.site_id, r.first_at or now, r.first_url) for r in new), strict=True)
        rows += [_row(r) for r in await connection.fetch(_ADD, *map(list, columns), now)]
    return {row.key_hash: row for row in rows}


def _row(record: asyncpg.Record) -> _Row:
    row = _Row(*record)
    return row._replace(facts=from_json(record["facts"]))


async def _visits(
    connection: Connection, reports: Sequence[Report], rows: Mapping[bytes, _Row], now: datetime
) -> dict[int, _Visit]:
    """Visitor -> the visit under way; after 30 minutes without a sign a new one begins."""
    visits: dict[int, _Visit] = {}
    new = []
    for report in reports:
        row = rows[report.key_hash]
        if row.visit_id is not None and now - row.seen_at < VISIT_ENDS:
            visits[row.id] = _Visit(row.visit_id, False)
            continue
        landing = report.views[0] if report.views else None
        new.append(
            {
                "visitor_id": row.id,
                "customer_id": row.customer_id,
                "site_id": report.site_id,
                "referrer": report.referrer,
                "landing_url": landing.url if landing else "",
                "landing_title": landing.title if landing else "",
            }
        )
    if new:
        for record in await connection.fetch(_NEW_VISITS, to_json(new), now):
            visits[record[0]] = _Visit(record[1], True)
    return visits


async def _save_views(
    connection: Connection,
    reports: Sequence[Report],
    rows: Mapping[bytes, _Row],
    visits: Mapping[int, _Visit],
    now: datetime,
) -> dict[int, list[View]]:
    """Visitor -> the views that were not there before."""
    fresh: dict[int, list[View]] = {row.id: [] for row in rows.values()}
    named: dict[tuple[int, int], tuple[int, View]] = {}
    for report in reports:
        visitor_id = rows[report.key_hash].id
        for view in report.views:
            visit = visits[visitor_id]
            # A tab left alone for longer than a visit lasts: its page counts from the return on.
            at = now if visit.is_new and now - view.at > timedelta(minutes=1) else view.at
            named[(visit.visit_id, view.id)] = (visitor_id, view._replace(at=at))
    if named:
        columns = [
            [key[0] for key in named],
            *map(list, zip(*(view for _, view in named.values()), strict=True)),
        ]
        for record in await connection.fetch(_VIEWS, *columns):
            if record["fresh"]:
                visitor_id, view = named[(record["visit_id"], record["id"])]
                fresh[visitor_id].append(view)
    for views in fresh.values():
        views.sort(key=attrgetter("at", "id"))
    return fresh


async def _touch(
    connection: Connection,
    reports: Sequence[Report],
    rows: Mapping[bytes, _Row],
    visits: Mapping[int, _Visit],
    fresh: Mapping[int, Sequence[View]],
    now: datetime,
) -> None:
    """Visits and browsers were seen now."""
    visit_rows, visitor_rows = [], []
    for report in reports:
        row = rows[report.key_hash]
        newest = fresh[row.id][-1] if fresh[row.id] else None
        visit_rows.append(
            {
                "visit_id": visits[row.id].visit_id,
                **{name: getattr(report, name) for name in _SAID},
                "fresh": len(fresh[row.id]),
                "url": newest.url if newest else "",
                "title": newest.title if newest else "",
                "page_at": newest.at if newest else None,
            }
        )
        visitor_rows.append(
            {
                "id": row.id,
                "visit_id": visits[row.id].visit_id,
                "visits": row.visits + visits[row.id].is_new,
                "facts": row.facts if report.facts is None else report.facts,
            }
        )
    touched = await connection.fetch(_TOUCH_VISITS, to_json(visit_rows), now)
    await connection.execute(_TOUCH_VISITORS, to_json(visitor_rows), now)
    full = [record["id"] for record in touched if record["pages"] > VIEWS_KEPT]
    if full:
        await connection.execute(_TRIM, full, VIEWS_KEPT)


_SAID = ("ip", "user_agent", "locale", "time_zone", "referrer")
