"""From sightings, some each second, to intervals: the same thing seen again is one interval."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from windfall.contracts.timeline import Box, Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from collect_video_feature.sightings import Place, Sighting

_USUAL_STEP = 500
"""Milliseconds between two looks, where there are too few to tell."""
_LONGEST_STEP = 1_000
_MISSED = 2.1
"""Steps for which a thing may be away: one look that missed it does not end an interval."""
_SAME_PLACE = 0.3
"""Part of two faces' common area that both cover, from which they are one face."""
_MOST_BOXES = 24
"""Boxes of an interval; the raw pages have all."""


def joined(sightings: Iterable[Sighting], duration: int | None) -> list[Interval]:
    """Every sighting in an interval of its own kind and value, in order of time.

    An interval begins with its first sighting and lasts one step longer than its last one.

    Args:
        sightings: In any order.
        duration: Milliseconds of the video; intervals end there at the latest. None for unknown.
    """
    ordered = sorted(sightings, key=lambda one: (one.time, one.kind, one.value))
    step = _step(ordered)
    chains: list[_Chain] = []
    open_now: dict[tuple[str, str], list[_Chain]] = {}
    for same_time in _by_time(ordered):
        now = same_time[0].time
        for key, group in _by_thing(same_time):
            waiting = [one for one in open_now.get(key, []) if now - one.end <= _MISSED * step]
            go_on = _same_faces if key[0] == "face" else _same_names
            fresh = go_on(waiting, group)
            chains += fresh
            open_now[key] = [*waiting, *fresh]
    intervals = [chain.interval(step, duration) for chain in chains]
    return sorted(intervals, key=lambda one: (one.start, one.end, one.kind, one.value))


class _Chain:
    """Sightings of one thing, in order."""

    def __init__(self, sighting: Sighting) -> None:
        self.sightings = [sighting]

    @property
    def end(self) -> int:
        return self.sightings[-1].time

    @property
    def place(self) -> Place | None:
        places = self.sightings[-1].places
        return places[0] if places else None

    def interval(self, step: int, duration: int | None) -> Interval:
        first = self.sightings[0]
        start, end = max(0, first.time), max(0, self.end) + step
        if duration:
            start, end = min(start, duration - 1), min(end, duration)
        surest = max(one.confidence for one in self.sightings)
        return Interval(
            kind=first.kind,
            value=first.value,
            start=start,
            end=end,
            confidence=round(min(100.0, max(0.0, surest)), 2),
            details=_agreed([one.details for one in self.sightings]),
            boxes=_thinned(_boxes(self.sightings)),
        )


def _step(ordered: Sequence[Sighting]) -> int:
    """The usual time between two looks at the video."""
    times = sorted({one.time for one in ordered})
    distances = sorted(
        later - earlier for earlier, later in pairwise(times) if later - earlier <= _LONGEST_STEP
    )
    return distances[len(distances) // 2] if distances else _USUAL_STEP


def _by_time(ordered: Sequence[Sighting]) -> Iterator[list[Sighting]]:
    group: list[Sighting] = []
    for sighting in ordered:
        if group and sighting.time != group[0].time:
            yield group
            group = []
        group.append(sighting)
    if group:
        yield group


def _by_thing(group: Sequence[Sighting]) -> Iterator[tuple[tuple[str, str], list[Sighting]]]:
    things: dict[tuple[str, str], list[Sighting]] = {}
    for sighting in group:
        things.setdefault((sighting.kind, sighting.value), []).append(sighting)
    yield from things.items()


def _same_names(waiting: Sequence[_Chain], group: Sequence[Sighting]) -> list[_Chain]:
    """Go on with the chain of a name, or begin it: all that is seen of it at a time is its own."""
    fresh = [] if waiting else [_Chain(group[0])]
    chain, rest = (waiting[-1], group) if waiting else (fresh[0], group[1:])
    chain.sightings += rest
    return fresh


def _same_faces(waiting: Sequence[_Chain], group: Sequence[Sighting]) -> list[_Chain]:
    """Go on with the faces that are in the same place as before, and begin the others."""
    pairs = sorted(
        (
            (_common(chain.place, sighting.places[0]), number, place)
            for number, chain in enumerate(waiting)
            for place, sighting in enumerate(group)
            if sighting.places
        ),
        reverse=True,
    )
    chains, faces = set[int](), set[int]()
    for common, number, place in pairs:
        if common >= _SAME_PLACE and number not in chains and place not in faces:
            chains.add(number)
            faces.add(place)
            waiting[number].sightings.append(group[place])
    return [_Chain(sighting) for place, sighting in enumerate(group) if place not in faces]


def _common(one: Place | None, other: Place) -> float:
    """Intersection over union of two boxes."""
    if one is None:
        return 0.0
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (one.width * one.height + other.width * other.height - both)


def _agreed(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of each detail what most sightings say; the first of them where as many say another."""
    answer: dict[str, Any] = {}
    for name in dict.fromkeys(name for details in found for name in details):
        values = [details[name] for details in found if name in details]
        common = Counter(repr(value) for value in values).most_common(1)[0][0]
        answer[name] = next(value for value in values if repr(value) == common)
    return answer


def _boxes(sightings: Iterable[Sighting]) -> list[Box]:
    return [
        Box(
            time=max(0, sighting.time),
            left=round(place.left, 4),
            top=round(place.top, 4),
            width=round(place.width, 4),
            height=round(place.height, 4),
        )
        for sighting in sightings
        for place in sighting.places
    ]


def _thinned(boxes: list[Box]) -> list[Box]:
    if len(boxes) <= _MOST_BOXES:
        return boxes
    return [boxes[number * len(boxes) // _MOST_BOXES] for number in range(_MOST_BOXES)]
