"""How alike two faces are, as a number from 0 to 100."""

from __future__ import annotations

import math
from collections.abc import Sequence

EVEN, STEEPNESS = 0.53, 20.0
"""The cosine at which two faces are as likely one person as two, and how fast that changes.

Of 108 portraits, pairs of one person had cosines of .57 and more (.72 in the middle), pairs of
different people .36 in the middle and 1 in 100 above .60; other photos had one person at .47.
"""

MATCH = 80.0
"""The similarity from which a face counts as somebody's: Rekognition's default."""


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two descriptors of length 1."""
    return sum(a * b for a, b in zip(one, other, strict=True))


def similarity(alike: float) -> float:
    """A cosine as a similarity: 50 where it says nothing, 80 (Rekognition's default) at .60."""
    return 100 / (1 + math.exp(-STEEPNESS * (alike - EVEN)))
