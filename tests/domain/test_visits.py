"""Pages opened while chatting, chats that agents begin, and when a site greets (VISITOR-2)."""

from datetime import timedelta

import pytest

from deskbell.domain import visits
from deskbell.domain.commands import NotePage, StartByAgent
from deskbell.domain.errors import Refused
from deskbell.domain.lifecycle import decide
from deskbell.domain.triggers import Trigger, may_greet, pick
from tests.cast import ADA, FACTS, MARTA, NOW, THEO, conversation
from tests.rules import rule

VISITING = {NotePage, StartByAgent}
"""Commands that the table of commands leaves to this file."""


def page(who: object = MARTA) -> NotePage:
    return NotePage(7, who, "page-1", "https://shop.test/", "Shop")  # type: ignore[arg-type]


@rule("VISITOR-2")
@pytest.mark.parametrize("state", ["queued", "offered", "live", "pending"])
def test_a_page_is_a_line_for_the_team_and_changes_nothing_else(state: str) -> None:
    before = conversation(state)
    change = decide(before, page(), FACTS, NOW)
    (line,) = change.entries
    assert (line.kind, line.public, line.text) == ("page", False, "Shop")
    assert change == change._replace(conversation=before._replace(last_seq=3))


@rule("VISITOR-2")
@pytest.mark.parametrize("state", ["closed", "unassigned", "assigned", "archived"])
def test_a_page_is_noted_in_open_chats_only(state: str) -> None:
    with pytest.raises(Refused, match="while a chat is open"):
        decide(conversation(state), page(), FACTS, NOW)


def test_a_strangers_page_is_noted_nowhere() -> None:
    with pytest.raises(Refused) as refused:
        decide(conversation(), page(THEO), FACTS, NOW)
    assert refused.value.code == "not_found"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (FACTS._replace(online={}), "unavailable"),
        (FACTS._replace(opted_out=frozenset({MARTA.id})), "forbidden"),
        (FACTS._replace(blocked=frozenset({MARTA.id})), "forbidden"),
    ],
)
def test_who_is_away_begins_nothing_and_nobody_is_written_to_who_must_not_be(
    facts: object, code: str
) -> None:
    asked = StartByAgent(ADA, "id", 1, MARTA.id, "Can I help?")
    with pytest.raises(Refused) as refused:
        visits.approach(8, asked, facts, NOW)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_of_the_greetings_that_fit_the_soonest_is_shown() -> None:
    late, soon = Trigger("a", "", 60, 1, "Hello"), Trigger("b", "/Cart", 5, 1, "Can we help?")
    third = Trigger("c", "", 1, 3, "Welcome back")
    assert pick([late, soon, third], "https://shop.test/cart", 1) == soon
    assert pick([late, soon, third], "https://shop.test/", 2) == late
    assert pick([late, soon, third], "https://shop.test/", 3) == third
    assert pick([soon], "https://shop.test/", 1) is None


def test_nobody_is_pestered() -> None:
    def may(**values: object) -> bool:
        given = {"greeted_at": None, "dismissed_at": None, "chatting": False, "now": NOW} | values
        return may_greet(**given)  # type: ignore[arg-type]

    assert may()
    assert may(greeted_at=NOW - timedelta(hours=24))
    assert not may(greeted_at=NOW - timedelta(hours=24) + timedelta(seconds=1))
    assert not may(dismissed_at=NOW - timedelta(days=300))
    assert not may(chatting=True)
