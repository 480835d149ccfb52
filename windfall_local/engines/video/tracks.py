"""The same thing in one sample and the next: who goes on, and who is new."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.results import Box

NEAR = 0.2
"""How near a thing must be to where its track would be to go on with it, from 0 to 1."""
REACH = 1.5
"""Widths that a thing may move from one sample to the next."""
ALIKE, UNLIKE = 0.53, 0.35
"""Cosines of descriptors from which two faces may be one person's wherever they are, and up to
which they are not even in the same place; `services.rekognition.similarity` has the measure."""

SAME = 0.65
"""The cosine from which two tracks are one person, at different times: stricter than a match,
since a video has many pairs of tracks."""


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Something that a sample shows.

    Attributes:
        kind: Only things of a kind are the same.
        box: Where it is.
        descriptor: What it is compared by, if there is one; of length 1.
    """

    kind: str
    box: Box
    descriptor: Array | None = None


@dataclass(slots=True)
class _Track:
    number: int
    mark: Mark
    sample: int
    drift: tuple[float, float] = (0.0, 0.0)


class Tracker:
    """Gives what a sample shows the numbers of the tracks that it goes on.

    Args:
        gap: Samples that may miss a thing before its track ends.
    """

    def __init__(self, gap: int) -> None:
        self._gap = gap
        self._tracks: list[_Track] = []
        self._count = 0

    def place(self, sample: int, marks: Sequence[Mark]) -> list[int]:
        """The track of each mark; new ones are numbered from 0 on.

        Args:
            sample: The sample's number; it grows.
            marks: What it shows.
        """
        self._tracks = [one for one in self._tracks if sample - one.sample <= self._gap + 1]
        pairs = sorted(
            (
                (_kinship(track, mark, sample - track.sample), index, place)
                for index, mark in enumerate(marks)
                for place, track in enumerate(self._tracks)
            ),
            reverse=True,
        )
        taken: dict[int, int] = {}
        for kinship, index, place in pairs:
            if kinship > 0 and index not in taken and place not in taken.values():
                taken[index] = place
        return [
            self._go_on(self._tracks[taken[index]], mark, sample)
            if index in taken
            else self._begin(mark, sample)
            for index, mark in enumerate(marks)
        ]

    def _go_on(self, track: _Track, mark: Mark, sample: int) -> int:
        passed = sample - track.sample
        before, after = _centre(track.mark.box), _centre(mark.box)
        track.drift = ((after[0] - before[0]) / passed, (after[1] - before[1]) / passed)
        track.mark, track.sample = mark, sample
        return track.number

    def _begin(self, mark: Mark, sample: int) -> int:
        number = self._count
        self._count += 1
        self._tracks.append(_Track(number, mark, sample))
        return number


def same_people(descriptors: Sequence[Array], times: Sequence[Sequence[int]]) -> list[int]:
    """Which tracks are one person: for each the person's number, from 0 in order of appearance.

    Args:
        descriptors: For each track the sum of its descriptors.
        times: For each track its first and last sample; who is seen at once is not the same.
    """
    people: list[tuple[Array, list[Sequence[int]]]] = []
    numbers = []
    for descriptor, (first, last) in zip(descriptors, times, strict=True):
        best, number = SAME, len(people)
        for known, (total, spans) in enumerate(people):
            alike = float(descriptor @ total) / (_length(descriptor) * _length(total))
            apart = all(last < begin or end < first for begin, end in spans)
            if apart and alike >= best:
                best, number = alike, known
        if number == len(people):
            people.append((descriptor.copy(), [(first, last)]))
        else:
            total, spans = people[number]
            total += descriptor
            spans.append((first, last))
        numbers.append(number)
    return numbers


def _length(descriptor: Array) -> float:
    return math.sqrt(float(descriptor @ descriptor)) or 1.0


def _kinship(track: _Track, mark: Mark, passed: int) -> float:
    """How well a mark goes on a track; 0 where it does not."""
    old = track.mark
    if old.kind != mark.kind or passed <= 0:
        return 0.0
    right, down = (part * passed for part in track.drift)
    near = max(_nearness(old.box, mark.box, 0, 0), _nearness(old.box, mark.box, right, down))
    if old.descriptor is None or mark.descriptor is None:
        return near if near >= NEAR else 0.0
    alike = float(old.descriptor @ mark.descriptor)
    if alike <= UNLIKE or (near < NEAR and alike < ALIKE):
        return 0.0
    return near + alike


def _nearness(old: Box, new: Box, right: float, down: float) -> float:
    """1 in the same place and size, falling to 0 at `REACH` widths or half or twice the size."""
    size = math.sqrt(max(old.area, new.area))
    if size == 0 or not 0.25 <= (old.area or 1e-9) / (new.area or 1e-9) <= 4:
        return 0.0
    x, y = _centre(old)
    to_x, to_y = _centre(new)
    away = math.hypot(x + right - to_x, y + down - to_y)
    return max(0.0, 1 - away / (REACH * size))


def _centre(box: Box) -> tuple[float, float]:
    return box.left + box.width / 2, box.top + box.height / 2
