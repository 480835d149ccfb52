"""Where shots begin and end, and where a picture is black or shows bars, from signatures.

A hard cut is a step that stands out of the steps around it. A fade and a dissolve are stretches in
which the picture goes from one to another in a straight line, faster than before and after; motion
does not go straight. A transition belongs to no shot, as Rekognition has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from windfall_local.engines.video.signatures import CHROMA, LUMA
from windfall_local.engines.vision.arrays import Array

CUT, SURE_CUT = 9.0, 36.0
"""The step between two frames (the mean differences of the three planes, added) from which it can
be a cut, and from which it is surely one."""
STANDS_OUT = 3.0
"""How many times larger a cut is than the steps around it."""
_AROUND = 0.3
"""Seconds to each side that count as around."""
_FLASH = 0.2
"""Seconds after which a flash is over and the picture as before."""
_SHORTEST = 0.15
"""Seconds of a shot at least."""
_LONGEST_TRANSITION = 5.0
_REACHES = (0.1, 0.25, 0.5, 1.0)
"""Seconds before and after a frame, compared to find what changes slowly."""
_STRAIGHT, _ALL_STRAIGHT = 0.25, 0.2
"""How far a frame within a transition may be from the straight line, as a part of its length."""
_FASTER = 2.5
"""How many times faster a transition changes than what is around it."""
_LEAST_TRANSITION = 14.0
_FLAT = 3.0
"""Deviation of the luma's means, in levels, up to which nothing is in a picture."""
_BLOCK = 8192
"""Frames that are taken into memory at a time: 8 MB."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames from one to another, both included.

    Attributes:
        first: Number of its first frame, from 0.
        last: Number of its last.
        confidence: From 0 to 1.
    """

    first: int
    last: int
    confidence: float


@dataclass(frozen=True, slots=True)
class _Change:
    """From the last frame of a shot to the first frame of the next."""

    last: int
    first: int
    confidence: float


def find_shots(signatures: Array, rate: float) -> list[Stretch]:
    """The shots of a video.

    Args:
        signatures: Of all its frames, in order; a memory map will do.
        rate: Frames a second.
    """
    total = len(signatures)
    if total == 0:
        return []
    steps = _distances(signatures, 1)
    slow = _transitions(signatures, steps, rate)
    cuts = [cut for cut in _cuts(signatures, steps, rate) if not _within(cut, slow)]
    changes = sorted([*cuts, *_joined(signatures, slow)], key=lambda change: change.last)
    shots: list[Stretch] = []
    first, sure = 0, 1.0
    for change in [*changes, _Change(total - 1, total, 1.0)]:
        # What is shorter than a glance is a part of the transition around it.
        if change.last - first + 1 >= _SHORTEST * rate or change.first == total:
            shots.append(Stretch(first, change.last, min(sure, change.confidence)))
        first, sure = change.first, change.confidence
    return [shot for shot in shots if shot.first <= shot.last]


def find_runs(flags: Sequence[bool] | Array, least: int, gap: int = 0) -> list[Stretch]:
    """Stretches of frames that are flagged.

    Args:
        flags: One for each frame.
        least: Frames of a stretch at least.
        gap: Frames that may lack within one.
    """
    marked = np.flatnonzero(np.asarray(flags))
    if marked.size == 0:
        return []
    ends = np.flatnonzero(np.diff(marked) > gap + 1)
    firsts = marked[np.concatenate([[0], ends + 1])]
    lasts = marked[np.concatenate([ends, [marked.size - 1]])]
    counts = np.diff(np.concatenate([[-1], ends, [marked.size - 1]]))
    return [
        Stretch(int(first), int(last), float(count / (last - first + 1)))
        for first, last, count in zip(firsts, lasts, counts, strict=True)
        if last - first + 1 >= least
    ]


# --- Cuts ---------------------------------------------------------------------------------------


def _cuts(signatures: Array, steps: Array, rate: float) -> list[_Change]:
    around = max(2, round(_AROUND * rate))
    found: list[_Change] = []
    for frame in np.flatnonzero(steps >= CUT):
        before = steps[max(1, frame - around) : frame]
        after = steps[frame + 1 : frame + 1 + around]
        usual = max(_middle(before), _middle(after))
        if steps[frame] < STANDS_OUT * usual or _is_flash(signatures, steps, int(frame), rate):
            continue
        sure = min(1.0, float((steps[frame] - CUT) / (SURE_CUT - CUT)))
        found.append(_Change(int(frame) - 1, int(frame), 0.5 + 0.5 * sure))
    return found


def _middle(values: Array) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _is_flash(signatures: Array, steps: Array, frame: int, rate: float) -> bool:
    """Whether the picture is soon as it was before, or was so shortly before."""
    reach = max(1, round(_FLASH * rate))
    step = steps[frame]
    before = _planes(signatures[max(0, frame - reach - 1) : frame])
    after = _planes(signatures[frame : frame + reach + 1])
    back = np.abs(after[1:] - before[-1]).sum(axis=1)
    forth = np.abs(before[:-1] - after[0]).sum(axis=1)
    return bool((back < 0.3 * step).any() or (forth < 0.3 * step).any())


# --- Transitions --------------------------------------------------------------------------------


def _transitions(signatures: Array, steps: Array, rate: float) -> list[_Change]:
    """Fades and dissolves, in order, none over another."""
    found: list[_Change] = []
    for reach in _REACHES:
        half = max(2, round(reach * rate))
        for centre in _centres(signatures, half):
            if any(change.last <= centre <= change.first for change in found):
                continue
            change = _extended(signatures, steps, centre, half, rate)
            if change is not None and not _within(change, found):
                found = [other for other in found if not _within(other, [change])]
                found.append(change)
    return sorted(found, key=lambda change: change.last)


