"""Times as Windfall writes them: UTC, text, milliseconds, so that they sort as they stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the time, with its zone."""


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """A moment as contracts carry it: `2026-11-23T14:00:00.000Z`."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    )


def moment_of(text: str) -> datetime:
    """The moment that a timestamp, ours or AWS's, names.

    Raises:
        ValueError: It is no timestamp.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds_between(earlier: str, later: str) -> float:
    """How long it took; never negative, since two machines' clocks may differ."""
    return round(max(0.0, (moment_of(later) - moment_of(earlier)).total_seconds()), 3)
