"""What the handlers are given, and what they tell the rest of the desk."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from deskbell.api.limits import Limits
from deskbell.channels.base import Channel
from deskbell.kit.clock import Clock
from deskbell.kit.files import FileStore
from deskbell.kit.seal import Seal
from deskbell.kit.tokens import Passwords
from deskbell.realtime.frames import VisitorView
from deskbell.settings import Settings
from deskbell.store.types import Pool


class Signals(Protocol):
    """What the live side of the desk must hear of, on every node, after it was committed."""

    async def session_ended(self, session_ids: Iterable[int]) -> None:
        """Close their sockets within a second (PEOPLE-3)."""

    async def staff_changed(self) -> None:
        """Names, roles, rights, maximums or departments of staff are others now."""

    async def availability_changed(self, staff_id: int, available: bool) -> None:
        """A switch was turned (PEOPLE-4): tell the person's devices, the team and the routing."""

    def settings_changed(self, staff_id: int) -> None:
        """Somebody's own settings are others now: tell their devices."""

    async def visitor_left(self, customer_id: int) -> None:
        """Somebody signed out on a site: their open sockets close, and come back only with a token that counts."""

    async def changed(self, what: str) -> None:
        """One of the words of the `changed` frame: lists to be fetched again."""


class Views(Protocol):
    """What a visitor sees of a conversation; made by those who know conversations."""

    async def visitor_view(self, customer_id: int) -> VisitorView | None:
        """The conversation to show this customer, or None if there is none."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Everything the handlers around the core work with; made once by the wiring."""

    pool: Pool
    settings: Settings
    clock: Clock
    signals: Signals
    views: Views
    files: FileStore
    secret: bytes
    passwords: Passwords
    limits: Limits
    seal: Seal
    channels: Mapping[str, Channel] = field(default_factory=dict)
    """Messaging services that are set up, by name."""
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(channel, what was done) of what webhooks told this node since it started."""
    demo: bool = False


Here = NamedDependency[SkipValidation[Edge]]
"""How a handler asks for it: `edge: Here`."""
