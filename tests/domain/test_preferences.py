"""Preferences: defaults, bounds, and errors that name both bounds (SUPERVISOR-2)."""

from dataclasses import replace

import pytest

from deskbell.domain.errors import Refused
from deskbell.domain.preferences import (
    KINDS,
    Choice,
    OpeningHours,
    Preferences,
    WholeNumber,
    Words,
    YesNo,
    check,
    check_together,
    merged,
    values,
)
from tests.rules import rule

HOURS = {"zone": "Europe/Berlin", "weekly": [[["09:00", "17:00"]]] * 5 + [[], []], "holidays": []}


def of_kind(kind: type) -> list[str]:
    return [name for name, one in KINDS.items() if isinstance(one, kind)]


@rule("SUPERVISOR-2")
def test_the_defaults_are_the_ones_the_rules_name() -> None:
    now = values(Preferences())
    assert now == {name: kind.default for name, kind in KINDS.items()}
    assert now == {
        "max_chats": 5, "distribution": "averaged", "last_agent": True, "ring_seconds": 30,
        "agent_timeout_minutes": 20, "inactivity_minutes": 120, "pending_minutes": 480, "transfer_minutes": 20,
        "close_sentiment": True, "close_tag": True, "close_note": True, "web_end": "//end", "web_stop": "//stop",
            "whatsapp_end": "//end", "whatsapp_stop": "//stop",
        "offline": "form", "transcripts": True, "transcript_subject": "", "transcript_intro": "", "survey": "csat",
        "survey_question": "", "survey_thanks": "", "hours": None, "typing_preview": False, "session_hours": 24,
        "upload_mb": 25,
    }  # fmt: skip
    assert merged({}) == Preferences()


@rule("SUPERVISOR-2")
@pytest.mark.parametrize(("name", "least", "most"), [
    ("max_chats", "1", "100"), ("ring_seconds", "10", "300"), ("agent_timeout_minutes", "1", "1,440"),
    ("inactivity_minutes", "5", "1,440"), ("pending_minutes", "10", "10,080"), ("transfer_minutes", "1", "1,440"),
    ("session_hours", "1", "720"), ("upload_mb", "1", "1,024"),
])  # fmt: skip
def test_a_number_is_taken_up_to_its_bounds_and_refused_beyond_naming_both(
    name: str, least: str, most: str
) -> None:
    low, high = int(least), int(most.replace(",", ""))
    check({name: low})
    check({name: high})
    for wrong in (low - 1, high + 1, 2.5, "5", True, None):
        with pytest.raises(Refused, match=f"from {least} to {most}"):
            check({name: wrong})


def test_every_number_stands_in_the_table_above() -> None:
    tried = test_a_number_is_taken_up_to_its_bounds_and_refused_beyond_naming_both.pytestmark  # type: ignore[attr-defined]
    table = next(mark.args[1] for mark in tried if mark.name == "parametrize")
    assert of_kind(WholeNumber) == [row[0] for row in table]


@pytest.mark.parametrize(("kind", "good", "wrong", "words"), [
    (Choice, None, "fair", "must be one of: "),
    (YesNo, False, 1, "must be on or off"),
    (Words, "", " bye", "at most [0-9]+ characters, without spaces around it"),
    (Words, "!bye", "x" * 501, "at most [0-9]+ characters"),
    (Words, "schluss bitte", "a\x00b", "at most [0-9]+ characters"),
    (OpeningHours, HOURS, {}, "exactly zone, weekly, holidays"),
    (OpeningHours, None, HOURS | {"zone": "Mars"}, "no time zone named 'Mars'"),
])  # fmt: skip
def test_other_values_are_refused_in_words(kind: type, good: object, wrong: object, words: str) -> None:
    for name in of_kind(kind):
        check({name: KINDS[name].default if kind is Choice else good})
        with pytest.raises(Refused, match=words) as caught:
            check({name: wrong})
        assert caught.value.code == "preference"
        assert caught.value.text.startswith(KINDS[name].what)


def test_a_name_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match="no preference named 'no_such'"):
        check({"no_such": 1})


def test_the_words_to_end_and_to_opt_out_must_differ_unless_both_are_off() -> None:
    check_together(Preferences())
    check_together(replace(Preferences(), web_end="", web_stop=""))
    with pytest.raises(Refused, match="must differ"):
        check_together(replace(Preferences(), web_end="//STOP"))


def test_a_stored_value_that_is_no_longer_allowed_is_passed_over_and_named() -> None:
    found = merged(
        {"max_chats": 500, "last_agent": False, "hours": {"zone": "Mars"}, "of_a_newer_version": 1}
    )
    assert (found.max_chats, found.last_agent, found.hours) == (5, False, None)
    assert found.passed_over == ("hours", "max_chats")
