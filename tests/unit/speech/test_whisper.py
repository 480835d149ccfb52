"""The engine for a model of the user's own, over a package that answers as faster-whisper does."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.fakes.recordings import RATE, tone
from windfall_local.engines import EngineUnavailableError, UnsupportedFeatureError
from windfall_local.engines.speech import SpeechModel, Stretch, Word
from windfall_local.engines.speech.whisper import WhisperEngine

STRETCH = Stretch(1.0, 3.0)


class FakeModel:
    """What faster-whisper's `WhisperModel` does with one sentence."""

    multilingual = True

    def __init__(self, path: str, **options: Any) -> None:
        assert options["local_files_only"]
        self.path = path
        self.model = SimpleNamespace(is_multilingual=self.multilingual)
        self.supported_languages = ["en", "es"]

    def transcribe(self, audio: Any, **options: Any) -> tuple[Any, Any]:
        assert audio.dtype == np.float32
        assert abs(audio).max() <= 1
        assert options["word_timestamps"]
        said = [(" Hola,", 0.0, 0.5), (" mundo", 0.6, 1.0), (".", 1.0, 1.0)]
        words = [SimpleNamespace(word=w, start=a, end=b, probability=0.87654) for w, a, b in said]
        yes = SimpleNamespace(no_speech_prob=0.1, words=words)
        no = SimpleNamespace(no_speech_prob=0.9, words=words)
        return iter([yes, no]), None

    def detect_language(self, audio: Any) -> tuple[str, float, list[tuple[str, float]]]:
        return "es", 0.8, [("en", 0.2), ("es", 0.8)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = ModuleType("faster_whisper")
    package.WhisperModel = FakeModel  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faster_whisper", package)
    made = tmp_path / "tiny model"
    made.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (made / name).touch()
    noise = np.random.default_rng(1).normal(0, 3_000, 4 * RATE)
    (tmp_path / "ch_0.pcm").write_bytes(noise.astype(np.int16).tobytes())
    return made


def test_words_have_times_of_the_whole_and_marks_of_their_own(folder: Path) -> None:
    words = WhisperEngine(folder).recognize(folder.parent / "ch_0.pcm", STRETCH, "es")
    assert words == [
        Word("Hola", 1.0, 1.5, 0.8765, ","),
        Word("mundo", 1.6, 2.0, 0.8765, "."),
    ]


def test_it_knows_its_languages_and_tells_which_is_spoken(folder: Path) -> None:
    engine = WhisperEngine(folder)
    assert engine.model() == SpeechModel("faster-whisper-tiny-model", ("en", "es"), tells=True)
    spoken = engine.identify(folder.parent / "ch_0.pcm", STRETCH)
    assert spoken == [("es", 0.8), ("en", 0.2)]
    with pytest.raises(UnsupportedFeatureError, match="does not hear fr"):
        engine.recognize(folder.parent / "ch_0.pcm", STRETCH, "fr")


def test_a_model_of_english_only_tells_no_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeModel, "multilingual", False)
    engine = WhisperEngine(folder)
    assert engine.model().languages == ("en",)
    with pytest.raises(UnsupportedFeatureError):
        engine.identify(folder.parent / "ch_0.pcm", STRETCH)


def test_tones_are_not_given_to_it(folder: Path) -> None:
    path = folder.parent / "tone.pcm"
    path.write_bytes(tone(4).tobytes())
    assert WhisperEngine(folder).recognize(path, STRETCH, "en") == []


def test_a_folder_without_a_model_and_a_missing_package_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "model.bin").unlink()
    with pytest.raises(EngineUnavailableError, match=r"has no model\.bin"):
        WhisperEngine(folder).model()
    (folder / "model.bin").touch()
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EngineUnavailableError, match="pip install faster-whisper"):
        WhisperEngine(folder).model()
