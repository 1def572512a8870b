"""Transfers: offered, answered, cancelled, forgotten; the owner stays the owner until then (LIFE-14, TICKET-6)."""

import pytest

from deskbell.domain.commands import AnswerTransfer, CancelTransfer, OfferTransfer, TimeIsUp
from deskbell.domain.conversation import Change, Conversation, Notification
from deskbell.domain.errors import Refused
from deskbell.domain.lifecycle import decide
from deskbell.domain.people import SYSTEM, Staff
from tests.cast import ADA, BRUNO, FACTS, MINUTE, NOW, OLGA, SALES, SUPPORT, SVEN, conversation
from tests.rules import rule

LATER = NOW + MINUTE


def offered(who: Staff = ADA, *, to: Staff | None = BRUNO, department: int | None = None) -> Change:
    agent_id = to.id if to else None
    return decide(
        conversation(), OfferTransfer(7, who, "id", agent_id, department, "Speaks Greek"), FACTS, NOW
    )


def refusal(before: Conversation, command: OfferTransfer | AnswerTransfer, facts: object = FACTS) -> str:
    assert isinstance(facts, type(FACTS))
    with pytest.raises(Refused) as caught:
        decide(before, command, facts, LATER)
    return f"{caught.value.code}: {caught.value.text}"


@rule("LIFE-14")
def test_an_offered_chat_stays_with_its_sender_and_the_receiver_is_told_with_the_note() -> None:
    change = offered()
    c = change.conversation
    assert (c.owner_id, c.state, c.transfer_to, c.transfer_at) == (ADA.id, "live", BRUNO.id, NOW)
    assert change.entries[0].text == "Ada offered it to Bruno: Speaks Greek"
    told = Notification(BRUNO.id, "transfer", 7, {"who": "Ada", "note": "Speaks Greek"})
    assert change.notifications == (told,)


@rule("LIFE-14")
def test_the_receiver_accepts_and_has_it_and_the_sender_is_told() -> None:
    change = decide(offered().conversation, AnswerTransfer(7, BRUNO, "id", True), FACTS, LATER)
    c = change.conversation
    assert (c.owner_id, c.state, c.in_transfer, c.transfer_note) == (BRUNO.id, "live", False, "")
    assert (c.is_new, c.assigned_at, change.route) == (False, LATER, True)
    assert change.entries[0].text == "Bruno took it over from Ada"
    assert change.notifications[0][:2] == (ADA.id, "transfer_answer")
    assert change.notifications[0].data["answer"] == "accepted"


@rule("LIFE-14")
def test_the_receiver_declines_and_it_stays_and_the_sender_is_told() -> None:
    change = decide(offered().conversation, AnswerTransfer(7, BRUNO, "id", False), FACTS, LATER)
    assert (change.conversation.owner_id, change.conversation.in_transfer) == (ADA.id, False)
    assert change.entries[0].text == "Bruno declined the transfer"
    assert change.notifications[0].data == {"who": "Bruno", "answer": "declined"}


@rule("LIFE-14")
def test_the_sender_cancels_and_a_late_answer_is_refused_and_told_who_has_it() -> None:
    cancelled = decide(offered().conversation, CancelTransfer(7, ADA, "id"), FACTS, LATER).conversation
    assert (cancelled.owner_id, cancelled.in_transfer) == (ADA.id, False)
    knowing = FACTS._replace(dealt=frozenset({(7, BRUNO.id)}))
    assert refusal(cancelled, AnswerTransfer(7, BRUNO, "x", True), knowing) == "taken: Ada has this chat now."


@rule("LIFE-14")
def test_a_supervisor_who_began_a_transfer_or_its_owner_cancels_it() -> None:
    for who in (SVEN, ADA):
        c = decide(offered(SVEN).conversation, CancelTransfer(7, who, "id"), FACTS, LATER).conversation
        assert not c.in_transfer


@rule("LIFE-14")
def test_not_answered_in_time_it_is_back_and_the_sender_is_told() -> None:
    change = decide(offered().conversation, TimeIsUp(7, "transfer", SYSTEM), FACTS, NOW + 20 * MINUTE)
    assert (change.conversation.owner_id, change.conversation.in_transfer) == (ADA.id, False)
    assert change.notifications[0].data == {"who": "Bruno", "answer": "back"}


@rule("LIFE-14", "LIFE-16")
def test_of_a_department_the_first_to_accept_wins_and_the_next_is_told_who() -> None:
    kim = Staff(5, "Kim", "agent", frozenset({SALES}))
    called = offered(to=None, department=SALES).conversation
    taken = decide(called, AnswerTransfer(7, OLGA, "a", True), FACTS, LATER).conversation
    assert taken.owner_id == OLGA.id
    knowing = FACTS._replace(dealt=frozenset({(7, kim.id)}))
    assert refusal(taken, AnswerTransfer(7, kim, "b", True), knowing) == "taken: Olga has this chat now."


@rule("LIFE-14")
def test_everybody_available_of_a_department_is_told_but_the_sender_and_the_owner() -> None:
    change = offered(to=None, department=SUPPORT)
    assert [told.staff_id for told in change.notifications] == [BRUNO.id]
    assert change.entries[0].text == "Ada offered it to Support: Speaks Greek"


@rule("LIFE-14", "PEOPLE-5")
def test_who_is_not_available_is_not_offered_a_chat_and_does_not_take_one() -> None:
    alone = FACTS._replace(online={ADA.id: ADA.departments})
    to_bruno = OfferTransfer(7, ADA, "id", BRUNO.id, None)
    assert refusal(conversation(), to_bruno, alone) == "unavailable: Bruno is not available."
    to_support = OfferTransfer(7, ADA, "id", None, SUPPORT)
    assert refusal(conversation(), to_support, alone) == "unavailable: Nobody else of Support is available."
    late = AnswerTransfer(7, BRUNO, "id", True)
    assert refusal(offered().conversation, late, alone).startswith("unavailable: You are unavailable")


@rule("LIFE-14")
@pytest.mark.parametrize(("agent", "department", "code"), [
    (None, None, "bad_input"), (BRUNO.id, SALES, "bad_input"), (ADA.id, None, "closed"), (99, None, "unavailable"),
    (None, 99, "department"),
])  # fmt: skip
def test_a_transfer_to_nobody_to_two_or_to_the_owner_is_refused(
    agent: int | None, department: int | None, code: str
) -> None:
    assert refusal(conversation(), OfferTransfer(7, ADA, "id", agent, department)).startswith(code)


@rule("TICKET-6")
def test_a_ticket_is_not_transferred_by_its_agent_nor_by_a_supervisor() -> None:
    for who in (ADA, SVEN):
        said = refusal(conversation("assigned"), OfferTransfer(7, who, "id", BRUNO.id, None))
        assert said == "forbidden: Tickets are not transferred: a supervisor assigns them."


@rule("LIFE-14")
def test_a_pending_chat_is_taken_over_live() -> None:
    command = OfferTransfer(7, ADA, "a", BRUNO.id, None)
    called = decide(conversation("pending"), command, FACTS, NOW).conversation
    assert called.state == "pending"
    taken = decide(called, AnswerTransfer(7, BRUNO, "b", True), FACTS, LATER).conversation
    assert (taken.state, taken.owner_id, taken.state_at) == ("live", BRUNO.id, LATER)
