"""Business hours: weekly intervals, holidays and a time zone (TICKET-1, SUPERVISOR-2)."""

from datetime import datetime
from typing import Any


def problem(value: object) -> str | None:
    """Why this cannot be business hours, in a sentence; None when it can."""
    return None if value is None else "not built yet."


def is_open(hours: dict[str, Any] | None, now: datetime) -> bool:
    """Whether `now` lies in business hours. No hours at all: always open."""
    return True


def next_opening(hours: dict[str, Any] | None, now: datetime) -> datetime | None:
    """When the hours begin next; None when they never do within a year, or are never over."""
    return None
