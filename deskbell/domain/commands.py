"""What people, channels and the clock ask of a conversation. Texts are cleaned and within their limits already."""

from datetime import datetime
from typing import Any, NamedTuple

from .deliveries import Amend, NoteContact, NoteDispatch, SendAgain, SendTemplate
from .people import Actor, Customer, Staff


class TicketByMail(NamedTuple):
    """A mail that answers nothing the desk knows, or (`answers`) a conversation that is not its sender's (CHANNEL-4).

    `mail`: what its message carries for staff.
    """

    subject: str
    sender: str
    answers: int | None
    mail: dict[str, Any]


class StartChat(NamedTuple):
    """A customer begins (LIFE-1). With a chat already open, the message joins that one; a ticket `by_mail` never does."""

    actor: Customer
    client_id: str
    channel: str
    site_id: int | None
    department_id: int | None
    text: str
    files: tuple[str, ...] = ()
    name: str = ""
    email: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    address: str = ""
    """What counts as one client (kit/net.py: limit_key), or "" when it came from no network address."""
    by_mail: TicketByMail | None = None
    greeting: str = ""
    """What the site greeted them with, and they answer."""
    carries: dict[str, Any] | None = None
    """As in WriteMessage."""

    @property
    def customer_id(self) -> int:
        return self.actor.id


class StartByAgent(NamedTuple):
    """An agent begins a chat with a visitor of the site, who has none open."""

    actor: Staff
    client_id: str
    site_id: int
    customer_id: int
    text: str


class NotePage(NamedTuple):
    """The customer has opened a page while chatting (VISITOR-2)."""

    conversation_id: int
    actor: Customer
    client_id: str
    url: str
    title: str


class WriteMessage(NamedTuple):
    """`quote`: the number of a message of this conversation that this one answers (CHAT-12)."""

    conversation_id: int
    actor: Customer | Staff
    client_id: str
    text: str
    html: str | None = None
    files: tuple[str, ...] = ()
    quote: int | None = None
    address: str = ""
    """Of a customer, as in StartChat."""
    carries: dict[str, Any] | None = None
    """What its channel adds for staff: `mail`, `shared` (a place, contacts, a kind we do not know), `coming` (media)."""


class CloseConversation(NamedTuple):
    conversation_id: int
    actor: Actor
    client_id: str | None
    reason: str = "by hand"
    sentiment: str | None = None
    tag: int | None = None
    note: str = ""


class OpenChat(NamedTuple):
    """Its owner looks at a new chat for the first time (LIST-2)."""

    conversation_id: int
    actor: Staff
    client_id: str | None = None


class ChangeDepartment(NamedTuple):
    """A change of label, not of owner (CHAT-9)."""

    conversation_id: int
    actor: Staff
    client_id: str
    department_id: int | None


class ChangeLabels(NamedTuple):
    conversation_id: int
    actor: Staff
    client_id: str
    add: tuple[int, ...]
    remove: tuple[int, ...]


class AcceptTicket(NamedTuple):
    """TICKET-3: the first writer wins."""

    conversation_id: int
    actor: Staff
    client_id: str


class ChangeTicket(NamedTuple):
    """TICKET-10: all three as they are to be from now on."""

    conversation_id: int
    actor: Staff
    client_id: str
    subject: str
    priority: str
    due_at: datetime | None


class FlagChat(NamedTuple):
    """LIFE-5: to follow up; the two timeouts leave it alone."""

    conversation_id: int
    actor: Staff
    client_id: str
    on: bool


class SetPending(NamedTuple):
    """LIFE-8: wait for the customer, or no longer."""

    conversation_id: int
    actor: Staff
    client_id: str
    on: bool


class OfferTransfer(NamedTuple):
    """LIFE-14: to an agent or to a department; it stays with its owner until somebody accepts."""

    conversation_id: int
    actor: Staff
    client_id: str
    agent_id: int | None
    department_id: int | None
    note: str = ""


class AnswerTransfer(NamedTuple):
    conversation_id: int
    actor: Staff
    client_id: str
    accept: bool


class CancelTransfer(NamedTuple):
    conversation_id: int
    actor: Staff
    client_id: str


class AnswerOffer(NamedTuple):
    """A chat rings at this agent (LIFE-2)."""

    conversation_id: int
    actor: Staff
    client_id: str
    accept: bool


class AssignTo(NamedTuple):
    """A supervisor gives a chat or a ticket to somebody at once (LIFE-15, TICKET-6)."""

    conversation_id: int
    actor: Staff
    client_id: str
    agent_id: int


