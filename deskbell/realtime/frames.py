"""Frames of the socket protocol, version 1 (docs/protocol.md). Times are milliseconds since the epoch, UTC."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from .entry_frames import Delivery as Delivery
from .entry_frames import Entry as Entry
from .entry_frames import File as File
from .entry_frames import Quote as Quote
from .presence_frames import FollowVisitors

PROTOCOL = 1
MAX_MESSAGE_BYTES = 64 * 1024
MAX_TEXT = 10_000
MAX_FILES = 10
MAX_HAVE = 100
RESUME_LIMIT = 500
MAX_TYPED = 500

ClientId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
ConversationId = Annotated[int, Meta(ge=1, le=2**62)]
Seq = Annotated[int, Meta(ge=0, le=2**31 - 1)]
FileId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Html = Annotated[str, Meta(max_length=4 * MAX_TEXT)]
Files = Annotated[list[FileId], Meta(max_length=MAX_FILES)]
Typed = Annotated[str, Meta(max_length=MAX_TYPED)]
ShortText = Annotated[str, Meta(max_length=200)]
FieldKey = Annotated[str, Meta(min_length=1, max_length=40)]
FieldText = Annotated[str, Meta(max_length=1000)]
TriggerId = Annotated[str, Meta(max_length=16)]
Fields = Annotated[dict[FieldKey, FieldText], Meta(max_length=20)]


class Hello(Struct, tag_field="t", tag="hello", forbid_unknown_fields=True):
    v: int
    token: Annotated[str, Meta(max_length=100)] | None = None
    have: Annotated[dict[str, Seq], Meta(max_length=MAX_HAVE)] = {}


class Send(Struct, tag_field="t", tag="send", forbid_unknown_fields=True):
    id: ClientId
    c: ConversationId
    text: Text = ""
    html: Html | None = None
    files: Files = field(default_factory=list)
    seen: Seq | None = None
    quote: Seq | None = None


class Start(Struct, tag_field="t", tag="start", forbid_unknown_fields=True):
    id: ClientId
    text: Text = ""
    files: Files = field(default_factory=list)
    name: ShortText = ""
    email: ShortText = ""
    department: int | None = None
    fields: Fields = field(default_factory=dict)
    greeting: TriggerId = ""


Sentiment = Literal["negative", "neutral", "positive"]
CloseNote = Annotated[str, Meta(max_length=2_000)]


class Close(Struct, tag_field="t", tag="close", forbid_unknown_fields=True):
    """From staff with what the closing dialog asks (LIFE-12)."""

    id: ClientId
    c: ConversationId
    sentiment: Sentiment | None = None
    tag: int | None = None
    note: CloseNote = ""


class Watch(Struct, tag_field="t", tag="watch", forbid_unknown_fields=True):
    c: ConversationId
    since: Seq | None = None


class Follow(Struct, tag_field="t", tag="follow", forbid_unknown_fields=True):
    all: bool


class Unwatch(Struct, tag_field="t", tag="unwatch", forbid_unknown_fields=True):
    c: ConversationId


class Delivered(Struct, tag_field="t", tag="delivered", forbid_unknown_fields=True):
    c: ConversationId
    seq: Seq


class Read(Struct, tag_field="t", tag="read", forbid_unknown_fields=True):
    c: ConversationId
    seq: Seq


class Typing(Struct, tag_field="t", tag="typing", forbid_unknown_fields=True):
    """`text`: what a visitor is typing, while the preference `typing_preview` is on (CHAT-11)."""

    c: ConversationId
    on: bool
    text: Typed = ""


class Ping(Struct, tag_field="t", tag="ping", forbid_unknown_fields=True):
    pass


class Pong(Struct, tag_field="t", tag="pong", forbid_unknown_fields=True):
    pass


SpokenByStaff = (
    Hello | Send | Close | Watch | Follow | FollowVisitors | Unwatch | Delivered | Read | Typing | Ping | Pong
)
VisitorFrame = Hello | Start | Send | Close | Watch | Delivered | Read | Typing | Ping | Pong


class RowCustomer(Struct, omit_defaults=True):
    id: int
    name: str
    online: bool | UnsetType = UNSET


class Seen(Struct):
    seq: int
    count: int


class RowTransfer(Struct, omit_defaults=True):
    """A transfer under way (LIFE-14): to an agent, or to a department whose first answer wins."""

    by: int
    at: int
    to: int | None = None
    department: int | None = None
    note: str = ""


class Row(Struct, omit_defaults=True):
    """A conversation as a card of a list. `id` is its number."""

    id: int
    kind: str
    state: str
    channel: str
    customer: RowCustomer
    site: int | None
    created_at: int
    state_at: int
    last_seq: int
    last_customer_seq: int
    last_agent_seq: int
    customer_messages: int
    agent_messages: int
    preview: str
    preview_by: str
    delivered: int
    read: int
    department: int | None = None
    owner: int | None = None
    labels: list[int] = field(default_factory=list)
    last_customer_at: int | None = None
    last_agent_at: int | None = None
    waiting_since: int | None = None
    closed_at: int | None = None
    closed_by: str | None = None
    closed_by_id: int | None = None
    close_reason: str | None = None
    sentiment: str | None = None
    closing_tag: int | None = None
    flagged_at: int | None = None
    offered_to: int | None = None
    offered_at: int | None = None
    transfer: RowTransfer | None = None
    comments: int = 0
    mentioned: list[int] = field(default_factory=list)
    linked_to: int | None = None
    subject: str = ""
    priority: str = "normal"
    due_at: int | None = None
    new: bool = False
    seen: Seen | UnsetType = UNSET
    gone: bool | UnsetType = UNSET


class SideMarks(Struct):
    delivered: int
    read: int


class BothMarks(Struct):
    customer: SideMarks
    agent: SideMarks


class QueuePlace(Struct):
    position: int
    wait: int | None


class VisitorAgent(Struct):
    name: str


class VisitorView(Struct, omit_defaults=True):
    """A conversation as its customer sees it."""

    c: int
    kind: str
    state: str
    last_seq: int
    unread: int
    delivered: int
    read: int
    agent: VisitorAgent | None = None
    department: int | None = None
    queue: QueuePlace | None = None
    closed_at: int | None = None
    merged_into: int | None = None


class Ready(Struct, tag_field="t", tag="ready", omit_defaults=True):
    """`typing_preview`: what this visitor types is shown to the team at once (CHAT-11)."""

    v: int
    conn: str
    node: str
    now: int
    heartbeat: int
    c: int | UnsetType = UNSET
    typing_preview: bool = False


class EntryFrame(Struct, tag_field="t", tag="entry", omit_defaults=True):
    c: int
    e: Entry
    s: Row | UnsetType = UNSET
    view: VisitorView | UnsetType = UNSET


class Resumed(Struct, tag_field="t", tag="resumed", omit_defaults=True):
    c: int
    entries: list[Entry]
    marks: BothMarks
    s: Row | UnsetType = UNSET
    view: VisitorView | UnsetType = UNSET


class Gap(Struct, tag_field="t", tag="gap"):
    c: int
    have: int
    head: int


class Ack(Struct, tag_field="t", tag="ack", omit_defaults=True):
    id: str
    c: int
    seq: int
    at: int
    dup: bool = False


class Nack(Struct, tag_field="t", tag="nack", omit_defaults=True):
    id: str
    code: str
    text: str
    retry: int | UnsetType = UNSET


class RowFrame(Struct, tag_field="t", tag="row"):
    s: Row


class MarksFrame(Struct, tag_field="t", tag="marks"):
    c: int
    by: str
    delivered: int
    read: int
    at: int


class DeliveryFrame(Struct, tag_field="t", tag="delivery"):
    """To staff: message `seq`, which went out over a channel, stands so now."""

    c: int
    seq: int
    d: Delivery


class SeenFrame(Struct, tag_field="t", tag="seen"):
    c: int
    seq: int
    count: int


class TypingFrame(Struct, tag_field="t", tag="typing", omit_defaults=True):
    c: int
    by: str
    on: bool
    name: str | UnsetType = UNSET
    text: str | UnsetType = UNSET


class QueueFrame(Struct, tag_field="t", tag="queue"):
    c: int
    position: int
    wait: int | None


class AvailabilityFrame(Struct, tag_field="t", tag="availability"):
    available: bool


class Notice(Struct, omit_defaults=True):
    """A notification under one person's bell (TEAM-6). `customer`: whose conversation `c` is; `at` in milliseconds."""

    id: int
    kind: str
    c: int
    customer: str
    data: dict[str, object]
    at: int
    read: bool = False


class NoticeFrame(Struct, tag_field="t", tag="notice"):
    n: Notice


class NoticesReadFrame(Struct, tag_field="t", tag="notices_read"):
    """These were unread until now; each is named once."""

    ids: list[int]


class ChangedFrame(Struct, tag_field="t", tag="changed"):
    what: list[str]


class PongFrame(Struct, tag_field="t", tag="pong"):
    pass


class PingFrame(Struct, tag_field="t", tag="ping"):
    pass


class ErrorFrame(Struct, tag_field="t", tag="error", omit_defaults=True):
    code: str
    text: str
    c: int | UnsetType = UNSET


class Bye(Struct, tag_field="t", tag="bye"):
    code: int
    text: str
    after: int


encode = msgspec.json.Encoder().encode
decode_visitor = msgspec.json.Decoder(VisitorFrame).decode
