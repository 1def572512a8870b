"""What a channel is to the rest of the desk: one folder, one registration in the wiring; nothing else names it (CHANNEL-1).

`WayIn` is any way in that runs by itself (the mailbox). A `Channel` is somebody else's messaging service: what it sends us
comes by webhook into one ledger (`arrival`), and what we send goes from one outbox (`dispatch`); both are worked on by
the same jobs for every channel.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from deskbell.domain.channels import ChannelRules, Template


class WayIn(Protocol):
    """Takes in what comes from outside and brings it to the desk as ordinary commands."""

    async def run(self) -> None:
        """Until cancelled, on every node; it sees to it itself that one at a time reads."""


class Account(NamedTuple):
    """One of our addresses at a service. `secrets` are unsealed: never to be logged, shown or stored."""

    id: int
    external_id: str
    name: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]


class Person(NamedTuple):
    """Somebody as the service names them. `user_id` stays; `phone` (digits without +) may be unknown or change."""

    user_id: str
    phone: str | None = None
    name: str = ""
    username: str = ""


class Media(NamedTuple):
    """A file that came with a message and is still at the service. `kind`: image, video, audio, voice, document, sticker.
    `sha256`: in hex, or "" when the service does not say."""

    id: str
    kind: str
    type: str
    name: str = ""
    sha256: str = ""


class Said(NamedTuple):
    """A message. `text` may be empty with media. `shared`: a place, contacts, a kind we do not know. `answers`: the id of
    the message it quotes."""

    id: str
    person: Person
    at: datetime
    text: str
    media: tuple[Media, ...] = ()
    shared: Mapping[str, Any] | None = None
    answers: str | None = None


class Amended(NamedTuple):
    """Something became of message `about`: `reacted` (text: the emoji, "" takes it back), `edited` (text), `withdrawn`."""

    id: str
    person: Person
    at: datetime
    about: str
    what: Literal["reacted", "edited", "withdrawn"]
    text: str = ""


class Status(NamedTuple):
    """What the service says of a message of ours. `attempt`: our own mark on it, when it comes back."""

    id: str
    state: Literal["sent", "delivered", "read", "failed"]
    at: datetime
    attempt: str = ""
    code: int = 0
    error: str = ""


class Renamed(NamedTuple):
    """A person has another id or number from now on."""

    before: Person
    after: Person
    at: datetime


class AccountNews(NamedTuple):
    """Something about the account itself: `what` is the service's own word (a template's state, quality, a ban)."""

    what: str
    values: Mapping[str, Any]
    at: datetime


Arrived = Said | Amended | Status | Renamed | AccountNews


class Notified(NamedTuple):
    """One thing out of a webhook, for the ledger. `key` is the same for every repetition; `sender`: who is kept in order."""

    account: str
    key: str
    sender: str
    payload: Mapping[str, Any]


class OutFile(NamedTuple):
    id: str
    name: str
    type: str
    size: int


class Outgoing(NamedTuple):
    """An entry to be sent. `content`: a template's, instead of text and files."""

    text: str
    html: str | None
    files: tuple[OutFile, ...]
    answers: str | None = None
    """The service's id of the message it quotes."""
    content: Mapping[str, Any] | None = None


class Sent(NamedTuple):
    id: str


class SendError(Exception):
    """`retry`: in so many seconds it may work; `ambiguous`: it may have been taken; `account`: nothing goes from here now;
    `window`: only templates go; else it will never go. The text is for people, `code` is the service's."""

    def __init__(
        self,
        text: str,
        *,
        code: int = 0,
        retry: float | None = None,
        ambiguous: bool = False,
        account: bool = False,
        window: bool = False,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.retry = retry
        self.ambiguous = ambiguous
        self.account = account
        self.window = window


class Variable(NamedTuple):
    """A place to be filled in. `label` may be empty: then the key says it."""

    key: str
    example: str
    label: str


class TemplateButton(NamedTuple):
    kind: str
    text: str
    url: str | None


class TemplateForm(NamedTuple):
    """`header`: text, image, video, document, location, or "" for none."""

    header: str
    header_text: str
    body: str
    footer: str | None
    buttons: tuple[TemplateButton, ...]
    variables: tuple[Variable, ...]


class Filled(NamedTuple):
    """What the customer will read, how the thread draws it, and what is sent."""

    text: str
    shown: dict[str, Any]
    content: dict[str, Any]


@runtime_checkable
class Templated(Protocol):
    """A channel whose rules say `templates`."""

    async def templates(self, account: Account) -> Sequence[Template]:
        """All that the account has, whatever their state. Raises SendError."""

    def form(self, template: Template) -> TemplateForm | None:
        """What is to be filled in; None: it is not for people to send."""

    def fill(
        self,
        template: Template,
        values: Mapping[str, str],
        file: OutFile | None,
        view: Mapping[str, Any] | None,
    ) -> Filled:
        """`view`: the file as messages show it. Raises ValueError with a sentence for the person."""


class Channel(Protocol):
    """A messaging service. It has no tables and never sees the desk; files are read and written for it."""

    name: str
    rules: ChannelRules

    def challenge(self, query: Mapping[str, str], accounts: Sequence[Account]) -> str | None:
        """What to answer when the service verifies our webhook address; None: it is not ours to answer."""

    def authentic(self, body: bytes, headers: Mapping[str, str], account: Account) -> bool:
        """Whether this body was signed with the account's secret. In constant time, over the bytes as they came."""

    def names(self, account: Account) -> Sequence[str]:
        """What a webhook may call this account: its id, and the ids of what it belongs to."""

    def notified(self, body: bytes) -> Sequence[Notified]:
        """What a webhook tells, each for the account it names. Raises ValueError when it is no such thing at all."""

    def arrived(self, payload: Mapping[str, Any]) -> Sequence[Arrived]:
        """What one thing of the ledger means. What it does not know comes as `Said` with `shared`; it never raises for
        unknown kinds or fields."""

    def fetch(self, account: Account, file: Media) -> AsyncIterator[bytes]:
        """The bytes of a file that came. Raises SendError."""

    def parts(self, outgoing: Outgoing) -> Sequence[Mapping[str, Any]]:
        """The messages it becomes, in order, always the same ones. A part that carries a file has it as `file`: {"id",
        "name", "type", "size"}; its bytes come with `send`."""

    async def send(
        self, account: Account, to: Person, part: Mapping[str, Any], attempt: str, file: bytes | None
    ) -> Sent:
        """Hand one part over. Raises SendError."""

    def trouble(self, code: int) -> str | None:
        """When a message failed later with this code: why nothing goes from the account now, for people; None: it was
        about that message alone."""

    async def seen(self, account: Account, message_id: str, *, typing: bool) -> None:
        """Show the customer that their message was read, or that somebody is typing.

        Raises SendError; nothing depends on it.
        """

    async def check(self, account: Account) -> Mapping[str, Any]:
        """Whether the account works: what the service says of it (display_phone, verified_name, quality, throughput,
        limit). Raises SendError."""

    async def close(self) -> None:
        """The node stops."""