class AddComment(NamedTuple):
    """TEAM-1. `mentions`: staff who are named and follow the chat from now on."""

    conversation_id: int
    actor: Staff
    client_id: str
    text: str
    mentions: tuple[int, ...] = ()


class BlockCustomer(NamedTuple):
    """BLOCK-1; `address`: their last IP address too (BLOCK-2)."""

    conversation_id: int
    actor: Staff
    client_id: str
    reason: str
    address: bool = False


class LiftBlock(NamedTuple):
    """BLOCK-3: what is running against the customer of this conversation ends now."""

    conversation_id: int
    actor: Staff
    client_id: str


class LinkTicket(NamedTuple):
    """TICKET-8. `email` counts only where none is known. `to_customer`: the text is a message to them, else a task."""

    conversation_id: int
    actor: Staff
    client_id: str
    subject: str
    text: str
    department_id: int | None = None
    labels: tuple[int, ...] = ()
    priority: str = "normal"
    email: str = ""
    to_customer: bool = False


class MergeCustomers(NamedTuple):
    """Everything of `customer_id` goes to the customer of this conversation."""

    conversation_id: int
    actor: Staff
    client_id: str
    customer_id: int


class Assign(NamedTuple):
    """Routing gives a waiting chat to an agent (LIFE-2); `why` is for the event. `returns`: to its owner, full or not."""

    conversation_id: int
    agent_id: int
    why: str
    chats: int
    actor: Actor
    client_id: str | None = None
    returns: bool = False


class Ring(NamedTuple):
    """Routing offers a waiting chat to an agent (LIFE-2, distribution `offer`). `returns` as in Assign."""

    conversation_id: int
    agent_id: int
    why: str
    actor: Actor
    client_id: str | None = None
    returns: bool = False


class PassOn(NamedTuple):
    """The agent did not answer in time: another one gets it; without one, supervisors are told (LIFE-6)."""

    conversation_id: int
    agent_id: int | None
    actor: Actor
    client_id: str | None = None


class KeepWaiting(NamedTuple):
    """Routing found every available agent full: the customer is told to wait (LIFE-1)."""

    conversation_id: int
    actor: Actor
    client_id: str | None = None


class TurnIntoTicket(NamedTuple):
    """Nobody is available: the chat becomes a ticket (LIFE-1, TICKET-1)."""

    conversation_id: int
    why: str
    actor: Actor
    client_id: str | None = None


class NoteLetter(NamedTuple):
    """What became of a mail: it went, or (`error`) it was given up or came back.

    `kind`: `reply` or `transcript`; `seq`: the entry it carries, or ends with; 0: unknown.
    """

    conversation_id: int
    recipient: str
    error: str | None
    actor: Actor
    client_id: str
    kind: str = "reply"
    seq: int = 0


class SendTranscript(NamedTuple):
    """By e-mail, of all that was said (VISITOR-9). `email`: an address the customer typed, or ""."""

    conversation_id: int
    actor: Customer | Staff
    client_id: str
    email: str = ""


class Rate(NamedTuple):
    """SUPERVISOR-4. `closing`: the entry of the closing it is about; None: the last one."""

    conversation_id: int
    actor: Customer
    client_id: str
    closing: int | None
    score: int
    comment: str = ""


class NoteMail(NamedTuple):
    """A mail about this conversation that is no message in it: an automatic answer, or one from another address."""

    conversation_id: int
    automatic: bool
    sender: str
    values: tuple[tuple[str, str], ...]
    actor: Actor
    client_id: str


class TimeIsUp(NamedTuple):
    """The clock says that this time of `timers.py` has run out. Looked at again before anything happens (LIFE-18)."""

    conversation_id: int
    timer: str
    actor: Actor
    client_id: str | None = None


Beginning = StartChat | StartByAgent
"""What makes a conversation, or joins one."""

Command = (
    StartChat
    | StartByAgent
    | NotePage
    | WriteMessage
    | SendTemplate
    | SendAgain
    | NoteDispatch
    | Amend
    | NoteContact
    | CloseConversation
    | OpenChat
    | ChangeDepartment
    | ChangeLabels
    | AcceptTicket
    | ChangeTicket
    | FlagChat
    | SetPending
    | OfferTransfer
    | AnswerTransfer
    | CancelTransfer
    | AnswerOffer
    | AssignTo
    | AddComment
    | BlockCustomer
    | LiftBlock
    | LinkTicket
    | MergeCustomers
    | Assign
    | Ring
    | PassOn
    | KeepWaiting
    | TurnIntoTicket
    | TimeIsUp
    | NoteLetter
    | NoteMail
    | SendTranscript
    | Rate
)
