"""What people and channels ask about messages that go over somebody else's service: commands, as in `commands.py`."""

from typing import Any, NamedTuple

from .people import Actor, Staff


class SendTemplate(NamedTuple):
    """CHANNEL-2. `text`: what the customer will read, filled in. `shown`: how the thread draws it. `content`: what the
    channel sends."""

    conversation_id: int
    actor: Staff
    client_id: str
    text: str
    shown: dict[str, Any]
    content: dict[str, Any]
    files: tuple[str, ...] = ()
    """Of its header."""


class SendAgain(NamedTuple):
    """A message that failed, or whose fate is unknown."""

    conversation_id: int
    actor: Staff
    client_id: str
    seq: int


class NoteDispatch(NamedTuple):
    """What a channel said of message `seq`: it failed for good (`final`), or nobody knows whether it went."""

    conversation_id: int
    seq: int
    final: bool
    why: str
    actor: Actor
    client_id: str


class Amend(NamedTuple):
    """What became of message `seq` after it was written. `what`: `reacted` (values: emoji, "" takes it back; by),
    `edited` (text), `withdrawn`, `attached` (with files), `not_attached` (file, why)."""

    conversation_id: int
    actor: Actor
    client_id: str
    seq: int
    what: str
    values: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()


class NoteContact(NamedTuple):
    """The channel says that its customer has another number or name there from now on. `other`: the customer who wrote
    from that one before we were told; 0: nobody."""

    conversation_id: int
    actor: Actor
    client_id: str
    before: str
    after: str
    other: int = 0
