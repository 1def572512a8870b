"""Every kind of notification has a plain sentence, which tells nothing that somebody wrote (TEAM-6)."""

import pytest

from deskbell.domain.notices import STORED, sentence
from tests.rules import rule

SECRET = "what somebody wrote"


@pytest.mark.parametrize("kind", STORED)
def test_each_kind_says_which_conversation_and_nothing_that_was_written(kind: str) -> None:
    line = sentence(
        kind, {"who": "Ada", "from": "Ada", "agent": "Ada", "note": SECRET, "answer": "declined"}, 12
    )
    assert "12" in line
    assert SECRET not in line


@pytest.mark.parametrize("kind", [*STORED, "of tomorrow"])
def test_values_that_are_missing_or_odd_break_no_sentence(kind: str) -> None:
    assert sentence(kind, {}, 12).endswith(".")
    assert sentence(kind, {"who": "{x} %s", "from": "{0}", "agent": None}, 12).endswith(".")


@rule("LIFE-14", "SUPERVISOR-1")
def test_a_supervisor_whose_transfer_nobody_answered_is_not_told_that_they_have_the_chat() -> None:
    line = sentence("transfer_answer", {"who": "Bruno", "answer": "back"}, 12)
    assert line == "Nobody answered your transfer of chat 12: it stays where it is."
