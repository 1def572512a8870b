"""The few things besides the conversation that a rule needs to know. Values only; the shell looks them up."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from .channels import BUILT_IN, ChannelRules
from .conversation import Conversation, Entry
from .preferences import Preferences

_NONE: Mapping[Any, Any] = MappingProxyType({})


class FileFact(NamedTuple):
    """An uploaded file. `view` is what messages carry of it; `conversation_id` is set once a message has it."""

    id: str
    owner: str
    owner_id: int
    conversation_id: int | None
    view: dict[str, Any]


class Undelivered(NamedTuple):
    """A message that failed or whose fate is unknown; `template`: it was one."""

    template: bool


class SurveyFact(NamedTuple):
    """A survey that was asked. `score` is None until it is answered."""

    seq: int
    kind: str
    asked_at: datetime
    score: int | None = None
    comment: str = ""
    rated_at: datetime | None = None


class Facts(NamedTuple):
    staff_names: Mapping[int, str]
    departments: Mapping[int, str]
    labels: Mapping[int, str]
    files: Mapping[str, FileFact]
    preferences: Preferences = Preferences()
    active: frozenset[int] = frozenset()
    """Staff who are not deactivated."""
    supervisors: frozenset[int] = frozenset()
    """Those of them who supervise."""
    closing_tags: Mapping[int, str] = _NONE
    dealt: frozenset[tuple[int, int]] = frozenset()
    """(conversation, staff id) of those who saw it when this batch began, or have looked, written or been told of it."""
    open_chats: Mapping[int, int] = _NONE
    """Customer -> their open chat, for those who write on a closed one."""
    online: Mapping[int, frozenset[int]] = _NONE
    """Available staff -> their departments; read for commands that give a chat away or name somebody."""
    loads: Mapping[int, int] = _NONE
    """Agent -> live and ringing chats, counted in this transaction; read for what routing gives."""
    maximums: Mapping[int, int] = _NONE
    """Agent -> own maximum of chats, for those of `loads` who have one."""
    conversations: Mapping[int, Conversation] = _NONE
    """All that this batch has locked."""
    tickets: Mapping[int, int] = _NONE
    """Customer -> their open converted ticket (TICKET-7), for chats that find an agent or none."""
    written: Mapping[int, Sequence[Entry]] = _NONE
    """Conversation -> its customer's messages, for chats that may be merged into a ticket."""
    emails: Mapping[int, str] = _NONE
    """Customer -> their e-mail address or "", for staff who write on a ticket or a closed chat, and for transcripts."""
    verified: frozenset[int] = frozenset()
    """Those of them whose address is verified."""
    transcripts: Mapping[int, int] = _NONE
    """Conversation -> how many transcripts were asked for within a day, for those who ask for one."""
    surveys: Mapping[int, Sequence[SurveyFact]] = _NONE
    """Conversation -> its surveys in order, for those who answer one."""
    quoted: Mapping[tuple[int, int], dict[str, Any]] = _NONE
    """(conversation, number) -> what a message carries of the one it quotes; only messages that both sides see."""
    opted_out: frozenset[int] = frozenset()
    """Customers who want to hear nothing (LIFE-12)."""
    belongings: Mapping[int, Sequence[int]] = _NONE
    """Customer -> their open conversations, for those who opt out, are blocked or merged now."""
    blocked: frozenset[int] = frozenset()
    """Customers who are blocked; of those who begin something, also by what they are known again by (BLOCK-1)."""
    shut: frozenset[str] = frozenset()
    """Blocked addresses, of those that something is begun from (BLOCK-2)."""
    addresses: Mapping[int, str] = _NONE
    """Customer -> their last address, for those who are blocked with it."""
    kin: Mapping[int, tuple[int, ...]] = _NONE
    """Customer -> all who are the same verified person, themselves first; for blocks."""
    channels: Mapping[str, ChannelRules] = BUILT_IN
    """Those that are set up, by name."""
    reach: Mapping[tuple[int, str], datetime | None] = _NONE
    """(customer, channel) -> when they last wrote over it, for what staff send there; missing: never met."""
    undelivered: Mapping[tuple[int, int], Undelivered] = _NONE
    """(conversation, number) -> for those that are sent again."""
    numbers: Mapping[tuple[int, int, str], int] = _NONE
    """(chat, staff id, client id) -> the number of the linked ticket that is made there."""

    def converted_ticket(self, conversation: Conversation) -> Conversation | None:
        """The customer's open converted ticket, if it is another one than this conversation (TICKET-7)."""
        ticket = self.conversations.get(self.tickets.get(conversation.customer_id, 0))
        if (
            ticket is None
            or not ticket.is_open_ticket
            or not ticket.converted
            or ticket.id == conversation.id
        ):
            return None
        return ticket
