"""What the simulated WhatsApp knows, as plain values: accounts, numbers, customers, messages, media, templates."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from whatsapp_sim.limits import Bucket

Json = dict[str, Any]
MOST_MESSAGES = 5_000
"""Kept per thread; older ones are forgotten."""
MOST_STRANGERS = 1_000
WINDOW_S = 24 * 3600


@dataclass(slots=True)
class App:
    """Who gets the webhooks."""

    id: str
    secret: str
    verify_token: str
    webhook: str = ""


@dataclass(slots=True)
class Token:
    """A bearer token: whose it is, which business accounts it opens, and until when."""

    text: str
    app_id: str
    accounts: set[str]
    expires: float | None = None


@dataclass(slots=True)
class Account:
    """A WhatsApp Business Account; `subscribed` are the applications that hear of it."""

    id: str
    name: str
    subscribed: set[str] = field(default_factory=set)
    created: deque[float] = field(default_factory=lambda: deque(maxlen=100))
    """When templates were made, for the limit of 100 an hour."""


@dataclass(slots=True)
class Number:
    """A phone number of a business. `phone` is digits; `throughput` messages a second."""

    id: str
    account: str
    phone: str
    display: str
    name: str
    country: str
    throughput: int = 80
    quality: str = "GREEN"
    limit: str = "TIER_1K"
    allowed: set[str] | None = None
    """A test number writes to these phones only (131030)."""
    bucket: Bucket = field(default_factory=lambda: Bucket(80, 80))


@dataclass(slots=True)
class User:
    """A customer with a phone. `phone` is digits, `user_id` the BSUID."""

    id: str
    name: str
    phone: str
    user_id: str
    username: str = ""
    hidden: bool = False
    """Businesses are not told the phone number."""
    dialled: str = ""
    """What people dial to reach this phone, where that is something else (Brazil, Mexico)."""
    on_whatsapp: bool = True
    auto_read: bool = False
    no_marketing: bool = False
    blocked: set[str] = field(default_factory=set)
    """Ids of numbers this customer has blocked."""


@dataclass(slots=True)
class Message:
    """One message of a thread. `body` is what stands under its type; `state` as statuses have it."""

    wamid: str
    number: str
    user: str
    inbound: bool
    at: float
    type: str
    body: Json
    context: str | None = None
    state: str = "accepted"
    error: int = 0
    opaque: str | None = None
    version: str = ""
    shown: Json | None = None
    """A template as the customer sees it."""
    category: str = "service"
    deleted: bool = False
    edited: bool = False
    reactions: dict[str, str] = field(default_factory=dict)
    """Emoji by `business` or `customer`."""
    mute: bool = False
    """Its statuses are not told."""


@dataclass(slots=True)
class Thread:
    """What one customer and one number have written."""

    number: str
    user: str
    messages: deque[Message] = field(default_factory=deque)
    heard: float | None = None
    """When the customer wrote last: the window of 24 h is counted from here."""
    typing_until: float = 0.0
    bucket: Bucket = field(default_factory=lambda: Bucket(45, 1 / 6))
    calls: int = 0
    told: int = 0

    def open(self, now: float) -> bool:
        """Whether free text may be written."""
        return self.heard is not None and now - self.heard < WINDOW_S


@dataclass(slots=True)
class Media:
    id: str
    number: str
    content: bytes
    mime: str
    sha256: bytes
    at: float
    keep_s: float
    filename: str = ""


@dataclass(slots=True)
class Template:
    id: str
    account: str
    name: str
    language: str
    category: str
    components: list[Json]
    status: str = "APPROVED"
    parameter_format: str = "POSITIONAL"
    reason: str = "NONE"
    quality: str = "UNKNOWN"
    sent: int = 0
    edits: deque[float] = field(default_factory=lambda: deque(maxlen=10))


class World:
    """All of it, with ways to find things. Nothing here knows of HTTP."""

    def __init__(self) -> None:
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.accounts: dict[str, Account] = {}
        self.numbers: dict[str, Number] = {}
        self.users: dict[str, User] = {}
        self.threads: dict[tuple[str, str], Thread] = {}
        self.messages: dict[str, Message] = {}
        self.media: dict[str, Media] = {}
        self.templates: dict[str, Template] = {}
        self._strangers: deque[str] = deque()

    def stranger(self, phone: str) -> User:
        """A phone without WhatsApp that somebody wrote to; the oldest beyond `MOST_STRANGERS` are forgotten."""
        user = User(f"+{phone}", "", phone, "", on_whatsapp=False)
        self.users[user.id] = user
        self._strangers.append(user.id)
        if len(self._strangers) > MOST_STRANGERS:
            self.forget(self._strangers.popleft())
        return user

    def forget(self, user: str) -> None:
        """As if they had never been."""
        self.users.pop(user, None)
        for key in [key for key in self.threads if key[1] == user]:
            for message in self.threads.pop(key).messages:
                self.messages.pop(message.wamid, None)

    def thread(self, number: str, user: str) -> Thread:
        key = (number, user)
        if key not in self.threads:
            self.threads[key] = Thread(number, user)
        return self.threads[key]

    def keep(self, message: Message) -> None:
        """Put a message into its thread and forget the oldest beyond `MOST_MESSAGES`."""
        messages = self.thread(message.number, message.user).messages
        messages.append(message)
        self.messages[message.wamid] = message
        if len(messages) > MOST_MESSAGES:
            self.messages.pop(messages.popleft().wamid, None)

    def by_phone(self, phone: str) -> User | None:
        return next((user for user in self.users.values() if phone in (user.phone, user.dialled)), None)

    def by_user_id(self, user_id: str) -> User | None:
        return next((user for user in self.users.values() if user.user_id == user_id), None)

    def template(self, account: str, name: str, language: str) -> Template | None:
        return next(
            (
                one
                for one in self.templates.values()
                if (one.account, one.name, one.language) == (account, name, language)
                and one.status != "DELETED"
            ),
            None,
        )
