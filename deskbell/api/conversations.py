"""Threads for staff, and the same sends as by socket (docs/protocol.md)."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter, SkipValidation
from msgspec import Struct, field, structs

from deskbell.api.auth import StaffUser
from deskbell.api.input import formatted
from deskbell.api.labels import LENGTH, LabelNames, ids_of
from deskbell.api.ports import Here
from deskbell.api.problems import Problem
from deskbell.api.reach import ReachView, reach_of
from deskbell.api.schemas import BigIdInPath, Body
from deskbell.desk.desk import Desk
from deskbell.desk.present import entry_of, row_of, shown_name
from deskbell.desk.resume import marks_of
from deskbell.domain import access
from deskbell.domain.commands import (
    AcceptTicket,
    ChangeDepartment,
    ChangeLabels,
    CloseConversation,
    OpenChat,
    WriteMessage,
)
from deskbell.domain.conversation import Conversation
from deskbell.domain.facts import SurveyFact
from deskbell.domain.people import Staff
from deskbell.kit.clock import milliseconds
from deskbell.kit.postgres import Pool
from deskbell.kit.text import clean, needed_name
from deskbell.realtime import frames
from deskbell.realtime.frames import ClientId, CloseNote, Files, Html, Sentiment, Seq, Text
from deskbell.store import conversations, labels, surveys
from deskbell.store.changes import Answer

TheDesk = NamedDependency[SkipValidation[Desk]]
Before = Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)]
After = Annotated[int | None, QueryParameter(ge=0, le=2**31 - 1)]
PageSize = Annotated[int, QueryParameter(ge=1, le=200)]
NEWEST = 50
CLOSE_NOTE = 2_000


class Entries(Struct):
    entries: list[frames.Entry]
    more: bool


class ThreadCustomer(Struct):
    id: int
    name: str
    email: str
    email_verified: bool
    phone: str
    locale: str
    company: str
    labels: list[int]
    blocked_until: int | None
    """The end of their running block (BLOCK-1)."""


class Link(Struct):
    """A ticket made from this chat, or what this one was made from or went into (TICKET-8)."""

    id: int
    kind: str
    state: str
    subject: str
    owner: int | None


class RatingView(Struct):
    """What the customer answered for the closing at entry `seq` (SUPERVISOR-4)."""

    seq: int
    kind: str
    score: int
    comment: str
    at: int


class Writer(Struct):
    id: int
    name: str
    messages: int


class May(Struct, omit_defaults=True):
    """What this person may do now; the server decides again each time."""

    write: bool
    close: bool
    accept: bool
    flag: bool
    pend: bool
    transfer: bool
    answer_transfer: bool
    answer_offer: bool
    assign: bool
    comment: bool
    department: bool
    labels: bool
    block: bool
    link: bool
    why_not: str | None = None
    by_mail: str | None = None
    """The address a reply goes to, when the conversation was closed too long ago for an ordinary one (LIFE-10)."""


class Thread(frames.Row, kw_only=True):
    """A conversation as staff see it: its card, and with it the whole customer, agents, rights and newest entries.

    `reach`: null where customers read in the widget or by mail.
    """

    customer: ThreadCustomer  # type: ignore[assignment]
    agents: list[Writer]
    may: May
    close_note: str
    ratings: list[RatingView]
    links: list[Link]
    marks: frames.BothMarks
    entries: list[frames.Entry]
    more: bool
    reach: ReachView | None


class Message(Body):
    id: ClientId
    text: Text = ""
    html: Html | None = None
    files: Files = field(default_factory=list)
    seen: Seq | None = None
    quote: Seq | None = None


class Named(Body):
    id: ClientId


class Closing(Body):
    id: ClientId
    sentiment: Sentiment | None = None
    tag: int | None = None
    note: CloseNote = ""


class DepartmentChange(Body):
    id: ClientId
    department: int | None


class LabelChange(Body):
    id: ClientId
    add: LabelNames = field(default_factory=list)
    remove: LabelNames = field(default_factory=list)


class Acked(Struct, omit_defaults=True):
    id: str
    c: int
    seq: int
    at: int
    dup: bool = False


def acked(client_id: str, answer: Answer) -> Acked:
    return Acked(client_id, answer.conversation_id, answer.seq, milliseconds(answer.at), answer.dup)


@get("/api/conversations/{number:int}")
async def read_thread(number: BigIdInPath, staff_user: StaffUser, edge: Here, desk: TheDesk) -> Thread:
    loaded = await desk.reader.load(staff_user, number)
    conversation, customer_name = loaded
    names = desk.directory.names.staff
    # All of one moment, that of the card: what came meanwhile is pushed to whoever watches.
    lines, seen, person, replies, links, asked = await asyncio.gather(
        conversations.before(edge.pool, number, conversation.last_seq + 1, NEWEST + 1, public=False),
        conversations.seen_by(edge.pool, staff_user.id, number),
        conversations.customer_of(edge.pool, conversation.customer_id),
        conversations.replies_by_agent(edge.pool, number, conversation.last_seq),
        conversations.links_of(edge.pool, conversation),
        surveys.of(edge.pool, [number]),
    )
    row = structs.asdict(row_of(conversation, customer_name, frames.Seen(*seen)))
    now = edge.clock.now()
    shown = [entry_of(e, names, customer_name, public=False, read_at=at) for e, at in lines[-NEWEST:]]
    await desk.reader.show_deliveries(conversation, shown)
    may = _rights(staff_user, conversation, person.email, desk, now)
    way, why_not = await reach_of(desk, edge.pool, staff_user, conversation, now)
    if may.write and why_not:
        may.write, may.why_not = False, why_not
    return Thread(
        **row | {"customer": _customer_view(person, edge.clock.now())},
        agents=[Writer(i, names.get(i, ""), n) for i, n in replies],
        may=may,
        close_note=conversation.close_note,
        ratings=_ratings(asked.get(number, ())),
        links=[Link(*link) for link in links],
        marks=marks_of(conversation),
        entries=shown,
        more=len(lines) > NEWEST,
        reach=way,
    )


@get("/api/conversations/{number:int}/entries")
async def read_entries(
    number: BigIdInPath,
    staff_user: StaffUser,
    edge: Here,
    desk: TheDesk,
    before: Before = None,
    after: After = None,
    limit: PageSize = 50,
) -> Entries:
    """Entries before or after a number, ascending; without either, the newest."""
    conversation, customer_name = await desk.reader.load(staff_user, number)
    names = desk.directory.names.staff
    lines, more = await page_of(edge.pool, number, before, after, limit, public=False)
    shown = [entry_of(e, names, customer_name, public=False, read_at=at) for e, at in lines]
    await desk.reader.show_deliveries(conversation, shown)
    return Entries(shown, more)


@post("/api/conversations/{number:int}/messages", status_code=200)
async def write(number: BigIdInPath, data: JSONBody[Message], staff_user: StaffUser, desk: TheDesk) -> Acked:
    text, html = formatted(data.text, data.html)
    command = WriteMessage(number, staff_user, data.id, text, html, tuple(data.files), data.quote)
    return acked(data.id, await desk.perform(command))


@post("/api/conversations/{number:int}/open", status_code=204)
async def open_chat(number: BigIdInPath, staff_user: StaffUser, desk: TheDesk) -> None:
    """Its owner looks at it: it is no longer new (LIST-2)."""
    await desk.perform(OpenChat(number, staff_user))


@post("/api/conversations/{number:int}/close", status_code=200)
async def close(number: BigIdInPath, data: JSONBody[Closing], staff_user: StaffUser, desk: TheDesk) -> Acked:
    """With what the closing dialog asks (LIFE-12)."""
    note = clean(data.note, CLOSE_NOTE, "The note").strip()
    command = CloseConversation(
        number, staff_user, data.id, sentiment=data.sentiment, tag=data.tag, note=note
    )
    return acked(data.id, await desk.perform(command))


@post("/api/conversations/{number:int}/accept", status_code=200)
async def accept(number: BigIdInPath, data: JSONBody[Named], staff_user: StaffUser, desk: TheDesk) -> Acked:
    return acked(data.id, await desk.perform(AcceptTicket(number, staff_user, data.id)))


@put("/api/conversations/{number:int}/department")
async def change_department(
    number: BigIdInPath, data: JSONBody[DepartmentChange], staff_user: StaffUser, desk: TheDesk
) -> Acked:
    command = ChangeDepartment(number, staff_user, data.id, data.department)
    return acked(data.id, await desk.perform(command))


@put("/api/conversations/{number:int}/labels")
async def change_labels(
    number: BigIdInPath, data: JSONBody[LabelChange], staff_user: StaffUser, edge: Here, desk: TheDesk
) -> Acked:
    """Add and remove labels by name; one that does not exist is made (CHAT-8)."""
    await desk.reader.load(staff_user, number)
    added = await ids_of(edge, data.add)
    remove = [needed_name(name, LENGTH, "A label") for name in data.remove]
    removed = await labels.by_name(edge.pool, remove)
    command = ChangeLabels(number, staff_user, data.id, tuple(added.values()), tuple(removed.values()))
    return acked(data.id, await desk.perform(command))


async def page_of(
    pool: Pool, number: int, before: int | None, after: int | None, limit: int, *, public: bool
) -> tuple[list[conversations.Line], bool]:
    """The lines asked for, ascending, and whether there are more in that direction."""
    if before is not None and after is not None:
        raise Problem(400, "bad_input", "Give before or after, not both.", field="after")
    if after is not None:
        lines = await conversations.after(pool, number, after, limit + 1, public=public)
        return lines[:limit], len(lines) > limit
    lines = await conversations.before(pool, number, before or 2**31 - 1, limit + 1, public=public)
    return lines[-limit:], len(lines) > limit


def _ratings(asked: Iterable[SurveyFact]) -> list[RatingView]:
    """Those that were answered."""
    return [
        RatingView(one.seq, one.kind, one.score, one.comment, milliseconds(one.rated_at))
        for one in asked
        if one.score is not None and one.rated_at is not None
    ]


def _customer_view(person: conversations.Person, now: datetime) -> ThreadCustomer:
    until = person.blocked_until
    running = until is not None and until > now
    return ThreadCustomer(
        **person._asdict()
        | {
            "name": shown_name(person.id, person.name),
            "blocked_until": milliseconds(until) if until and running else None,
        }
    )


def _rights(staff: Staff, conversation: Conversation, email: str, desk: Desk, now: datetime) -> May:
    names = desk.directory.names.staff
    why_not = access.why_not_write(staff, conversation, names, now, email)
    sort = access.why_not_sort(staff, conversation) is None
    return May(
        write=why_not is None,
        close=access.why_not_close(staff, conversation, names) is None,
        accept=access.why_not_accept(staff, conversation, names) is None,
        flag=access.why_not_flag(staff, conversation) is None,
        pend=access.why_not_pend(staff, conversation, names, on=conversation.state == "live") is None,
        transfer=access.why_not_transfer(staff, conversation, names) is None,
        answer_transfer=access.may_answer_transfer(staff, conversation),
        answer_offer=conversation.state == "offered" and conversation.offered_to == staff.id,
        assign=access.why_not_assign(staff, conversation) is None,
        comment=access.why_not_comment(staff, conversation) is None,
        department=sort,
        labels=sort,
        block=access.why_not_block(staff, conversation) is None,
        link=access.why_not_link(staff, conversation, names) is None,
        why_not=why_not,
        by_mail=email if why_not is None and access.is_long_closed(conversation, now) else None,
    )


route_handlers = [
    read_thread,
    read_entries,
    write,
    open_chat,
    close,
    accept,
    change_department,
    change_labels,
]
