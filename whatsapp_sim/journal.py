"""What was called and what was posted, for looking at and for tests to ask."""

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

MOST = 20_000
MOST_TEXT = 64 * 1024 * 1024
"""Characters of all requests together; the oldest lines give way."""
LONGEST = 65_536
"""Longer bodies are cut; `size` says how long they were."""


@dataclass(slots=True)
class Line:
    """One call of the Graph API (`graph`) or one attempt at a webhook (`webhook`)."""

    seq: int
    kind: str
    at: float
    method: str
    path: str
    request: str
    size: int
    status: int = 0
    """0: no answer."""
    answer: str = ""
    note: str = ""
    attempt: int = 0
    signature: str = ""
    took_ms: float = 0.0
    about: list[str] = field(default_factory=list)
    """Message ids in it."""


class Journal:
    """The newest lines; the oldest give way."""

    def __init__(self, most: int = MOST) -> None:
        self._lines: deque[Line] = deque(maxlen=most)
        self._seq = 0
        self._text = 0

    def begin(self, kind: str, at: float, method: str, path: str, body: bytes) -> Line:
        """A new line, to be completed by who wrote it."""
        self._seq += 1
        text = body[:LONGEST].decode(errors="replace")
        line = Line(self._seq, kind, at, method, path, text, len(body))
        if len(self._lines) == self._lines.maxlen:
            self._forget()
        self._lines.append(line)
        self._text += len(text)
        while self._text > MOST_TEXT:
            self._forget()
        return line

    def _forget(self) -> None:
        self._text -= len(self._lines.popleft().request)

    def clear(self) -> None:
        self._lines.clear()
        self._text = 0

    def find(
        self,
        *,
        kind: str = "",
        path: str = "",
        about: str = "",
        text: str = "",
        after: int = 0,
        limit: int = 1000,
    ) -> list[Line]:
        """The newest `limit` lines to which all that is given applies, oldest first."""
        found: list[Line] = []
        for line in reversed(self._lines):
            if line.seq <= after or len(found) == limit:
                break
            if (
                (not kind or line.kind == kind)
                and path in line.path
                and (not about or about in line.about)
                and (not text or text in line.request or text in line.answer)
            ):
                found.append(line)
        return found[::-1]


def decoded(text: str) -> Any:
    """The value of a text that is JSON, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
