"""Whether somebody can answer now: hours and people together, way by way (VISITOR-8, TICKET-1)."""

from datetime import UTC, datetime

import pytest

from deskbell.domain.answering import Answering, Way, answering
from deskbell.domain.hours import Hours, parse
from tests.rules import rule

SUNDAY = datetime(2026, 3, 1, 10, tzinfo=UTC)
MONDAY_9 = datetime(2026, 3, 2, 9, tzinfo=UTC)
MONDAY_7 = datetime(2026, 3, 2, 7, tzinfo=UTC)


def weekdays_from(start: str) -> Hours | None:
    return parse({"zone": "UTC", "weekly": [[[start, "17:00"]]] * 5 + [[], []], "holidays": []})


DESK, EARLY, ALWAYS = weekdays_from("09:00"), weekdays_from("07:00"), None


@rule("VISITOR-8", "TICKET-1")
@pytest.mark.parametrize(("ways", "expected"), [
    ([Way(ALWAYS, True)], Answering(True)),
    ([Way(ALWAYS, False)], Answering(False, "nobody")),
    ([Way(DESK, True)], Answering(False, "hours", MONDAY_9)),
    ([Way(DESK, True), Way(EARLY, False)], Answering(False, "hours", MONDAY_7)),
    ([Way(DESK, True), Way(ALWAYS, False)], Answering(False, "nobody")),
    ([Way(DESK, False), Way(ALWAYS, True)], Answering(True)),
    ([], Answering(False, "hours", None)),
])  # fmt: skip
def test_one_way_in_hours_with_somebody_available_is_enough(ways: list[Way], expected: Answering) -> None:
    assert answering(ways, SUNDAY) == expected
