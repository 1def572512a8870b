"""What runs out by itself, and when: always from stored start times with the present preferences (LIFE-18)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from .conversation import Conversation
from .preferences import Preferences

ARCHIVE_AFTER = timedelta(days=90)  # TICKET-5, fixed


def _answer(c: Conversation, preferences: Preferences) -> datetime | None:
    """LIFE-6. Whoever got the chat while the customer waited has the whole time."""
    if c.state != "live" or c.flagged_at is not None or c.waiting_since is None:
        return None
    return max(c.waiting_since, c.state_at) + timedelta(minutes=preferences.agent_timeout_minutes)


def _inactivity(c: Conversation, preferences: Preferences) -> datetime | None:
    """LIFE-7: silence after the agent's last message."""
    if (
        c.state != "live"
        or c.flagged_at is not None
        or c.waiting_since is not None
        or c.last_agent_at is None
    ):
        return None
    return max(c.last_agent_at, c.state_at) + timedelta(minutes=preferences.inactivity_minutes)


def _queue(c: Conversation, preferences: Preferences) -> datetime | None:
    """LIFE-7: nobody took it. A flag is still there when its customer has come back (LIFE-5)."""
    if c.state not in ("queued", "offered") or c.flagged_at is not None or c.queued_at is None:
        return None
    return c.queued_at + timedelta(minutes=preferences.inactivity_minutes)


def _pending(c: Conversation, preferences: Preferences) -> datetime | None:
    """LIFE-8. A flag does not stop it."""
    return c.state_at + timedelta(minutes=preferences.pending_minutes) if c.state == "pending" else None


def _transfer(c: Conversation, preferences: Preferences) -> datetime | None:
    """LIFE-14."""
    return c.transfer_at and c.transfer_at + timedelta(minutes=preferences.transfer_minutes)


def _ring(c: Conversation, preferences: Preferences) -> datetime | None:
    """LIFE-2, distribution `offer`."""
    if c.state != "offered" or c.offered_at is None:
        return None
    return c.offered_at + timedelta(seconds=preferences.ring_seconds)


def _age(c: Conversation, preferences: Preferences) -> datetime | None:
    """TICKET-5."""
    if c.kind != "ticket" or c.state == "archived" or c.ticket_at is None:
        return None
    return c.ticket_at + ARCHIVE_AFTER


_DUE: dict[str, Callable[[Conversation, Preferences], datetime | None]] = {
    "answer": _answer,
    "inactivity": _inactivity,
    "queue": _queue,
    "pending": _pending,
    "transfer": _transfer,
    "ring": _ring,
    "age": _age,
}

TIMERS = tuple(_DUE)


def due_at(conversation: Conversation, timer: str, preferences: Preferences) -> datetime | None:
    """When this time runs out; None while it does not run."""
    return _DUE[timer](conversation, preferences)


def is_due(conversation: Conversation, timer: str, preferences: Preferences, now: datetime) -> bool:
    due = due_at(conversation, timer, preferences)
    return due is not None and due <= now


def in_words(minutes: int) -> str:
    """A length of time for an event: "20 minutes", "2 hours", "1 hour 30 minutes", "7 days"."""
    days, rest = divmod(minutes, 1_440)
    parts = [(days, "day"), (rest // 60, "hour"), (rest % 60, "minute")]
    return " ".join(f"{n} {unit}" if n == 1 else f"{n} {unit}s" for n, unit in parts if n)
