"""When schedules fire; the cron examples are the user guide's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.events.errors import InvalidScheduleError
from windfall_local.events.schedules import parse_schedule


def firings(expression: str, start: str, count: int) -> list[str]:
    schedule, found = parse_schedule(expression), []
    moment: float | None = datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()
    for _ in range(count):
        assert moment is not None
        moment = schedule.next_after(moment)
        if moment is None:
            found.append("never")
            break
        found.append(datetime.fromtimestamp(moment, UTC).strftime("%a %Y-%m-%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        ("rate(1 minute)", "2026-11-23T06:00", ["Mon 2026-11-23 06:01", "Mon 2026-11-23 06:02"]),
        ("rate(2 days)", "2026-11-23T06:00", ["Wed 2026-11-25 06:00"]),
        ("cron(0 10 * * ? *)", "2026-11-23T10:00", ["Tue 2026-11-24 10:00"]),
        ("cron(15 12 * * ? *)", "2026-11-23T10:00", ["Mon 2026-11-23 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-27T18:00", ["Mon 2026-11-30 18:00"]),
        ("cron(0 8 1 * ? *)", "2026-12-02T00:00", ["Fri 2027-01-01 08:00"]),
        ("cron(0/15 * * * ? *)", "2026-11-23T10:50", ["Mon 2026-11-23 11:00"]),
        (
            "cron(0/5 8-17 ? * MON-FRI *)",
            "2026-11-23T17:50",
            ["Mon 2026-11-23 17:55", "Tue 2026-11-24 08:00"],
        ),
        ("cron(0 0 L * ? *)", "2026-02-01T00:00", ["Sat 2026-02-28 00:00"]),
        ("cron(0 9 ? * 2#1 *)", "2026-11-23T00:00", ["Mon 2026-12-07 09:00"]),
        ("cron(0 9 ? * 6L *)", "2026-11-01T00:00", ["Fri 2026-11-27 09:00"]),
        ("cron(0 9 ? * L *)", "2026-11-23T00:00", ["Sat 2026-11-28 09:00"]),
        ("cron(0 9 3W * ? *)", "2026-10-01T00:00", ["Fri 2026-10-02 09:00"]),
        ("cron(0 9 1W * ? *)", "2026-08-01T00:00", ["Mon 2026-08-03 09:00"]),
        ("cron(0 9 LW * ? *)", "2026-05-01T00:00", ["Fri 2026-05-29 09:00"]),
        ("cron(0 0 29 2 ? *)", "2026-01-01T00:00", ["Tue 2028-02-29 00:00"]),
        ("cron(0 0 1 JAN,JUL ? 2030)", "2026-01-01T00:00", ["Tue 2030-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2020)", "2026-01-01T00:00", ["never"]),
        ("cron(30 23 ? * FRI-SUN *)", "2026-11-28T23:30", ["Sun 2026-11-29 23:30"]),
    ],
)
def test_a_schedule_fires_when_it_should(expression: str, start: str, expected: list[str]) -> None:
    assert firings(expression, start, len(expected)) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 weeks)",
        "rate(5)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 * * ?)",
        "cron(60 10 * * ? *)",
        "cron(0 10 32 * ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(x 10 * * ? *)",
        "cron(0/0 10 * * ? *)",
        "every day",
        "",
    ],
)
def test_an_invalid_schedule_is_refused(expression: str) -> None:
    with pytest.raises(InvalidScheduleError):
        parse_schedule(expression)


@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.datetimes(datetime(2000, 1, 1), datetime(2190, 1, 1)),
)
def test_a_daily_schedule_fires_once_within_a_day(minute: int, hour: int, at: datetime) -> None:
    moment = at.replace(tzinfo=UTC).timestamp()
    following = parse_schedule(f"cron({minute} {hour} * * ? *)").next_after(moment)
    assert following is not None
    assert 0 < following - moment <= 86_400 + 60
    fired = datetime.fromtimestamp(following, UTC)
    assert (fired.hour, fired.minute, fired.second) == (hour, minute, 0)
