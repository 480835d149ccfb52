"""Fades: where a picture goes to nothing, or comes from it."""

from __future__ import annotations

from collections.abc import Sequence

from windfall_local.engines.video.cuts import SURE
from windfall_local.engines.video.distances import contrasts_of
from windfall_local.engines.video.stretches import Change, find_runs
from windfall_local.engines.vision.arrays import Array

EMPTY = 2.0
"""Contrast up to which nothing is in a picture: the deviation of the luma's means."""
_RISES, _PATIENCE = 1.02, 3
"""By how much contrast grows in a fade, and for how many frames it may rest."""
_BRIEFEST, _LONGEST = 0.1, 4.0
"""Seconds on the way to nothing, or from it."""


def find_fades(signatures: Array, cuts: Sequence[Change], rate: float) -> list[Change]:
    """Every fade: what is empty, with the way there and back."""
    contrasts = contrasts_of(signatures)
    at_cuts = {cut.first for cut in cuts}
    least, most = max(2, round(_BRIEFEST * rate)), round(_LONGEST * rate)
    found: list[Change] = []
    for run in find_runs(contrasts < EMPTY, 1):
        out = 0 if run.first in at_cuts else _climb(contrasts[: run.first][::-1], most)
        back = 0 if run.last + 1 in at_cuts else _climb(contrasts[run.last + 1 :], most)
        if max(out, back) < least:
            continue
        tops = (
            contrasts[max(0, run.first - out - 1)],
            contrasts[min(run.last + back, len(contrasts) - 1)],
        )
        sure = min(1.0, float(max(tops)) / SURE)
        change = Change(run.first - out - 1, run.last + back + 1, 0.5 + 0.5 * sure)
        if found and change.last <= found[-1].first:
            change = Change(found[-1].last, change.first, max(sure, found[-1].confidence))
            found.pop()
        found.append(change)
    return found


def _climb(contrasts: Array, most: int) -> int:
    """After how many frames a picture that comes out of nothing is whole."""
    reached = 0
    top = 0.0
    for number, contrast in enumerate(contrasts[:most]):
        if contrast > top * _RISES:
            top, reached = float(contrast), number
        elif number - reached >= _PATIENCE or contrast < top / 2:
            break
    return reached
