"""Business hours: the wall clock of their zone, day by day (TICKET-1, SUPERVISOR-2)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskbell.domain.hours import HOLIDAYS, INTERVALS, is_open, next_opening, parse, problem
from tests.rules import rule

WORK = [["09:00", "12:00"], ["13:00", "17:30"]]
WEEK: dict[str, Any] = {"zone": "Europe/Berlin", "weekly": [WORK] * 5 + [[], []], "holidays": []}
MINUTE = timedelta(minutes=1)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "UTC",
)
# A few days around each change of the clocks of 2026 in these zones, and the turn of the year.
STARTS = [datetime(2026, month, day, tzinfo=UTC) for month, day in
          ((2, 13), (3, 6), (3, 20), (3, 27), (4, 3), (10, 2), (10, 23), (10, 30), (12, 29))]  # fmt: skip


def berlin(*when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold).astimezone(UTC)  # type: ignore[misc,arg-type]


def every_day(*intervals: list[str]) -> dict[str, Any]:
    return WEEK | {"weekly": [list(intervals)] * 7}


@rule("TICKET-1")
@pytest.mark.parametrize(("when", "opened"), [
    ((2026, 3, 2, 8, 59), False), ((2026, 3, 2, 9, 0), True), ((2026, 3, 2, 11, 59, 59), True),
    ((2026, 3, 2, 12, 0), False), ((2026, 3, 2, 13, 0), True), ((2026, 3, 2, 17, 30), False),
    ((2026, 3, 7, 10, 0), False),
])  # fmt: skip
def test_the_desk_is_open_from_the_start_of_each_interval_up_to_its_end(
    when: tuple[int, ...], opened: bool
) -> None:
    assert is_open(parse(WEEK), berlin(*when)) is opened


def test_without_hours_the_desk_is_always_open_and_never_opens() -> None:
    assert is_open(parse(None), berlin(2026, 3, 8, 3)) is True
    assert next_opening(parse(None), berlin(2026, 3, 8, 3)) is None


@pytest.mark.parametrize(("intervals", "when", "opened"), [
    ([["09:00", "12:00"]], (2026, 12, 24, 11), True),
    ([["09:00", "12:00"]], (2026, 12, 24, 14), False),
    ([], (2026, 12, 24, 11), False),
    ([], (2026, 12, 23, 11), True),
])  # fmt: skip
def test_the_hours_of_a_holiday_stand_in_place_of_those_of_its_weekday(
    intervals: list[list[str]], when: tuple[int, ...], opened: bool
) -> None:
    hours = parse(WEEK | {"holidays": [{"date": "2026-12-24", "name": "Eve", "intervals": intervals}]})
    assert is_open(hours, berlin(*when)) is opened


def test_the_next_opening_is_found_over_a_weekend_a_holiday_and_a_break() -> None:
    hours = parse(
        WEEK | {"holidays": [{"date": "2026-03-09", "name": "", "intervals": [["10:15", "11:00"]]}]}
    )
    assert next_opening(hours, berlin(2026, 3, 6, 18)) == berlin(2026, 3, 9, 10, 15)
    assert next_opening(hours, berlin(2026, 3, 9, 10, 30)) == berlin(2026, 3, 10, 9)
    assert next_opening(hours, berlin(2026, 3, 10, 9)) == berlin(2026, 3, 10, 13)


def test_hours_up_to_midnight_join_with_the_next_day() -> None:
    night = parse(every_day(["00:00", "06:00"], ["18:00", "24:00"]))
    assert is_open(night, berlin(2026, 3, 3, 23, 59))
    assert is_open(night, berlin(2026, 3, 4, 0, 0))
    assert next_opening(night, berlin(2026, 3, 3, 19)) == berlin(2026, 3, 4, 18)


def test_hours_that_are_never_over_or_never_begin_have_no_next_opening() -> None:
    assert next_opening(parse(every_day(["00:00", "24:00"])), berlin(2026, 3, 3, 19)) is None
    assert next_opening(parse(every_day()), berlin(2026, 3, 3, 19)) is None


def test_a_start_that_the_clock_leaves_out_is_the_moment_after_the_jump() -> None:
    hours = parse(every_day(["02:30", "04:00"]))
    assert next_opening(hours, berlin(2026, 3, 28, 5)) == berlin(2026, 3, 29, 3)
    assert next_opening(parse(every_day(["02:10", "02:50"])), berlin(2026, 3, 28, 5)) == berlin(
        2026, 3, 30, 2, 10
    )


def test_a_time_that_comes_twice_is_open_both_times() -> None:
    hours = parse(every_day(["02:15", "02:45"]))
    first, second = berlin(2026, 10, 25, 2, 15), berlin(2026, 10, 25, 2, 15, fold=1)
    assert second - first == timedelta(hours=1)
    assert is_open(hours, first)
    assert is_open(hours, second)
    assert not is_open(hours, first + 40 * MINUTE)
    assert (next_opening(hours, first - MINUTE), next_opening(hours, first)) == (first, second)


@st.composite
def days(draw: st.DrawFn) -> list[list[str]]:
    edges = sorted(draw(st.sets(st.sampled_from(range(0, 1441, 15)), max_size=6)))
    if len(edges) % 2:
        edges.pop()
    clocks = [f"{edge // 60:02}:{edge % 60:02}" for edge in edges]
    return [clocks[n : n + 2] for n in range(0, len(clocks), 2)]


def opened_by_the_wall_clock(value: dict[str, Any], moment: datetime) -> bool:
    """The oracle: compare the clock's own words."""
    there = moment.astimezone(ZoneInfo(value["zone"]))
    intervals = value["weekly"][there.weekday()]
    for holiday in value["holidays"]:
        if holiday["date"] == there.date().isoformat():
            intervals = holiday["intervals"]
    return any(start <= f"{there:%H:%M}" < end for start, end in intervals)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(ZONES), st.lists(days(), min_size=7, max_size=7), st.sampled_from(STARTS),
    st.integers(0, 3), days(), st.integers(0, 1439),
)  # fmt: skip
def test_every_minute_of_three_days_is_as_the_wall_clock_says(
    zone: str, weekly: list[Any], start: datetime, holiday: int, intervals: Any, offset: int
) -> None:
    day = date.fromordinal(start.toordinal() + holiday).isoformat()
    holidays = [{"date": day, "name": "Feast", "intervals": intervals}]
    value = {"zone": zone, "weekly": weekly, "holidays": holidays}
    assert problem(value) is None
    hours, begin = parse(value), start + offset * MINUTE
    states = [opened_by_the_wall_clock(value, begin + n * MINUTE) for n in range(3 * 1440)]
    assert [is_open(hours, begin + n * MINUTE) for n in range(3 * 1440)] == states
    opening = next((n for n in range(1, len(states)) if states[n] and not states[n - 1]), None)
    found = next_opening(hours, begin)
    if opening is not None:
        assert found == begin + opening * MINUTE
    else:
        assert found is None or found >= begin + len(states) * MINUTE


