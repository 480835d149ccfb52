"""Words from speech, and who says them.

    stretches    where somebody speaks
    sphinx       `SphinxEngine`: pocketsphinx, English, low accuracy
    whisper      `WhisperEngine`: a model of the user's own through faster-whisper
    speakers     `SpeakerEngine`: who speaks which word
    voiceprints  voices as vectors

Engines read plain samples (see `windfall_local.engines.media.RATE`) from a file, one stretch at a
call: work of several recordings takes turns, and what is done needs not be done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["SPEAKERS", "SPHINX", "WHISPER", "SpeechEngine", "SpeechModel", "Stretch", "Word"]

SPHINX = "windfall_local.engines.speech.sphinx:SphinxEngine"
WHISPER = "windfall_local.engines.speech.whisper:WhisperEngine"
SPEAKERS = "windfall_local.engines.speech.speakers:SpeakerEngine"
"""What `EngineHost.run` calls them."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where somebody speaks, in seconds from the beginning."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Word:
    """A spoken word.

    Attributes:
        text: As it is written, without punctuation.
        start: Seconds from the beginning of the sound.
        end: Where it ends.
        confidence: How probable it is to the engine, 0 to 1.
        mark: Punctuation behind it.
    """

    text: str
    start: float
    end: float
    confidence: float
    mark: str = ""


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """Which model listens.

    Attributes:
        name: Letters, digits, dots and hyphens; says so when its accuracy is low.
        languages: Of what it hears (ISO 639-1); empty when it knows many.
        tells: Whether it can tell which language is spoken.
    """

    name: str
    languages: tuple[str, ...]
    tells: bool


class SpeechEngine(Protocol):
    """Hears words."""

    def model(self) -> SpeechModel:
        """Which model listens.

        Raises:
            EngineUnavailableError: Its files or packages are not there.
        """
        ...

    def stretches(self, path: Path) -> list[Stretch]:
        """Where somebody speaks, in order; longer speech is cut where it is most quiet."""
        ...

    def recognize(self, path: Path, stretch: Stretch, language: str) -> list[Word]:
        """The words of one stretch; none when it is no speech.

        Raises:
            UnsupportedFeatureError: The model does not know the language.
        """
        ...

    def identify(self, path: Path, stretch: Stretch) -> list[tuple[str, float]]:
        """Languages (ISO 639-1) of a stretch and how probable each is, the likeliest first.

        Raises:
            UnsupportedFeatureError: The model can't tell.
        """
        ...


class Speakers(Protocol):
    """Tells speakers apart."""

    def speakers(self, path: Path, words: Sequence[tuple[float, float]], most: int) -> list[int]:
        """Who speaks each word (when it begins and ends), from 0 in the order of hearing.

        Raises:
            EngineUnavailableError: Its model is not installed.
        """
        ...
