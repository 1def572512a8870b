"""Our formatting (CHAT-4) in WhatsApp's marks: *bold* _italic_ ~strike~ `code` ```block``` > quote, lists. (What customers
mark is shown formatted by the console: web/console/lib/marks.ts.)

WhatsApp knows no escape: where plain words would turn into format, a zero-width space stands between mark and word.
"""

import re
from html.parser import HTMLParser
from itertools import groupby
from typing import NamedTuple

MARKS = {"b": "*", "strong": "*", "i": "_", "em": "_", "s": "~", "del": "~", "code": "`"}
APART = "\u200b"
_BLOCKS = frozenset({"p", "ul", "ol", "li", "blockquote", "pre"})
_RUNS = re.compile(r"\n{3,}")

_ADDRESS = re.compile(r"https?://\S+")
_PAIR = re.compile(r"(?<![\w*_~`])([*_~`]+)(?=[^\s*_~`])(?=[^\n]{0,500}?[^\s*_~`]\1(?![\w*_~`]))")
_LINE_START = re.compile(r"^(>|[*-])(?= )", re.MULTILINE)


def plain(text: str) -> str:
    """Text without format, so that WhatsApp gives it none."""
    return "".join(
        part if place % 2 else _LINE_START.sub(rf"{APART}\1", _PAIR.sub(rf"\1{APART}", part))
        for place, part in enumerate(re.split(f"({_ADDRESS.pattern})", text))
    )


def from_html(safe: str) -> str:
    """Cleaned HTML (kit/html.py) as a message of WhatsApp."""
    reader = _Reader()
    reader.feed(safe)
    reader.close()
    lines = "".join(reader.finished()).split("\n")
    return _RUNS.sub("\n\n", "\n".join(line.rstrip(" ") for line in lines)).strip()


class _Run(NamedTuple):
    text: str
    marks: str
    """The marks around it, outermost first."""


class _Reader(HTMLParser):
    """A line is gathered as runs and written when it ends: a mark never reaches over the end of a line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._line: list[_Run] = []
        self._open: list[str] = []
        self._lists: list[int | None] = []
        self._links: list[tuple[str, list[str]]] = []
        self._quoted = 0
        self._block = False
        self._bullet = ""

    def finished(self) -> list[str]:
        self._end_line()
        return self._out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._break()
        if tag == "br":
            self._end_line()
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._bullet = self._next_bullet()
        elif tag == "blockquote":
            self._quoted += 1
        elif tag == "pre":
            self._block = True
            self._out.append("```")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", []))
        elif tag in MARKS:
            self._open.append(MARKS[tag])

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self._end_pre()
        elif tag in _BLOCKS:
            self._break()
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "blockquote" and self._quoted:
            self._quoted -= 1
        elif tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in MARKS and MARKS[tag] in self._open:
            self._open.remove(MARKS[tag])

    def handle_data(self, data: str) -> None:
        for _, shown in self._links:
            shown.append(data)
        for place, part in enumerate(data.split("\n")):
            if place:
                self._end_line()
            if part:
                marks = "" if self._block else "".join(dict.fromkeys(self._open))
                self._line.append(_Run(part, marks))

    def _end_link(self, address: str, shown: list[str]) -> None:
        if address and "".join(shown).strip() not in (address, address.partition(":")[2]):
            self._line.append(_Run(f" ({address})", ""))

    def _end_pre(self) -> None:
        if self._line or (self._out and self._out[-1] == "\n"):
            self._end_line()
            self._out.pop()
        self._block = False
        self._out.extend(("```", "\n"))

    def _next_bullet(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _break(self) -> None:
        if self._line:
            self._end_line()

    def _end_line(self) -> None:
        said = "".join(run.text for run in self._line) if self._block else _marked(self._line)
        start = ("> " if self._quoted else "") + (self._bullet if said else "")
        if said:
            self._bullet = ""
        self._out.extend((start + said, "\n"))
        self._line = []


def _marked(runs: list[_Run]) -> str:
    """One line; runs of the same marks are one, spaces stay outside, and within a word there are no marks."""
    parts = [
        (marks, "".join(run.text for run in group)) for marks, group in groupby(runs, lambda run: run.marks)
    ]
    whole = ""
    for place, (marks, said) in enumerate(parts):
        after = parts[place + 1][1][:1] if place + 1 < len(parts) else ""
        core = said.strip(" \t\xa0")
        start = said.index(core) if core else 0
        left, right = said[:start], said[start + len(core) :]
        inside = (not left and whole[-1:].isalnum()) or (not right and after.isalnum())
        if not marks or not core or inside:
            whole += plain(said)
        elif "`" in marks:
            whole += f"{left}`{core}`{right}"
        else:
            whole += left + marks + plain(core) + marks[::-1] + right
    return whole
