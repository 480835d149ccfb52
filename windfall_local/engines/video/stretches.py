"""Frames from one to another: shots, runs, and the changes between shots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from windfall_local.engines.vision.arrays import Array


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
class Change:
    """From the last frame of a shot to the first frame of the next; `confidence` from 0 to 1."""

    last: int
    first: int
    confidence: float


def overlap(one: Change, other: Change) -> bool:
    """Whether two changes have a step in common."""
    return one.last < other.first and other.last < one.first


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
