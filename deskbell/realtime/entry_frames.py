"""One line of a thread as it goes over the wire; a part of the frames (docs/protocol.md)."""

from msgspec import UNSET, Struct, UnsetType

from .presence_frames import Page


class File(Struct, omit_defaults=True):
    id: str
    name: str
    size: int
    type: str
    width: int | UnsetType = UNSET
    height: int | UnsetType = UNSET
    preview: bool = False


class Quote(Struct, omit_defaults=True):
    """The message that another one quotes: its number and how it begins (CHAT-12)."""

    seq: int
    by: str
    name: str
    text: str


class Delivery(Struct, omit_defaults=True):
    """How it stands with a message that went out over a channel. `state`: waiting, sending, unknown, sent, delivered,
    read or failed; `code`: the channel's own; `error`: for people."""

    state: str
    at: int
    code: int = 0
    error: str = ""


class Entry(Struct, omit_defaults=True):
    seq: int
    kind: str
    by: str
    at: int
    prev: int | UnsetType = UNSET
    by_id: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    html: str | UnsetType = UNSET
    files: list[File] | UnsetType = UNSET
    quote: Quote | UnsetType = UNSET
    mentions: list[int] | UnsetType = UNSET
    event: dict[str, object] | UnsetType = UNSET
    mail: dict[str, object] | UnsetType = UNSET
    page: Page | UnsetType = UNSET
    via: str | UnsetType = UNSET
    delivery: Delivery | UnsetType = UNSET
    template: dict[str, object] | UnsetType = UNSET
    shared: dict[str, object] | UnsetType = UNSET
    coming: list[dict[str, object]] | UnsetType = UNSET
    id: str | UnsetType = UNSET
    read_at: int | UnsetType = UNSET
