"""Stretches of speech, and pocketsphinx on what is speech and what is not."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.recordings import RATE, silence, song, tone
from windfall_local.engines import UnsupportedFeatureError
from windfall_local.engines.media.engine import AvMediaEngine
from windfall_local.engines.speech import Stretch, Word
from windfall_local.engines.speech.sphinx import SphinxEngine, written
from windfall_local.engines.speech.stretches import LONGEST, find_stretches, is_tonal
from windfall_local.engines.voice import Speaker, SpeechRequest
from windfall_local.engines.voice.engine import EspeakEngine

ENGINE = SphinxEngine()
SAMPLES = next(
    (
        folder
        for parent in Path(__file__).parents
        if (folder := parent / "shared/samples/audio").exists()
    ),
    Path("absent"),
)
needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the sample recordings are absent")


def pcm(folder: Path, *sounds: Any) -> Path:
    path = folder / "ch_0.pcm"
    path.write_bytes(np.concatenate(sounds).astype(np.int16).tobytes())
    return path


def spoken(text: str) -> Any:
    """A synthetic voice."""
    request = SpeechRequest(text, False, Speaker("en-us", "female"))
    return np.frombuffer(EspeakEngine().speak(request, "pcm", RATE).audio, np.int16)


def hear(path: Path) -> list[Word]:
    return [
        word for stretch in ENGINE.stretches(path) for word in ENGINE.recognize(path, stretch, "en")
    ]


@pytest.mark.parametrize("sound", [silence(10), silence(0)])
def test_silence_has_no_stretch(sound: Any, tmp_path: Path) -> None:
    assert find_stretches(pcm(tmp_path, sound)) == []


def test_hum_and_hiss_have_no_stretch(tmp_path: Path) -> None:
    hiss = np.random.default_rng(1).normal(0, 30, 10 * RATE)
    assert find_stretches(pcm(tmp_path, hiss + tone(10, 50, 40))) == []


def test_a_pause_parts_two_stretches(tmp_path: Path) -> None:
    voice = spoken("The harbour was quiet this morning.")
    path = pcm(tmp_path, silence(2), voice, silence(3), voice)
    first, second = find_stretches(path)
    assert first.start == pytest.approx(2, abs=0.5)
    assert second.start == pytest.approx(2 + len(voice) / RATE + 3, abs=0.5)


def test_speech_without_a_pause_is_cut_and_nothing_of_it_lost(tmp_path: Path) -> None:
    voice = spoken("The boats left the harbour and")
    path = pcm(tmp_path, *[voice[3_000:-6_000]] * 25)
    stretches = find_stretches(path)
    assert len(stretches) > 1
    assert all(stretch.end - stretch.start <= LONGEST for stretch in stretches)
    assert all(a.end == b.start for a, b in itertools.pairwise(stretches))


def test_tones_are_told_from_speech() -> None:
    chord = sum(
        tone(2, hertz * harmonic, 2_000 / harmonic).astype(float)
        for hertz in (262, 330, 392)
        for harmonic in range(1, 9)
    )
    assert is_tonal(tone(2))
    assert is_tonal(song(3))
    assert is_tonal(chord)
    voice = spoken("The harbour was quiet this morning.")
    assert not is_tonal(voice)
    # Somebody who speaks in front of a noise as loud as he is.
    noise = np.random.default_rng(1).normal(0, voice.astype(float).std(), len(voice))
    assert not is_tonal(voice + noise)
    assert not is_tonal(silence(1))


def test_a_song_of_tones_has_no_words(tmp_path: Path) -> None:
    assert hear(pcm(tmp_path, song(4))) == []


def test_the_same_sound_gives_the_same_words_whatever_was_heard_before(tmp_path: Path) -> None:
    path = pcm(tmp_path, spoken("The weather will be good tomorrow."))
    first = hear(path)
    other = tmp_path / "other"
    other.mkdir()
    hear(pcm(other, spoken("Something else.") // 8))
    assert first
    assert hear(path) == first


@needs_samples
def test_read_english_is_mostly_understood(tmp_path: Path) -> None:
    decoded = AvMediaEngine().decode(SAMPLES / "lv-0880.wav", tmp_path, False, 60)
    words = hear(decoded.files[0])
    truth = (SAMPLES / "lv-0880.txt").read_text().lower().split()
    heard = {word.text.lower() for word in words}
    assert len(heard & set(truth)) >= len(truth) / 2
    assert words[0].text[0].isupper()
    assert words[-1].mark == "."
    assert all(0 <= word.confidence <= 1 for word in words)
    assert all(a.end <= b.start + 0.001 for a, b in itertools.pairwise(words))


def test_other_languages_are_refused_by_name(tmp_path: Path) -> None:
    path = pcm(tmp_path, silence(1))
    with pytest.raises(UnsupportedFeatureError, match="low-accuracy hears English only, not es"):
        ENGINE.recognize(path, Stretch(0, 1), "es")
    with pytest.raises(UnsupportedFeatureError, match="can't tell"):
        ENGINE.identify(path, Stretch(0, 1))


def test_a_stretch_is_written_as_a_sentence() -> None:
    words = [Word(text, 0, 1, 1) for text in ("so", "i", "i'm", "in", "it")]
    text = " ".join(word.text + word.mark for word in written(words))
    assert text == "So I I'm in it."
    assert written([]) == []
