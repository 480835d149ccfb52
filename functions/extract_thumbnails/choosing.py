"""Which moments of a video to keep a picture of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windfall.contracts.timeline import Interval

MOST = 100
"""Pictures of a video."""
_WITHOUT_SHOTS = 12
_EVERY = 10_000
"""Milliseconds between two pictures, where no shots are known and the video is short."""


def moments(shots: Sequence[Interval], duration: int) -> list[int]:
    """Milliseconds: the middle of each shot, or of equal parts where there are no shots."""
    if shots:
        middles = sorted({(shot.start + shot.end) // 2 for shot in shots})
        return _spread(middles, MOST)
    parts = max(1, min(_WITHOUT_SHOTS, duration // _EVERY))
    return [duration * (2 * part + 1) // (2 * parts) for part in range(parts)]


def _spread(times: list[int], most: int) -> list[int]:
    """At most so many of them, evenly."""
    if len(times) <= most:
        return times
    return [times[number * len(times) // most] for number in range(most)]
