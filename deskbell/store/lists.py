"""The five tabs (LIST-1): pages of cards by keyset, and the counts beside the tabs."""

from datetime import datetime
from typing import NamedTuple

from deskbell.domain.people import Staff
from deskbell.kit.postgres import Pool

from .changes import COLUMNS, Loaded, conversation_of

_SELECTED = ", ".join(f"c.{name}" for name in COLUMNS)

# What belongs to each tab: for one person ($1 their id, $2 their departments), and for everybody (supervisors).
_MINE = {
    "live": "c.state = 'live' AND c.owner_id = $1",
    "pending": "c.state = 'pending' AND c.owner_id = $1",
    "tagged": "c.mentioned @> ARRAY[$1::integer] AND c.state IN ('live', 'pending')",
    "closed": "c.kind = 'chat' AND c.state = 'closed' AND c.owner_id = $1",
    "tickets": "c.kind = 'ticket' AND (c.state IN ('assigned', 'closed') AND c.owner_id = $1"
    " OR c.state = 'unassigned' AND (c.department_id IS NULL OR c.department_id = ANY($2::integer[])))",
}
_ALL = {
    "live": "c.state IN ('queued', 'offered', 'live')",
    "pending": "c.state = 'pending'",
    "tagged": _MINE["tagged"],
    "closed": "c.kind = 'chat' AND c.state = 'closed'",
    "tickets": "c.kind = 'ticket' AND c.state IN ('unassigned', 'assigned', 'closed')",
}
# A closed ticket is still in the list, but not in the number beside the tab: that one says what is to be done.
_COUNTED = {"tickets": " AND c.state <> 'closed'"}

TABS = tuple(_MINE)
SCOPES = ("mine", "all")
SORTS = ("activity", "new")

_BY_ACTIVITY = "COALESCE(c.last_customer_at, c.created_at)"
_ORDER = {
    ("live", "activity"): _BY_ACTIVITY,
    ("pending", "activity"): _BY_ACTIVITY,
    ("tagged", "activity"): _BY_ACTIVITY,
    ("closed", "activity"): "c.closed_at",
    ("tickets", "activity"): _BY_ACTIVITY,
    ("closed", "new"): "c.closed_at",
}
_BY_NEW = "c.created_at"


class Cursor(NamedTuple):
    """Where the last page ended."""

    at: datetime
    id: int


class Page(NamedTuple):
    """`seen`: conversation id -> (seq, customer's messages) that this person has looked at."""

    rows: list[Loaded]
    seen: dict[int, tuple[int, int]]
    next: Cursor | None


def _query(tab: str, sort: str, scope: str) -> str:
    order = _ORDER.get((tab, sort), _BY_NEW)
    where = (_ALL if scope == "all" else _MINE)[tab]
    return f"""
SELECT {_SELECTED}, cu.name, s.seq AS seen_seq, s.customer_messages AS seen_messages, {order} AS sorted_at
FROM conversation c JOIN customer cu ON cu.id = c.customer_id
LEFT JOIN seen s ON s.staff_id = $1 AND s.conversation_id = c.id
WHERE {where} AND $2::integer[] IS NOT NULL
  AND ($3::timestamptz IS NULL OR ({order}, c.id) < ($3::timestamptz, $4::bigint))
ORDER BY {order} DESC, c.id DESC LIMIT $5"""


_PAGES = {(tab, sort, scope): _query(tab, sort, scope) for tab in TABS for sort in SORTS for scope in SCOPES}
_COUNTS = {
    scope: "SELECT $2::integer[] IS NOT NULL, "
    + ", ".join(
        f"(SELECT count(*) FROM conversation c WHERE {where}{_COUNTED.get(tab, '')})"
        for tab, where in tabs.items()
    )
    for scope, tabs in (("mine", _MINE), ("all", _ALL))
}


async def page(
    pool: Pool, staff: Staff, *, tab: str, sort: str, scope: str, limit: int, after: Cursor | None
) -> Page:
    """One page of a tab. The caller has checked that this person may use the scope."""
    at, last_id = after if after is not None else (None, None)
    rows = await pool.fetch(
        _PAGES[tab, sort, scope], staff.id, sorted(staff.departments), at, last_id, limit + 1
    )
    width = len(COLUMNS)
    shown = rows[:limit]
    seen = {row[0]: (row["seen_seq"], row["seen_messages"]) for row in shown if row["seen_seq"] is not None}
    following = Cursor(shown[-1]["sorted_at"], shown[-1][0]) if len(rows) > limit else None
    return Page([Loaded(conversation_of(row), row[width]) for row in shown], seen, following)


async def counts(pool: Pool, staff: Staff, *, scope: str) -> dict[str, int]:
    row = await pool.fetchrow(_COUNTS[scope], staff.id, sorted(staff.departments))
    assert row is not None
    return dict(zip(TABS, list(row)[1:], strict=True))
