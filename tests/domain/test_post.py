"""Who may ask for a transcript or rate, in every state, and what follows a closing (LIFE-13, VISITOR-9, SUPERVISOR-4)."""

from datetime import timedelta
from typing import Any

import pytest

from deskbell.domain.commands import CloseConversation, Command, Rate, SendTranscript
from deskbell.domain.conversation import Rating, Survey, Transcript
from deskbell.domain.errors import Refused
from deskbell.domain.facts import Facts, SurveyFact
from deskbell.domain.lifecycle import decide
from deskbell.domain.people import SYSTEM, Customer, Staff
from deskbell.domain.preferences import Preferences
from tests.cast import ADA, BRUNO, FACTS, MARTA, NOW, OLGA, SVEN, THEO, conversation
from tests.rules import rule

ELSEWHERE = (SendTranscript, Rate)
"""Commands whose table stands here."""
STATES = ("queued", "offered", "live", "pending", "closed", "archived")
DAY = timedelta(days=1)
KNOWN = FACTS._replace(emails={MARTA.id: "marta@home.test"}, surveys={7: [SurveyFact(2, "csat", NOW)]})


def asks(actor: Customer | Staff, email: str = "") -> SendTranscript:
    return SendTranscript(7, actor, "id", email)


def rates(score: int = 5, comment: str = "", *, who: Customer = MARTA, closing: int | None = None) -> Rate:
    return Rate(7, who, "id", closing, score, comment)


def outcome(state: str, command: Command, facts: Facts = KNOWN) -> str:
    try:
        decide(conversation(state), command, facts, NOW)
    except Refused as refused:
        return refused.code
    return "ok"


@rule("VISITOR-9", "SUPERVISOR-4", "PEOPLE-1")
@pytest.mark.parametrize(("command", "codes"), [
    (asks(THEO), "not_found not_found not_found not_found not_found not_found"),
    (rates(who=THEO), "not_found not_found not_found not_found not_found not_found"),
    (asks(OLGA), "not_found not_found not_found not_found not_found not_found"),
    (asks(BRUNO), "not_found not_found not_found not_found not_found forbidden"),
    (asks(ADA), "not_found forbidden ok ok ok forbidden"),
    (asks(SVEN), "ok ok ok ok ok forbidden"),
    (asks(MARTA), "ok ok ok ok ok ok"),
    (rates(), "ok ok ok ok ok ok"),
])  # fmt: skip
def test_who_may_in_which_state(command: Command, codes: str) -> None:
    assert [outcome(state, command) for state in STATES] == codes.split()


@rule("LIFE-12")
def test_staff_send_no_transcript_to_who_has_opted_out_who_may_still_ask_for_it() -> None:
    gone = KNOWN._replace(opted_out=frozenset({MARTA.id}))
    assert [outcome("closed", asks(who), gone) for who in (ADA, SVEN, MARTA)] == [
        "forbidden",
        "forbidden",
        "ok",
    ]


@rule("VISITOR-6", "VISITOR-9")
def test_a_typed_address_is_used_only_where_none_is_verified() -> None:
    for facts, to in (
        (KNOWN, "typed@home.test"),
        (KNOWN._replace(verified=frozenset({MARTA.id})), "marta@home.test"),
    ):
        change = decide(conversation("closed"), asks(MARTA, "typed@home.test"), facts, NOW)
        assert change.transcripts == (Transcript(7, 3, "customer", to),)
        assert (change.standing is None) == (to == "marta@home.test")


@rule("LIFE-13", "SUPERVISOR-4", "BLOCK-1")
@pytest.mark.parametrize(("values", "reason", "transcript", "survey"), [
    ({}, "by hand", True, True),
    ({"owner_id": None, "state": "queued"}, "by hand", True, False),
    ({}, "blocked", False, False),
    ({"linked_to": 9}, "its messages are part of #9 now", False, False),
    ({"channel": "email"}, "by hand", True, True),
    ({"channel": "email", "kind": "ticket", "state": "assigned"}, "by hand", False, False),
])  # fmt: skip
def test_what_follows_a_closing(values: dict[str, Any], reason: str, transcript: bool, survey: bool) -> None:
    change = decide(conversation(**values), CloseConversation(7, SYSTEM, "id", reason), FACTS, NOW)
    assert change.transcripts == ((Transcript(7, 3, "close"),) if transcript else ())
    assert change.surveys == ((Survey(7, 3, "csat"),) if survey else ())


@rule("LIFE-13", "SUPERVISOR-4")
def test_what_is_switched_off_does_not_follow() -> None:
    facts = FACTS._replace(preferences=Preferences(transcripts=False, survey="off"))
    change = decide(conversation(), CloseConversation(7, MARTA, "id"), facts, NOW)
    assert (change.transcripts, change.surveys) == ((), ())


@rule("SUPERVISOR-4")
@pytest.mark.parametrize(("kind", "score", "code"), [
    ("csat", 0, "score"), ("csat", 1, "ok"), ("csat", 5, "ok"), ("csat", 6, "score"),
    ("nps", -1, "score"), ("nps", 0, "ok"), ("nps", 10, "ok"), ("nps", 11, "score"),
])  # fmt: skip
def test_a_rating_stays_within_its_bounds(kind: str, score: int, code: str) -> None:
    assert outcome("closed", rates(score), FACTS._replace(surveys={7: [SurveyFact(2, kind, NOW)]})) == code


@rule("SUPERVISOR-4")
@pytest.mark.parametrize(("survey", "code"), [
    (SurveyFact(2, "csat", NOW - 30 * DAY), "closed"),
    (SurveyFact(2, "csat", NOW - 29 * DAY), "ok"),
    (SurveyFact(2, "csat", NOW - 9 * DAY, 1, "", NOW - DAY), "closed"),
    (SurveyFact(2, "csat", NOW - 9 * DAY, 1, "", NOW - 0.9 * DAY), "ok"),
    (SurveyFact(2, "csat", NOW, 4, "Good", NOW), "closed"),
])  # fmt: skip
def test_it_is_given_within_30_days_and_changed_within_24_hours(survey: SurveyFact, code: str) -> None:
    assert outcome("closed", rates(4, "Good"), FACTS._replace(surveys={7: [survey]})) == code


@rule("SUPERVISOR-4", "LIFE-19")
def test_the_rating_belongs_to_its_closing_and_staff_read_it_in_the_thread() -> None:
    facts = FACTS._replace(surveys={7: [SurveyFact(2, "csat", NOW), SurveyFact(9, "nps", NOW)]})
    change = decide(conversation("closed"), rates(4, "Quick", closing=2), facts, NOW)
    assert change.rating == Rating(7, 2, 4, "Quick")
    assert (change.entries[0].text, change.entries[0].public) == ("The customer rated 4 of 5: “Quick”", False)
    assert decide(conversation("closed"), rates(9), facts, NOW).rating == Rating(7, 9, 9, "")
    with pytest.raises(Refused, match="Nobody asked"):
        decide(conversation("closed"), rates(closing=3), facts, NOW)
