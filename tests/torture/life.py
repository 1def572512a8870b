"""Judges what a torture run did to the lives of its conversations: owners, leaks, timers.

Knows nothing of the server's code: it reads the clients' journals, the final threads, and the final cards.

    owners   a thread whose events do not lead from one owner to the next, or end elsewhere than its card says; a
             message of staff who did not have the conversation just then; a comment of a stranger to it; a
             conversation held by somebody who did not see it when all had settled, or after the last resume
    leaks    a visitor was shown a comment, a note of the team, a team-only event or value, or another's entry;
             the text of a comment outlived its chat
    timers   passed on, closed, returned or rung out before its time, or while flagged or pending; still waiting
             for the clock after `GRACE_MS` of quiet

A journal's `me` record says who the client is: side "staff" or "visitor", id, and the wall clock in milliseconds.
`quiet_since` is when the desk was whole again; every card carries `read_at`, when it was read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.torture.story import HELD, WRITABLE, Moment, Staff, Step, replay
from tests.torture.verdict import Journal, Record, Threads, Verdict

GRACE_MS = 20_000
SURE_MS = 3_000
"""How long something must have stood before a client can be blamed for not knowing it."""

SHOWN_EVENTS: Mapping[str, frozenset[str]] = {
    "started": frozenset(),
    "queued": frozenset(),
    "assigned": frozenset({"agent"}),
    "passed": frozenset({"agent"}),
    "transferred": frozenset({"agent"}),
    "given": frozenset({"agent"}),
    "accepted": frozenset({"agent"}),
    "closed": frozenset({"by"}),
    "revived": frozenset(),
    "ticket": frozenset(),
    "merged": frozenset({"number"}),
}
"""What a customer may see of events."""


@dataclass(frozen=True)
class Times:
    """The preferences of the run, in milliseconds."""

    answer: int = 60_000
    inactivity: int = 300_000
    pending: int = 600_000
    transfer: int = 60_000
    ring: int = 10_000


@dataclass(frozen=True)
class End:
    """How the desk stood at the end of a run."""

    cards: Mapping[int, Record]
    staff: Staff
    quiet_since: int
    times: Times = Times()


def judge(
    verdict: Verdict, journals: Mapping[str, Journal], threads: Threads, end: End
) -> dict[int, list[Step]]:
    """Add what is wrong to `verdict`; returns the stories told. Whom a comment named goes with its text, but not here."""
    named = {
        record["op"]: {"mentions": record["more"]["mentions"]}
        for journal in journals.values()
        for record in journal
        if record["what"] == "sent" and record["do"] == "comment"
    }
    stories = {
        c: replay([named.get(entry["id"], {}) | dict(entry) for entry in thread], end.staff)
        for c, thread in threads.items()
    }
    for c, steps in stories.items():
        _story(verdict, c, steps, end)
    for who, journal in journals.items():
        me = _me(journal)
        if me is not None and me["side"] == "visitor":
            _overheard(verdict, who, me, journal, end)
        elif me is not None:
            _unseen(verdict, who, me, journal, stories)
    return stories


def _story(verdict: Verdict, c: int, steps: list[Step], end: End) -> None:
    for step in steps:
        for fault in step.faults:
            verdict.add("owners", f"{c}/{step.entry['seq']}: {fault}")
        for fault in _early(step, end.times):
            verdict.add("timers", f"{c}/{step.entry['seq']}: {fault}")
    last = steps[-1].after if steps else Moment()
    card = end.cards[c]
    for fault in _against_card(last, steps, card):
        verdict.add("owners", f"{c}: {fault}")
    for fault in _late(last, card, end):
        verdict.add("timers", f"{c}: {fault}")
    _wiped(verdict, c, steps)


def owned_throughout(steps: list[Step], staff_id: int, begin: int, until: int) -> bool:
    """Whether this person had the right to write in it all the time from `begin` to `until`."""
    stood = [step.after for step in steps if step.entry["at"] <= begin][-1:]
    stood += [step.after for step in steps if begin < step.entry["at"] <= until]
    return bool(stood) and all(m.owner == staff_id and m.state in WRITABLE for m in stood)


def wall(me: Record, at: float) -> int:
    """A journal's moment on the wall clock, in milliseconds."""
    return int(me["wall"] + (at - me["at"]) * 1000)


def _me(journal: Journal) -> Record | None:
    return next((record for record in journal if record["what"] == "me"), None)


def _against_card(last: Moment, steps: list[Step], card: Record) -> Iterator[str]:
    transfer: dict[str, Any] | None = card.get("transfer")
    pairs = {
        "kind": (last.kind, card["kind"]),
        "state": (last.state, card["state"]),
        "owner": (last.owner, card.get("owner")),
        "flagged": (last.flagged, card.get("flagged_at") is not None),
        "under transfer": (last.transfer_at is not None, transfer is not None),
        "rings at": (last.offered_to, card.get("offered_to")),
        "waiting": (last.waiting is not None, card.get("waiting_since") is not None),
        "tagged": (last.mentioned, frozenset(card.get("mentioned", ()))),
        "comments": (last.comments, card.get("comments", 0)),
        "length": (steps[-1].entry["seq"] if steps else 0, card["last_seq"]),
    }
    for name, (told, shown) in pairs.items():
        if told != shown:
            yield f"by its events {name} {told}, by its card {shown}"
    if last.state in HELD and last.owner is None:
        yield f"{last.state}, but nobody's"


