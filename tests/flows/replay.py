"""The events of a thread, read in order, say in which state a conversation is and who has it (LIFE-19)."""

from typing import Any, NamedTuple

from tests.cast import STAFF

IDS = {person.name: person.id for person in STAFF}


class Line(NamedTuple):
    seq: int
    kind: str
    public: bool
    author: str
    text: str
    data: dict[str, Any] | None


class Told(NamedTuple):
    """What the events have told so far."""

    kind: str = "chat"
    state: str = "queued"
    owner: int | None = None
    flagged: bool = False
    transfer: bool = False
    ringing: int | None = None


def replay(lines: list[Line]) -> Told:
    """Raises AssertionError where an event may not follow what was told before it."""
    told = Told()
    for line in lines:
        if line.kind == "event":
            assert line.data is not None
            told = _after(told, line, line.data)
    return told


def _after(told: Told, line: Line, data: dict[str, Any]) -> Told:
    name = data["name"]
    if told.state == "closed":
        reopens = name == "revived" and line.author == "customer"
        assert reopens or name in QUIET or name in ("archived", "flagged", "unflagged"), (
            f"{name} after the end"
        )
    if name in ("passed", "transferred"):
        assert IDS[data["from"]] == told.owner
    if name == "passed" or (name == "closed" and data["reason"].startswith("no answer")):
        assert told.state == "live"
        assert not told.flagged
    if name in ("assigned", "passed", "transferred", "given"):
        state = "live" if told.kind == "chat" else "assigned"
        return told._replace(state=state, owner=IDS[data["agent"]], transfer=False, ringing=None)
    if name in CHANGES:
        before, after = CHANGES[name]
        assert told.state in before
        told = told._replace(state=after, ringing=IDS[data["agent"]] if name == "offered" else None)
        return told._replace(owner=IDS[data["agent"]]) if name == "accepted" else told
    return _rest(told, name)


CHANGES = {
    "offered": (("queued",), "offered"),
    "declined": (("offered",), "queued"),
    "rang_out": (("offered",), "queued"),
    "pending": (("live",), "pending"),
    "unpended": (("pending",), "live"),
    "answered": (("pending",), "live"),
    "accepted": (("unassigned",), "assigned"),
    "archived": (("unassigned", "assigned", "closed"), "archived"),
}
QUIET = ("department", "labels", "opted_out", "merged", "merged_in", "linked", "stuck", "queued", "started")
MARKS: dict[str, dict[str, Any]] = {
    "flagged": {"flagged": True},
    "unflagged": {"flagged": False},
    "transfer": {"transfer": True},
    "transfer_declined": {"transfer": False},
    "transfer_cancelled": {"transfer": False},
    "transfer_back": {"transfer": False},
}


def _rest(told: Told, name: str) -> Told:
    if name in MARKS:
        return told._replace(**MARKS[name])
    if name == "closed":
        return told._replace(state="closed", transfer=False, ringing=None)
    if name == "ticket":
        assert told.state in ("queued", "offered")
        return told._replace(kind="ticket", state="unassigned", owner=None, ringing=None)
    if name == "revived":
        if told.kind == "ticket":
            return told._replace(state="assigned" if told.owner else "unassigned")
        return told._replace(state="queued", owner=None)
    assert name in QUIET, f"an event that tells nothing known: {name}"
    return told
