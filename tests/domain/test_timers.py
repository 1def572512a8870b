"""What runs out by itself: at its moment and not before, resting when it should, moved by a changed preference."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deskbell.domain.closing import loses_comments
from deskbell.domain.commands import PassOn, SetPending, TimeIsUp, WriteMessage
from deskbell.domain.conversation import Change, Conversation
from deskbell.domain.errors import Refused
from deskbell.domain.lifecycle import decide
from deskbell.domain.people import SYSTEM
from deskbell.domain.preferences import Preferences
from deskbell.domain.timers import TIMERS, due_at, in_words, is_due
from tests.cast import ADA, BRUNO, FACTS, HOUR, MARTA, MINUTE, NOW, OLGA, SVEN, conversation
from tests.rules import rule

USUAL = Preferences()
TICK = timedelta(microseconds=1)
DAYS = timedelta(days=1)
EARLIER = NOW - 3 * HOUR
CALLED = {"transfer_by": ADA.id, "transfer_to": BRUNO.id}

# Each timer: a conversation in which it runs from NOW, how long, and (but for the fixed one) the preference that says so.
RUNNING: dict[str, tuple[Conversation, timedelta, str]] = {
    "answer": (conversation("live", waiting_since=NOW, state_at=EARLIER), 20 * MINUTE, "agent_timeout_minutes"),
    "inactivity": (conversation("live", last_agent_at=NOW, state_at=EARLIER), 2 * HOUR, "inactivity_minutes"),
    "queue": (conversation("queued", queued_at=NOW), 2 * HOUR, "inactivity_minutes"),
    "pending": (conversation("pending", state_at=NOW), 8 * HOUR, "pending_minutes"),
    "transfer": (conversation("live", transfer_at=NOW, **CALLED), 20 * MINUTE, "transfer_minutes"),
    "ring": (conversation("offered", offered_at=NOW), timedelta(seconds=30), "ring_seconds"),
    "age": (conversation("unassigned", ticket_at=NOW), 90 * DAYS, ""),
}  # fmt: skip


def test_every_timer_is_tried() -> None:
    assert set(RUNNING) == set(TIMERS)


@rule("LIFE-6", "LIFE-7", "LIFE-8", "LIFE-14", "LIFE-2", "TICKET-5")
@pytest.mark.parametrize("timer", TIMERS)
def test_a_time_is_over_at_its_moment_and_not_before(timer: str) -> None:
    running, length, _ = RUNNING[timer]
    assert not is_due(running, timer, USUAL, NOW + length - TICK)
    assert is_due(running, timer, USUAL, NOW + length)


@rule("LIFE-18")
@pytest.mark.parametrize("timer", [timer for timer in TIMERS if timer != "age"])
def test_a_changed_preference_moves_a_time_that_runs_already(timer: str) -> None:
    running, length, preference = RUNNING[timer]
    halved = replace(USUAL, **{preference: getattr(USUAL, preference) // 2})
    assert due_at(running, timer, halved) == NOW + length / 2
    assert is_due(running, timer, halved, NOW + length / 2)


@rule("LIFE-18")
@pytest.mark.parametrize("timer", TIMERS)
def test_who_comes_before_the_time_or_after_it_was_settled_does_nothing(timer: str) -> None:
    running, length, _ = RUNNING[timer]
    command = PassOn(7, BRUNO.id, SYSTEM) if timer == "answer" else TimeIsUp(7, timer, SYSTEM)
    with pytest.raises(Refused):
        decide(running, command, FACTS, NOW + length - TICK)
    after = decide(running, command, FACTS, NOW + length).conversation
    with pytest.raises(Refused):
        decide(after, command, FACTS, NOW + length)


@rule("LIFE-5", "LIFE-8")
@pytest.mark.parametrize(("timer", "rest"), [
    ("answer", {"flagged_at": NOW}), ("answer", {"state": "pending"}),
    ("inactivity", {"flagged_at": NOW}), ("inactivity", {"state": "pending"}), ("queue", {"flagged_at": NOW}),
])  # fmt: skip
def test_the_two_timeouts_rest_while_it_is_flagged_or_pending(timer: str, rest: dict[str, Any]) -> None:
    running, length, _ = RUNNING[timer]
    assert is_due(running, timer, USUAL, NOW + length)
    assert due_at(running._replace(**rest), timer, USUAL) is None


@rule("LIFE-8")
def test_a_flag_does_not_stop_the_pending_time() -> None:
    running = RUNNING["pending"][0]._replace(flagged_at=NOW)
    change = decide(running, TimeIsUp(7, "pending", SYSTEM), FACTS, NOW + 8 * HOUR)
    assert (change.conversation.state, change.conversation.closed_by) == ("closed", "system")


@rule("LIFE-6", "LIFE-7")
def test_an_answer_ends_one_time_and_begins_the_other() -> None:
    waiting = RUNNING["answer"][0]
    answered = decide(waiting, WriteMessage(7, ADA, "id", "Hi"), FACTS, NOW + MINUTE).conversation
    assert due_at(answered, "answer", USUAL) is None
    assert due_at(answered, "inactivity", USUAL) == NOW + MINUTE + 2 * HOUR
    asked = decide(answered, WriteMessage(7, MARTA, "id", "And?"), FACTS, NOW + 5 * MINUTE).conversation
    assert due_at(asked, "inactivity", USUAL) is None
    assert due_at(asked, "answer", USUAL) == NOW + 25 * MINUTE


@rule("LIFE-6")
def test_the_oldest_message_without_an_answer_counts_and_a_new_owner_has_the_whole_time() -> None:
    waiting = RUNNING["answer"][0]
    again = decide(waiting, WriteMessage(7, MARTA, "id", "Hello?"), FACTS, NOW + 9 * MINUTE).conversation
    assert due_at(again, "answer", USUAL) == NOW + 20 * MINUTE
    passed = decide(again, PassOn(7, BRUNO.id, SYSTEM), FACTS, NOW + 20 * MINUTE).conversation
    assert due_at(passed, "answer", USUAL) == NOW + 40 * MINUTE


@rule("LIFE-8")
def test_a_chat_that_is_pending_no_longer_has_the_whole_time_again() -> None:
    pending = conversation("pending", waiting_since=EARLIER)
    live = decide(pending, SetPending(7, ADA, "id", False), FACTS, NOW).conversation
    assert due_at(live, "answer", USUAL) == NOW + 20 * MINUTE
    quiet = conversation("pending", last_agent_at=EARLIER)
    live = decide(quiet, SetPending(7, ADA, "id", False), FACTS, NOW).conversation
    assert due_at(live, "inactivity", USUAL) == NOW + 2 * HOUR


@rule("LIFE-8")
def test_the_agents_own_words_do_not_lengthen_the_pending_time() -> None:
    running = RUNNING["pending"][0]
    said = decide(running, WriteMessage(7, ADA, "id", "Still there?"), FACTS, NOW + HOUR).conversation
    assert said.state == "pending"
    assert due_at(said, "pending", USUAL) == NOW + 8 * HOUR


def over(timer: str, **values: Any) -> Change:
    running, length, _ = RUNNING[timer]
    return decide(running._replace(**values), TimeIsUp(7, timer, SYSTEM), FACTS, NOW + length)


@rule("LIFE-7", "LIFE-8", "LIFE-9", "LIFE-19")
@pytest.mark.parametrize(("timer", "words"), [
    ("inactivity", "Closed by the system: no answer from the customer for 2 hours"),
    ("pending", "Closed by the system: pending for 8 hours"),
    ("queue", "Became a ticket: nobody took it for 2 hours"),
    ("ring", "Ada did not answer within 30 seconds"),
    ("transfer", "Bruno did not answer the transfer for 20 minutes"),
    ("age", "Archived after 90 days"),
])  # fmt: skip
def test_each_time_that_is_over_says_so_in_plain_words(timer: str, words: str) -> None:
    change = over(timer)
    assert [entry.text for entry in change.entries] == [words]
    assert change.answer is change.entries[0]
    assert change.entries[0].author == "system"


@rule("LIFE-7")
def test_the_words_name_the_time_that_counts_now() -> None:
    facts = FACTS._replace(preferences=replace(USUAL, inactivity_minutes=90))
    command = TimeIsUp(7, "inactivity", SYSTEM)
    change = decide(RUNNING["inactivity"][0], command, facts, NOW + 90 * MINUTE)
    assert change.entries[0].text.endswith("for 1 hour 30 minutes")


@rule("LIFE-7", "TICKET-1")
@pytest.mark.parametrize("state", ["queued", "offered"])
def test_a_chat_that_nobody_took_becomes_an_unassigned_ticket(state: str) -> None:
    waits = conversation(state, queued_at=NOW)
    c = decide(waits, TimeIsUp(7, "queue", SYSTEM), FACTS, NOW + 2 * HOUR).conversation
    assert (c.kind, c.state, c.owner_id, c.offered_to) == ("ticket", "unassigned", None, None)
    assert (c.converted, c.ticket_at) == (True, NOW + 2 * HOUR)


@rule("LIFE-7")
def test_closed_by_the_clock_frees_a_place_and_loses_the_comments() -> None:
    change = over("inactivity", comments=2, mentioned=(OLGA.id, SVEN.id))
    assert (change.route, change.conversation.mentioned) == (True, ())
    assert loses_comments(conversation(comments=2), change.conversation)


@rule("TICKET-5")
@pytest.mark.parametrize("state", ["unassigned", "assigned", "closed"])
def test_tickets_do_not_expire_but_are_archived_after_90_days(state: str) -> None:
    ticket = conversation(state, kind="ticket", ticket_at=NOW, state_at=NOW - 89 * DAYS)
    others = [timer for timer in TIMERS if timer != "age"]
    assert not any(is_due(ticket, timer, USUAL, NOW + 3_650 * DAYS) for timer in others)
    c = decide(ticket, TimeIsUp(7, "age", SYSTEM), FACTS, NOW + 90 * DAYS).conversation
    assert (c.state, c.owner_id) == ("archived", ticket.owner_id)
    assert due_at(c, "age", USUAL) is None


@rule("LIFE-6", "LIFE-7")
@pytest.mark.parametrize(("minutes", "words"), [
    (1, "1 minute"), (20, "20 minutes"), (60, "1 hour"), (90, "1 hour 30 minutes"), (121, "2 hours 1 minute"),
    (1_440, "1 day"), (10_080, "7 days"), (1_501, "1 day 1 hour 1 minute"),
])  # fmt: skip
def test_a_length_of_time_in_words(minutes: int, words: str) -> None:
    assert in_words(minutes) == words