def _early(step: Step, times: Times) -> Iterator[str]:
    """What the clock did too soon, or to what rests (LIFE-5..8, LIFE-14)."""
    if step.entry["kind"] != "event":
        return
    before, at, event = step.before, step.entry["at"], step.entry["event"]
    match event["name"]:
        case "passed" | "stuck" as what:
            yield from _passed_early(what, before, at, times)
        case "closed" if event["by"] == "system":
            yield from _closed_early(before, at, times)
        case "transfer_back":
            if at - (before.transfer_at or 0) < times.transfer:
                yield "a transfer came back too soon"
        case "rang_out":
            if at - before.since < times.ring:
                yield "rang out too soon"


def _passed_early(what: str, before: Moment, at: int, times: Times) -> Iterator[str]:
    if before.flagged or before.state == "pending":
        yield f"{what} while it rested"
    if before.waiting is None:
        yield f"{what} though the customer had an answer"
    elif at - max(before.waiting, before.since) < times.answer:
        yield f"{what} after {at - max(before.waiting, before.since)} ms"


def _closed_early(before: Moment, at: int, times: Times) -> Iterator[str]:
    if before.state == "live":
        if before.flagged:
            yield "closed for inactivity while flagged"
        if before.waiting is not None or before.answered_at is None:
            yield "closed for inactivity though it was not the customer's turn"
        elif at - max(before.answered_at, before.since) < times.inactivity:
            yield "closed for inactivity too soon"
    elif before.state == "pending" and at - before.since < times.pending:
        yield "a pending chat was closed too soon"


def _late(last: Moment, card: Record, end: End) -> Iterator[str]:
    """What the clock or routing should have done by now; only the time counts in which the desk was whole."""
    times, until = end.times, card["read_at"]

    def overdue(due: int) -> bool:
        return bool(until - max(due, end.quiet_since) > GRACE_MS)

    if last.state == "live" and not last.flagged:
        turn = max(last.waiting or 0, last.since)
        resting = last.stuck or last.transfer_at is not None
        if last.waiting is not None and not resting and overdue(turn + times.answer):
            yield f"live and unanswered for {until - turn} ms"
        silent = max(last.answered_at or 0, last.since)
        if last.waiting is None and last.answered_at is not None and overdue(silent + times.inactivity):
            yield f"live and silent for {until - silent} ms"
    if last.state == "pending" and overdue(last.since + times.pending):
        yield f"pending for {until - last.since} ms"
    if last.transfer_at is not None and overdue(last.transfer_at + times.transfer):
        yield f"under transfer for {until - last.transfer_at} ms"
    if last.state == "offered" and overdue(last.since + times.ring):
        yield f"rings for {until - last.since} ms"
    if last.state == "queued" and overdue(last.since):
        yield f"waits in the queue for {until - last.since} ms, though agents have room"


def _wiped(verdict: Verdict, c: int, steps: list[Step]) -> None:
    """At close the texts of comments go, for good (TEAM-5); of an open chat they stay."""
    ends = [step.entry["seq"] for step in steps if (step.entry.get("event") or {}).get("name") == "closed"]
    last_end = max(ends, default=0)
    for step in steps:
        if step.entry["kind"] == "comment" and step.entry["seq"] < last_end and step.entry["text"]:
            verdict.add("leaks", f"{c}/{step.entry['seq']}: the comment's text outlived its chat")


def _overheard(verdict: Verdict, who: str, me: Record, journal: Journal, end: End) -> None:
    """What a visitor must never be shown (TEAM-5, VISITOR-6)."""
    for record in journal:
        if record["what"] == "whiff":
            verdict.add("leaks", f"{who} was sent what is the team's: {record['raw'][:160]}")
        if record["what"] != "entry":
            continue
        place = f"{who} was shown {record['c']}/{record['seq']}"
        card = end.cards.get(record["c"])
        if card is not None and card["customer"]["id"] != me["id"]:
            verdict.add("leaks", f"{place}, which is another customer's")
        if record["kind"] not in ("message", "event"):
            verdict.add("leaks", f"{place}, a {record['kind']}")
        event = record.get("event")
        if event is None:
            continue
        allowed = SHOWN_EVENTS.get(event["name"])
        if allowed is None:
            verdict.add("leaks", f"{place}, the event {event['name']}")
        elif not event.keys() <= allowed | {"name"} or record["text"]:
            verdict.add("leaks", f"{place}, {event['name']} with {sorted(event)} and {record['text']!r}")


def _unseen(
    verdict: Verdict, who: str, me: Record, journal: Journal, stories: Mapping[int, list[Step]]
) -> None:
    """Whoever holds a conversation for a while was told so on the open socket, and sees it after a resume."""
    for record in journal:
        if record["what"] not in ("settled", "finished"):
            continue
        now = wall(me, record["at"])
        for c, steps in stories.items():
            if c not in record["watching"] and _holds(steps, me["id"], now - SURE_MS, now):
                verdict.add("owners", f"{who} has {c} and does not see it ({record['what']})")


def _holds(steps: list[Step], staff_id: int, begin: int, until: int) -> bool:
    last = [step.after for step in steps if step.entry["at"] <= until][-1:]
    open_now = bool(last) and last[0].state in HELD
    return open_now and owned_throughout(steps, staff_id, begin, until)
