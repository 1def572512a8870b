"""Tells a final thread again, from its entries alone: whose it was and how it stood at every moment (LIFE-16, LIFE-19).

Independent of the server's code: the transitions are those of the product's rules. Staff are named in events and
numbered in cards; `names` maps one to the other. Times are milliseconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from tests.torture.verdict import Record

HELD = frozenset({"live", "pending", "assigned"})
WRITABLE = HELD | {"closed"}
OPEN = frozenset({"queued", "offered", "unassigned"}) | HELD
ANY = OPEN | {"new", "closed", "archived"}


@dataclass(frozen=True)
class Moment:
    """How a conversation stands. `since`: in this state and these hands. `waiting`: the customer, for an answer."""

    kind: str = "chat"
    state: str = "new"
    owner: int | None = None
    since: int = 0
    flagged: bool = False
    waiting: int | None = None
    answered_at: int | None = None
    stuck: bool = False
    transfer_at: int | None = None
    offered_to: int | None = None
    mentioned: frozenset[int] = frozenset()
    comments: int = 0


class Step(NamedTuple):
    """One entry, how it stood before and after, and what was wrong with it."""

    entry: Record
    before: Moment
    after: Moment
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Staff:
    """Everybody's number by name, and who supervises."""

    names: Mapping[str, int]
    supervisors: frozenset[int] = frozenset()


def replay(thread: Sequence[Record], staff: Staff) -> list[Step]:
    """The steps of a thread, in order."""
    steps: list[Step] = []
    moment = Moment()
    for n, entry in enumerate(thread):
        faults: list[str] = []
        after = _after(moment, entry, staff, faults)
        if moment.state == "pending" and entry["by"] == "customer" and entry["kind"] == "message":
            following = thread[n + 1].get("event") if n + 1 < len(thread) else None
            if (following or {}).get("name") != "answered":
                faults.append("the customer answered a pending chat, and it stayed pending")
        steps.append(Step(entry, moment, after, tuple(faults)))
        moment = after
    return steps


def _after(m: Moment, entry: Record, staff: Staff, faults: list[str]) -> Moment:
    if entry["kind"] == "message":
        return _message(m, entry, faults)
    if entry["kind"] == "comment":
        return _comment(m, entry, staff, faults)
    event = entry["event"]
    name = event["name"]
    if name not in _EVENTS:
        faults.append(f"nobody knows the event {name}")
        return m
    states, effect = _EVENTS[name]
    if m.state not in states:
        faults.append(f"{name} while it was {m.state}")
    if name in ("transferred", "transfer_declined", "transfer_back") and m.transfer_at is None:
        faults.append(f"{name} without a transfer")
    if name in _HANDED:
        m = _handed(m, event, staff, faults)
    elif name == "offered":
        m = replace(m, offered_to=staff.names.get(event["agent"]))
    return effect(m, entry["at"])


def _handed(m: Moment, event: Record, staff: Staff, faults: list[str]) -> Moment:
    """Into somebody's hands, out of those it was in."""
    name, receiver = event["name"], staff.names.get(event["agent"])
    if receiver is None:
        faults.append(f"{name} to somebody unknown")
    if "from" in event and staff.names.get(event["from"]) != m.owner:
        faults.append(f"{name} from {event['from']}, but it belonged to {m.owner}")
    if name != "given" and receiver == m.owner:
        faults.append(f"{name} to {receiver}, whose it was")
    if name == "assigned" and m.state == "offered" and receiver != m.offered_to:
        faults.append(f"assigned to {receiver} while it rang at {m.offered_to}")
    return replace(m, owner=receiver)


def _message(m: Moment, entry: Record, faults: list[str]) -> Moment:
    at = entry["at"]
    if entry["by"] == "customer":
        if m.state not in OPEN:
            faults.append(f"the customer wrote while it was {m.state}, and nothing came of it")
        return replace(m, waiting=m.waiting or at)
    if m.owner != entry["by_id"] or m.state not in WRITABLE:
        faults.append(f"{entry['by_id']} wrote while it was {m.state} and belonged to {m.owner}")
    return replace(m, waiting=None, answered_at=at, stuck=False)


