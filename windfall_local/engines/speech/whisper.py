"""Speech by a Whisper model of the user's own, run by faster-whisper.

`WINDFALL_WHISPER_DIR` names a folder with a converted model (`model.bin`, `config.json`,
`tokenizer.json`). Nothing is fetched; the package `faster-whisper` is the user's to install.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from windfall_local.engines import EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.speech import SpeechModel, Stretch, Word
from windfall_local.engines.speech.stretches import find_stretches, is_tonal, read_samples

VARIABLE = "WINDFALL_WHISPER_DIR"
_FILES = ("model.bin", "config.json", "tokenizer.json")
_NO_SPEECH = 0.6
"""Whisper's own bound: above, a segment is taken for silence."""

_MARKS = re.compile(r"^(.*?)([.,!?;:…。、！？]*)$", re.DOTALL)  # noqa: RUF001 - Whisper writes these


class WhisperEngine:
    """Hears with the model in the folder.

    Args:
        folder: With the model; by default what the environment names.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(os.environ.get(VARIABLE, ""))
        self._loaded: Any = None

    def model(self) -> SpeechModel:
        """Which model listens."""
        loaded = self._load()
        many = bool(loaded.model.is_multilingual)
        languages = tuple(loaded.supported_languages) if many else ("en",)
        name = re.sub(r"[^0-9a-zA-Z._-]+", "-", self._folder.name)
        return SpeechModel(f"faster-whisper-{name}"[:200], languages, tells=many)

    def stretches(self, path: Path) -> list[Stretch]:
        """Where somebody speaks."""
        return find_stretches(path)

    def recognize(self, path: Path, stretch: Stretch, language: str) -> list[Word]:
        """The words of one stretch, with the punctuation that Whisper gives them."""
        if language not in self.model().languages:
            raise UnsupportedFeatureError(f"The model in {self._folder} does not hear {language}.")
        samples = read_samples(path, stretch)
        if is_tonal(samples):
            return []
        segments, _ = self._load().transcribe(
            _as_floats(samples),
            language=language,
            word_timestamps=True,
            condition_on_previous_text=False,
        )
        spoken = [
            word
            for segment in segments
            if segment.no_speech_prob < _NO_SPEECH
            for word in segment.words or []
        ]
        return _words(spoken, stretch)

    def identify(self, path: Path, stretch: Stretch) -> list[tuple[str, float]]:
        """Languages of a stretch."""
        if not self.model().tells:
            raise UnsupportedFeatureError(f"The model in {self._folder} hears English only.")
        _, _, every = self._load().detect_language(_as_floats(read_samples(path, stretch)))
        return sorted(((str(code), float(score)) for code, score in every), key=lambda it: -it[1])

    def _load(self) -> Any:
        if self._loaded is None:
            missing = [name for name in _FILES if not (self._folder / name).is_file()]
            if missing:
                raise EngineUnavailableError(
                    f"{VARIABLE} names {self._folder}, which has no {', '.join(missing)}."
                )
            try:
                package = import_module("faster_whisper")
            except ImportError as error:
                raise EngineUnavailableError(
                    f"{VARIABLE} is set, and the package faster-whisper is not installed: "
                    "pip install faster-whisper."
                ) from error
            self._loaded = package.WhisperModel(
                str(self._folder), device="cpu", compute_type="int8", local_files_only=True
            )
        return self._loaded


def _words(spoken: list[Any], stretch: Stretch) -> list[Word]:
    """Words apart from their punctuation; what is punctuation alone belongs to the one before."""
    words: list[Word] = []
    for one in spoken:
        text, mark = _MARKS.fullmatch(one.word.strip()).groups()  # type: ignore[union-attr]
        if text:
            start, end = round(stretch.start + one.start, 3), round(stretch.start + one.end, 3)
            words.append(Word(text, start, end, round(one.probability, 4), mark))
        elif mark and words:
            words[-1] = replace(words[-1], mark=words[-1].mark + mark)
    return words


def _as_floats(samples: Any) -> Any:
    return samples.astype(np.float32) / 32_768
