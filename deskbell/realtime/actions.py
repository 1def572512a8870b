"""What staff do with a conversation besides writing: the same struct by socket and by `POST /api/actions`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from .frames import ClientId, ConversationId, SpokenByStaff

StaffId = Annotated[int, Meta(ge=1, le=2**31 - 1)]
TransferNote = Annotated[str, Meta(max_length=500)]
Subject = Annotated[str, Meta(max_length=200)]
Moment = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]  # until the year 2100
CommentText = Annotated[str, Meta(min_length=1, max_length=4_000)]
BlockReason = Annotated[str, Meta(min_length=1, max_length=200)]
Mentions = Annotated[list[StaffId], Meta(max_length=20)]


class Flag(Struct, tag_field="t", tag="flag", forbid_unknown_fields=True):
    """LIFE-5."""

    id: ClientId
    c: ConversationId
    on: bool


class Pend(Struct, tag_field="t", tag="pending", forbid_unknown_fields=True):
    """LIFE-8: mark pending, or unmark."""

    id: ClientId
    c: ConversationId
    on: bool


class Transfer(Struct, tag_field="t", tag="transfer", forbid_unknown_fields=True):
    """LIFE-14: to an agent or to a department, never both."""

    id: ClientId
    c: ConversationId
    agent: StaffId | None = None
    department: StaffId | None = None
    note: TransferNote = ""


class AnswerTransfer(Struct, tag_field="t", tag="transfer_answer", forbid_unknown_fields=True):
    id: ClientId
    c: ConversationId
    accept: bool


class CancelTransfer(Struct, tag_field="t", tag="transfer_cancel", forbid_unknown_fields=True):
    id: ClientId
    c: ConversationId


class AnswerOffer(Struct, tag_field="t", tag="offer_answer", forbid_unknown_fields=True):
    """LIFE-2, distribution `offer`."""

    id: ClientId
    c: ConversationId
    accept: bool


class AssignTo(Struct, tag_field="t", tag="assign", forbid_unknown_fields=True):
    """LIFE-15, TICKET-6: supervisors only."""

    id: ClientId
    c: ConversationId
    agent: StaffId


class Accept(Struct, tag_field="t", tag="accept", forbid_unknown_fields=True):
    """TICKET-3."""

    id: ClientId
    c: ConversationId


class TicketFields(Struct, tag_field="t", tag="ticket", forbid_unknown_fields=True):
    """TICKET-10: all three as they are to be. `due`: milliseconds since the epoch, or null."""

    id: ClientId
    c: ConversationId
    subject: Subject = ""
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    due: Moment | None = None


class Comment(Struct, tag_field="t", tag="comment", forbid_unknown_fields=True):
    """TEAM-1. `mentions`: staff ids of those who are named."""

    id: ClientId
    c: ConversationId
    text: CommentText
    mentions: Mentions = field(default_factory=list)


class Block(Struct, tag_field="t", tag="block", forbid_unknown_fields=True):
    """BLOCK-1, BLOCK-2: the customer of this conversation, for 24 hours; `address`: their last IP address too."""

    id: ClientId
    c: ConversationId
    reason: BlockReason
    address: bool = False


class Unblock(Struct, tag_field="t", tag="unblock", forbid_unknown_fields=True):
    """BLOCK-3: supervisors only."""

    id: ClientId
    c: ConversationId


class SendAgain(Struct, tag_field="t", tag="again", forbid_unknown_fields=True):
    """CHANNEL-2: message `seq`, which a channel did not deliver, or may not have."""

    id: ClientId
    c: ConversationId
    seq: Annotated[int, Meta(ge=1, le=2**31 - 1)]


class SendTranscript(Struct, tag_field="t", tag="transcript", forbid_unknown_fields=True):
    """LIFE-13: once more, of all that was said, to the customer's own address."""

    id: ClientId
    c: ConversationId


Action = (
    SendTranscript
    | SendAgain
    | TicketFields
    | Flag
    | Pend
    | Transfer
    | AnswerTransfer
    | CancelTransfer
    | AnswerOffer
    | AssignTo
    | Accept
    | Comment
    | Block
    | Unblock
)
StaffFrame = SpokenByStaff | Action

decode_staff = msgspec.json.Decoder(StaffFrame).decode
