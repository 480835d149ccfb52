"""Hard cuts: steps between frames that stand out of the steps around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from windfall_local.engines.video.distances import planes_of
from windfall_local.engines.video.stretches import Change
from windfall_local.engines.vision.arrays import Array

CUT, SURE = 5.0, 30.0
"""The step between two frames (the mean differences of the three planes, added) from which it can
be a cut, and from which it is surely one."""
STANDS_OUT, STANDS_OVER = 3.0, 1.6
"""How many times larger a cut is than the steps on its calmer side, and than all but the two
largest around it."""
SPREAD = 0.3
"""How evenly a cut changes the picture, from 0 (in one place) to 1 (all over)."""
SHORTEST = 0.15
"""Seconds of a shot at least."""
_AROUND = 0.3
"""Seconds to each side that count as around."""
_FLASH = 0.2
"""Seconds after which a flash is over and the picture as before."""


def find_cuts(signatures: Array, steps: Array, spreads: Array, rate: float) -> list[Change]:
    """Every hard cut, in order.

    Args:
        signatures: Of all frames.
        steps: How much each differs from the one before.
        spreads: How evenly.
        rate: Frames a second.
    """
    around = max(2, round(_AROUND * rate))
    found: list[Change] = []
    for frame in np.flatnonzero((steps >= CUT) & (spreads >= SPREAD)):
        step = float(steps[frame])
        before = steps[max(1, frame - around) : frame]
        after = steps[frame + 1 : frame + 1 + around]
        # Another cut or a flash may be near: two of the steps around it do not count.
        busy = np.sort(np.concatenate([before, after]))[-3:].min()
        calm = min(_middle(before), _middle(after))
        if step < STANDS_OUT * calm or step < STANDS_OVER * float(busy):
            continue
        if not _is_flash(signatures, step, int(frame), rate):
            sure = min(1.0, (step - CUT) / (SURE - CUT))
            found.append(Change(int(frame) - 1, int(frame), 0.5 + 0.5 * sure))
    return _strongest(found, SHORTEST * rate)


def _strongest(cuts: Sequence[Change], apart: float) -> list[Change]:
    """Of cuts that are too near each other for a shot between them, the surer one."""
    kept: list[Change] = []
    for cut in cuts:
        if kept and cut.last - kept[-1].last < apart:
            if cut.confidence > kept[-1].confidence:
                kept[-1] = cut
        else:
            kept.append(cut)
    return kept


def _middle(values: Array) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _is_flash(signatures: Array, step: float, frame: int, rate: float) -> bool:
    """Whether the picture is soon as it was before, or was so shortly before."""
    reach = max(1, round(_FLASH * rate))
    before = planes_of(signatures[max(0, frame - reach - 1) : frame])
    after = planes_of(signatures[frame : frame + reach + 1])
    back = np.abs(after[1:] - before[-1]).sum(axis=1)
    forth = np.abs(before[:-1] - after[0]).sum(axis=1)
    return bool((back < 0.4 * step).any() or (forth < 0.4 * step).any())
