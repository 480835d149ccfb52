"""`rate(5 minutes)` and `cron(0 12 * * ? *)`: when a scheduled rule fires next, in UTC."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from windfall_local.events.errors import InvalidScheduleError

_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)")
_CRON = re.compile(r"cron\((.+)\)")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LAST_YEAR = 2199


class Schedule(Protocol):
    """When something fires."""

    def next_after(self, moment: float) -> float | None:
        """The first time after a moment (seconds since the epoch); None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many seconds, counted from the moment it was made."""

    seconds: int

    def next_after(self, moment: float) -> float | None:
        """The first time after a moment."""
        return moment + self.seconds


_DayTest = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Cron:
    """Minutes of certain days."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    is_day: _DayTest

    def next_after(self, moment: float) -> float | None:
        """The first time after a moment."""
        start = datetime.fromtimestamp(int(moment), UTC).replace(second=0) + timedelta(minutes=1)
        day, earliest = start.date(), (start.hour, start.minute)
        while day.year <= _LAST_YEAR:
            if day.year not in self.years or day.month not in self.months:
                day = _next_month(day)
            else:
                if self.is_day(day):
                    time = self._first_time(earliest)
                    if time is not None:
                        return datetime(day.year, day.month, day.day, *time, tzinfo=UTC).timestamp()
                day += timedelta(days=1)
            earliest = (0, 0)
        return None

    def _first_time(self, earliest: tuple[int, int]) -> tuple[int, int] | None:
        times = ((hour, minute) for hour in self.hours for minute in self.minutes)
        return next((time for time in times if time >= earliest), None)


def parse_schedule(expression: str) -> Schedule:
    """Read a schedule expression.

    Raises:
        InvalidScheduleError: It is none.
    """
    rate = _RATE.fullmatch(expression)
    if rate:
        number, unit = int(rate[1]), rate[2]
        # AWS wants the singular for 1 and the plural for the rest.
        if number < 1 or (number == 1) == unit.endswith("s"):
            raise InvalidScheduleError(expression)
        return Rate(number * _SECONDS[unit.removesuffix("s")])
    cron = _CRON.fullmatch(expression)
    fields = cron[1].split() if cron else []
    if len(fields) != 6:
        raise InvalidScheduleError(expression)
    try:
        return _parse_cron(fields)
    except ValueError as error:
        raise InvalidScheduleError(f"{expression}: {error}") from error


def _parse_cron(fields: list[str]) -> Cron:
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise ValueError("exactly one of day-of-month and day-of-week must be ?")
    return Cron(
        tuple(sorted(_numbers(minutes, 0, 59))),
        tuple(sorted(_numbers(hours, 0, 23))),
        frozenset(_numbers(months, 1, 12, _MONTHS)),
        frozenset(_numbers(years, 1970, _LAST_YEAR)),
        _weekday_test(weekdays) if days == "?" else _month_day_test(days),
    )


def _numbers(text: str, lowest: int, highest: int, names: tuple[str, ...] = ()) -> set[int]:
    """The numbers that a field names: `1,5-9`, `*`, `0/15`, `MON-FRI`."""

    def number(word: str) -> int:
        value = names.index(word.upper()) + lowest if word.upper() in names else int(word)
        if not lowest <= value <= highest:
            raise ValueError(f"{word} is not between {lowest} and {highest}")
        return value

    found: set[int] = set()
    for part in text.split(","):
        bounds, _, step = part.partition("/")
        increment = int(step) if step else 1
        if increment < 1:
            raise ValueError(f"{part} has no increment")
        if bounds == "*":
            first, last = lowest, highest
        else:
            start, _, end = bounds.partition("-")
            first = number(start)
            last = number(end) if end else (highest if step else first)
        if first <= last:
            found.update(range(first, last + 1, increment))
        else:  # FRI-MON goes round
            found.update(range(first, highest + 1, increment), range(lowest, last + 1, increment))
    return found


def _month_day_test(text: str) -> _DayTest:
    if text.upper() == "L":
        return lambda day: day.day == _month_length(day)
    weekday = re.fullmatch(r"(\d+|L)W", text.upper())
    if weekday:
        wanted = 31 if weekday[1] == "L" else int(weekday[1])
        if not 1 <= wanted <= 31:
            raise ValueError(f"{text} is no day of a month")
        return lambda day: day.day == _nearest_weekday(day, wanted)
    numbers = _numbers(text, 1, 31)
    return lambda day: day.day in numbers


def _nearest_weekday(day: date, wanted: int) -> int:
    """The weekday nearest to a day of that month, never leaving the month."""
    length = _month_length(day)
    target = day.replace(day=min(wanted, length))
    if target.weekday() == 5:
        return target.day - 1 if target.day > 1 else 3
    if target.weekday() == 6:
        return target.day + 1 if target.day < length else target.day - 2
    return target.day


def _weekday_test(text: str) -> _DayTest:
    if text.upper() == "L":
        return lambda day: _weekday(day) == 7
    special = re.fullmatch(r"(\w+)(#([1-5])|L)", text.upper())
    if special and (special[1].isdigit() or special[1] in _DAYS):
        (wanted,) = _numbers(special[1], 1, 7, _DAYS)
        if special[3]:
            occurrence = int(special[3])
            return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == occurrence
        return lambda day: _weekday(day) == wanted and day.day + 7 > _month_length(day)
    numbers = _numbers(text, 1, 7, _DAYS)
    return lambda day: _weekday(day) in numbers


def _weekday(day: date) -> int:
    """1 for Sunday to 7 for Saturday, as cron counts."""
    return day.isoweekday() % 7 + 1


def _month_length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
