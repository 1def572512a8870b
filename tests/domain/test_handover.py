"""Into whose hands a chat comes: rings, the agent chat timeout, supervisors (LIFE-2, 3, 6, 15, 16)."""

from typing import Any

import pytest

from deskbell.domain.commands import AnswerOffer, Assign, AssignTo, Command, PassOn, Ring
from deskbell.domain.conversation import Conversation, Notification
from deskbell.domain.errors import Refused
from deskbell.domain.facts import Facts
from deskbell.domain.lifecycle import decide
from deskbell.domain.people import SYSTEM
from deskbell.domain.preferences import Preferences
from tests.cast import ADA, BRUNO, FACTS, HOUR, MINUTE, NOW, OLGA, SUPPORT, SVEN, conversation
from tests.rules import rule

LATER = NOW + 20 * MINUTE
FULL = FACTS._replace(loads={BRUNO.id: 5}, preferences=Preferences(max_chats=5))
OWN_MAXIMUM = FACTS._replace(loads={BRUNO.id: 2}, maximums={BRUNO.id: 2})


def refusal(before: Conversation, command: Command, facts: Facts = FACTS) -> str:
    with pytest.raises(Refused) as caught:
        decide(before, command, facts, LATER)
    return caught.value.code


def unanswered(**values: Any) -> Conversation:
    return conversation(waiting_since=NOW, state_at=NOW - HOUR)._replace(**values)


# -- rings


@rule("LIFE-2")
def test_a_chat_rings_at_one_agent_who_is_told_and_nobody_owns_it() -> None:
    change = decide(conversation("queued"), Ring(7, ADA.id, "fewest live chats (0)", SYSTEM), FACTS, NOW)
    c = change.conversation
    assert (c.state, c.owner_id, c.offered_to, c.offered_at) == ("offered", None, ADA.id, NOW)
    assert change.notifications == (Notification(ADA.id, "offered", 7, {}),)
    assert change.entries[0].text == "Rings at Ada for 30 seconds: fewest live chats (0)"


@rule("LIFE-2", "LIFE-16")
def test_who_picks_up_has_it_and_who_does_so_second_is_told_who_was_first() -> None:
    change = decide(conversation("offered"), AnswerOffer(7, ADA, "id", True), FACTS, NOW)
    c = change.conversation
    assert (c.state, c.owner_id, c.offered_to, c.offered_at) == ("live", ADA.id, None, None)
    assert not c.is_new
    assert change.entries[0].text == "Given to Ada: accepted the offer"
    with pytest.raises(Refused, match="Ada has this chat now") as caught:
        decide(c, AnswerOffer(7, SVEN, "id", True), FACTS, NOW)
    assert caught.value.code == "taken"


@rule("LIFE-2")
def test_declined_it_waits_in_its_old_place_for_the_next_one() -> None:
    rings = conversation("offered", declined=(BRUNO.id,), queued_at=NOW - HOUR, queue_told=True)
    change = decide(rings, AnswerOffer(7, ADA, "id", False), FACTS, LATER)
    c = change.conversation
    assert (c.state, c.offered_to, c.declined, change.route) == ("queued", None, (BRUNO.id, ADA.id), True)
    assert (c.queued_at, c.queue_told) == (NOW - HOUR, True)
    assert (change.entries[0].text, change.entries[0].author_id) == ("Ada declined", ADA.id)


@rule("LIFE-2")
def test_ringing_at_the_next_remembers_who_was_asked_and_a_new_round_forgets_it() -> None:
    waits = conversation("queued", declined=(ADA.id,))
    assert decide(waits, Ring(7, BRUNO.id, "", SYSTEM), FACTS, NOW).conversation.declined == (ADA.id,)
    assert decide(waits, Ring(7, ADA.id, "", SYSTEM), FACTS, NOW).conversation.declined == ()


@rule("LIFE-2", "PEOPLE-5")
def test_who_went_unavailable_meanwhile_does_not_pick_up_but_may_decline() -> None:
    away = FACTS._replace(online={})
    assert refusal(conversation("offered"), AnswerOffer(7, ADA, "id", True), away) == "unavailable"
    declined = decide(conversation("offered"), AnswerOffer(7, ADA, "id", False), away, NOW)
    assert declined.conversation.state == "queued"


# -- the maximum, once more inside the commit


@rule("LIFE-3")
@pytest.mark.parametrize("facts", [FULL, OWN_MAXIMUM])
@pytest.mark.parametrize(("before", "command"), [
    (conversation("queued"), Assign(7, BRUNO.id, "free", 1, SYSTEM)),
    (conversation("queued"), Ring(7, BRUNO.id, "free", SYSTEM)),
    (unanswered(), PassOn(7, BRUNO.id, SYSTEM)),
])  # fmt: skip
def test_routing_gives_nothing_to_an_agent_who_is_full_by_now(
    before: Conversation, command: Command, facts: Facts
) -> None:
    assert refusal(before, command, facts) == "retry"
    (agent,) = facts.loads
    room = facts._replace(loads={agent: facts.loads[agent] - 1})
    assert decide(before, command, room, LATER).entries


@rule("LIFE-3")
@pytest.mark.parametrize("command", [
    Assign(7, BRUNO.id, "back", 1, SYSTEM, returns=True), Ring(7, BRUNO.id, "back", SYSTEM, returns=True),
])  # fmt: skip
def test_a_chat_that_returns_to_its_owner_may_exceed_the_maximum(command: Assign | Ring) -> None:
    c = decide(conversation("queued"), command, FULL, LATER).conversation
    assert BRUNO.id in (c.owner_id, c.offered_to)


