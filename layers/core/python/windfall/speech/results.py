"""The speech of a text among the results of its analysis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from windfall.features import Finding, check_length

if TYPE_CHECKING:
    from windfall.contracts.base import OutputLocation, S3Pointer
    from windfall.contracts.languages import SpeechPlan
    from windfall.contracts.outcome import ServiceCall
    from windfall.ports.storage import ObjectStore
    from windfall.speech.joined import JoinedSpeech

MP3 = "audio/mpeg"
JSON_LINES = "application/x-ndjson"


class SpeechResults(NamedTuple):
    """`speech.<language>.mp3` and `speech.<language>.marks.jsonl`."""

    store: ObjectStore
    output: OutputLocation
    language: str
    plan: SpeechPlan

    @property
    def sound_name(self) -> str:
        """What the sound is called."""
        return f"speech.{self.language}.mp3"

    @property
    def marks_name(self) -> str:
        """What its marks are called."""
        return f"speech.{self.language}.marks.jsonl"

    def check_length(self, text: str) -> None:
        """Refuse to speak what the profile finds too long.

        Raises:
            UnsupportedError: It is.
        """
        check_length("The text has", len(text), "speaks", self.plan.max_characters)

    def write(self, speech: JoinedSpeech, text: str, calls: Sequence[ServiceCall]) -> Finding:
        """Write both, and say what there is to show."""
        result = self.put(self.sound_name, speech.sound(), MP3)
        self.put(self.marks_name, speech.marks(), JSON_LINES)
        summary = {
            "voice": self.plan.voice,
            "engine": self.plan.engine,
            "seconds": round(speech.seconds, 3),
            "characters": len(text),
            "marks": self.marks_name,
        }
        return Finding(result, summary, list(calls))

    def put(self, name: str, pieces: Iterator[bytes], media_type: str) -> S3Pointer:
        """Write one of them, piece by piece."""
        output = self.output
        return self.store.write_pieces(output.bucket, output.prefix + name, pieces, media_type)
