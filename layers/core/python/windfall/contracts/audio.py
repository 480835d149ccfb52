"""What is known of a sound, and how it is transcribed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from windfall.contracts.base import Contract
from windfall.contracts.video import PictureFacts

ResourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,256}$")]

SpokenLanguage = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}-[A-Z]{2}$")]
"""A language as Amazon Transcribe writes it: `en-US`, `es-ES`, `zh-CN`."""


class VocabularyFilter(Contract):
    """Words that Transcribe leaves out, masks or marks."""

    name: ResourceName
    method: Literal["remove", "mask", "tag"] = "mask"


class AudioPlan(Contract):
    """How to transcribe a recording.

    Attributes:
        speakers: Tell the speakers apart by their voices, at most `max_speakers` of them.
        channels: Transcribe each channel by itself: true, false, or null for "as the file is",
            which is true for telephone calls with two channels.
        vocabulary: A custom vocabulary of Transcribe's.
        redact: Leave personal data out of the transcript.
        languages: What may be spoken; one is taken for granted, of several (or of all, when there
            is none) the right one is found.
    """

    speakers: bool = True
    max_speakers: int = Field(default=10, ge=2, le=30)
    channels: bool | None = None
    vocabulary: str | None = None
    vocabulary_filter: VocabularyFilter | None = None
    redact: bool = False
    languages: list[SpokenLanguage] = Field(default_factory=list)


class MediaFacts(Contract):
    """What admission found out about a recording or a video; null where the file does not tell.

    Attributes:
        wait_seconds: How long its transcript, and each feature of its pictures, is waited for at
            most.
        convert: Transcribe does not take the sound as it lies in the file.
        pictures: Of a video; null for a recording.
    """

    seconds: float | None = Field(default=None, ge=0)
    channels: int | None = Field(default=None, ge=1)
    sample_rate: int | None = Field(default=None, ge=1)
    wait_seconds: int = Field(ge=1)
    convert: bool = False
    pictures: PictureFacts | None = None
