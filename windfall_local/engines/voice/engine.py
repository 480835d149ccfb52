"""Speech by espeak-ng: robotic, clear, about three hundred times as fast as it is spoken."""

from __future__ import annotations

import io
from pathlib import Path

from windfall_local.engines.voice import AudioFormat, Narration, Speech, SpeechRequest, sound
from windfall_local.engines.voice.espeak import started
from windfall_local.engines.voice.reading import Reading
from windfall_local.engines.voice.ssml import Characters, parse_ssml

LONGEST = 600
"""Seconds of sound in one answer; what goes on longer is cut, as AWS does."""


class EspeakEngine:
    """Speaks with espeak-ng, which starts with the first text."""

    def count_characters(self, text: str) -> tuple[int, int]:
        """The characters of an SSML document without and with its tags."""
        tokens = parse_ssml(text)
        return sum(len(t.text) for t in tokens if isinstance(t, Characters)), len(text)

    def speak(self, request: SpeechRequest, audio: AudioFormat | None, rate: int) -> Speech:
        """Speak a text; with `audio` None only the marks are made."""
        espeak = started()
        reading = Reading(espeak, request)
        target = io.BytesIO()
        with sound.Encoder(target, espeak.rate, rate, audio) as encoder:
            room = LONGEST * espeak.rate
            for samples in reading.pieces():
                encoder.write(samples[:room])
                room -= min(room, len(samples))
        return Speech(target.getvalue(), reading.marks(), min(reading.seconds, float(LONGEST)))


class EspeakNarrator:
    """Speaks texts of any length into files; in a process of its own.

    Who wants a sentence of `EspeakEngine` does not wait for a book.
    """

    def narrate(
        self, request: SpeechRequest, audio: AudioFormat | None, rate: int, path: Path
    ) -> Narration:
        """Speak a text into a file, one part in memory at a time."""
        espeak = started()
        reading = Reading(espeak, request)
        with path.open("w+b") as target, sound.Encoder(target, espeak.rate, rate, audio) as encoder:
            for samples in reading.pieces():
                encoder.write(samples)
        return Narration(reading.marks(), reading.seconds)
