"""What a client wants and has not been answered yet, in the order it wanted it. Pure: the client does the I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.torture.journal import Journal

WORDED = frozenset({"send", "start", "comment"})


@dataclass(frozen=True)
class Wanted:
    """One command: the frame is sent unchanged, as often as it takes. `more`: the fields of its own that it has."""

    op: str
    do: str
    c: int | None
    text: str
    more: Mapping[str, Any] = field(default_factory=dict)

    def frame(self) -> dict[str, Any]:
        """The fields of the socket frame without `t`, which are those of the HTTP body with `c`."""
        frame: dict[str, Any] = {"id": self.op, **self.more}
        if self.c is not None:
            frame["c"] = self.c
        if self.do in WORDED:
            frame["text"] = self.text
        return frame


class Outbox:
    """Keeps commands until they are answered, and writes the journal of them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: dict[str, Wanted] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Wanted]:
        return iter(list(self._waiting.values()))

    def put(self, wanted: Wanted) -> None:
        self._waiting[wanted.op] = wanted

    def sent(self, wanted: Wanted, via: str) -> None:
        values = {"op": wanted.op, "c": wanted.c, "text": wanted.text, "do": wanted.do, "more": wanted.more}
        self._journal.write("sent", **values, via=via)

    def acknowledged(self, answer: dict[str, Any], via: str) -> Wanted | None:
        """None when it had been answered before."""
        values = {"op": answer["id"], "c": answer["c"], "seq": answer["seq"], "dup": answer.get("dup", False)}
        self._journal.write("ack", **values, via=via)
        return self._waiting.pop(answer["id"], None)

    def refused(self, op: str, code: str, retry: bool, via: str) -> None:
        self._journal.write("nack", op=op, code=code, retry=retry, via=via)
        if not retry:
            self._waiting.pop(op, None)
