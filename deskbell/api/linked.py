"""A linked ticket, made on purpose from a chat that goes on (TICKET-8, CHAT-6)."""

from typing import Annotated, Literal

from litestar import post
from litestar.params import JSONBody
from msgspec import Meta, Struct, field

from deskbell.api.auth import StaffUser
from deskbell.api.conversations import Acked, TheDesk
from deskbell.api.labels import LabelNames, ids_of
from deskbell.api.ports import Here
from deskbell.api.problems import Problem
from deskbell.api.schemas import BigIdInPath, Body
from deskbell.domain.commands import LinkTicket
from deskbell.kit import text
from deskbell.kit.clock import milliseconds
from deskbell.realtime.actions import StaffId, Subject
from deskbell.realtime.frames import MAX_TEXT, ClientId, Text
from deskbell.store import conversations

SUBJECT = 200


class TicketNew(Body):
    """`email` counts only where none is known. `to_customer`: the text goes to them by e-mail, else it is a task."""

    id: ClientId
    subject: Subject
    text: Text
    department: StaffId | None = None
    labels: LabelNames = field(default_factory=list)
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    email: Annotated[str, Meta(max_length=254)] = ""
    to_customer: bool = False


class Made(Struct, frozen=True):
    """The chat's event `seq` names the ticket."""

    ack: Acked
    ticket: int


@post("/api/conversations/{number:int}/tickets", status_code=200)
async def make(
    number: BigIdInPath, data: JSONBody[TicketNew], staff_user: StaffUser, edge: Here, desk: TheDesk
) -> Made:
    """The same id again is the same ticket."""
    await desk.reader.load(staff_user, number)
    words = text.clean(data.text, MAX_TEXT, "The text").strip()
    if not words:
        raise Problem(400, "empty", "Say what is to be done.", field="text")
    command = LinkTicket(
        number,
        staff_user,
        data.id,
        subject=text.needed_name(data.subject, SUBJECT, "The subject"),
        text=words,
        department_id=data.department,
        labels=tuple(dict.fromkeys((await ids_of(edge, data.labels)).values())),
        priority=data.priority,
        email=text.email(data.email) if data.email.strip() else "",
        to_customer=data.to_customer,
    )
    answer = await desk.perform(command)
    ((entry, _),) = await conversations.after(edge.pool, number, answer.seq - 1, 1, public=False)
    ack = Acked(data.id, number, answer.seq, milliseconds(answer.at), answer.dup)
    return Made(ack, (entry.data or {})["number"])


route_handlers = [make]
