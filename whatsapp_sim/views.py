"""What the control API answers with; the client reads the same types."""

from typing import Any

import msgspec

from whatsapp_sim.journal import Line, decoded
from whatsapp_sim.state import Message, Number, Template, User

Json = dict[str, Any]


class UserView(msgspec.Struct, frozen=True):
    id: str
    name: str
    phone: str
    user_id: str
    username: str
    hidden: bool
    on_whatsapp: bool
    auto_read: bool
    blocked: list[str]

    @classmethod
    def of(cls, one: User) -> "UserView":
        return cls(
            one.id,
            one.name,
            one.phone,
            one.user_id,
            one.username,
            one.hidden,
            one.on_whatsapp,
            one.auto_read,
            sorted(one.blocked),
        )


class NumberView(msgspec.Struct, frozen=True):
    id: str
    account: str
    phone: str
    name: str
    display: str
    throughput: int

    @classmethod
    def of(cls, one: Number) -> "NumberView":
        return cls(one.id, one.account, one.phone, one.name, one.display, one.throughput)


class TemplateView(msgspec.Struct, frozen=True):
    id: str
    account: str
    name: str
    language: str
    status: str

    @classmethod
    def of(cls, one: Template) -> "TemplateView":
        return cls(one.id, one.account, one.name, one.language, one.status)


class MessageView(msgspec.Struct, frozen=True):
    """`shown` is a template as the customer sees it, `context` the message it answers."""

    id: str
    number: str
    user: str
    inbound: bool
    at: float
    type: str
    body: Json
    shown: Json | None
    context: str | None
    state: str
    error: int
    deleted: bool
    edited: bool
    reactions: dict[str, str]

    @classmethod
    def of(cls, one: Message) -> "MessageView":
        return cls(
            one.wamid,
            one.number,
            one.user,
            one.inbound,
            one.at,
            one.type,
            one.body,
            one.shown,
            one.context,
            one.state,
            one.error,
            one.deleted,
            one.edited,
            one.reactions,
        )


class ClockView(msgspec.Struct, frozen=True):
    """Unix seconds."""

    now: float
    running: bool


class ThreadView(msgspec.Struct, frozen=True):
    """What a customer sees of one business. `window_ends`: until when it may write freely."""

    user: UserView
    number: NumberView
    messages: list[MessageView]
    typing: bool
    window_ends: float | None
    clock: ClockView


class AppView(msgspec.Struct, frozen=True):
    id: str
    webhook: str


class Overview(msgspec.Struct, frozen=True):
    simulator: str
    says: str
    seed: int
    clock: ClockView
    numbers: list[NumberView]
    users: list[UserView]
    apps: list[AppView]
    templates: list[TemplateView]
    planned: int


class LineView(msgspec.Struct, frozen=True):
    """A line of the journal; `request` and `answer` are decoded where they are JSON."""

    seq: int
    kind: str
    at: float
    method: str
    path: str
    request: Any
    size: int
    status: int
    answer: Any
    note: str
    attempt: int
    signature: str
    took_ms: float
    about: list[str]

    @classmethod
    def of(cls, one: Line) -> "LineView":
        return cls(
            one.seq,
            one.kind,
            one.at,
            one.method,
            one.path,
            decoded(one.request),
            one.size,
            one.status,
            decoded(one.answer),
            one.note,
            one.attempt,
            one.signature,
            one.took_ms,
            one.about,
        )


class IdleView(msgspec.Struct, frozen=True):
    idle: bool
    planned: int


class FloodView(msgspec.Struct, frozen=True):
    """`failed`: not answered with 200. Times from when a POST was due to its answer."""

    sent: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