def _centres(signatures: Array, half: int) -> list[int]:
    """Frames that lie straight between one before and one after, which differ much."""
    total = len(signatures)
    found = []
    for begin in range(half, total - half, _BLOCK):
        end = min(begin + _BLOCK, total - half)
        planes = _planes(signatures[begin - half : end + half])
        length = end - begin
        early, late = planes[:length], planes[2 * half : 2 * half + length]
        middle = planes[half : half + length]
        across = np.abs(late - early).sum(axis=1)
        off = np.abs(middle - (early + late) / 2).sum(axis=1)
        likely = (across >= _LEAST_TRANSITION) & (off <= _STRAIGHT * across)
        # Of neighbours, the one with the largest change.
        for run in find_runs(likely, 1):
            best = run.first + int(np.argmax(across[run.first : run.last + 1]))
            found.append(begin + best)
    return found


def _extended(
    signatures: Array, steps: Array, centre: int, half: int, rate: float
) -> _Change | None:
    """The whole transition around a frame, or None when it is none."""
    reach = min(round(_LONGEST_TRANSITION * rate), 6 * half)
    begin, end = max(0, centre - half - reach), min(len(signatures) - 1, centre + half + reach)
    planes = _planes(signatures[begin : end + 1])
    middle = centre - begin
    direction = planes[min(middle + half, len(planes) - 1)] - planes[max(0, middle - half)]
    length = float(direction @ direction)
    # How far each frame is on the way, and by how much each goes on.
    way = planes @ direction / length
    pace = np.diff(way)
    least = 0.2 * max(float(pace[max(0, middle - 2) : middle + 2].mean()), 1e-6)
    first = middle
    while first > 0 and pace[first - 1] > least:
        first -= 1
    last = middle
    while last < len(pace) and pace[last] > least:
        last += 1
    if last - first < 3 or not _goes_straight(planes[first : last + 1]):
        return None
    total = float(np.abs(planes[last] - planes[first]).sum())
    inside = steps[begin + first + 1 : begin + last + 1]
    if total < _LEAST_TRANSITION or inside.max() > 0.6 * total:
        return None
    margin = max(2, round(_AROUND * rate))
    before = steps[max(1, begin + first - margin) : begin + first + 1]
    after = steps[begin + last + 1 : begin + last + 1 + margin]
    # Out of black, or into it, another fade may come close; on the other side there is a shot.
    sides = [
        _middle(steps_there)
        for steps_there, edge in ((before, first), (after, last))
        if _contrasts(signatures[begin + edge : begin + edge + 1])[0] > 2 * _FLAT
    ]
    if float(inside.mean()) < _FASTER * max(sides, default=0.0):
        return None
    sure = min(1.0, (total - _LEAST_TRANSITION) / (SURE_CUT - _LEAST_TRANSITION))
    return _Change(begin + first, begin + last, 0.5 + 0.5 * sure)


def _goes_straight(planes: Array) -> bool:
    early, late = planes[0], planes[-1]
    direction = late - early
    length = float(np.abs(direction).sum())
    if length == 0:
        return False
    way = np.clip((planes - early) @ direction / float(direction @ direction), 0, 1)
    off = np.abs(planes - early - way[:, None] * direction).sum(axis=1)
    return bool(off.mean() <= _ALL_STRAIGHT * length)


def _joined(signatures: Array, slow: Sequence[_Change]) -> list[_Change]:
    """A fade out, what is flat after it, and the fade in, as one change."""
    joined: list[_Change] = []
    for change in slow:
        previous = joined[-1] if joined else None
        if previous is not None and (
            previous.first >= change.last or _is_flat(signatures[previous.first : change.last + 1])
        ):
            sure = min(previous.confidence, change.confidence)
            joined[-1] = _Change(previous.last, change.first, sure)
        else:
            joined.append(change)
    return joined


def _is_flat(signatures: Array) -> bool:
    """Whether little or nothing is in the picture, most of the time."""
    if len(signatures) > _BLOCK:
        return False
    contrasts = _contrasts(signatures)
    return bool(np.median(contrasts) < _FLAT and contrasts.max() < 4 * _FLAT)


def _contrasts(signatures: Array) -> Array:
    """How far the luma's means are from one brightness, for each frame."""
    return signatures["luma"].reshape(len(signatures), -1).astype(np.float32).std(axis=1)


def _within(change: _Change, others: Sequence[_Change]) -> bool:
    return any(other.last <= change.last and change.first <= other.first for other in others)


# --- Distances ----------------------------------------------------------------------------------

_WEIGHTS = np.concatenate(
    [
        np.full(LUMA[0] * LUMA[1], 1 / (LUMA[0] * LUMA[1]), np.float32),
        np.full(2 * CHROMA[0] * CHROMA[1], 1 / (CHROMA[0] * CHROMA[1]), np.float32),
    ]
)


def _planes(signatures: Array) -> Array:
    """Frames as rows; the sum of absolute differences of two is how much they differ."""
    count = len(signatures)
    parts = [signatures[name].reshape(count, -1) for name in ("luma", "blue", "red")]
    return np.concatenate(parts, axis=1).astype(np.float32) * _WEIGHTS


def _distances(signatures: Array, apart: int) -> Array:
    """How much each frame differs from the one so many before it; 0 for the first."""
    total = len(signatures)
    distances: Array = np.zeros(total, np.float32)
    for begin in range(apart, total, _BLOCK):
        end = min(begin + _BLOCK, total)
        planes = _planes(signatures[begin - apart : end])
        distances[begin:end] = np.abs(planes[apart:] - planes[:-apart]).sum(axis=1)
    return distances
