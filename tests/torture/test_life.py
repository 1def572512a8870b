"""The checker finds what went wrong in a conversation's life, in stories made up to hold exactly one fault."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.torture.checker import KINDS, check
from tests.torture.life import End
from tests.torture.story import Staff

Record = dict[str, Any]
ANNA, BRUNO, CLARA, SVEN = 1, 2, 3, 9
MARY, TOM = 31, 32
TEAM = Staff({"Anna": ANNA, "Bruno": BRUNO, "Clara": CLARA, "Sven": SVEN}, frozenset({SVEN}))
S = 1_000
MINUTE = 60 * S


def said(at: int, by_id: int | None = None, text: str = "Hello") -> Record:
    by = "customer" if by_id is None else "agent"
    return {"kind": "message", "by": by, "by_id": by_id, "id": None, "text": text, "at": at}


def comment(at: int, by_id: int, text: str, *mentions: int) -> Record:
    more = {"mentions": list(mentions)} if mentions else {}
    return {"kind": "comment", "by": "agent", "by_id": by_id, "id": None, "text": text, "at": at, **more}


def event(at: int, name: str, **values: Any) -> Record:
    event = {"name": name, **values}
    return {"kind": "event", "by": "system", "id": None, "text": f"It {name}.", "at": at, "event": event}


START = (event(0, "started"), said(0), event(S, "assigned", agent="Anna", why="fewest"))
PASSED = event(MINUTE + S, "passed", agent="Bruno", minutes=1, **{"from": "Anna"})


def story(*lines: Record) -> list[Record]:
    return [{**line, "seq": seq} for seq, line in enumerate(lines, 1)]


def card(state: str, owner: int | None, thread: list[Record], **more: Any) -> Record:
    base = {"kind": "chat", "state": state, "owner": owner, "customer": {"id": MARY}, "read_at": 2 * MINUTE}
    comments = sum(entry["kind"] == "comment" for entry in thread)
    return {**base, "last_seq": len(thread), "comments": comments, **more}


def found(
    thread: list[Record], shown: Record, *journals: list[Record], quiet_since: int = 2 * MINUTE
) -> dict[str, int]:
    end = End({7: shown}, TEAM, quiet_since)
    verdict = check({str(n): journal for n, journal in enumerate(journals)}, {7: thread}, end)
    return {kind: len(verdict.findings[kind]) for kind in KINDS if verdict.findings[kind]}


def live(*lines: Record, **more: Any) -> dict[str, int]:
    """What is found in a live chat of Anna's with these lines, still unanswered; `more`: what its card says besides."""
    thread = story(*START, *lines)
    return found(thread, {**card("live", ANNA, thread, waiting_since=1), **more})


def test_a_sound_life_has_nothing_to_say() -> None:
    thread = story(
        *START,
        comment(2 * S, ANNA, "", BRUNO),
        comment(3 * S, BRUNO, ""),
        PASSED,
        said(62 * S, BRUNO),
        event(63 * S, "flagged", who="Bruno"),
        event(64 * S, "transfer", who="Bruno", to="Clara", note=""),
        event(65 * S, "transferred", agent="Clara", **{"from": "Bruno"}),
        said(66 * S, CLARA),
        event(67 * S, "pending", who="Clara"),
        said(68 * S),
        event(68 * S, "answered"),
        event(69 * S, "closed", by="agent", agent="Clara", reason="by hand"),
        said(70 * S, CLARA),
        event(80 * S, "revived"),
        said(80 * S),
        event(80 * S, "ticket", why="no agent is available"),
        event(90 * S, "accepted", agent="Anna"),
    )
    shown = card("assigned", ANNA, thread, kind="ticket", flagged_at=1, waiting_since=80 * S)
    assert found(thread, shown) == {}


