"""A conversation and the numbered entries of its thread, as plain values."""

from datetime import datetime
from typing import Any, NamedTuple

from .standing import Standing

OPEN_CHAT = frozenset({"queued", "offered", "live", "pending"})
OWNED = frozenset({"live", "pending", "assigned"})
PREVIEW_LENGTH = 140


class Conversation(NamedTuple):
    """One row of the table, in the order in which the store reads it. Times are aware.

    First what seldom changes, then what every message changes, last the marks (which the store writes apart).
    """

    id: int
    kind: str
    state: str
    channel: str
    site_id: int | None
    customer_id: int
    start_id: str | None
    department_id: int | None
    owner_id: int | None
    labels: tuple[int, ...]
    created_at: datetime
    state_at: datetime
    queued_at: datetime | None = None
    queue_told: bool = False
    assigned_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_by_id: int | None = None
    close_reason: str | None = None
    flagged_at: datetime | None = None
    offered_to: int | None = None
    offered_at: datetime | None = None
    declined: tuple[int, ...] = ()
    transfer_by: int | None = None
    transfer_to: int | None = None
    transfer_department: int | None = None
    transfer_at: datetime | None = None
    transfer_note: str = ""
    stuck_at: datetime | None = None
    sentiment: str | None = None
    closing_tag_id: int | None = None
    close_note: str = ""
    comments: int = 0
    mentioned: tuple[int, ...] = ()
    converted: bool = False
    ticket_at: datetime | None = None
    linked_to: int | None = None
    subject: str = ""
    priority: str = "normal"
    due_at: datetime | None = None
    opened_at: datetime | None = None
    last_seq: int = 0
    last_public_seq: int = 0
    last_customer_seq: int = 0
    last_agent_seq: int = 0
    last_customer_at: datetime | None = None
    last_agent_at: datetime | None = None
    waiting_since: datetime | None = None
    customer_messages: int = 0
    agent_messages: int = 0
    preview: str = ""
    preview_by: str = ""
    customer_delivered: int = 0
    customer_read: int = 0
    agent_delivered: int = 0
    agent_read: int = 0

    @property
    def is_open_chat(self) -> bool:
        return self.kind == "chat" and self.state in OPEN_CHAT

    @property
    def is_open_ticket(self) -> bool:
        return self.kind == "ticket" and self.state in ("unassigned", "assigned")

    @property
    def in_transfer(self) -> bool:
        return self.transfer_at is not None

    @property
    def is_linked_ticket(self) -> bool:
        """Made on purpose from the chat `linked_to` (TICKET-8); its customer's widget stays in that chat."""
        return self.kind == "ticket" and not self.converted and self.linked_to is not None

    @property
    def is_new(self) -> bool:
        """Green in its owner's list: not opened since it was given (LIST-2)."""
        return self.state == "live" and self.opened_at is None


class Entry(NamedTuple):
    """One numbered line of a thread. `data` holds files and quote of a message, or the name and values of an event."""

    conversation_id: int
    seq: int
    kind: str
    public: bool
    prev_public: int
    author: str
    author_id: int
    client_id: str | None
    text: str
    html: str | None
    data: dict[str, Any] | None
    at: datetime


class Notification(NamedTuple):
    """Something to tell one member of staff (TEAM-6). `data` never holds the text of a comment."""

    staff_id: int
    kind: str
    conversation_id: int
    data: dict[str, Any]


class Letter(NamedTuple):
    """A reply that goes by e-mail: the entry with its text, and to which address.

    `unless_read`: the customer gets a little time to read it in the widget, and then no mail (TICKET-9).
    """

    conversation_id: int
    seq: int
    recipient: str
    unless_read: bool = False


class Dispatch(NamedTuple):
    """An entry that goes out over a channel. `content`: what to send instead of its text and files (a template)."""

    conversation_id: int
    seq: int
    channel: str
    customer_id: int
    content: dict[str, Any] | None = None
    again: bool = False


class Transcript(NamedTuple):
    """A transcript up to entry `seq` that goes by e-mail (LIFE-13).

    `asked`: `close`, `customer` or `agent`. `recipient`: "" is the customer's own address, if there is one.
    """

    conversation_id: int
    seq: int
    asked: str
    recipient: str = ""


class Survey(NamedTuple):
    """The customer is asked how it was, once for the closing at entry `seq` (SUPERVISOR-4). `kind`: `csat` or `nps`."""

    conversation_id: int
    seq: int
    kind: str


class Rating(NamedTuple):
    """What the customer answered for the closing at entry `seq`."""

    conversation_id: int
    seq: int
    score: int
    comment: str


class Change(NamedTuple):
    """What a command does: the new conversation and the new entries. Nothing has happened yet.

    `answer` is the entry that answers the command; None when it leaves no entry. `route`: routing must look again.
    `others`: further conversations that change in the same commit. `moved_files`: (file, conversation it
    belongs to now).
    `standing`: what changes about the customer. `opted_out`: the customer's wish from now on, None when it stays as it was.
    """

    conversation: Conversation
    entries: tuple[Entry, ...]
    answer: Entry | None = None
    route: bool = False
    files: tuple[str, ...] = ()
    others: tuple[Conversation, ...] = ()
    moved_files: tuple[tuple[str, int], ...] = ()
    notifications: tuple[Notification, ...] = ()
    letters: tuple[Letter, ...] = ()
    dispatches: tuple[Dispatch, ...] = ()
    transcripts: tuple[Transcript, ...] = ()
    surveys: tuple[Survey, ...] = ()
    rating: Rating | None = None
    opted_out: bool | None = None
    standing: Standing | None = None


def next_entry(
    conversation: Conversation,
    now: datetime,
    *,
    kind: str,
    public: bool,
    author: str,
    author_id: int,
    client_id: str | None = None,
    text: str = "",
    html: str | None = None,
    data: dict[str, Any] | None = None,
) -> Entry:
    """A new entry with the next number of the thread. `advance` makes the conversation count it."""
    return Entry(
        conversation.id,
        conversation.last_seq + 1,
        kind,
        public,
        conversation.last_public_seq,
        author,
        author_id,
        client_id,
        text,
        html,
        data,
        now,
    )


def advance(conversation: Conversation, entry: Entry, **changes: Any) -> Conversation:
    """The conversation with this entry counted, and with `changes`; one copy for all (this is the hot path)."""
    if entry.public:
        changes["last_public_seq"] = entry.seq
    return conversation._replace(last_seq=entry.seq, **changes)


def preview_of(text: str, files: int) -> str:
    """One line for the list card."""
    line = " ".join(text[: PREVIEW_LENGTH * 2].split())
    if not line and files:
        return "1 file" if files == 1 else f"{files} files"
    return line if len(line) <= PREVIEW_LENGTH else line[: PREVIEW_LENGTH - 1] + "…"
