"""What can be found in an image, a video or a text, and what of it is to be found."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self, TypeVar

from pydantic import Field, StringConstraints, model_validator

from windfall.contracts.base import Contract, is_absent


class ImageFeature(StrEnum):
    """What Rekognition finds in an image."""

    LABELS = "labels"
    PROPERTIES = "properties"
    FACES = "faces"
    TEXT = "text"
    CELEBRITIES = "celebrities"
    KNOWN_FACES = "known_faces"
    MODERATION = "moderation"
    PROTECTIVE_EQUIPMENT = "protective_equipment"


class VideoFeature(StrEnum):
    """What Rekognition finds in the pictures of a video; each is paid for by the minute."""

    LABELS = "labels"
    FACES = "faces"
    TEXT = "text"
    SEGMENTS = "segments"
    CELEBRITIES = "celebrities"
    KNOWN_FACES = "known_faces"
    MODERATION = "moderation"


class TextFeature(StrEnum):
    """What Comprehend finds in a text; its language is always found."""

    SENTIMENT = "sentiment"
    TARGETED_SENTIMENT = "targeted_sentiment"
    ENTITIES = "entities"
    KEY_PHRASES = "key_phrases"
    PII = "pii"
    SYNTAX = "syntax"


CollectionId = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_.\-]{1,255}$")]
"""A collection of faces at Rekognition."""


_Planned = TypeVar("_Planned", bound="_OfPictures")


class _OfPictures(Contract):
    """What a feature of pictures may be told.

    Attributes:
        min_confidence: Percent, where the feature takes one.
        collection: Whose faces are known; of `known_faces` only. Left out where there is none, so
            that plans of before there were collections keep their number.
    """

    min_confidence: float | None = Field(default=None, ge=0, le=100)
    collection: CollectionId | None = Field(default=None, exclude_if=is_absent)


class PlannedFeature(_OfPictures):
    """A feature of an image to find."""

    feature: ImageFeature

    @model_validator(mode="after")
    def _has_its_collection(self) -> Self:
        return _checked(self, needs=self.feature is ImageFeature.KNOWN_FACES)


class PlannedVideoFeature(_OfPictures):
    """A feature of a video's pictures to find."""

    feature: VideoFeature

    @model_validator(mode="after")
    def _has_its_collection(self) -> Self:
        return _checked(self, needs=self.feature is VideoFeature.KNOWN_FACES)


def _checked(planned: _Planned, *, needs: bool) -> _Planned:
    if needs is not (planned.collection is not None):
        raise ValueError("known_faces, and nothing else, needs a collection")
    return planned


class PlannedTextFeature(Contract):
    """A feature of a text to find."""

    feature: TextFeature
