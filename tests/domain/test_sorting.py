"""Sorting a conversation moves it into nobody else's hands (CHAT-8, CHAT-9)."""

import pytest

from deskbell.domain.commands import ChangeDepartment, ChangeLabels
from deskbell.domain.errors import Refused
from deskbell.domain.lifecycle import decide
from tests.cast import ADA, FACTS, NOW, OLGA, REFUND, SALES, SUPPORT, SVEN, URGENT, conversation
from tests.rules import rule

MOVE = ChangeDepartment(7, ADA, "id", SALES)


@rule("CHAT-9")
@pytest.mark.parametrize("state", ["live", "pending", "closed", "assigned"])
def test_another_department_changes_neither_the_owner_nor_the_state_nor_asks_routing(state: str) -> None:
    before = conversation(state)
    change = decide(before, MOVE, FACTS, NOW)
    after = change.conversation
    assert (after.department_id, after.owner_id, after.state) == (SALES, ADA.id, state)
    assert not change.route
    assert (change.notifications, change.others) == ((), ())


@rule("CHAT-9")
def test_an_outsider_of_the_new_department_still_does_not_see_it() -> None:
    after = decide(conversation(), MOVE, FACTS, NOW).conversation
    with pytest.raises(Refused) as refused:
        decide(after, MOVE._replace(actor=OLGA, department_id=SUPPORT), FACTS, NOW)
    assert refused.value.code == "not_found"


@rule("CHAT-8")
@pytest.mark.parametrize("state", ["live", "pending", "closed", "assigned", "unassigned"])
def test_labels_go_on_chats_and_tickets_alike(state: str) -> None:
    labelled = conversation(state, labels=(REFUND,))
    change = decide(labelled, ChangeLabels(7, SVEN, "id", (URGENT,), (REFUND,)), FACTS, NOW)
    assert change.conversation.labels == (URGENT,)
    assert change.entries[0].text == "Sven added urgent and removed refund"
