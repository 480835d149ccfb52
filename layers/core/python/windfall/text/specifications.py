"""What Comprehend's operations take: sizes, languages, and whether they have a batch form.

Sizes and languages: Amazon Comprehend's guidelines and quotas, and botocore's service model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from windfall.contracts.features import TextFeature
from windfall.text.merging import (
    EntityMerger,
    KeyPhraseMerger,
    Merger,
    PiiMerger,
    SentimentMerger,
    SyntaxMerger,
    TargetedSentimentMerger,
)

_ALL = ("en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW")
_SMALL, _LARGE = 5_000, 100_000
"""Bytes. AWS writes "5 KB" and "100 KB" and means 5,000 at least."""
BATCH = 25
"""Texts in a batch, each of at most 5 KB."""


class Specification(NamedTuple):
    """How a feature is found.

    Attributes:
        operation: Its name for a single text; the batch form is called `Batch…`.
        batched: Whether several texts go into one call. Features whose operation takes 100 KB
            have fewer seams, and as few calls, without.
    """

    operation: str
    max_bytes: int
    batched: bool
    languages: tuple[str, ...]
    merger: Callable[[], Merger]


SPECIFICATIONS = {
    TextFeature.SENTIMENT: Specification("DetectSentiment", _SMALL, True, _ALL, SentimentMerger),
    TextFeature.TARGETED_SENTIMENT: Specification(
        "DetectTargetedSentiment", _SMALL, True, _ALL, TargetedSentimentMerger
    ),
    TextFeature.ENTITIES: Specification("DetectEntities", _LARGE, False, _ALL, EntityMerger),
    TextFeature.KEY_PHRASES: Specification(
        "DetectKeyPhrases", _LARGE, False, _ALL, KeyPhraseMerger
    ),
    TextFeature.PII: Specification("DetectPiiEntities", _LARGE, False, ("en", "es"), PiiMerger),
    TextFeature.SYNTAX: Specification("DetectSyntax", _SMALL, True, _ALL[:6], SyntaxMerger),
}
