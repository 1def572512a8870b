"""Two customers become one: by supervisors, and never with two open chats (LIFE-16, TICKET-7)."""

import pytest

from deskbell.domain.commands import MergeCustomers
from deskbell.domain.errors import Refused
from deskbell.domain.lifecycle import decide
from deskbell.domain.standing import Merge
from tests.cast import ADA, FACTS, MARTA, NOW, SVEN, THEO, conversation

UNITE = MergeCustomers(7, SVEN, "id", THEO.id)


def test_an_agent_merges_nobody() -> None:
    with pytest.raises(Refused, match="Only supervisors"):
        decide(conversation(), UNITE._replace(actor=ADA), FACTS, NOW)


def test_what_is_open_moves_and_every_open_thread_says_so() -> None:
    chat = conversation(id=9, customer_id=THEO.id)
    facts = FACTS._replace(
        belongings={MARTA.id: (8,), THEO.id: (9,)},
        conversations={8: conversation("assigned", id=8), 9: chat},
    )
    change = decide(conversation("closed"), UNITE, facts, NOW)
    assert change.standing == Merge(MARTA.id, THEO.id)
    assert {other.id: other.customer_id for other in change.others} == {8: MARTA.id, 9: MARTA.id}
    assert {entry.conversation_id for entry in change.entries} == {7, 8, 9}
    assert change.entries[0].text == "Sven merged the customer with customer 2"


@pytest.mark.parametrize(
    ("states", "values"), [(("live", "queued"), {}), (("unassigned", "assigned"), {"converted": True})]
)
def test_neither_two_open_chats_nor_two_missed_ones_come_together(
    states: tuple[str, str], values: dict[str, bool]
) -> None:
    mine, theirs = (conversation(state, id=n, **values) for n, state in enumerate(states, 8))
    facts = FACTS._replace(
        belongings={MARTA.id: (8,), THEO.id: (9,)},
        conversations={8: mine, 9: theirs._replace(customer_id=THEO.id)},
    )
    with pytest.raises(Refused, match="Both have an open"):
        decide(conversation("closed"), UNITE, facts, NOW)


def test_nobody_is_merged_with_themselves() -> None:
    with pytest.raises(Refused, match="one customer already"):
        decide(conversation(), UNITE._replace(customer_id=MARTA.id), FACTS, NOW)
