"""Preferences: what supervisors may tune, each with its default and bounds (SUPERVISOR-2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import Refused


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A number without fraction from `least` to `most`, both included."""

    default: int
    least: int
    most: int
    what: str

    def problem(self, value: object) -> str | None:
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return None
        return f"{self.what} must be a whole number from {self.least:,} to {self.most:,}."


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    default: str
    choices: tuple[str, ...]
    what: str

    def problem(self, value: object) -> str | None:
        if isinstance(value, str) and value in self.choices:
            return None
        return f"{self.what} must be one of: {', '.join(self.choices)}."


@dataclass(frozen=True, slots=True)
class YesNo:
    default: bool
    what: str

    def problem(self, value: object) -> str | None:
        return None if isinstance(value, bool) else f"{self.what} must be on or off (true or false)."


Kind = WholeNumber | Choice | YesNo

KINDS: Mapping[str, Kind] = {
    "max_chats": WholeNumber(5, 1, 100, "The maximum of chats per agent"),
    "distribution": Choice("averaged", ("averaged",), "The distribution of chats"),
    "last_agent": YesNo(True, "The last-agent rule"),
    "session_hours": WholeNumber(24, 1, 720, "The length of a session in hours"),
    "upload_mb": WholeNumber(25, 1, 1024, "The size of a file in MB"),
}
"""Every preference that exists so far, by name. A choice that is not built yet is not offered."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """The values that count now."""

    max_chats: int = 5
    """LIFE-3; a member of staff may have an own maximum."""
    distribution: str = "averaged"
    """LIFE-2."""
    last_agent: bool = True
    """LIFE-2: the agent who last dealt with this customer comes first."""
    session_hours: int = 24
    """PEOPLE-3."""
    upload_mb: int = 25
    """CHAT-5."""
    passed_over: tuple[str, ...] = field(default=())
    """Names that were stored with a value no longer allowed; their default counts."""


def check(values: Mapping[str, object]) -> None:
    """Raises Refused `preference` with a sentence that names both bounds, or the name that does not exist."""
    for name, value in values.items():
        kind = KINDS.get(name)
        problem = f"There is no preference named {name[:40]!r}." if kind is None else kind.problem(value)
        if problem:
            raise Refused("preference", problem)


def merged(stored: Mapping[str, Any]) -> Preferences:
    """The defaults with what was stored laid over them, as far as it is still allowed."""
    good = {name: value for name, value in stored.items() if name in KINDS and not KINDS[name].problem(value)}
    passed_over = tuple(sorted(name for name in stored if name in KINDS and name not in good))
    return Preferences(**good, passed_over=passed_over)


def values(preferences: Preferences) -> dict[str, Any]:
    """By name, in the order of KINDS."""
    return {item.name: getattr(preferences, item.name) for item in fields(preferences) if item.name in KINDS}
