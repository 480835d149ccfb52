"""What a person wants to see first of a video's feature."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from windfall.contracts.features import VideoFeature
from windfall.features import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windfall.contracts.timeline import Interval

_MOST = 10


def summary_of(feature: VideoFeature, intervals: Sequence[Interval]) -> dict[str, Any]:
    """Counts, and the ten that are seen longest."""
    if feature is VideoFeature.SEGMENTS:
        cues = Counter(one.value for one in intervals if one.kind == "technical_cue")
        return {"shots": sum(one.kind == "shot" for one in intervals), "cues": dict(cues)}
    seconds = _seconds(intervals)
    if feature is VideoFeature.FACES:
        return {"count": len(intervals), "seconds": seconds.get("face", 0.0)}
    surest: dict[str, float] = {}
    for one in intervals:
        surest[one.value] = max(surest.get(one.value, 0.0), one.confidence or 0.0)
    longest = sorted(seconds, key=lambda value: (-seconds[value], value))[:_MOST]
    return {
        "count": len(seconds),
        "longest": [
            {
                "name": shortened(value),
                "seconds": seconds[value],
                "confidence": round(surest[value], 1),
            }
            for value in longest
        ],
    }


def _seconds(intervals: Sequence[Interval]) -> dict[str, float]:
    """For how long each thing is seen; twice at once counts once."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for one in intervals:
        spans.setdefault(one.value, []).append((one.start, one.end))
    return {value: _covered(found) / 1000 for value, found in spans.items()}


def _covered(spans: list[tuple[int, int]]) -> int:
    total, until = 0, 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, until))
        until = max(until, end)
    return total
