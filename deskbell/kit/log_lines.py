"""What becomes of a line on its way out: cleaned, then JSON or text. Loaded with the first line (see logs.py).

What people write, who they are and what lets them in never stands in a log: values under telling names are
dropped, and texts are searched for addresses and secrets. A line feed in a value cannot forge a line.
"""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog
from structlog.typing import Processor

from deskbell.kit.logs import Form

Event = MutableMapping[str, Any]

HIDDEN = "(hidden)"
LONGEST = 2_000
"""Characters of one value; a traceback may have ten times as many."""

_PRIVATE_WORDS = re.compile(
    r"passw|secret|token|cookie|authorization|api_?key|credential|e?mail|phone|^name$|_name$|^text$|^body$"
    r"|^dsn$|^url$|^ip$|^remote$|^query$|user_agent|subject",
    re.IGNORECASE,
)
_PRIVATE_TEXTS = (
    (re.compile(r"(\w+://)[^\s/@]+@"), r"\1(hidden)@"),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 (hidden)"),
    (re.compile(r"(?i)\b(token|key|secret|password|code)=[^\s&\"']+"), r"\1=(hidden)"),
    (re.compile(r"(?m)^DETAIL:.*$"), "DETAIL: (hidden)"),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_KNOWN = ("timestamp", "level", "event", "exception")


_used: Form | None = None


def write(form: Form | None, level: int, event: str, values: dict[str, Any]) -> None:
    """A line of our own; without a form it goes where structlog puts it."""
    global _used
    if form is not None and form is not _used:
        _configure(form)
        _used = form
    structlog.get_logger().log(level, event, **values)


def _configure(form: Form) -> None:
    structlog.configure(
        processors=[*_shared(), _render(form)],
        wrapper_class=structlog.make_filtering_bound_logger(form.level),
        logger_factory=structlog.WriteLoggerFactory(form.target),
        cache_logger_on_first_use=False,
    )


def formatter(form: Form) -> logging.Formatter:
    """For the lines of libraries."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_shared()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render(form)],
    )


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_private,
    ]


def _render(form: Form) -> Processor:
    return _as_text if form.as_text else _as_json


def hide_private(_logger: Any, _method: str, event: Event) -> Event:
    """Drop values under telling names, shorten and clean the rest."""
    for key, value in event.items():
        if key not in _KNOWN and _PRIVATE_WORDS.search(key):
            event[key] = HIDDEN
        elif isinstance(value, str):
            event[key] = _cleaned(value, LONGEST * 10 if key == "exception" else LONGEST)
        elif not isinstance(value, int | float | bool | None):
            event[key] = _cleaned(repr(value), LONGEST)
    return event


def _cleaned(text: str, longest: int) -> str:
    text = text[:longest]
    for pattern, instead in _PRIVATE_TEXTS:
        text = pattern.sub(instead, text)
    return text


def _as_json(_logger: Any, _method: str, event: Event) -> str:
    encoded = {key: _without_surrogates(value) for key, value in event.items()}
    return msgspec.json.encode(encoded).decode()


def _as_text(_logger: Any, _method: str, event: Event) -> str:
    clock = str(event.get("timestamp", ""))[11:19]
    rest = " ".join(f"{key}={_flat(value)}" for key, value in event.items() if key not in _KNOWN)
    line = f"{clock} {event.get('level', ''):<7} {_flat(event.get('event', ''))} {rest}".rstrip()
    trace = "".join(f"\n    | {_flat(part)}" for part in str(event.get("exception", "")).splitlines())
    return line + trace


def _flat(value: Any) -> str:
    """One line, whatever is in it; no terminal commands either."""
    text = _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", str(value))
    return text.encode("utf-8", "backslashreplace").decode()


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
