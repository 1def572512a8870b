"""The visitor's thread by HTTP: the same starts, sends and closes as by socket."""

import time
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter, SkipValidation
from msgspec import field

from deskbell.api.auth import VisitorUser, client_key
from deskbell.api.conversations import Acked, After, Before, Entries, PageSize, TheDesk, acked, page_of
from deskbell.api.input import check_form, customer_text, start_command
from deskbell.api.ports import Here
from deskbell.api.problems import Problem
from deskbell.api.schemas import Body
from deskbell.desk.desk import Desk
from deskbell.desk.present import entry_of
from deskbell.domain.commands import CloseConversation, WriteMessage
from deskbell.domain.people import Customer
from deskbell.kit.limits import Buckets
from deskbell.realtime.frames import (
    ClientId,
    ConversationId,
    Fields,
    Files,
    Seq,
    ShortText,
    Text,
    TriggerId,
    VisitorView,
)
from deskbell.store import conversations

TheMessages = NamedDependency[SkipValidation[Buckets]]
ConversationInQuery = Annotated[int, QueryParameter(ge=1, le=2**62)]


class VisitorMessage(Body):
    id: ClientId
    c: ConversationId
    text: Text = ""
    files: Files = field(default_factory=list)
    quote: Seq | None = None


class VisitorBegin(Body):
    id: ClientId
    text: Text = ""
    files: Files = field(default_factory=list)
    name: ShortText = ""
    email: ShortText = ""
    department: int | None = None
    fields: Fields = field(default_factory=dict)
    greeting: TriggerId = ""


class VisitorClose(Body):
    id: ClientId
    c: ConversationId


class VisitorViews:
    """What a visitor is shown on coming back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def visitor_view(self, customer_id: int) -> VisitorView | None:
        current = await conversations.current_of(self._desk.pool, customer_id)
        if current is None:
            return None
        loaded = await self._desk.reader.load(Customer(customer_id), current)
        view = self._desk.reader.view(loaded.conversation)
        view.unread = await conversations.unread_by_customer(self._desk.pool, loaded.conversation)
        return view


@get("/api/widget/entries")
async def read_entries(
    visitor: VisitorUser,
    edge: Here,
    desk: TheDesk,
    c: ConversationInQuery,
    before: Before = None,
    after: After = None,
    limit: PageSize = 50,
) -> Entries:
    _, name = await desk.reader.load(Customer(visitor.customer_id), c)
    names = desk.directory.names.staff
    lines, more = await page_of(edge.pool, c, before, after, limit, public=True)
    return Entries([entry_of(e, names, name, public=True, read_at=at) for e, at in lines], more)


@post("/api/widget/start", status_code=200)
async def start(
    request: Request[Any, Any, Any],
    data: JSONBody[VisitorBegin],
    visitor: VisitorUser,
    edge: Here,
    desk: TheDesk,
    messages: TheMessages,
) -> Acked:
    _take(messages, visitor.customer_id)
    address = client_key(request, edge.settings)
    me = Customer(visitor.customer_id)
    command = start_command(desk.directory, me, visitor.site_id, data, address)
    check_form(desk.directory, command, visitor)
    return acked(data.id, await desk.perform(command))


@post("/api/widget/messages", status_code=200)
async def write(
    request: Request[Any, Any, Any],
    data: JSONBody[VisitorMessage],
    visitor: VisitorUser,
    edge: Here,
    desk: TheDesk,
    messages: TheMessages,
) -> Acked:
    _take(messages, visitor.customer_id)
    me = Customer(visitor.customer_id)
    text, address = customer_text(data.text), client_key(request, edge.settings)
    command = WriteMessage(data.c, me, data.id, text, None, tuple(data.files), data.quote, address)
    return acked(data.id, await desk.perform(command))


@post("/api/widget/close", status_code=200)
async def close(data: JSONBody[VisitorClose], visitor: VisitorUser, desk: TheDesk) -> Acked:
    me = Customer(visitor.customer_id)
    return acked(data.id, await desk.perform(CloseConversation(data.c, me, data.id, "ended the chat")))


def _take(messages: Buckets, customer_id: int) -> None:
    """The same bucket as the socket's: both doors together have one limit."""
    wait = messages.take(customer_id, time.monotonic())
    if wait > 0:
        text = "That was a little fast. Please try again in a moment."
        raise Problem(429, "rate", text, retry_after=int(wait) + 1)


route_handlers = [read_entries, start, write, close]
