"""Dissolves: where one picture becomes another in a straight line.

The two have nothing to do with each other, and more changes than before and after. What moves does
not go straight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from windfall_local.engines.video.cuts import SURE
from windfall_local.engines.video.distances import BLOCK, even, planes_of
from windfall_local.engines.video.stretches import Change, find_runs, overlap
from windfall_local.engines.vision.arrays import Array

_REACHES = (0.1, 0.2, 0.4, 0.8)
"""Seconds before and after a frame, compared to find what changes slowly."""
_BRIEFEST, _LONGEST = 0.2, 4.0
"""Seconds of a dissolve, and to each side of its middle."""
_LEAST = 12.0
"""How much a dissolve changes at least, as `distances` counts."""
_STRAIGHT = 0.35
"""How far the middle of a dissolve may be from the straight line, as a part of its length."""
_ALIKE = 0.64
"""Up to which correlation the pictures at the ends have nothing to do with each other."""
_GOES_ON = 0.35
"""The pace, as a part of the mean one, under which a dissolve is over."""
_FASTER = 1.5
"""How many times more changes in a dissolve than in as many frames before or after it."""
_FLAT = 3.0
"""Contrast up to which little is in a picture."""


def find_dissolves(signatures: Array, cuts: Sequence[Change], rate: float) -> list[Change]:
    """Where one picture becomes another, none over another."""
    found: list[Change] = []
    walls = np.array([0, *(cut.first for cut in cuts), len(signatures)])
    for reach in _REACHES:
        half = max(2, round(reach * rate))
        for centre in _centres(signatures, half):
            if any(change.last <= centre <= change.first for change in found):
                continue
            # A dissolve lies between two cuts.
            place = int(np.searchsorted(walls, centre, side="right"))
            begin, end = int(walls[place - 1]), int(walls[place]) - 1
            change = _extended(signatures, centre, half, begin, end, rate)
            if change is not None:
                found = [other for other in found if not overlap(other, change)]
                found.append(change)
    return found


def _centres(signatures: Array, half: int) -> list[int]:
    """Frames that lie straight between one before and one after, which are unlike each other."""
    total = len(signatures)
    found = []
    for begin in range(half, total - half, BLOCK):
        end = min(begin + BLOCK, total - half)
        planes = planes_of(signatures[begin - half : end + half])
        length = end - begin
        early, late = planes[:length], planes[2 * half : 2 * half + length]
        middle = planes[half : half + length]
        across = np.abs(late - early).sum(axis=1)
        off = np.abs(middle - (early + late) / 2).sum(axis=1)
        likely = (across >= _LEAST / 2) & (off <= _STRAIGHT * across)
        # Of neighbours, the one with the largest change.
        for run in find_runs(likely, 1):
            best = run.first + int(np.argmax(across[run.first : run.last + 1]))
            found.append(begin + best)
    return found


def _extended(
    signatures: Array, centre: int, half: int, begin: int, end: int, rate: float
) -> Change | None:
    """The whole dissolve around a frame, or None when it is none."""
    reach = round(_LONGEST * rate)
    begin, end = max(begin, centre - reach), min(end, centre + reach)
    if centre - half < begin or centre + half > end:
        return None
    planes = planes_of(signatures[begin : end + 1])
    middle = centre - begin
    first, last = _ends(planes, middle, half)
    early, late = planes[first], planes[last]
    if last - first < _BRIEFEST * rate or _runs_into(planes, first, last):
        return None
    total = float(np.abs(late - early).sum())
    if total < _LEAST or not _are_unlike(early, late):
        return None
    if not _goes_straight(planes[first : last + 1]) or not _is_faster(planes, first, last):
        return None
    sure = min(1.0, (total - _LEAST) / (SURE - _LEAST))
    return Change(begin + first, begin + last, 0.5 + 0.5 * sure)


def _ends(planes: Array, middle: int, half: int) -> tuple[int, int]:
    """Where the way through a frame begins and ends."""
    direction = planes[middle + half] - planes[middle - half]
    way = planes @ direction / float(direction @ direction)
    pace = np.convolve(np.diff(way), np.ones(3) / 3, mode="same")
    least = _GOES_ON * float(way[middle + half] - way[middle - half]) / (2 * half)
    first = middle
    while first > 0 and pace[first - 1] > least:
        first -= 1
    last = middle
    while last < len(pace) and pace[last] > least:
        last += 1
    return first, last


def _runs_into(planes: Array, first: int, last: int) -> bool:
    """Whether a way begins or ends at a cut, with a picture: then it is what moves in a shot."""
    ends = [(first, planes[0]), (len(planes) - 1 - last, planes[-1])]
    return any(room <= 1 and not _is_flat(picture) for room, picture in ends)


def _are_unlike(early: Array, late: Array) -> bool:
    """Whether two pictures have little in common, whatever light they are in."""
    one, other = early - even(early), late - even(late)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) <= _ALIKE * lengths


def _goes_straight(planes: Array) -> bool:
    early, late = planes[0], planes[-1]
    direction = late - early
    length = float(np.abs(direction).sum())
    way = np.clip((planes - early) @ direction / float(direction @ direction), 0, 1)
    off = np.abs(planes - early - way[:, None] * direction).sum(axis=1)
    return bool(off.mean() <= 0.6 * _STRAIGHT * length)


def _is_faster(planes: Array, first: int, last: int) -> bool:
    """Whether more changes within than in as many frames before, and after.

    At a side that is flat (black, for a fade) or has no frames to compare, the other one decides.
    """
    inside = float(np.abs(planes[last] - planes[first]).sum())
    length = last - first
    outside = []
    if first >= length / 2 and not _is_flat(planes[first]):
        outside.append(float(np.abs(planes[first] - planes[max(0, first - length)]).sum()))
    after = min(len(planes) - 1, last + length)
    if after - last >= length / 2 and not _is_flat(planes[last]):
        outside.append(float(np.abs(planes[after] - planes[last]).sum()))
    return bool(outside) and inside > _FASTER * max(outside)


def _is_flat(planes: Array) -> bool:
    """Whether little or nothing is in a picture."""
    return float(np.abs(planes - even(planes)).sum()) < _FLAT
