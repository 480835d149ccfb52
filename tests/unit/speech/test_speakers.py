"""Speakers are told apart by their voices: groups of vectors, and the real model on real speech."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.media import RATE
from windfall_local.engines.models import ModelStore
from windfall_local.engines.speech.speakers import SpeakerEngine, group_voices
from windfall_local.engines.voice import Speaker, SpeechRequest
from windfall_local.engines.voice.engine import EspeakEngine

DEMO = Path(__file__).parents[3] / "demo/speech.flac"
INSTALLED = any(
    state.model.name == "voices" and state.status == "installed" for state in ModelStore().states()
)


def voices(labels: list[int], noise: float = 0.2) -> Any:
    """A vector for each piece, near that of its speaker."""
    random = np.random.default_rng(1)
    vectors = np.eye(32)[labels] + random.normal(0, noise / np.sqrt(32), (len(labels), 32))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_voices_that_point_the_same_way_are_one_speakers(labels: list[int]) -> None:
    groups = group_voices(voices(labels), np.full(len(labels), 2.0), 0.4, 10)
    pairs = {(label, int(group)) for label, group in zip(labels, groups, strict=True)}
    assert len(pairs) == len(set(labels)) == len(set(groups))


def test_there_are_no_more_speakers_than_were_asked_for() -> None:
    groups = group_voices(voices([0, 1, 2, 3] * 4), np.full(16, 2.0), 0.4, 2)
    assert len(set(groups)) == 2


def test_a_short_noise_is_no_speaker() -> None:
    groups = group_voices(voices([0, 1, 0, 1, 2]), np.array([3.0, 3, 3, 3, 1.5]), 0.4, 10)
    assert len(set(groups)) == 2


def test_a_long_recording_is_grouped_by_a_part_of_its_pieces() -> None:
    labels = [number // 500 % 2 for number in range(6_000)]
    groups = group_voices(voices(labels), np.full(6_000, 2.0), 0.4, 10)
    assert len({(label, int(group)) for label, group in zip(labels, groups, strict=True)}) == 2


def test_without_words_nobody_speaks_and_no_model_is_needed(tmp_path: Path) -> None:
    def missing(name: str) -> Path:
        raise EngineUnavailableError(name)

    engine = SpeakerEngine(missing)
    assert engine.speakers(tmp_path / "none", [], 5) == []
    (tmp_path / "some.pcm").write_bytes(bytes(2 * RATE))
    with pytest.raises(EngineUnavailableError, match="voices"):
        engine.speakers(tmp_path / "some.pcm", [(0.0, 0.5)], 5)


def spoken(gender: Literal["female", "male"]) -> Any:
    request = SpeechRequest(
        "We met in the library, and spoke about the budget of the next year for a long time.",
        False,
        Speaker("en-us", gender),
    )
    return np.frombuffer(EspeakEngine().speak(request, "pcm", RATE).audio, np.int16)


def words_of(turn: Any) -> list[float]:
    """When words of a third of a second begin: where it is not quiet."""
    loud = np.sqrt((turn.astype(float) ** 2).mean()) / 2
    starts = np.arange(0, len(turn) / RATE - 0.3, 0.3)
    heard = [turn[round(start * RATE) :][: round(0.3 * RATE)].astype(float) for start in starts]
    return [
        float(start)
        for start, part in zip(starts, heard, strict=True)
        if np.sqrt((part**2).mean()) > loud
    ]


def recording(path: Path, *turns: Any) -> tuple[list[tuple[float, float]], list[int]]:
    """Turns with short pauses as plain samples; its words, and how many each turn has."""
    words: list[tuple[float, float]] = []
    counts, at = [], 0.0
    with path.open("wb") as file:
        for turn in turns:
            starts = words_of(turn)
            words += [(at + start, at + start + 0.29) for start in starts]
            counts.append(len(starts))
            file.write(turn.tobytes() + bytes(RATE))
            at += len(turn) / RATE + 0.5
    return words, counts


@pytest.mark.models
@pytest.mark.skipif(not INSTALLED, reason="voices is missing: windfall models pull")
@pytest.mark.parametrize("turns", ["A", "ABA", "BBA"])
def test_real_voices_are_told_apart(tmp_path: Path, turns: str) -> None:
    speech, rate = soundfile.read(DEMO, dtype="int16")
    assert rate == RATE
    parts = {"A": speech[: 5 * RATE], "B": spoken("male")}
    path = tmp_path / "ch_0.pcm"
    words, counts = recording(path, *(parts[turn] for turn in turns))
    found = SpeakerEngine().speakers(path, words, 10)
    expected = [turn for turn, count in zip(turns, counts, strict=True) for _ in range(count)]
    pairs = set(zip(expected, found, strict=True))
    assert len(pairs) == len(set(turns))
    assert found[0] == 0
