"""Logs of the whole process: JSON lines for machines, one tidy line for people.

What people write, who they are and what lets them in never stands in a log: values under telling names are
dropped, and texts are searched for addresses and secrets. A line feed in a value cannot forge a line.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import msgspec
import structlog
from structlog.typing import Processor

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


def configure(
    level: str = "info", style: Literal["auto", "json", "text"] = "auto", stream: TextIO | None = None
) -> None:
    """Send every log of the process, also the libraries', to `stream` (standard error) in one form."""
    target = stream or sys.stderr
    as_text = style == "text" or (style == "auto" and target.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_private,
    ]
    render = _as_text if as_text else _as_json
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.INFO), force=True)
    logging.captureWarnings(True)
    # Its access log would hold addresses and query strings; requests are counted in the metrics instead.
    logging.getLogger("uvicorn.access").disabled = True
    # A line for each call, with addresses that let one fetch what customers sent.
    logging.getLogger("httpx").setLevel(max(number, logging.WARNING))


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
