"""The AI services, one Protocol each: raw answers as AWS shapes them, errors as ours.

Each raises `InvalidInputError` for data the service refuses (the message is for a person),
`UnsupportedError` for what it can not do (a language, a feature, a local engine that is missing),
`TransientError` when it is busy and `QuotaExceededError` at a limit of the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from windfall.contracts.base import S3Pointer
    from windfall.contracts.features import PlannedFeature, TextFeature
    from windfall.contracts.languages import Engine, Formality, Profanity


class Vision(Protocol):
    """Amazon Rekognition on one image."""

    def detect(self, feature: PlannedFeature, source: S3Pointer) -> dict[str, Any]:
        """The raw answer of the operation that finds this feature (`DetectLabels`, …)."""
        ...


@dataclass(frozen=True, slots=True)
class DetectionError:
    """One text of a batch that the service refused: its place, code and message."""

    index: int
    code: str
    message: str


class BatchDetection(NamedTuple):
    """Raw answers by the place of their text, and the texts without one."""

    results: dict[int, dict[str, Any]]
    errors: list[DetectionError]


class Language(Protocol):
    """Amazon Comprehend."""

    def dominant(self, text: str) -> list[dict[str, Any]]:
        """The languages of a text (at most 100 KB), surest first: `LanguageCode`, `Score`."""
        ...

    def detect(self, feature: TextFeature, text: str, language: str) -> dict[str, Any]:
        """The raw answer of the operation that finds this feature in one text."""
        ...

    def detect_batch(
        self, feature: TextFeature, texts: Sequence[str], language: str
    ) -> BatchDetection:
        """The same for up to 25 texts of at most 5 KB each; PII has no batch form."""
        ...


class Translated(NamedTuple):
    """A translated text and the language that it was in."""

    text: str
    source_language: str


class Translation(Protocol):
    """Amazon Translate."""

    def translate(
        self,
        text: str,
        source: str,
        target: str,
        *,
        terminologies: Sequence[str] = (),
        formality: Formality | None = None,
        profanity: Profanity | None = None,
    ) -> Translated:
        """Translate at most 10,000 bytes of UTF-8."""
        ...


class Speech(Protocol):
    """Amazon Polly, with SSML; at most 3,000 billed characters a call."""

    def speak(
        self,
        ssml: str,
        *,
        voice: str,
        engine: Engine,
        lexicons: Sequence[str] = (),
        output: Literal["mp3", "ogg_vorbis", "pcm"] = "mp3",
        sample_rate: int | None = None,
    ) -> bytes:
        """The spoken text as audio; without `sample_rate` (Hz) at the engine's own."""
        ...

    def marks(
        self, ssml: str, *, voice: str, engine: Engine, lexicons: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """Its speech marks (sentence, word): `time` in ms, `start`, `end` in bytes of the SSML."""
        ...
