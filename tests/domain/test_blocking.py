"""Blocking: whoever is blocked gets nowhere, and what is open ends (BLOCK)."""

import pytest

from deskbell.domain.blocking import BLOCKED_FOR, NEUTRAL
from deskbell.domain.commands import (
    BlockCustomer,
    CloseConversation,
    LiftBlock,
    SendTranscript,
    StartChat,
    WriteMessage,
)
from deskbell.domain.errors import Refused
from deskbell.domain.lifecycle import begin, decide
from deskbell.domain.standing import Block, Lift
from tests.cast import ADA, FACTS, MARTA, NOW, SVEN, THEO, conversation
from tests.rules import rule

BLOCKED = FACTS._replace(blocked=frozenset({MARTA.id}))
SHUT = FACTS._replace(shut=frozenset({"192.0.2.7"}))
BLOCK = BlockCustomer(7, ADA, "id", "insults")
STATES = ("queued", "live", "pending", "closed", "unassigned", "assigned")


@rule("BLOCK-3")
@pytest.mark.parametrize("state", STATES)
def test_who_is_blocked_writes_nowhere_and_hears_a_neutral_sentence(state: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(conversation(state), WriteMessage(7, MARTA, "id", "Let me in"), BLOCKED, NOW)
    assert (refused.value.code, refused.value.text) == ("unavailable", NEUTRAL)
    assert "block" not in NEUTRAL


@rule("BLOCK-3")
def test_nothing_else_that_a_customer_can_ask_for_is_done_either() -> None:
    for command in (CloseConversation(7, MARTA, "id"), SendTranscript(7, MARTA, "id", "me@home.test")):
        with pytest.raises(Refused, match=NEUTRAL):
            decide(conversation(), command, BLOCKED, NOW)


@rule("BLOCK-3")
def test_who_is_blocked_starts_nothing_not_even_with_the_word_that_ends() -> None:
    for text in ("Hello", "//end", "//stop"):
        with pytest.raises(Refused, match=NEUTRAL):
            begin(8, StartChat(MARTA, "s", "web", None, None, text), BLOCKED, NOW)


@rule("BLOCK-2")
def test_a_blocked_address_begins_nothing_but_an_open_chat_from_there_goes_on() -> None:
    start = StartChat(THEO, "s", "web", None, None, "Hello", address="192.0.2.7")
    with pytest.raises(Refused, match=NEUTRAL):
        begin(8, start, SHUT, NOW)
    again = WriteMessage(7, MARTA, "id", "Hello", address="192.0.2.7")
    with pytest.raises(Refused, match=NEUTRAL):
        decide(conversation("closed"), again, SHUT, NOW)
    assert decide(conversation("live"), again, SHUT, NOW).answer is not None
    assert begin(8, start._replace(address="192.0.2.8"), SHUT, NOW).route


@rule("BLOCK-1")
def test_a_block_ends_the_chat_for_the_fixed_day_and_says_why_in_the_thread() -> None:
    change = decide(conversation(comments=1), BLOCK, FACTS, NOW)
    closed = change.conversation
    assert (closed.state, closed.close_reason, closed.closed_by_id) == ("closed", "blocked", ADA.id)
    assert change.standing == Block((MARTA.id,), 7, ADA.id, "insults", NOW + BLOCKED_FOR, None)
    assert BLOCKED_FOR.total_seconds() == 24 * 3600
    assert [entry.text for entry in change.entries] == [
        "Ada blocked the customer for 24 hours: insults",
        "Closed by Ada: blocked",
    ]
    assert not change.entries[0].public


@rule("BLOCK-1")
def test_every_open_conversation_of_every_number_of_the_person_hears_of_it() -> None:
    chat = conversation(id=9, customer_id=THEO.id, comments=2)
    ticket = conversation("assigned", id=8)
    facts = FACTS._replace(
        kin={MARTA.id: (MARTA.id, THEO.id)},
        belongings={MARTA.id: (7, 8), THEO.id: (9,)},
        conversations={7: conversation("closed"), 8: ticket, 9: chat},
    )
    change = decide(conversation("closed"), BLOCK, facts, NOW)
    states = {other.id: (other.state, other.last_seq > 2) for other in change.others}
    assert states == {8: ("assigned", True), 9: ("closed", True)}
    assert isinstance(change.standing, Block)
    assert change.standing.customers == (MARTA.id, THEO.id)


@rule("BLOCK-2")
def test_the_address_is_blocked_only_when_asked_for_and_known() -> None:
    with_address = BLOCK._replace(address=True)
    with pytest.raises(Refused, match="No IP address"):
        decide(conversation(), with_address, FACTS, NOW)
    known = FACTS._replace(addresses={MARTA.id: "192.0.2.7"})
    for command, address in ((BLOCK, None), (with_address, "192.0.2.7")):
        standing = decide(conversation(), command, known, NOW).standing
        assert isinstance(standing, Block)
        assert standing.address == address


@pytest.mark.parametrize(("command", "code"), [(BLOCK, "closed"), (BLOCK._replace(reason=""), "closed")])
def test_one_block_at_a_time(command: BlockCustomer, code: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(conversation(), command, BLOCKED, NOW)
    assert refused.value.code == code


@rule("BLOCK-3")
def test_only_supervisors_lift_and_the_thread_says_who() -> None:
    with pytest.raises(Refused, match="Only supervisors"):
        decide(conversation(), LiftBlock(7, ADA, "id"), BLOCKED, NOW)
    change = decide(conversation("closed"), LiftBlock(7, SVEN, "id"), BLOCKED, NOW)
    assert change.standing == Lift((MARTA.id,), SVEN.id)
    assert change.entries[0].text == "Sven lifted the block"


@rule("BLOCK-1")
def test_a_block_needs_a_reason() -> None:
    with pytest.raises(Refused, match="needs a reason"):
        decide(conversation(), BLOCK._replace(reason=""), FACTS, NOW)
