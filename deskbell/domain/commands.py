"""What people, channels and the clock ask of a conversation. Texts are cleaned and within their limits already."""

from typing import NamedTuple

from .people import Actor, Customer, Staff


class StartChat(NamedTuple):
    """A customer begins (LIFE-1). With a chat already open, the message joins that one."""

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


class WriteMessage(NamedTuple):
    conversation_id: int
    actor: Customer | Staff
    client_id: str
    text: str
    html: str | None = None
    files: tuple[str, ...] = ()


class CloseConversation(NamedTuple):
    conversation_id: int
    actor: Actor
    client_id: str | None
    reason: str = "by hand"


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


class Assign(NamedTuple):
    """Routing gives a waiting chat to an agent (LIFE-2); `why` is for the event."""

    conversation_id: int
    agent_id: int
    why: str
    chats: int
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


Command = (
    StartChat
    | WriteMessage
    | CloseConversation
    | OpenChat
    | ChangeDepartment
    | ChangeLabels
    | AcceptTicket
    | Assign
    | KeepWaiting
    | TurnIntoTicket
)
