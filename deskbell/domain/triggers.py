"""Greetings that a site shows by itself, with limits so that nobody is pestered."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

ONCE_IN = timedelta(hours=24)
MOST = 10


class Trigger(NamedTuple):
    """`page`: words the address must contain ("": any page). `seconds` on that page. `visits`: from this visit on."""

    id: str
    page: str
    seconds: int
    visits: int
    text: str


def pick(triggers: Iterable[Trigger], url: str, visits: int) -> Trigger | None:
    """The one that fits this page and visitor; of several the one that comes soonest, then the first."""
    address = url.casefold()
    fitting = [t for t in triggers if t.page.casefold() in address and visits >= t.visits]
    return min(fitting, key=lambda trigger: trigger.seconds, default=None)


def may_greet(
    *, greeted_at: datetime | None, dismissed_at: datetime | None, chatting: bool, now: datetime
) -> bool:
    """Once a day, never again after one was put away, and not while a chat is open."""
    if chatting or dismissed_at is not None:
        return False
    return greeted_at is None or now - greeted_at >= ONCE_IN
