"""The demo's conversations, read from talks.txt.

A talk begins with `# state owner age [mark] | department | customer | labels`. Then lines: `C` the customer writes,
`A` the owner answers, `A=` with format; `[name.png]` at the beginning of a line is a picture sent with it. After them,
`!` and what is done: `flag`, `pending`, `comment WHO @WHOM text`, `transfer WHO note`, `note WHO text`,
`close SENTIMENT TAG`; `whatsapp NUMBER`: all of it goes over WhatsApp.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

TALKS = Path(__file__).with_name("talks.txt")
_HEAD = re.compile(r"# (\S+) (\S+) (\d+)([mhd])(?: (\w+))? \| ([^|]+?) \| ([^|]+?) \| ?(.*)")
_LINE = re.compile(r"(C|A=?) (?:\[([\w.-]+)\] )?(.+)")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


class Line(NamedTuple):
    """`by` is C or A; `html` is set when the reply has a format."""

    by: str
    text: str
    html: str | None
    picture: str | None


class Deed(NamedTuple):
    """What is done after the last line: a word, and what comes behind it."""

    what: str
    rest: str


class Talk(NamedTuple):
    """`state` as in talks.txt; `age`: how long ago its last line was; `mark`: how far the customer has read."""

    state: str
    owner: str
    age: timedelta
    mark: str
    department: str
    customer: str
    labels: tuple[str, ...]
    lines: tuple[Line, ...]
    deeds: tuple[Deed, ...]

    def deed(self, what: str) -> str | None:
        """What stands behind this word, if it is done."""
        return next((deed.rest for deed in self.deeds if deed.what == what), None)


def read_talks() -> list[Talk]:
    """All talks of the file."""
    return [_talk(block.splitlines()) for block in TALKS.read_text(encoding="utf-8").strip().split("\n\n")]


def _talk(lines: list[str]) -> Talk:
    head = _HEAD.fullmatch(lines[0])
    if head is None:
        raise ValueError(f"{TALKS.name}: {lines[0]!r}")
    state, owner, number, unit, mark, department, customer, labels = head.groups()
    return Talk(
        state,
        owner,
        int(number) * _UNITS[unit],
        mark or "read",
        department,
        customer,
        tuple(label.strip() for label in labels.split(",") if label.strip()),
        tuple(_line(line) for line in lines[1:] if not line.startswith("!")),
        tuple(Deed(*line[2:].partition(" ")[::2]) for line in lines[1:] if line.startswith("!")),
    )


def _line(line: str) -> Line:
    form = _LINE.fullmatch(line)
    if form is None:
        raise ValueError(f"{TALKS.name}: {line!r}")
    kind, picture, text = form.groups()
    return Line(kind[0], "" if kind == "A=" else text, text if kind == "A=" else None, picture)