GOOD_DAY = {"date": "2026-12-24", "name": "Eve", "intervals": []}


@rule("SUPERVISOR-2")
@pytest.mark.parametrize(("wrong", "words"), [
    ("always", "exactly zone, weekly, holidays"),
    ({"zone": "UTC"}, "exactly zone, weekly, holidays"),
    (WEEK | {"zone": "Europe/Nowhere"}, "no time zone named 'Europe/Nowhere'"),
    (WEEK | {"zone": "../etc/passwd"}, "no time zone"),
    (WEEK | {"weekly": [WORK] * 6}, "7 lists"),
    (every_day(["9:00", "12:00"]), "two times from 00:00 to 24:00"),
    (every_day(["23:00", "24:01"]), "two times from 00:00 to 24:00"),
    (every_day(["12:00", "12:00"]), "Monday: 12:00 to 12:00 must end after it starts"),
    (every_day(["09:00", "12:00"], ["11:59", "13:00"]), "must not overlap"),
    (every_day(["13:00", "14:00"], ["09:00", "10:00"]), "in order"),
    (every_day(*[[f"{n:02}:00", f"{n:02}:30"] for n in range(7)]), f"at most {INTERVALS} intervals"),
    (WEEK | {"holidays": [GOOD_DAY, GOOD_DAY]}, "named twice"),
    (WEEK | {"holidays": [GOOD_DAY | {"date": "2026-02-30"}]}, "is no date"),
    (WEEK | {"holidays": [GOOD_DAY | {"date": "20261224"}]}, "is no date"),
    (WEEK | {"holidays": [GOOD_DAY | {"name": "x" * 101}]}, "at most 100 characters"),
    (WEEK | {"holidays": [GOOD_DAY | {"intervals": [["10:00", "09:00"]]}]}, "2026-12-24: 10:00 to 09:00"),
    (WEEK | {"holidays": [GOOD_DAY] * (HOLIDAYS + 1)}, f"at most {HOLIDAYS}"),
])  # fmt: skip
def test_what_cannot_be_business_hours_is_refused_in_words_that_name_the_limit(
    wrong: Any, words: str
) -> None:
    assert words in (problem(wrong) or "")


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["UTC", "09:00", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(
        st.sampled_from(["zone", "weekly", "holidays", "date", "name", "intervals"]), inner, max_size=3),
))  # fmt: skip
def test_nothing_that_json_can_say_breaks_the_check(value: Any) -> None:
    if problem(value) is None:
        parse(value)
