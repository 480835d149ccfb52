"""What can be found in an image, a video or a text, and what of it is to be found."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from windfall.contracts.base import Contract


class ImageFeature(StrEnum):
    """What Rekognition finds in an image."""

    LABELS = "labels"
    PROPERTIES = "properties"
    FACES = "faces"
    TEXT = "text"
    CELEBRITIES = "celebrities"
    MODERATION = "moderation"
    PROTECTIVE_EQUIPMENT = "protective_equipment"


class VideoFeature(StrEnum):
    """What Rekognition finds in the pictures of a video; each is paid for by the minute."""

    LABELS = "labels"
    FACES = "faces"
    TEXT = "text"
    SEGMENTS = "segments"
    CELEBRITIES = "celebrities"
    MODERATION = "moderation"


class TextFeature(StrEnum):
    """What Comprehend finds in a text; its language is always found."""

    SENTIMENT = "sentiment"
    TARGETED_SENTIMENT = "targeted_sentiment"
    ENTITIES = "entities"
    KEY_PHRASES = "key_phrases"
    PII = "pii"
    SYNTAX = "syntax"


class PlannedFeature(Contract):
    """A feature of an image to find; `min_confidence` (percent) where the feature takes one."""

    feature: ImageFeature
    min_confidence: float | None = Field(default=None, ge=0, le=100)


class PlannedVideoFeature(Contract):
    """A feature of a video's pictures to find; `min_confidence` where the feature takes one."""

    feature: VideoFeature
    min_confidence: float | None = Field(default=None, ge=0, le=100)


class PlannedTextFeature(Contract):
    """A feature of a text to find."""

    feature: TextFeature
