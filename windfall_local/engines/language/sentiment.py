"""How an English text feels, by VADER, clause by clause.

VADER gives one figure per clause, -1 to 1. Shares for a text: each clause pulls its own way with
the strength of its figure; what little of the text feels anything stays neutral; where strong
clauses pull against each other, what they have in common is mixed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.language import ENGLISH_ONLY, Sentiment
from windfall_local.engines.language.segments import sentences

_TURN = re.compile(r"[,;]?\s+(?:but|however|although|though|yet|whereas)\b,?", re.IGNORECASE)

FAINT = 0.05
"""VADER's own bound between neutral and not."""

QUIET = 0.25
"""How much a clause without feeling counts beside one with."""

OPPOSED = (0.45, 0.85)
"""From which ratio of the weaker to the stronger side a text starts to be mixed, and is wholly."""


def sentiment(text: str, language: str) -> Sentiment:
    """How a text feels.

    Raises:
        UnsupportedFeatureError: Not in this language.
    """
    if language not in ENGLISH_ONLY:
        raise UnsupportedFeatureError(f"VADER reads English, not {language}.")
    return weigh([polarity(clause) for clause in clauses(text)])


def clauses(text: str) -> list[str]:
    """A text's sentences, parted where one turns (`…, but …`)."""
    return [part for sentence in sentences(text) for part in _TURN.split(sentence.text) if part]


def polarity(clause: str) -> float:
    """VADER's figure for one clause, -1 to 1."""
    return float(_analyzer().polarity_scores(clause)["compound"])


def weigh(figures: Sequence[float]) -> Sentiment:
    """The shares that clauses with these figures have together."""
    # A weak word is still a feeling: the root lifts 0.2 to a half.
    strengths = [abs(figure) ** 0.4 if abs(figure) >= FAINT else 0.0 for figure in figures]
    total = sum(max(strength, QUIET) for strength in strengths)
    if not total:
        return Sentiment(0.0, 0.0, 1.0, 0.0)
    positive = sum(s for f, s in zip(figures, strengths, strict=True) if f > 0) / total
    negative = sum(s for f, s in zip(figures, strengths, strict=True) if f < 0) / total
    # Rests of 1 that a root never reaches: a clear text is clear.
    neutral = max(0.02, 1.0 - positive - negative)
    mixed = max(0.01, (positive + negative) * _opposition(positive, negative))
    kept = 1.0 - min(1.0, mixed)
    shares = [positive * kept, negative * kept, neutral, mixed]
    scale = sum(shares)
    return Sentiment(*(share / scale for share in shares))


def _opposition(positive: float, negative: float) -> float:
    stronger = max(positive, negative)
    if not stronger:
        return 0.0
    low, high = OPPOSED
    ratio = min(positive, negative) / stronger
    return min(1.0, max(0.0, (ratio - low) / (high - low)))


@lru_cache(1)
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - lexicon

    return SentimentIntensityAnalyzer()
