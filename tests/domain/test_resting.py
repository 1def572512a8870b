"""Flag and pending (LIFE-5, LIFE-8)."""

import pytest

from deskbell.domain.commands import FlagChat, OfferTransfer, SetPending, WriteMessage
from deskbell.domain.conversation import Notification
from deskbell.domain.errors import Refused
from deskbell.domain.lifecycle import decide
from tests.cast import ADA, BRUNO, FACTS, MARTA, MINUTE, NOW, SVEN, conversation
from tests.rules import rule

LATER = NOW + MINUTE


@rule("LIFE-5", "LIFE-19")
def test_a_flag_is_put_on_and_taken_away_each_with_its_event() -> None:
    put = decide(conversation(), FlagChat(7, ADA, "a", True), FACTS, LATER)
    assert (put.conversation.flagged_at, put.entries[0].text) == (LATER, "Ada flagged it")
    taken = decide(put.conversation, FlagChat(7, SVEN, "b", False), FACTS, LATER)
    assert (taken.conversation.flagged_at, taken.entries[0].text) == (None, "Sven took the flag away")
    assert not put.entries[0].public


@rule("LIFE-5")
def test_a_flag_that_is_there_or_is_not_there_is_not_changed() -> None:
    for before, on in ((conversation(flagged_at=NOW), True), (conversation(), False)):
        with pytest.raises(Refused) as caught:
            decide(before, FlagChat(7, ADA, "a", on), FACTS, LATER)
        assert caught.value.code == "closed"


@rule("LIFE-5", "LIFE-10")
@pytest.mark.parametrize("state", ["queued", "offered", "unassigned", "assigned"])
def test_a_flag_that_a_chat_had_before_it_was_closed_is_taken_away_wherever_its_customer_brought_it(
    state: str,
) -> None:
    back = conversation(state, flagged_at=NOW)
    assert decide(back, FlagChat(7, SVEN, "a", False), FACTS, LATER).conversation.flagged_at is None
    with pytest.raises(Refused, match="Only chats in somebody's hands"):
        decide(conversation(state), FlagChat(7, SVEN, "b", True), FACTS, LATER)


@rule("LIFE-8")
def test_a_pending_chat_keeps_its_owner_frees_a_place_and_says_who_marked_it() -> None:
    change = decide(conversation(), SetPending(7, ADA, "id", True), FACTS, LATER)
    c = change.conversation
    assert (c.state, c.owner_id, c.state_at, change.route) == ("pending", ADA.id, LATER, True)
    assert change.entries[0].text == "Ada marked it pending: waiting for the customer"


@rule("LIFE-8")
def test_the_agent_can_write_in_a_pending_chat_and_it_stays_pending() -> None:
    c = decide(conversation("pending"), WriteMessage(7, ADA, "id", "Any news?"), FACTS, LATER).conversation
    assert (c.state, c.state_at, c.agent_messages) == ("pending", NOW, 1)


@rule("LIFE-8")
def test_the_customers_message_makes_it_live_with_its_owner_who_is_told() -> None:
    change = decide(conversation("pending"), WriteMessage(7, MARTA, "id", "Here"), FACTS, LATER)
    c = change.conversation
    assert (c.state, c.owner_id, c.state_at, c.waiting_since) == ("live", ADA.id, LATER, LATER)
    assert [e.text for e in change.entries] == ["Here", "The customer answered: live again"]
    assert change.answer == change.entries[0]
    assert change.notifications == (Notification(ADA.id, "answered", 7, {}),)


@rule("LIFE-8", "SUPERVISOR-1")
def test_a_supervisor_unmarks_it_and_its_owner_has_it_live_again() -> None:
    change = decide(conversation("pending"), SetPending(7, SVEN, "id", False), FACTS, LATER)
    assert (change.conversation.state, change.conversation.owner_id) == ("live", ADA.id)
    assert change.entries[0].text == "Sven made it live again"


@rule("LIFE-8", "LIFE-14", "LIFE-19")
def test_marking_it_pending_calls_a_transfer_off_with_its_own_event() -> None:
    called = decide(conversation(), OfferTransfer(7, ADA, "a", BRUNO.id, None), FACTS, NOW).conversation
    change = decide(called, SetPending(7, ADA, "b", True), FACTS, LATER)
    assert not change.conversation.in_transfer
    assert [e.data and e.data["name"] for e in change.entries] == ["transfer_cancelled", "pending"]
    assert [e.seq for e in change.entries] == [4, 5]
