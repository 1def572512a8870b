"""Whether somebody can answer a new customer now, and when the desk opens again (VISITOR-8, TICKET-1)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from .hours import Hours, is_open, next_opening


class Way(NamedTuple):
    """Where a chat may go: the hours that count there, and whether one of its agents is available."""

    hours: Hours | None
    available: bool


class Answering(NamedTuple):
    """`why` not: out of `hours` everywhere, or `nobody` available where it is in hours."""

    open: bool
    why: Literal["hours", "nobody"] | None = None
    opens_at: datetime | None = None


def answering(ways: Iterable[Way], now: datetime) -> Answering:
    """One way that is in hours and has an available agent is enough. `opens_at` is the earliest of all ways."""
    in_hours = False
    openings = []
    for way in ways:
        if not is_open(way.hours, now):
            openings.append(next_opening(way.hours, now))
        elif way.available:
            return Answering(open=True)
        else:
            in_hours = True
    if in_hours:
        return Answering(False, "nobody")
    return Answering(False, "hours", min((at for at in openings if at is not None), default=None))