TAKEN = event(2 * S, "transferred", agent="Bruno", **{"from": "Anna"})
GIVEN = event(2 * S, "given", agent="Bruno", who="Sven", **{"from": "Clara"})
AGAIN = event(2 * S, "assigned", agent="Bruno", why="again")
STILL_PENDING = (event(2 * S, "pending", who="Anna"), said(3 * S))
STEPS: dict[str, tuple[tuple[Record, ...], Record]] = {
    "a stranger's message": ((said(2 * S, BRUNO),), {"waiting_since": None}),
    "a transfer nobody began": ((TAKEN,), {"owner": BRUNO}),
    "given away by who had it not": ((GIVEN,), {"owner": BRUNO}),
    "assigned twice": ((AGAIN,), {"owner": BRUNO}),
    "live again while live": ((event(2 * S, "unpended", who="Anna"),), {}),
    "a stranger's comment": ((comment(2 * S, CLARA, "psst"),), {}),
    "an answer that left it pending": (STILL_PENDING, {"state": "pending"}),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_does_not_follow_is_found(step: str) -> None:
    lines, shown = STEPS[step]
    assert live(*lines, **shown) == {"owners": 1}


@pytest.mark.parametrize(
    "wrong",
    [{"owner": BRUNO}, {"state": "pending"}, {"flagged_at": 5}, {"transfer": {"by": 1}}, {"comments": 1}],
    ids=str,
)
def test_a_card_that_tells_another_end_than_the_thread_is_found(wrong: Record) -> None:
    thread = story(*START)
    assert found(thread, {**card("live", ANNA, thread, waiting_since=1), **wrong}) == {"owners": 1}


@pytest.mark.parametrize("what", ["settled", "finished"])
def test_a_chat_whose_holder_does_not_see_it_is_found(what: str) -> None:
    me = {"at": 0.0, "what": "me", "side": "staff", "id": ANNA, "wall": 0}
    blind, seeing = ({"at": 30.0, "what": what, "watching": some} for some in ([], [7]))
    thread = story(*START)
    shown = card("live", ANNA, thread, waiting_since=1, read_at=30 * S)
    assert found(thread, shown, [me, blind]) == {"owners": 1}
    everything = [{"at": 1, "what": "entry", "c": 7, "prev": None, "how": "resumed", **e} for e in thread]
    assert found(thread, shown, [me, *everything, seeing]) == {}


def test_a_reply_refused_to_the_owner_is_unresolved_and_one_refused_after_a_change_of_hands_is_not() -> None:
    thread = story(*START, PASSED)
    shown = card("live", BRUNO, thread, waiting_since=1)
    assert found(thread, shown, refused_at(30)) == {"unresolved": 1}
    assert found(thread, shown, refused_at(62)) == {}


def refused_at(at: float) -> list[Record]:
    """Anna writes, and is refused half a second later."""
    return [
        {"at": 0.0, "what": "me", "side": "staff", "id": ANNA, "wall": 0},
        {"at": at, "what": "sent", "op": "a", "c": 7, "text": "Hi", "do": "send", "more": {}, "via": "k1"},
        {"at": at + 0.5, "what": "nack", "op": "a", "code": "forbidden", "retry": False, "via": "k1"},
    ]


def mary(*records: Record) -> list[Record]:
    return [{"at": 0.0, "what": "me", "side": "visitor", "id": MARY, "wall": 0}, *records]


def shown_to_mary(entry: Record, **more: Any) -> Record:
    return {"at": 1.0, "what": "entry", "c": 7, "prev": 0, "how": "live", "via": "k1", **entry, **more}


LEAKS: dict[str, Callable[[Record], Record]] = {
    "the word": lambda entry: {"at": 1.0, "what": "whiff", "raw": "psst"},
    "a comment": lambda entry: shown_to_mary({**entry, "kind": "comment", "event": None}),
    "a team-only event": lambda entry: shown_to_mary({**entry, "text": "", "event": {"name": "flagged"}}),
    "why": lambda entry: shown_to_mary({**entry, "text": "", "event": {"name": "assigned", "why": "so"}}),
    "a sentence": lambda entry: shown_to_mary({**entry, "event": {"name": "assigned"}}),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_what_is_the_teams_in_a_visitors_journal_is_a_leak(leak: str) -> None:
    thread = story(*START)
    journal = mary(LEAKS[leak](thread[2]))
    findings = found(thread, card("live", ANNA, thread, waiting_since=1), journal)
    findings.pop("reordered", None)  # a comment shown where an event stands is that too
    assert findings == {"leaks": 1}


def test_another_customers_entry_in_a_visitors_journal_is_a_leak() -> None:
    thread = story(*START)
    shown = card("live", ANNA, thread, waiting_since=1, customer={"id": TOM})
    assert found(thread, shown, mary(shown_to_mary(thread[1], event=None))) == {"leaks": 1}


def test_who_was_named_in_a_chat_that_ended_is_known_from_the_journals() -> None:
    named, ended = (
        comment(2 * S, ANNA, ""),
        event(4 * S, "closed", by="agent", agent="Anna", reason="by hand"),
    )
    thread = story(*START, {**named, "id": "a"}, comment(3 * S, CLARA, ""), ended)
    asked = {"at": 1, "what": "sent", "op": "a", "c": 7, "text": "psst", "do": "comment", "via": "k1"}
    told = {"at": 2, "what": "ack", "op": "a", "c": 7, "seq": 4, "dup": False, "via": "k1"}
    journal = [{**asked, "more": {"mentions": [CLARA]}}, told]
    assert found(thread, card("closed", ANNA, thread), journal) == {}
    assert found(thread, card("closed", ANNA, thread)) == {"owners": 1}


def test_a_comments_text_that_outlives_its_chat_is_a_leak() -> None:
    ended = event(3 * S, "closed", by="agent", agent="Anna", reason="by hand")
    thread = story(*START, comment(2 * S, ANNA, "psst"), ended)
    assert found(thread, card("closed", ANNA, thread)) == {"leaks": 1}


FLAG = event(2 * S, "flagged", who="Anna")
REPLY = said(2 * S, ANNA)


@pytest.mark.parametrize(
    "lines",
    [
        [{**PASSED, "at": MINUTE}],
        [REPLY, {**PASSED, "at": 2 * MINUTE}],
        [FLAG, PASSED],
        [event(2 * S, "transfer", who="Anna", to="Clara"), event(50 * S, "transfer_back", to="Clara")],
    ],
    ids=["too soon", "though answered", "while flagged", "a transfer back too soon"],
)
def test_what_the_clock_does_too_soon_or_to_what_rests_is_found(lines: list[Record]) -> None:
    owner = BRUNO if lines[-1]["event"]["name"] == "passed" else ANNA
    waiting = None if REPLY in lines else 1
    assert live(*lines, owner=owner, flagged_at=1 if FLAG in lines else None, waiting_since=waiting) == {
        "timers": 1
    }


def closed_by_system(*lines: Record, at: int, **more: Any) -> dict[str, int]:
    thread = story(*START, *lines, event(at, "closed", by="system", reason="silence"))
    return found(thread, card("closed", ANNA, thread, **more))


def test_closing_for_inactivity_is_measured_and_spares_what_is_flagged() -> None:
    assert closed_by_system(REPLY, at=2 * S + 5 * MINUTE) == {}
    assert closed_by_system(REPLY, at=S + 5 * MINUTE) == {"timers": 1}
    assert closed_by_system(at=6 * MINUTE) == {"timers": 1}
    assert closed_by_system(REPLY, FLAG, at=6 * MINUTE, flagged_at=1) == {"timers": 1}


def test_closing_a_pending_chat_is_measured() -> None:
    pending = event(3 * S, "pending", who="Anna")
    assert closed_by_system(REPLY, pending, at=3 * S + 10 * MINUTE) == {}
    assert closed_by_system(REPLY, pending, at=3 * S + 9 * MINUTE) == {"timers": 1}


def at_rest(*lines: Record, state: str = "live", until: int, **more: Any) -> dict[str, int]:
    thread = story(*lines)
    owner = None if state in ("queued", "offered") else ANNA
    shown = card(state, owner, thread, read_at=until, **{"waiting_since": 1, **more})
    return found(thread, shown, quiet_since=MINUTE)


def test_a_chat_that_should_have_been_passed_on_in_the_quiet_is_found_unless_it_rests() -> None:
    stuck = event(MINUTE + S, "stuck", agent="Anna", minutes=1)
    assert at_rest(*START, until=MINUTE + 20 * S) == {}
    assert at_rest(*START, until=MINUTE + 22 * S) == {"timers": 1}
    assert at_rest(*START, FLAG, until=MINUTE + 22 * S, flagged_at=1) == {}
    assert at_rest(*START, stuck, until=MINUTE + 22 * S) == {}
    assert at_rest(*START, REPLY, until=2 * MINUTE, waiting_since=None) == {}
    assert at_rest(*START, REPLY, until=6 * MINUTE, waiting_since=None) == {"timers": 1}


def test_what_waits_for_the_clock_or_for_routing_too_long_is_found() -> None:
    ring = event(S, "offered", agent="Anna", why="fewest", seconds=10)
    handing = event(2 * S, "transfer", who="Anna", to="Clara", note="")
    late = MINUTE + 23 * S
    assert at_rest(*START[:2], state="queued", until=late) == {"timers": 1}
    assert at_rest(*START[:2], ring, state="offered", until=late, offered_to=ANNA) == {"timers": 1}
    assert at_rest(*START, REPLY, handing, until=late, transfer={"by": 1}, waiting_since=None) == {
        "timers": 1
    }
    pending = event(3 * S, "pending", who="Anna")
    assert at_rest(*START, REPLY, pending, state="pending", until=11 * MINUTE, waiting_since=None) == {
        "timers": 1
    }
