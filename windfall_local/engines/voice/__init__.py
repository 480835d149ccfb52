"""Speech from text.

    engine     `EspeakEngine` speaks in one answer, `EspeakNarrator` into files
    reading    script → sound and marks, part by part
    script     text or SSML as parts to speak, each character knowing where it came from
    ssml       the parser of SSML, with byte positions
    wording    what `say-as` reads out
    phonetics  IPA and X-SAMPA to the synthesiser's phonemes; phonemes to visemes
    lexicon    pronunciation lexicons (PLS)
    espeak     the synthesiser itself, through ctypes
    sound      sample rates and audio formats

espeak-ng is GPL and has global state: it lives in the engine's own process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from windfall_local.engines.voice.lexicon import Lexicon
from windfall_local.engines.voice.ssml import InvalidSsmlError

__all__ = [
    "ESPEAK",
    "NARRATOR",
    "AudioFormat",
    "InvalidSsmlError",
    "Mark",
    "Narration",
    "Narrator",
    "Speaker",
    "Speech",
    "SpeechRequest",
    "VoiceEngine",
]

ESPEAK = "windfall_local.engines.voice.engine:EspeakEngine"
NARRATOR = "windfall_local.engines.voice.engine:EspeakNarrator"
"""What `EngineHost.run` calls them."""

AudioFormat = Literal["mp3", "ogg_vorbis", "ogg_opus", "pcm", "mulaw", "alaw"]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks.

    Attributes:
        language: As the synthesiser names it: `en-us`, `es-419`, `cmn`.
        gender: Of the voice.
        variant: Which of the voices of that language and gender, from 0.
        pitch: 0 to 100; 50 is the voice's own.
    """

    language: str
    gender: Literal["female", "male"]
    variant: int = 0
    pitch: int = 50


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """What to say, and how.

    Attributes:
        text: Plain text, or an SSML document.
        ssml: Whether it is SSML.
        speaker: Who speaks.
        languages: The synthesiser's language for each `xml:lang` that may be spoken.
        refused: SSML that this voice does not take: tags, or `tag name` as in `amazon:effect
            whispered`.
        lexicons: Pronunciations; the first that knows a word decides.
    """

    text: str
    ssml: bool
    speaker: Speaker
    languages: dict[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    lexicons: Sequence[Lexicon] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that is said at a time.

    Attributes:
        time: Milliseconds from the start.
        kind: What it marks.
        value: The word, the sentence as it was written, the mark's name, the viseme.
        start: Where it begins in the text's UTF-8 bytes, tags included; None for a viseme.
        end: Where it ends.
    """

    time: int
    kind: Literal["sentence", "word", "ssml", "viseme"]
    value: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """A spoken text.

    Attributes:
        audio: In the format asked for; empty when none was.
        marks: In the order of their times.
        seconds: How long it takes.
    """

    audio: bytes
    marks: list[Mark]
    seconds: float


@dataclass(frozen=True, slots=True)
class Narration:
    """A text that was spoken into a file.

    Attributes:
        marks: In the order of their times.
        seconds: How long it takes.
    """

    marks: list[Mark]
    seconds: float


class VoiceEngine(Protocol):
    """Speaks."""

    def count_characters(self, text: str) -> tuple[int, int]:
        """The characters of an SSML document without and with its tags.

        Raises:
            InvalidSsmlError: It is malformed.
        """
        ...

    def speak(self, request: SpeechRequest, audio: AudioFormat | None, rate: int) -> Speech:
        """Speak a text; with `audio` None only the marks are made.

        Raises:
            InvalidSsmlError: The SSML is malformed or refused.
            EngineUnavailableError: The synthesiser is not there.
        """
        ...


class Narrator(Protocol):
    """Speaks at length."""

    def narrate(
        self, request: SpeechRequest, audio: AudioFormat | None, rate: int, path: Path
    ) -> Narration:
        """Speak a text into a file; with `audio` None only the marks are made.

        Raises:
            InvalidSsmlError: The SSML is malformed or refused.
            EngineUnavailableError: The synthesiser is not there.
        """
        ...
