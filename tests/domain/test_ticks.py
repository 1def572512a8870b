"""How far a message got, whatever is said in whatever order (CHANNEL-2)."""

from functools import reduce
from itertools import permutations

import pytest

from deskbell.domain.ticks import moves, whole
from tests.rules import rule

pytestmark = rule("CHANNEL-2")


def after(said: tuple[str, ...]) -> str:
    return reduce(lambda had, word: word if moves(had, word) else had, said, "sending")


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        (("sent", "delivered", "read"), "read"),
        (("unknown", "sent"), "sent"),
        (("sent", "failed"), "failed"),
        (("sent", "delivered", "failed"), "delivered"),
    ],
)
def test_the_order_of_words_does_not_matter(said: tuple[str, ...], stands: str) -> None:
    assert {after(order) for order in permutations(said * 2)} == {stands}


@pytest.mark.parametrize(
    ("parts", "stands"),
    [
        (["waiting", "waiting"], "waiting"),
        (["read", "waiting"], "sending"),
        (["read", "sent"], "sent"),
        (["read", "delivered"], "delivered"),
        (["read", "read"], "read"),
        (["read", "failed"], "failed"),
        (["unknown", "waiting"], "unknown"),
        (["failed", "unknown"], "failed"),
    ],
)
def test_a_message_got_as_far_as_its_last_part(parts: list[str], stands: str) -> None:
    assert whole(parts) == stands
