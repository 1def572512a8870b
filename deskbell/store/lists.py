"""The five tabs (LIST-1): pages of cards by keyset, the counts beside the tabs, and everybody's load (SUPERVISOR-1).

A query is put together from the fixed pieces below; whatever comes from outside is a parameter.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from deskbell.domain.people import Staff
from deskbell.kit.postgres import Pool

from . import search
from .changes import COLUMNS, Loaded, conversation_of

_SELECTED = ", ".join(f"c.{name}" for name in COLUMNS)

TABS = ("live", "pending", "tagged", "closed", "tickets")
GROUPS = ("unassigned", "assigned", "closed")
SCOPES = ("mine", "all")
SORTS = ("activity", "new")
MOST_COUNTED = 1_000
"""What a text search finds is counted up to here."""

# A transfer that this person ($1, of the departments $2) can accept (LIFE-14).
_TRANSFERRED = (
    "c.transfer_at IS NOT NULL AND c.state IN ('live', 'pending') AND c.transfer_by <> $1"
    " AND (c.transfer_to = $1 OR c.transfer_department = ANY($2::integer[]))"
)
# It rings, or somebody wants to hand it over: these stand above everything else in Live.
_CALLS = f"(c.offered_to = $1 OR ({_TRANSFERRED}))"
_TO_TAKE = "(c.department_id IS NULL OR c.department_id = ANY($2::integer[]))"

# What belongs to each tab: for one person, and for everybody (supervisors).
_MINE = {
    "live": f"(c.state = 'live' AND c.owner_id = $1 OR {_CALLS})",
    "pending": "c.state = 'pending' AND c.owner_id = $1",
    "tagged": "c.mentioned @> ARRAY[$1::integer] AND c.state IN ('live', 'pending')",
    "closed": "c.kind = 'chat' AND c.state = 'closed' AND c.owner_id = $1",
    "tickets": "c.kind = 'ticket' AND (c.state IN ('assigned', 'closed') AND c.owner_id = $1"
    f" OR c.state = 'unassigned' AND {_TO_TAKE})",
    "unassigned": f"c.kind = 'ticket' AND c.state = 'unassigned' AND {_TO_TAKE}",
    "assigned": "c.kind = 'ticket' AND c.state = 'assigned' AND c.owner_id = $1",
    "closed tickets": "c.kind = 'ticket' AND c.state = 'closed' AND c.owner_id = $1",
    "searched tickets": "c.kind = 'ticket' AND c.state IN ('closed', 'archived') AND (c.owner_id = $1"
    f" OR c.owner_id IS NULL AND c.state = 'archived' AND {_TO_TAKE})",
}
_ALL = {
    "live": "c.state IN ('queued', 'offered', 'live')",
    "pending": "c.state = 'pending'",
    "tagged": _MINE["tagged"],
    "closed": "c.kind = 'chat' AND c.state = 'closed'",
    "tickets": "c.kind = 'ticket' AND c.state IN ('unassigned', 'assigned', 'closed')",
    "unassigned": "c.kind = 'ticket' AND c.state = 'unassigned'",
    "assigned": "c.kind = 'ticket' AND c.state = 'assigned'",
    "closed tickets": "c.kind = 'ticket' AND c.state = 'closed'",
    "searched tickets": "c.kind = 'ticket' AND c.state IN ('closed', 'archived')",
}

# Keysets need one value to sort by, so a card that calls is dated far ahead instead of being sorted apart.
_AHEAD = f"CASE WHEN {_CALLS} THEN interval '1000 years' ELSE interval '0' END"
_ACTIVITY = "COALESCE(c.last_customer_at, c.created_at)"
_ORDER = {
    ("live", "activity"): f"{_ACTIVITY} + {_AHEAD}",
    ("live", "new"): f"c.created_at + {_AHEAD}",
    ("pending", "new"): "c.created_at",
    ("tagged", "new"): "c.created_at",
    ("closed", "activity"): "c.closed_at",
    ("closed", "new"): "c.closed_at",
    ("tickets", "new"): "c.created_at",
    ("unassigned", "activity"): "c.state_at",
    ("unassigned", "new"): "c.state_at",
    ("assigned", "new"): "c.created_at",
    ("closed tickets", "activity"): "c.state_at",
    ("closed tickets", "new"): "c.state_at",
}
# What a range of dates is about.
_MOMENT = {"closed": "c.closed_at", "closed tickets": "COALESCE(c.closed_at, c.state_at)"}
# Sections of the supervisor's desk: what calls, what waits, then the agents in the order given.
_SECTION = f"""CASE WHEN {_CALLS} THEN 0 WHEN c.owner_id IS NULL THEN 1
    ELSE 2 + COALESCE(array_position({{}}, c.owner_id), 0) END"""

# What each filter of LIST-5 asks, and the type of its value.
_FILTERS = {
    "channel": ("c.channel = {}", "text"),
    "department": ("c.department_id = {}", "integer"),
    "label": ("c.labels @> ARRAY[{}]", "integer"),
    "tag": ("c.closing_tag_id = {}", "integer"),
    "agent": ("c.owner_id = {}", "integer"),
    "flagged": ("(c.flagged_at IS NOT NULL) = {}", "boolean"),
    "sentiment": ("c.sentiment = {}", "text"),
    "closed_by": ("c.closed_by = {}", "text"),
    "since": ("{moment} >= {}", "timestamptz"),
    "until": ("{moment} < {}", "timestamptz"),
}

# Scalar subqueries: PostgreSQL looks them up card by card, and does not collect all that match first.
_COMMON = """(COALESCE((SELECT t.words @@ {0} FROM search t WHERE t.conversation_id = c.id), false)
    OR (SELECT cu.words @@ {0} FROM customer cu WHERE cu.id = c.customer_id) OR c.id = {1})"""

_LOADS = """
SELECT owner_id, count(*) FILTER (WHERE state <> 'pending'), count(*) FILTER (WHERE state = 'pending'),
       count(*) FILTER (WHERE state <> 'pending' AND waiting_since IS NOT NULL),
       min(waiting_since) FILTER (WHERE state <> 'pending')
