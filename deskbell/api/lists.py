"""The five tabs: pages, filters, search and counts (LIST-1, LIST-5), and the supervisors' desk (docs/protocol.md)."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter, SkipValidation
from msgspec import Meta, Struct

from deskbell.api.auth import StaffUser
from deskbell.api.ports import Here
from deskbell.api.problems import Problem, forbidden
from deskbell.desk.desk import Desk
from deskbell.desk.present import ms_or_none, row_of
from deskbell.domain.people import Staff
from deskbell.kit import text
from deskbell.realtime import frames
from deskbell.realtime.frames import Sentiment
from deskbell.store import lists
from deskbell.store.changes import Loaded
from deskbell.store.lists import Filter

Tab = Literal["live", "pending", "tagged", "closed", "tickets"]
Group = Literal["unassigned", "assigned", "closed"]
Sort = Literal["activity", "new"]
Closer = Literal["customer", "agent", "system"]
# Not named `scope` in the handlers: the framework keeps that word for itself.
Whose = Annotated[Literal["mine", "all"], QueryParameter(name="scope")]
TheDesk = NamedDependency[SkipValidation[Desk]]
ListSize = Annotated[int, QueryParameter(ge=1, le=100)]
Number = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]
Word = Annotated[str | None, QueryParameter(max_length=20)]
MOST_MS = 253_402_300_799_999  # the last moment a date can hold
From = Annotated[int | None, QueryParameter(name="from", ge=0, le=MOST_MS)]
To = Annotated[int | None, QueryParameter(name="to", ge=0, le=MOST_MS)]
QUERY_LENGTH = 200
_Place = tuple[int, Annotated[int, Meta(ge=0, le=2**62)], Annotated[int, Meta(ge=0, le=2**31 - 1)]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RowList(Struct):
    rows: list[frames.Row]
    next: str | None


class Groups(Struct):
    unassigned: int
    assigned: int
    closed: int


class Counts(Struct):
    """`tickets` are the open ones, `groups` all of them. `most`: a search is counted up to here."""

    live: int
    pending: int
    tagged: int
    closed: int
    tickets: int
    groups: Groups
    most: int | None


class AgentChats(Struct):
    """Open chats of an agent (null: of nobody yet); `waiting` of them have no answer, the oldest question since `since`."""

    agent: int | None
    live: int
    pending: int
    waiting: int
    since: int | None


class ChatsByAgent(Struct):
    agents: list[AgentChats]


async def filter_of(
    channel: Word = None,
    department: Number = None,
    label: Number = None,
    tag: Number = None,
    agent: Number = None,
    flagged: FromQuery[bool | None] = None,
    sentiment: FromQuery[Sentiment | None] = None,
    closed_by: FromQuery[Closer | None] = None,
    since: From = None,
    until: To = None,
    q: FromQuery[str | None] = None,
) -> Filter:
    """LIST-5, from the address."""
    return Filter(
        channel=channel and text.name(channel, 20, "The channel"),
        department=department,
        label=label,
        tag=tag,
        agent=agent,
        flagged=flagged,
        sentiment=sentiment,
        closed_by=closed_by,
        since=_moment(since),
        until=_moment(until),
        text=text.name(q or "", QUERY_LENGTH, "The search"),
    )


Asked = NamedDependency[SkipValidation[Filter]]
_WITH_FILTER: dict[str, Any] = {"asked": Provide(filter_of)}


@get("/api/conversations", dependencies=_WITH_FILTER)
async def list_rows(
    staff_user: StaffUser,
    edge: Here,
    desk: TheDesk,
    asked: Asked,
    tab: FromQuery[Tab],
    group: FromQuery[Group | None] = None,
    sort: FromQuery[Sort] = "activity",
    whose: Whose = "mine",
    by_agent: FromQuery[bool] = False,
    limit: ListSize = 50,
    after: FromQuery[str | None] = None,
) -> RowList:
    """One page of a tab, newest first; `next` asks for the following one. `by_agent`: sorted by whose chats they are."""
    _check(staff_user, whose, asked)
    page = await lists.page(
        edge.pool,
        staff_user,
        tab=tab,
        sort=sort,
        scope=whose,
        limit=limit,
        after=_cursor(after),
        asked=asked,
        group=group,
        agents=_by_name(desk) if by_agent else None,
    )
    rows = [_seen_row(loaded, page.seen) for loaded in page.rows]
    return RowList(rows, _cursor_text(page.next))


@get("/api/conversations/counts", dependencies=_WITH_FILTER)
async def count_rows(
    staff_user: StaffUser,
    edge: Here,
    asked: Asked,
    tab: FromQuery[Tab | None] = None,
    whose: Whose = "mine",
) -> Counts:
    """The filter counts for `tab`; the others are counted whole. A text search is counted up to `most`."""
    _check(staff_user, whose, asked)
    found = await lists.counts(edge.pool, staff_user, scope=whose, tab=tab, asked=asked)
    return Counts(
        live=found["live"],
        pending=found["pending"],
        tagged=found["tagged"],
        closed=found["closed"],
        tickets=found["tickets"],
        groups=Groups(found["unassigned"], found["assigned"], found["closed_tickets"]),
        most=lists.MOST_COUNTED if asked.text else None,
    )


@get("/api/conversations/loads")
async def read_loads(staff_user: StaffUser, edge: Here) -> ChatsByAgent:
    """Whose chats they are, in numbers (SUPERVISOR-1)."""
    _check(staff_user, "all", lists.NO_FILTER)
    return ChatsByAgent(
        [
            AgentChats(load.agent, load.live, load.pending, load.waiting, ms_or_none(load.since))
            for load in await lists.loads(edge.pool)
        ]
    )


def _check(staff: Staff, whose: str, asked: Filter) -> None:
    if staff.supervises:
        return
    if whose == "all":
        raise forbidden("Only supervisors see everybody's conversations.")
    if asked.agent is not None:
        raise forbidden("Only supervisors look for an agent's conversations.")


def _by_name(desk: Desk) -> list[int]:
    names = desk.directory.names.staff
    return sorted(names, key=lambda one: (names[one].casefold(), one))


def _seen_row(loaded: Loaded, seen: dict[int, tuple[int, int]]) -> frames.Row:
    conversation, name = loaded
    return row_of(conversation, name, frames.Seen(*seen.get(conversation.id, (0, 0))))


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else _EPOCH + timedelta(milliseconds=milliseconds)


def _cursor_text(cursor: lists.Cursor | None) -> str | None:
    if cursor is None:
        return None
    micros = (cursor.at - _EPOCH) // timedelta(microseconds=1)
    place = msgspec.json.encode([micros, cursor.id, cursor.section])
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def _cursor(text: str | None) -> lists.Cursor | None:
    if not text:
        return None
    try:
        raw = base64.urlsafe_b64decode(text[:200] + "=" * (-len(text[:200]) % 4))
        micros, last_id, section = msgspec.json.decode(raw, type=_Place)
        return lists.Cursor(_EPOCH + timedelta(microseconds=micros), last_id, section)
    except (ValueError, msgspec.MsgspecError, OverflowError, OSError) as error:
        raise Problem(400, "bad_input", "This is no place in a list.", field="after") from error


route_handlers = [list_rows, count_rows, read_loads]
