"""Business hours: weekly intervals, holidays and a time zone (TICKET-1, SUPERVISOR-2).

As stored and sent: `{"zone": "Europe/Berlin", "weekly": [[["09:00", "12:00"], ["13:00", "17:30"]], ...],
"holidays": [{"date": "2026-12-24", "name": "Christmas Eve", "intervals": [["09:00", "12:00"]]}]}`; `weekly` has seven
lists, Monday first; a holiday's intervals stand in place of its weekday's, none: closed. An interval has its start and
not its end; "24:00" is midnight at the end of the day, and goes on into a next day that begins at "00:00".

What counts is the clock on the wall there: a time that comes twice when the clock is put back is open both times, one
that is left out when it is put forward never comes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
INTERVALS = 6
HOLIDAYS = 200
NAME = 100
LOOKS_AHEAD = timedelta(days=366)
_KEYS = ("zone", "weekly", "holidays")
_HOLIDAY_KEYS = ("date", "name", "intervals")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)

Intervals = tuple[tuple[int, int], ...]
"""Of one day, in order; minutes since midnight, the end not included."""


class Hours(NamedTuple):
    """Business hours made ready for asking: see `parse`."""

    zone: ZoneInfo
    weekly: tuple[Intervals, ...]
    holidays: Mapping[date, Intervals]

    def on(self, day: date) -> Intervals:
        found = self.holidays.get(day)
        return self.weekly[day.weekday()] if found is None else found


def parse(value: Mapping[str, Any] | None) -> Hours | None:
    """Business hours as stored, made ready; None (no hours: always open) stays None. `problem(value)` is None."""
    if value is None:
        return None
    holidays = {date.fromisoformat(one["date"]): _minutes(one["intervals"]) for one in value["holidays"]}
    return Hours(ZoneInfo(value["zone"]), tuple(_minutes(day) for day in value["weekly"]), holidays)


def is_open(hours: Hours | None, now: datetime) -> bool:
    """Whether `now` lies in business hours. No hours at all: always open."""
    if hours is None:
        return True
    there = now.astimezone(hours.zone)
    minute = there.hour * 60 + there.minute
    return any(start <= minute < end for start, end in hours.on(there.date()))


def next_opening(hours: Hours | None, now: datetime) -> datetime | None:
    """When the hours begin next after `now` (UTC); None when they never do within a year, or are never over."""
    if hours is None:
        return None
    for moment in _beginnings(hours, now.astimezone(UTC)):
        if moment > now and is_open(hours, moment) and not is_open(hours, moment - _TICK):
            return moment
    return None


def _beginnings(hours: Hours, now: datetime) -> Iterator[datetime]:
    """Every moment at which the hours may begin, in order: starts of intervals, and clocks that are put forward or back."""
    at, end = now - _DAY, now + LOOKS_AHEAD
    while at < end:
        until = _change(hours.zone, at, at + _DAY)
        offset = _offset(hours.zone, at)
        first, last = (at + offset).replace(tzinfo=None), (until + offset).replace(tzinfo=None)
        yield at
        for day in (first.date(), first.date() + _DAY):
            midnight = datetime(day.year, day.month, day.day)
            for start, _ in hours.on(day):
                there = midnight + timedelta(minutes=start)
                if first < there < last:
                    yield there.replace(tzinfo=UTC) - offset
        at = until


def _change(zone: ZoneInfo, at: datetime, until: datetime) -> datetime:
    """The moment in (at, until) from which another offset counts, to the second; `until` when none does."""
    before = _offset(zone, at)
    if _offset(zone, until) == before:
        return until
    at, until = at.replace(microsecond=0), until.replace(microsecond=0)
    while until - at > timedelta(seconds=1):
        middle = at + timedelta(seconds=(until - at) // timedelta(seconds=2))
        at, until = (middle, until) if _offset(zone, middle) == before else (at, middle)
    return until


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _minutes(intervals: Iterable[Iterable[str]]) -> Intervals:
    return tuple((_minute(start), _minute(end)) for start, end in intervals)


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def problem(value: object) -> str | None:
    """Why this cannot be business hours, in a sentence that names the limit; None when it can (None: always open)."""
    if value is None:
        return None
    if not isinstance(value, dict) or sorted(map(str, value)) != sorted(_KEYS):
        return f"they must have exactly {', '.join(_KEYS)}, or be null for always open."
    if not isinstance(value["zone"], str) or value["zone"] not in _zones():
        return f"there is no time zone named {str(value['zone'])[:60]!r}; one is called Europe/Berlin."
    weekly = value["weekly"]
    if not isinstance(weekly, list) or len(weekly) != len(DAYS):
        return "the week must be 7 lists of intervals, Monday first."
    for name, intervals in zip(DAYS, weekly, strict=True):
        if found := _problem_of_day(name, intervals):
            return found
    return _problem_of_holidays(value["holidays"])


def _problem_of_day(name: str, intervals: object) -> str | None:
    if not isinstance(intervals, list) or len(intervals) > INTERVALS:
        return f"{name} must be a list of at most {INTERVALS} intervals."
    before = 0
    for interval in intervals:
        if not isinstance(interval, list) or len(interval) != 2 or not all(map(_is_clock, interval)):
            return f"{name} must have intervals of two times from 00:00 to 24:00, such as 09:00 and 17:30."
        start, end = map(_minute, interval)
        if start >= end:
            return f"{name}: {interval[0]} to {interval[1]} must end after it starts, at 24:00 at the latest."
        if start < before:
            return f"{name}: the intervals must be in order and must not overlap ({interval[0]} does)."
        before = end
    return None


def _problem_of_holidays(holidays: object) -> str | None:
    if not isinstance(holidays, list) or len(holidays) > HOLIDAYS:
        return f"the holidays must be a list of at most {HOLIDAYS}."
    seen: set[str] = set()
    for holiday in holidays:
        if not isinstance(holiday, dict) or sorted(map(str, holiday)) != sorted(_HOLIDAY_KEYS):
            return f"a holiday must have exactly {', '.join(_HOLIDAY_KEYS)}."
        day, name = holiday["date"], holiday["name"]
        if not _is_date(day):
            return f"{str(day)[:40]!r} is no date; one is written 2026-12-24."
        if not isinstance(name, str) or len(name) > NAME or not (name.isprintable()):
            return f"the name of a holiday must be a text of at most {NAME} characters."
        if day in seen:
            return f"{day} is named twice among the holidays."
        seen.add(day)
        if found := _problem_of_day(day, holiday["intervals"]):
            return found
    return None


def _is_clock(value: object) -> bool:
    return isinstance(value, str) and _CLOCK.fullmatch(value) is not None


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


@cache
def _zones() -> frozenset[str]:
    """Looked up once: the list is read from the time zone database."""
    return frozenset(available_timezones())