FROM conversation WHERE state IN ('queued', 'offered', 'live', 'pending') GROUP BY owner_id"""

_OLDEST_TICKETS = """
SELECT c.id FROM conversation c
WHERE {} AND $1::integer IS NOT NULL AND $2::integer[] IS NOT NULL AND c.id <> ALL($3::bigint[])
ORDER BY c.state_at, c.id LIMIT $4"""

# What this person accepted under an earlier try of the same request.
_ACCEPTED_SO = """
SELECT c.id FROM conversation c JOIN entry e ON e.conversation_id = c.id AND e.author = 'agent'
    AND e.author_id = $1::bigint AND e.client_id = $2::text || '.' || c.id
WHERE c.owner_id = $1::integer AND c.state = 'assigned' ORDER BY c.id"""


class Filter(NamedTuple):
    """LIST-5; None: not filtered by. `since` and `until` (excluded) are about the end of what is closed, else the start."""

    channel: str | None = None
    department: int | None = None
    label: int | None = None
    tag: int | None = None
    agent: int | None = None
    flagged: bool | None = None
    sentiment: str | None = None
    closed_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


NO_FILTER = Filter()


class Cursor(NamedTuple):
    """Where the last page ended; `section` only in a list by agents."""

    at: datetime
    id: int
    section: int = 0


class Page(NamedTuple):
    """`seen`: conversation id -> (seq, customer's messages) that this person has looked at."""

    rows: list[Loaded]
    seen: dict[int, tuple[int, int]]
    next: Cursor | None


class Load(NamedTuple):
    """Open chats of one agent (None: of nobody yet). `waiting` customers have no answer, the first since `since`."""

    agent: int | None
    live: int
    pending: int
    waiting: int
    since: datetime | None


class _Query:
    """Pieces and the values of their parameters; $1 is the person's id, $2 their departments."""

    def __init__(self, staff: Staff, kind: str, scope: str, asked: Filter) -> None:
        if asked.text and kind == "closed tickets":  # what is archived is found by search only (TICKET-5)
            self.where = [(_ALL if scope == "all" else _MINE)["searched tickets"]]
        else:
            self.where = [(_ALL if scope == "all" else _MINE)[kind]]
        self.values: list[Any] = [staff.id, sorted(staff.departments)]
        # Named even where the tab does not need them, so that PostgreSQL knows their types.
        self.where.append("$1::integer IS NOT NULL AND $2::integer[] IS NOT NULL")
        moment = _MOMENT.get(kind, "c.created_at")
        for name, (piece, sql_type) in _FILTERS.items():
            value = getattr(asked, name)
            if value is not None:
                self.where.append(piece.format(self.put(value, sql_type), moment=moment))

    def put(self, value: Any, sql_type: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{sql_type}"

    async def look_for(self, pool: Pool, text: str) -> None:
        """Few finds are looked up by their numbers; common words are looked for along the list."""
        if not text:
            return
        asked = await search.wanted(pool, text)
        found = await search.find(pool, asked)
        if found is not None:
            self.where.append(f"c.id = ANY({self.put(found, 'bigint[]')})")
        else:
            words = f"{self.put(asked.words, 'text')}::tsquery"
            self.where.append(_COMMON.format(words, self.put(asked.number or 0, "bigint")))

    def conditions(self) -> str:
        return " AND ".join(self.where)


async def page(
    pool: Pool,
    staff: Staff,
    *,
    tab: str,
    sort: str,
    scope: str,
    limit: int,
    after: Cursor | None,
    asked: Filter = NO_FILTER,
    group: str | None = None,
    agents: Sequence[int] | None = None,
) -> Page:
    """One page of a tab, or of one of the groups of tickets. The caller has checked that this person may use the scope.

    With `agents` (ids in the order wanted) the list is sorted by whose the chats are, first of all.
    """
    kind = _kind(tab, group)
    order = _ORDER.get((kind, sort), _ACTIVITY)
    query = _Query(staff, kind, scope, asked)
    await query.look_for(pool, asked.text)
    section = "0" if agents is None else _SECTION.format(query.put(list(agents), "integer[]"))
    if after is not None:
        place = f"({query.put(after.at, 'timestamptz')}, {query.put(after.id, 'bigint')})"
        behind = f"({order}, c.id) < {place}"
        if agents is not None:
            here = query.put(after.section, "integer")
            behind = f"({section} > {here} OR {section} = {here} AND {behind})"
        query.where.append(behind)
    first = "" if agents is None else f"{section}, "
    rows = await pool.fetch(
        f"""
SELECT {_SELECTED}, cu.name, s.seq AS seen_seq, s.customer_messages AS seen_messages, {order} AS sorted_at,
       {section} AS section
FROM conversation c JOIN customer cu ON cu.id = c.customer_id
LEFT JOIN seen s ON s.staff_id = $1 AND s.conversation_id = c.id
WHERE {query.conditions()}
ORDER BY {first}{order} DESC, c.id DESC LIMIT {query.put(limit + 1, "integer")}""",
        *query.values,
    )
    width = len(COLUMNS)
    shown = rows[:limit]
    seen = {row[0]: (row["seen_seq"], row["seen_messages"]) for row in shown if row["seen_seq"] is not None}
    last = shown[-1] if len(rows) > limit else None
    following = None if last is None else Cursor(last["sorted_at"], last[0], last["section"])
    return Page([Loaded(conversation_of(row), row[width]) for row in shown], seen, following)


async def counts(
    pool: Pool, staff: Staff, *, scope: str, tab: str | None = None, asked: Filter = NO_FILTER
) -> dict[str, int]:
    """How much is in each tab, and in each group of tickets as `unassigned`, `assigned`, `closed_tickets`.

    Closed tickets are not in the number of the tab: that one says what is to be done. The filter counts for `tab` alone;
    with a text it is counted up to MOST_COUNTED.
    """
    kinds = ("live", "pending", "tagged", "closed", "unassigned", "assigned", "closed tickets")
    chosen = [kind for kind in kinds if asked != NO_FILTER and tab == _tab(kind)]
    found = {kind: await _count(pool, staff, kind, scope, asked) for kind in chosen}
    rest = [kind for kind in kinds if kind not in chosen]
    table = _ALL if scope == "all" else _MINE
    columns = ", ".join(f"(SELECT count(*) FROM conversation c WHERE {table[kind]})" for kind in rest)
    row = await pool.fetchrow(
        f"SELECT $1::integer, $2::integer[], {columns}", staff.id, sorted(staff.departments)
    )
    assert row is not None
    found |= dict(zip(rest, list(row)[2:], strict=True))
    found["closed_tickets"] = found.pop("closed tickets")
    return found | {"tickets": found["unassigned"] + found["assigned"]}


async def _count(pool: Pool, staff: Staff, kind: str, scope: str, asked: Filter) -> int:
    query = _Query(staff, kind, scope, asked)
    await query.look_for(pool, asked.text)
    most = f"LIMIT {MOST_COUNTED}" if asked.text else ""
    sql = f"SELECT count(*) FROM (SELECT FROM conversation c WHERE {query.conditions()} {most}) found"
    return int(await pool.fetchval(sql, *query.values))


async def loads(pool: Pool) -> list[Load]:
    """Everybody who has an open chat, and the queue (SUPERVISOR-1)."""
    return [Load(*row) for row in await pool.fetch(_LOADS)]


async def oldest_tickets(pool: Pool, staff: Staff, count: int, *, but: Sequence[int]) -> list[int]:
    """The unassigned tickets that wait longest, of those this person may see (TICKET-3), without `but`."""
    where = (_ALL if staff.supervises else _MINE)["unassigned"]
    sql = _OLDEST_TICKETS.format(where)
    return [row[0] for row in await pool.fetch(sql, staff.id, sorted(staff.departments), but, count)]


async def accepted_so(pool: Pool, staff: Staff, client_id: str) -> list[int]:
    """Tickets this person has taken under client ids `<client_id>.<number>`."""
    return [row[0] for row in await pool.fetch(_ACCEPTED_SO, staff.id, client_id)]


def _kind(tab: str, group: str | None) -> str:
    if tab != "tickets" or group is None:
        return tab
    return "closed tickets" if group == "closed" else group


def _tab(kind: str) -> str:
    return kind if kind in TABS else "tickets"
