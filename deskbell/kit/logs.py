"""Logs of the whole process: JSON lines for machines, one tidy line for people; log_lines.py makes them.

What makes them takes half as long to load as the web framework, and a start that goes well writes nothing: it comes
with the first line.
"""

import logging
import sys
from typing import Any, Literal, NamedTuple, TextIO


class Form(NamedTuple):
    """Where lines go, from which level on, and how they look."""

    target: TextIO
    level: int
    as_text: bool


class Log:
    """Takes lines: what happened in one word or a few, and values by name."""

    def debug(self, event: str, **values: Any) -> None:
        _write(logging.DEBUG, event, values)

    def info(self, event: str, **values: Any) -> None:
        _write(logging.INFO, event, values)

    def warning(self, event: str, **values: Any) -> None:
        _write(logging.WARNING, event, values)

    def error(self, event: str, **values: Any) -> None:
        _write(logging.ERROR, event, values)

    def exception(self, event: str, **values: Any) -> None:
        """An error, with the traceback of what is being handled."""
        _write(logging.ERROR, event, {"exc_info": True} | values)


_form: Form | None = None


def configure(
    level: str = "info", style: Literal["auto", "json", "text"] = "auto", stream: TextIO | None = None
) -> None:
    """Send every log of the process, also the libraries', to `stream` (standard error) in one form."""
    global _form
    target = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    _form = Form(target, number, style == "text" or (style == "auto" and target.isatty()))
    handler = logging.StreamHandler(target)
    handler.setFormatter(_Foreign(_form))
    logging.basicConfig(handlers=[handler], level=max(number, logging.INFO), force=True)
    logging.captureWarnings(True)
    # Its access log would hold addresses and query strings; requests are counted in the metrics instead.
    logging.getLogger("uvicorn.access").disabled = True
    # A line for each call, with addresses that let one fetch what customers sent.
    logging.getLogger("httpx").setLevel(max(number, logging.WARNING))


class _Foreign(logging.Formatter):
    """The lines of libraries."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form
        self._formatter: logging.Formatter | None = None

    def format(self, record: logging.LogRecord) -> str:
        if self._formatter is None:
            from deskbell.kit import log_lines

            self._formatter = log_lines.formatter(self._form)
        return self._formatter.format(record)


def _write(level: int, event: str, values: dict[str, Any]) -> None:
    if _form is not None and level < _form.level:
        return
    from deskbell.kit import log_lines

    log_lines.write(_form, level, event, values)
