"""English speech by pocketsphinx: small, embedded, and wrong about every fourth word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.media import RATE
from windfall_local.engines.speech import SpeechModel, Stretch, Word
from windfall_local.engines.speech.stretches import find_stretches, is_tonal, read_samples

NAME = "pocketsphinx-en-us-low-accuracy"
_FRAMES = 100
"""Of the decoder, a second."""

_BEAM = 6_000
"""Hypotheses kept at each moment. The default of 30,000 took 1.4 times as long and was no better:
31 wrong words of 100 against 29, on the samples of `bench/speech.py`."""

_VARIANT = re.compile(r"\(\d+\)$")
_NO_WORD = re.compile(r"[<\[+]")


class SphinxEngine:
    """pocketsphinx with the model for American English out of its own package."""

    def __init__(self) -> None:
        self._decoder: Any = None

    def model(self) -> SpeechModel:
        """Which model listens."""
        return SpeechModel(NAME, ("en",), tells=False)

    def stretches(self, path: Path) -> list[Stretch]:
        """Where somebody speaks."""
        return find_stretches(path)

    def recognize(self, path: Path, stretch: Stretch, language: str) -> list[Word]:
        """The words of one stretch: it knows no punctuation, so a pause ends the sentence."""
        if language != "en":
            raise UnsupportedFeatureError(f"{NAME} hears English only, not {language}.")
        samples = read_samples(path, stretch)
        if not len(samples) or is_tonal(samples):
            return []
        return written(list(self._words(samples.tobytes(), stretch.start)))

    def identify(self, path: Path, stretch: Stretch) -> list[tuple[str, float]]:
        """Refused: it would hear English in anything."""
        raise UnsupportedFeatureError(f"{NAME} can't tell which language is spoken.")

    def _words(self, sound: bytes, start: float) -> Iterator[Word]:
        decoder = self._load()
        # Without it the same sound gives another text, by what was heard before.
        decoder.reinit_feat()
        decoder.start_utt()
        decoder.process_raw(sound, full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            return
        for part in decoder.seg():
            if not _NO_WORD.match(part.word):
                yield Word(
                    _VARIANT.sub("", part.word),
                    round(start + part.start_frame / _FRAMES, 3),
                    round(start + (part.end_frame + 1) / _FRAMES, 3),
                    round(min(max(part.prob, 0.0), 1.0), 4),
                )

    def _load(self) -> Any:
        if self._decoder is None:
            from pocketsphinx import Decoder  # noqa: PLC0415 - half a second, in the engine's process

            self._decoder = Decoder(samprate=RATE, maxhmmpf=_BEAM, loglevel="FATAL")
        return self._decoder


def written(words: list[Word]) -> list[Word]:
    """Words as a sentence: a capital at its beginning, a full stop at its end, and I."""
    if not words:
        return []
    words = [
        replace(word, text="I" + word.text[1:]) if re.fullmatch(r"i('\w+)?", word.text) else word
        for word in words
    ]
    words[0] = replace(words[0], text=words[0].text[:1].upper() + words[0].text[1:])
    words[-1] = replace(words[-1], mark=".")
    return words
