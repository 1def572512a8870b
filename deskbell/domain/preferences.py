"""Preferences: what supervisors may tune, each with its default and bounds (SUPERVISOR-2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from . import hours
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


@dataclass(frozen=True, slots=True)
class Words:
    """A short text, kept as typed. Empty switches off what it is for."""

    default: str
    most: int
    what: str

    def problem(self, value: object) -> str | None:
        if (
            isinstance(value, str)
            and len(value) <= self.most
            and value == value.strip()
            and value.isprintable()
        ):
            return None
        return f"{self.what} must be a text of at most {self.most} characters, without spaces around it."


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Business hours, see hours.py; None: always open."""

    what: str
    default: None = None

    def problem(self, value: object) -> str | None:
        problem = hours.problem(value)
        return None if problem is None else f"{self.what}: {problem}"


Kind = WholeNumber | Choice | YesNo | Words | OpeningHours

KINDS: Mapping[str, Kind] = {
    "max_chats": WholeNumber(5, 1, 100, "The maximum of chats per agent"),
    "distribution": Choice(
        "averaged", ("averaged", "round_robin", "random", "offer"), "The distribution of chats"
    ),
    "last_agent": YesNo(True, "The last-agent rule"),
    "ring_seconds": WholeNumber(30, 10, 300, "The ring time in seconds"),
    "agent_timeout_minutes": WholeNumber(20, 1, 1_440, "The agent chat timeout in minutes"),
    "inactivity_minutes": WholeNumber(120, 5, 1_440, "The inactivity timeout in minutes"),
    "pending_minutes": WholeNumber(480, 10, 10_080, "The pending time in minutes"),
    "transfer_minutes": WholeNumber(20, 1, 1_440, "The time to answer a transfer in minutes"),
    "close_sentiment": YesNo(True, "Asking for the sentiment at close"),
    "close_tag": YesNo(True, "Asking for a closing tag at close"),
    "close_note": YesNo(True, "Asking for a note at close"),
    "web_end": Words("//end", 30, "The customer's word to end a chat"),
    "web_stop": Words("//stop", 30, "The customer's word to opt out"),
    "whatsapp_end": Words("//end", 30, "The customer's word on WhatsApp to end a chat"),
    "whatsapp_stop": Words("//stop", 30, "The customer's word on WhatsApp to opt out"),
    "offline": Choice("form", ("form", "hidden"), "What the widget does when nobody can answer"),
    "transcripts": YesNo(True, "Mailing the transcript after each end"),
    "transcript_subject": Words("", 150, "The subject of transcripts"),
    "transcript_intro": Words("", 500, "The first lines of transcripts"),
    "survey": Choice("csat", ("off", "csat", "nps"), "The survey after a chat"),
    "survey_question": Words("", 200, "The question of the survey"),
    "survey_thanks": Words("", 300, "The thanks after the survey"),
    "hours": OpeningHours("Business hours"),
    "typing_preview": YesNo(False, "Showing agents what a customer types before it is sent"),
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
    ring_seconds: int = 30
    """LIFE-2, distribution `offer`: how long a chat rings at one agent."""
    agent_timeout_minutes: int = 20
    """LIFE-6."""
    inactivity_minutes: int = 120
    """LIFE-7."""
    pending_minutes: int = 480
    """LIFE-8."""
    transfer_minutes: int = 20
    """LIFE-14."""
    close_sentiment: bool = True
    """LIFE-12: parts of the closing dialog."""
    close_tag: bool = True
    close_note: bool = True
    web_end: str = "//end"
    """LIFE-12: keywords of the web channel; empty: off."""
    web_stop: str = "//stop"
    whatsapp_end: str = "//end"
    """LIFE-12: the same on WhatsApp."""
    whatsapp_stop: str = "//stop"
    offline: str = "form"
    """VISITOR-8: leave a message, or no launcher at all."""
    transcripts: bool = True
    """LIFE-13."""
    transcript_subject: str = ""
    """May name {number} and {site}. Empty, like the next ones: the usual words, in the customer's language."""
    transcript_intro: str = ""
    survey: str = "csat"
    """SUPERVISOR-4: off, csat (1 to 5) or nps (0 to 10)."""
    survey_question: str = ""
    survey_thanks: str = ""
    hours: dict[str, Any] | None = None
    """Business hours of the desk (TICKET-1), see hours.py; None: always open. A department may have its own."""
    typing_preview: bool = False
    """CHAT-11: the widget says so when it is on."""
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


def check_together(now: Preferences) -> None:
    """Raises Refused `preference` when two values that are each allowed do not go together."""
    for end, stop in (("web_end", "web_stop"), ("whatsapp_end", "whatsapp_stop")):
        word = getattr(now, end).casefold()
        if word and word == getattr(now, stop).casefold():
            raise Refused("preference", f"{KINDS[stop].what} must differ from the one to end a chat.")


def merged(stored: Mapping[str, Any]) -> Preferences:
    """The defaults with what was stored laid over them, as far as it is still allowed."""
    good = {name: value for name, value in stored.items() if name in KINDS and not KINDS[name].problem(value)}
    passed_over = tuple(sorted(name for name in stored if name in KINDS and name not in good))
    return Preferences(**good, passed_over=passed_over)


def values(preferences: Preferences) -> dict[str, Any]:
    """By name, in the order of KINDS."""
    return {item.name: getattr(preferences, item.name) for item in fields(preferences) if item.name in KINDS}
