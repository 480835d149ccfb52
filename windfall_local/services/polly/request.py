"""One request for speech, checked against what Polly takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from windfall_local.api import ServiceError, UnsupportedOperationError
from windfall_local.engines.voice import AudioFormat
from windfall_local.services.polly.voices import LANGUAGE_NAMES, VOICES, Voice


@dataclass(frozen=True, slots=True)
class Limits:
    """What one operation takes.

    Attributes:
        billed: Characters that are spoken (developer guide, quotas).
        total: Characters with the tags of SSML.
        rates: Samples a second of MP3 and Vorbis (API reference, SampleRate).
    """

    billed: int
    total: int
    rates: tuple[int, ...]


ANSWER = Limits(3_000, 6_000, (8000, 16000, 22050, 24000, 44100, 48000))
"""Of SynthesizeSpeech."""

TASK = Limits(100_000, 200_000, (8000, 16000, 22050, 24000))
"""Of StartSpeechSynthesisTask."""

MOST_LEXICONS = 5

CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "ogg_vorbis": "audio/ogg",
    "ogg_opus": "audio/ogg",
    "pcm": "audio/pcm",
    "mulaw": "audio/mulaw",
    "alaw": "audio/alaw",
    "json": "application/x-json-stream",
}

_RATES: dict[str, tuple[int, ...]] = {
    "ogg_opus": (48000,),
    "pcm": (8000, 16000),
    "mulaw": (8000,),
    "alaw": (8000,),
}
"""Of the formats that do not take the operation's own."""

_DEFAULT_RATES = {"pcm": 16000, "ogg_opus": 48000, "mulaw": 8000, "alaw": 8000}

_EFFECTS = ("whispered", "vocal-tract-length", "phonation")
_OFTEN_REFUSED = frozenset({"emphasis", "amazon:auto-breaths", "amazon:breath"})
_REFUSED: dict[str, frozenset[str]] = {
    "standard": frozenset({"amazon:domain"}),
    "neural": _OFTEN_REFUSED | {f"amazon:effect {effect}" for effect in _EFFECTS},
    "long-form": _OFTEN_REFUSED | {f"amazon:effect {effect}" for effect in _EFFECTS},
    "generative": _OFTEN_REFUSED | {"amazon:effect", "amazon:effect drc", "amazon:domain"},
}
"""What each engine does not take (developer guide, "Supported SSML tags")."""


@dataclass(frozen=True, slots=True)
class SpeechOrder:
    """What a request asks for.

    Attributes:
        text: To speak.
        ssml: Whether it is SSML.
        voice: Whose voice.
        language: Which of its languages.
        output: `OutputFormat`.
        rate: Samples a second.
        marks: Kinds of speech marks, when the output is `json`.
        lexicons: Names, in order.
        refused: SSML that the engine asked for does not take.
    """

    text: str
    ssml: bool
    voice: Voice
    language: str
    output: str
    rate: int
    marks: frozenset[str]
    lexicons: tuple[str, ...]
    refused: frozenset[str]

    @property
    def audio(self) -> AudioFormat | None:
        """The audio format; None for marks."""
        return None if self.output == "json" else cast(AudioFormat, self.output)


def read_order(parameters: dict[str, Any], limits: Limits) -> SpeechOrder:
    """Check a request.

    Raises:
        ServiceError: What Polly refuses, with its code.
    """
    voice = _voice(str(parameters.get("VoiceId", "")))
    engine = str(parameters.get("Engine") or "standard")
    if engine not in voice.engines:
        raise ServiceError(
            "EngineNotSupportedException",
            f"This voice does not support the selected engine: {engine}",
        )
    output = str(parameters.get("OutputFormat", ""))
    if output not in CONTENT_TYPES:
        raise _invalid("outputFormat", output, CONTENT_TYPES)
    ssml = parameters.get("TextType") == "ssml"
    lexicons = tuple(parameters.get("LexiconNames") or ())
    if len(lexicons) > MOST_LEXICONS:
        raise ServiceError(
            "ValidationException", f"At most {MOST_LEXICONS} lexicons can be applied to a text"
        )
    return SpeechOrder(
        text=str(parameters.get("Text", "")),
        ssml=ssml,
        voice=voice,
        language=_language(parameters, voice),
        output=output,
        rate=_rate(parameters, output, engine, limits),
        marks=_marks(parameters, output, ssml=ssml),
        lexicons=lexicons,
        refused=_REFUSED[engine],
    )


def check_length(billed: int, total: int, limits: Limits) -> None:
    """Refuse a text that is too long for one request."""
    if billed > limits.billed or total > limits.total:
        raise ServiceError("TextLengthExceededException", "Maximum text length has been exceeded")


def _voice(name: str) -> Voice:
    voice = VOICES.get(name)
    if voice is not None:
        return voice
    if not name.isalpha():
        raise _invalid("voiceId", name, VOICES)
    raise UnsupportedOperationError(
        f"The local polly does not know the voice {name}; DescribeVoices lists those it knows."
    )


def _language(parameters: dict[str, Any], voice: Voice) -> str:
    language = str(parameters.get("LanguageCode") or voice.language)
    if language not in LANGUAGE_NAMES:
        raise _invalid("languageCode", language, LANGUAGE_NAMES)
    if language not in (voice.language, *voice.also):
        raise ServiceError(
            "LanguageNotSupportedException",
            f"The voice {voice.id} does not speak {language}",
        )
    return language


def _rate(parameters: dict[str, Any], output: str, engine: str, limits: Limits) -> int:
    named = parameters.get("SampleRate")
    if named is None:
        return _DEFAULT_RATES.get(output, 22050 if engine == "standard" else 24000)
    rates = _RATES.get(output, limits.rates)
    if not str(named).isdigit() or int(named) not in rates:
        raise ServiceError(
            "InvalidSampleRateException",
            f"The sample rate {named} is not valid for {output}. Valid are: "
            f"{', '.join(map(str, rates))}",
        )
    return int(named)


def _marks(parameters: dict[str, Any], output: str, *, ssml: bool) -> frozenset[str]:
    marks = frozenset(parameters.get("SpeechMarkTypes") or ())
    if marks and output != "json":
        raise ServiceError(
            "MarksNotSupportedForFormatException",
            "Speech marks are not supported for the output format selected: they need json",
        )
    if output == "json" and not marks:
        raise ServiceError(
            "ValidationException", "SpeechMarkTypes is required when OutputFormat is json"
        )
    if "ssml" in marks and not ssml:
        raise ServiceError(
            "SsmlMarksNotSupportedForTextTypeException",
            "SSML speech marks are not supported for plain text input",
        )
    return marks


def _invalid(field: str, value: str, known: Any) -> ServiceError:
    return ServiceError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(known)}]",
    )