def _comment(m: Moment, entry: Record, staff: Staff, faults: list[str]) -> Moment:
    author = entry["by_id"]
    if m.state not in ("live", "pending"):
        faults.append(f"{author} commented while it was {m.state}")
    elif author != m.owner and author not in staff.supervisors and author not in m.mentioned:
        faults.append(f"{author} commented, a stranger to it")
    named = frozenset(entry.get("mentions") or ())
    return replace(m, comments=m.comments + 1, mentioned=m.mentioned | named)


def _calm(m: Moment) -> Moment:
    return replace(m, transfer_at=None, offered_to=None, stuck=False)


def _became(state: str) -> Callable[[Moment, int], Moment]:
    return lambda m, at: replace(m, state=state, since=at)


def _given(m: Moment, at: int) -> Moment:
    return replace(_calm(m), state="live" if m.kind == "chat" else "assigned", since=at)


def _unrung(m: Moment, at: int) -> Moment:
    return replace(m, state="queued", since=at, offered_to=None)


def _transfer_over(m: Moment, at: int) -> Moment:
    return replace(m, transfer_at=None)


def _ticket(m: Moment, at: int) -> Moment:
    return replace(_calm(m), kind="ticket", state="unassigned", owner=None, since=at)


def _closed(m: Moment, at: int) -> Moment:
    return replace(_calm(m), state="closed", since=at, waiting=None, mentioned=frozenset())


def _revived(m: Moment, at: int) -> Moment:
    if m.kind == "ticket":
        return replace(m, state="assigned" if m.owner else "unassigned", since=at)
    return replace(_calm(m), state="queued", owner=None, since=at)


def _same(m: Moment, at: int) -> Moment:
    return m


_HANDED = frozenset({"assigned", "passed", "transferred", "given", "accepted"})
_EVENTS: Mapping[str, tuple[frozenset[str], Callable[[Moment, int], Moment]]] = {
    "started": (frozenset({"new"}), _became("queued")),
    "queued": (frozenset({"queued"}), _same),
    "assigned": (frozenset({"queued", "offered"}), _given),
    "passed": (frozenset({"live"}), _given),
    "transferred": (frozenset({"live", "pending"}), _given),
    "given": (OPEN, _given),
    "accepted": (frozenset({"unassigned"}), _became("assigned")),
    "offered": (frozenset({"queued"}), _became("offered")),
    "declined": (frozenset({"offered"}), _unrung),
    "rang_out": (frozenset({"offered"}), _unrung),
    "stuck": (frozenset({"live"}), lambda m, at: replace(m, stuck=True)),
    "flagged": (frozenset({"live", "pending", "closed"}), lambda m, at: replace(m, flagged=True)),
    "unflagged": (frozenset({"live", "pending", "closed"}), lambda m, at: replace(m, flagged=False)),
    "pending": (frozenset({"live"}), _became("pending")),
    "unpended": (frozenset({"pending"}), _became("live")),
    "answered": (frozenset({"pending"}), _became("live")),
    "transfer": (frozenset({"live", "pending"}), lambda m, at: replace(m, transfer_at=at)),
    "transfer_declined": (frozenset({"live", "pending"}), _transfer_over),
    "transfer_cancelled": (frozenset({"live", "pending"}), _transfer_over),
    "transfer_back": (frozenset({"live", "pending"}), _transfer_over),
    "ticket": (frozenset({"queued", "offered"}), _ticket),
    "merged": (frozenset({"queued", "offered"}), _same),
    "merged_in": (frozenset({"unassigned", "assigned"}), _same),
    "linked": (frozenset({"live"}), _same),
    "closed": (OPEN, _closed),
    "revived": (frozenset({"closed"}), _revived),
    "archived": (frozenset({"unassigned", "assigned", "closed"}), _became("archived")),
    "department": (ANY, _same),
    "labels": (ANY, _same),
    "opted_out": (ANY, _same),
}
