"""What staff do with a conversation besides writing: one meaning for the socket's frames and for HTTP."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from litestar import post
from litestar.params import JSONBody

from deskbell.api.auth import StaffUser
from deskbell.api.conversations import Acked, TheDesk, acked
from deskbell.domain.commands import (
    AcceptTicket,
    AddComment,
    AnswerOffer,
    AnswerTransfer,
    AssignTo,
    BlockCustomer,
    CancelTransfer,
    ChangeTicket,
    CloseConversation,
    Command,
    FlagChat,
    LiftBlock,
    OfferTransfer,
    SendTranscript,
    SetPending,
)
from deskbell.domain.deliveries import SendAgain
from deskbell.domain.errors import Refused
from deskbell.domain.people import Staff
from deskbell.kit.text import clean, name
from deskbell.realtime import actions
from deskbell.realtime.actions import Action
from deskbell.realtime.frames import Close

COMMENT = 4_000
SUBJECT = 200
TRANSFER_NOTE = 500
REASON = 200
CLOSE_NOTE = 2_000


def _transfer(a: actions.Transfer, staff: Staff) -> Command:
    return OfferTransfer(a.c, staff, a.id, a.agent, a.department, name(a.note, TRANSFER_NOTE, "The note"))


def _comment(a: actions.Comment, staff: Staff) -> Command:
    text = clean(a.text, COMMENT, "A comment").strip()
    if not text:
        raise Refused("empty", "An empty comment is not posted.")
    return AddComment(a.c, staff, a.id, text, tuple(a.mentions))


def close_command(a: Close, staff: Staff) -> CloseConversation:
    """Raises BadText."""
    note = clean(a.note, CLOSE_NOTE, "The note").strip()
    return CloseConversation(a.c, staff, a.id, sentiment=a.sentiment, tag=a.tag, note=note)


def _ticket(a: actions.TicketFields, staff: Staff) -> Command:
    due = None if a.due is None else datetime.fromtimestamp(a.due / 1000, UTC)
    return ChangeTicket(a.c, staff, a.id, name(a.subject, SUBJECT, "The subject"), a.priority, due)


def _block(a: actions.Block, staff: Staff) -> Command:
    return BlockCustomer(a.c, staff, a.id, name(a.reason, REASON, "The reason"), a.address)


_COMMANDS: dict[type, Callable[[Any, Staff], Command]] = {
    actions.SendAgain: lambda a, staff: SendAgain(a.c, staff, a.id, a.seq),
    actions.SendTranscript: lambda a, staff: SendTranscript(a.c, staff, a.id),
    actions.Flag: lambda a, staff: FlagChat(a.c, staff, a.id, a.on),
    actions.Pend: lambda a, staff: SetPending(a.c, staff, a.id, a.on),
    actions.Transfer: _transfer,
    actions.AnswerTransfer: lambda a, staff: AnswerTransfer(a.c, staff, a.id, a.accept),
    actions.CancelTransfer: lambda a, staff: CancelTransfer(a.c, staff, a.id),
    actions.AnswerOffer: lambda a, staff: AnswerOffer(a.c, staff, a.id, a.accept),
    actions.AssignTo: lambda a, staff: AssignTo(a.c, staff, a.id, a.agent),
    actions.Accept: lambda a, staff: AcceptTicket(a.c, staff, a.id),
    actions.Comment: _comment,
    actions.TicketFields: _ticket,
    actions.Block: _block,
    actions.Unblock: lambda a, staff: LiftBlock(a.c, staff, a.id),
}


def command_of(action: Action, staff: Staff) -> Command:
    """Raises BadText, and Refused for an empty comment."""
    return _COMMANDS[type(action)](action, staff)


@post("/api/actions", status_code=200)
async def act(data: JSONBody[Action], staff_user: StaffUser, desk: TheDesk) -> Acked:
    """The same frame as on the socket: flag, pending, transfer, offer, assign, accept, comment, block."""
    return acked(data.id, await desk.perform(command_of(data, staff_user)))


route_handlers = [act]
