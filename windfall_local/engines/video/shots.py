"""Where shots begin and end.

A transition (a fade, a dissolve) belongs to no shot, as Rekognition has it.
"""

from __future__ import annotations

from windfall_local.engines.video.cuts import SHORTEST, find_cuts
from windfall_local.engines.video.dissolves import find_dissolves
from windfall_local.engines.video.distances import steps_of
from windfall_local.engines.video.fades import find_fades
from windfall_local.engines.video.stretches import Change, Stretch, overlap
from windfall_local.engines.vision.arrays import Array


def find_shots(signatures: Array, rate: float) -> list[Stretch]:
    """The shots of a video.

    Args:
        signatures: Of all its frames, in order; a memory map will do.
        rate: Frames a second.
    """
    total = len(signatures)
    if total == 0:
        return []
    steps, spreads = steps_of(signatures)
    cuts = find_cuts(signatures, steps, spreads, rate)
    fades = find_fades(signatures, cuts, rate)
    dissolves = [
        change
        for change in find_dissolves(signatures, cuts, rate)
        if not any(overlap(change, fade) for fade in fades)
    ]
    slow = [*fades, *dissolves]
    cuts = [cut for cut in cuts if not any(overlap(cut, change) for change in slow)]
    shots: list[Stretch] = []
    first, sure = 0, 1.0
    changes = sorted([*cuts, *slow], key=lambda change: change.last)
    for change in [*changes, Change(total - 1, total, 1.0)]:
        # What is shorter than a glance is a part of the transition around it.
        if change.last - first + 1 >= SHORTEST * rate or change.first == total:
            shots.append(Stretch(first, change.last, min(sure, change.confidence)))
        first, sure = change.first, change.confidence
    return [shot for shot in shots if shot.first <= shot.last]