@rule("LIFE-3", "LIFE-15")
def test_a_supervisor_may_exceed_the_maximum() -> None:
    change = decide(conversation(), AssignTo(7, SVEN, "id", BRUNO.id), FULL, LATER)
    assert change.conversation.owner_id == BRUNO.id


# -- the agent chat timeout


@rule("LIFE-6", "LIFE-17")
def test_an_unanswered_chat_goes_to_the_next_agent_who_is_told_and_it_says_why() -> None:
    change = decide(unanswered(), PassOn(7, BRUNO.id, SYSTEM), FACTS, LATER)
    c = change.conversation
    assert (c.owner_id, c.state, c.state_at, c.waiting_since) == (BRUNO.id, "live", LATER, NOW)
    assert (c.is_new, change.route) == (True, True)
    assert change.entries[0].text == "No answer from Ada for 20 minutes: passed to Bruno"
    assert change.notifications == (Notification(BRUNO.id, "passed", 7, {"from": "Ada"}),)


@rule("LIFE-6")
@pytest.mark.parametrize("nobody", [None, ADA.id])
def test_with_nobody_else_it_stays_and_supervisors_are_told_once_for_this_wait(nobody: int | None) -> None:
    change = decide(unanswered(), PassOn(7, nobody, SYSTEM), FACTS, LATER)
    c = change.conversation
    assert (c.owner_id, c.state, c.state_at) == (ADA.id, "live", NOW - HOUR)
    assert change.notifications == (Notification(SVEN.id, "stuck", 7, {"agent": "Ada"}),)
    assert refusal(c, PassOn(7, nobody, SYSTEM)) == "closed"
    assert decide(c, PassOn(7, BRUNO.id, SYSTEM), FACTS, LATER).conversation.owner_id == BRUNO.id
    again = c._replace(waiting_since=LATER + MINUTE)
    assert decide(again, PassOn(7, None, SYSTEM), FACTS, LATER + HOUR).notifications


@rule("LIFE-5", "LIFE-6", "LIFE-8", "LIFE-18")
@pytest.mark.parametrize("values", [
    {"waiting_since": None}, {"flagged_at": NOW}, {"state": "pending"}, {"state_at": LATER - MINUTE},
])  # fmt: skip
def test_answered_flagged_pending_or_just_moved_it_is_not_passed_on(values: dict[str, Any]) -> None:
    assert refusal(unanswered(**values), PassOn(7, BRUNO.id, SYSTEM)) == "closed"


@rule("LIFE-6", "LIFE-14")
def test_passed_on_in_the_middle_of_a_transfer_nothing_of_the_transfer_is_left() -> None:
    called = unanswered(transfer_by=ADA.id, transfer_to=OLGA.id, transfer_at=NOW, transfer_note="x")
    c = decide(called, PassOn(7, BRUNO.id, SYSTEM), FACTS, LATER).conversation
    assert (c.in_transfer, c.transfer_to, c.transfer_note) == (False, None, "")


# -- supervisors


@rule("LIFE-15", "SUPERVISOR-1", "LIFE-19")
@pytest.mark.parametrize("state", ["queued", "offered", "live", "pending"])
def test_a_supervisor_gives_any_open_chat_to_somebody_available_at_once(state: str) -> None:
    before = conversation(state, declined=(OLGA.id,), transfer_at=NOW, transfer_to=OLGA.id)
    change = decide(before, AssignTo(7, SVEN, "id", BRUNO.id), FACTS, LATER)
    c = change.conversation
    assert (c.state, c.owner_id, c.is_new, c.offered_to, c.declined) == ("live", BRUNO.id, True, None, ())
    assert (c.in_transfer, change.route) == (False, True)
    assert change.notifications == (Notification(BRUNO.id, "assigned", 7, {"who": "Sven"}),)
    origin = ", from Ada" if before.owner_id else ""
    assert change.entries[0].text == f"Sven assigned it to Bruno{origin}"


@rule("PEOPLE-5", "LIFE-15")
def test_a_chat_is_not_given_to_somebody_unavailable_or_gone_or_who_has_it() -> None:
    away = FACTS._replace(online={ADA.id: ADA.departments})
    assert refusal(conversation(), AssignTo(7, SVEN, "id", BRUNO.id), away) == "unavailable"
    assert refusal(conversation(), AssignTo(7, SVEN, "id", 99)) == "unavailable"
    assert refusal(conversation(), AssignTo(7, SVEN, "id", ADA.id)) == "closed"


@rule("TICKET-6", "SUPERVISOR-1")
@pytest.mark.parametrize("state", ["unassigned", "assigned"])
def test_a_supervisor_assigns_tickets_also_to_who_is_away(state: str) -> None:
    away = FACTS._replace(online={})
    c = decide(conversation(state), AssignTo(7, SVEN, "id", BRUNO.id), away, LATER).conversation
    assert (c.kind, c.state, c.owner_id) == ("ticket", "assigned", BRUNO.id)


@rule("SUPERVISOR-1")
def test_a_supervisor_who_assigns_it_to_themselves_writes_and_rings_no_own_bell() -> None:
    change = decide(conversation(), AssignTo(7, SVEN, "id", SVEN.id), FACTS, LATER)
    assert (change.conversation.owner_id, change.notifications) == (SVEN.id, ())


@rule("LIFE-16")
def test_nothing_that_routing_planned_happens_to_a_chat_that_somebody_has_by_now() -> None:
    for command in (Assign(7, BRUNO.id, "free", 1, SYSTEM), Ring(7, BRUNO.id, "free", SYSTEM)):
        for state in ("offered", "live", "pending", "closed"):
            assert refusal(conversation(state, department_id=SUPPORT), command) == "closed"
