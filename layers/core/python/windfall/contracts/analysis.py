"""The input of the machines analyze_image, analyze_text and analyze_audio, and of their tasks."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract, HexId, LanguageCode, S3Pointer, Sha256, Timestamp
from windfall.contracts.outcome import Outcome
from windfall.contracts.profile import (
    Engine,
    Formality,
    ImageFeature,
    Profanity,
    SpokenLanguage,
    TextFeature,
    VocabularyFilter,
    Voice,
)


class Kind(StrEnum):
    """What a file is, and so which machine takes it."""

    IMAGE = "image"
    TEXT = "text"
    AUDIO = "audio"


class PlannedFeature(Contract):
    """A feature of an image to find; `min_confidence` (percent) where the feature takes one."""

    feature: ImageFeature
    min_confidence: float | None = Field(default=None, ge=0, le=100)


class PlannedTextFeature(Contract):
    """A feature of a text to find."""

    feature: TextFeature


class SpeechPlan(Contract):
    """How to speak a text in one language.

    Attributes:
        speaker_voices: Who dubs the first speaker of a recording, the second, …; the others, and
            a text, have `voice`.
    """

    voice: str
    engine: Engine
    lexicons: list[str] = Field(default_factory=list)
    max_characters: int = Field(ge=0)
    speaker_voices: list[Voice] = Field(default_factory=list)


class TranslationTarget(Contract):
    """The language to translate into, and how; past `max_characters` it is skipped."""

    language: LanguageCode
    terminologies: list[str] = Field(default_factory=list)
    formality: Formality | None = None
    profanity: Profanity | None = None
    max_characters: int = Field(ge=0)


class LanguagePlan(TranslationTarget):
    """A language to translate into and, if `speech` is set, to speak."""

    speech: SpeechPlan | None = None


class TextPlan(Contract):
    """What to do with the text of a file, or with the text found in an image."""

    features: list[PlannedTextFeature] = Field(default_factory=list)
    languages: list[LanguagePlan] = Field(default_factory=list)


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
    """What admission found out about a recording; null where the file does not tell.

    Attributes:
        wait_seconds: How long its transcript is waited for at most.
    """

    seconds: float | None = Field(default=None, ge=0)
    channels: int | None = Field(default=None, ge=1)
    sample_rate: int | None = Field(default=None, ge=1)
    wait_seconds: int = Field(ge=1)


class FileIdentity(Contract):
    """The dropped file: where it lies and what its bytes are."""

    file_id: HexId
    bucket: str
    key: str
    version_id: str | None = None
    size: int = Field(ge=0)
    format: str
    media_type: str
    content_sha256: Sha256


class OutputLocation(Contract):
    """Where results go; `prefix` ends with a slash."""

    bucket: str
    prefix: str = Field(pattern=r"/$")


class AnalysisInput(Contract):
    """What a machine is started with.

    Attributes:
        attempt: Grows when the analysis is started again after it failed.
        source: The file itself, or its converted working copy.
        text: What to do with text; null when the text of an image is not to be read on.
        audio: How to transcribe a recording; null for other kinds, as is `media`.
        nested: True when a text found in an image is analyzed inside the image's own analysis.
    """

    analysis_id: HexId
    attempt: int = Field(ge=1)
    kind: Kind
    profile: str
    received: Timestamp
    file: FileIdentity
    source: S3Pointer
    output: OutputLocation
    features: list[PlannedFeature] = Field(default_factory=list)
    text: TextPlan | None = None
    audio: AudioPlan | None = None
    media: MediaFacts | None = None
    nested: bool = False


class RecordRequest(Contract):
    """The input of record_insights."""

    analysis: AnalysisInput
    outcomes: list[Outcome]


class RecordResult(Contract):
    """The answer of record_insights: how many files were recorded, and how the analysis ended."""

    manifests: int
    status: Literal["analyzed", "partial"]
