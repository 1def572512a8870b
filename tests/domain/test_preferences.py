"""Preferences: defaults, bounds, and errors that name both bounds (SUPERVISOR-2)."""

import pytest

from deskbell.domain.errors import Refused
from deskbell.domain.preferences import KINDS, Preferences, WholeNumber, check, merged, values

NUMBERS = [(name, kind) for name, kind in KINDS.items() if isinstance(kind, WholeNumber)]


def test_the_defaults_are_the_ones_the_rules_name() -> None:
    assert values(Preferences()) == {
        "max_chats": 5,
        "distribution": "averaged",
        "last_agent": True,
        "session_hours": 24,
        "upload_mb": 25,
    }
    assert merged({}) == Preferences()


@pytest.mark.parametrize(("name", "kind"), NUMBERS)
def test_a_number_is_taken_up_to_its_bounds_and_refused_beyond_naming_both(
    name: str, kind: WholeNumber
) -> None:
    check({name: kind.least})
    check({name: kind.most})
    for wrong in (kind.least - 1, kind.most + 1, 2.5, "5", True, None):
        with pytest.raises(Refused, match=f"from {kind.least:,} to {kind.most:,}"):
            check({name: wrong})


@pytest.mark.parametrize(("name", "wrong", "words"), [
    ("distribution", "fair", "one of: averaged"),
    ("last_agent", 1, "on or off"),
    ("no_such", 1, "no preference named 'no_such'"),
])  # fmt: skip
def test_other_wrong_values_are_refused_in_words(name: str, wrong: object, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        check({name: wrong})
    assert caught.value.code == "preference"


def test_a_stored_value_that_is_no_longer_allowed_is_passed_over_and_named() -> None:
    found = merged({"max_chats": 500, "last_agent": False, "of_a_newer_version": 1})
    assert (found.max_chats, found.last_agent) == (5, False)
    assert found.passed_over == ("max_chats",)
