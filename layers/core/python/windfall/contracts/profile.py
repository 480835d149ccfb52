"""A profile: what to find out about a file, kept as JSON in SSM Parameter Store."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from windfall.contracts.audio import ResourceName, SpokenLanguage, VocabularyFilter
from windfall.contracts.base import Contract, LanguageCode
from windfall.contracts.features import CollectionId, ImageFeature, TextFeature, VideoFeature
from windfall.contracts.languages import Formality, Profanity, Voice
from windfall.contracts.table import TableProfile


class _KnowsFaces(Contract):
    """Whose features may be `known_faces`: those of a collection of Rekognition's."""

    known_faces: CollectionId | None = None

    @model_validator(mode="after")
    def _faces_are_of_a_collection(self) -> Self:
        if self.known_faces is None and "known_faces" in getattr(self, "features", ()):
            raise ValueError("the feature known_faces needs a collection: name it in known_faces")
        return self


class ImageProfile(_KnowsFaces):
    """What to do with an image; `min_confidence` is in percent.

    Attributes:
        known_faces: A collection of faces at Rekognition: the largest face is looked up there.
    """

    features: list[ImageFeature] = Field(
        default=[
            ImageFeature.LABELS,
            ImageFeature.PROPERTIES,
            ImageFeature.FACES,
            ImageFeature.TEXT,
            ImageFeature.CELEBRITIES,
        ]
    )
    min_confidence: float = Field(default=55, ge=0, le=100)
    read_text: bool = True


class TextProfile(Contract):
    """What to do with a text, be it a file or found in an image."""

    features: list[TextFeature] = Field(
        default=[
            TextFeature.SENTIMENT,
            TextFeature.ENTITIES,
            TextFeature.KEY_PHRASES,
            TextFeature.PII,
        ]
    )


class AudioProfile(Contract):
    """How to transcribe recordings; the fields are those of `AudioPlan`."""

    speakers: bool = True
    max_speakers: int = Field(default=10, ge=2, le=30)
    channels: bool | None = None
    vocabulary: ResourceName | None = None
    vocabulary_filter: VocabularyFilter | None = None
    redact: bool = False
    languages: list[SpokenLanguage] = Field(default=[], max_length=5)

    @model_validator(mode="after")
    def _vocabularies_are_of_one_language(self) -> Self:
        if (self.vocabulary or self.vocabulary_filter) and len(self.languages) != 1:
            raise ValueError(
                "vocabulary and vocabulary_filter are of one language: name it, and only it, in"
                " languages"
            )
        return self


class VideoProfile(_KnowsFaces):
    """What to do with a video; `min_confidence` is in percent.

    Attributes:
        known_faces: A collection of faces at Rekognition: every face is looked up there.
        sound: Transcribe its sound, and go on with that as with a recording.
        thumbnails: Keep a picture of each shot.
    """

    features: list[VideoFeature] = Field(
        default=[
            VideoFeature.LABELS,
            VideoFeature.FACES,
            VideoFeature.TEXT,
            VideoFeature.SEGMENTS,
            VideoFeature.CELEBRITIES,
        ]
    )
    min_confidence: float = Field(default=55, ge=0, le=100)
    sound: bool = True
    thumbnails: bool = True


class LanguagesProfile(Contract):
    """Into which languages to translate; past `max_characters` a translation is skipped."""

    targets: list[LanguageCode] = Field(default=["en", "es"], max_length=75)
    terminologies: list[ResourceName] = Field(default=[], max_length=1)
    formality: Formality | None = None
    profanity: Profanity | None = None
    max_characters: int = Field(default=1_000_000, ge=0)


class SpeechProfile(Contract):
    """Who speaks which language; a language without a voice is not spoken.

    Attributes:
        speaker_voices: By language, who dubs a recording's first speaker, its second, …
    """

    voices: dict[LanguageCode, Voice] = Field(
        default_factory=lambda: {"en": Voice(voice="Joanna"), "es": Voice(voice="Lupe")}
    )
    lexicons: list[Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,20}$")]] = Field(
        default=[], max_length=5
    )
    max_characters: int = Field(default=100_000, ge=0)
    speaker_voices: dict[LanguageCode, Annotated[list[Voice], Field(max_length=30)]] = Field(
        default_factory=dict
    )


Dollars = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=4)]


class BudgetProfile(Contract):
    """US dollars that files may cost; over it, a file is held until somebody approves it.

    Attributes:
        per_file: By its estimate.
        per_day: All files of the profile together: what was spent, what is under way, and the
            file's own estimate. A day is one of UTC, as is a month.
    """

    per_file: Dollars | None = None
    per_day: Dollars | None = None
    per_month: Dollars | None = None


class CallsProfile(Contract):
    """What becomes of calls.

    Attributes:
        unanswered: A call without a name that may have been paid for, and whose answer nobody has:
            make it again, or let its feature fail.
    """

    unanswered: Literal["repeat", "fail"] = "repeat"


class Profile(Contract):
    """Everything that may be chosen for a file; each field has a default."""

    version: Literal[1] = 1
    image: ImageProfile = Field(default_factory=ImageProfile)
    text: TextProfile = Field(default_factory=TextProfile)
    audio: AudioProfile = Field(default_factory=AudioProfile)
    video: VideoProfile = Field(default_factory=VideoProfile)
    languages: LanguagesProfile = Field(default_factory=LanguagesProfile)
    speech: SpeechProfile = Field(default_factory=SpeechProfile)
    table: TableProfile | None = None
    budget: BudgetProfile = Field(default_factory=BudgetProfile)
    calls: CallsProfile = Field(default_factory=CallsProfile)
    retention_days: int = Field(default=365, ge=1, le=36_500)
