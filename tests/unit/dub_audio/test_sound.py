"""The track as a decoder gives it: each voice is heard at its cue, and silence is silent."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Literal

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from dub_audio.logic import AudioDubber
from dub_audio.models import DubAudioTask
from tests.fakes.speech import rate_of, words_of
from tests.fakes.storage import FakeObjectStore
from windfall.captions.cues import Cue, CueList
from windfall.contracts.languages import Engine
from windfall.mp3 import audible, first_frames, silent_frame, sound
from windfall.ports.analysis_services import Speech

RATE = 24_000


def encoded(samples: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="MP3")
    return file.getvalue()


def decoded(body: bytes) -> NDArray[np.float32]:
    with av.open(io.BytesIO(body)) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        return np.concatenate(frames).astype(np.float32)


def tone(seconds: float) -> NDArray[np.float32]:
    time = np.arange(int(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def silence(seconds: float) -> NDArray[np.float32]:
    return np.zeros(int(seconds * RATE), np.float32)


class Whistle:
    """Whistles 60 ms for each character, with silence before and behind."""

    def __init__(self, before: float, behind: float) -> None:
        self._before, self._behind = silence(before), silence(behind)

    def speak(
        self,
        ssml: str,
        *,
        voice: str,
        engine: Engine,
        lexicons: Sequence[str] = (),
        output: Literal["mp3", "ogg_vorbis", "pcm"] = "mp3",
        sample_rate: int | None = None,
    ) -> bytes:
        assert sample_rate == RATE
        voiced = tone(0.06 * len(words_of(ssml)) * 100 / rate_of(ssml))
        return encoded(np.concatenate([self._before, voiced, self._behind]))

    def marks(self, ssml: str, **_: object) -> list[dict[str, object]]:
        raise AssertionError(ssml)


def as_speech(speech: Whistle) -> Speech:
    return speech


CUES = [
    Cue(start=700, end=1_900, text="x" * 20),
    Cue(start=2_500, end=3_000, text="y" * 12),
    Cue(start=5_001, end=7_000, text="z" * 25),
]


@pytest.mark.parametrize(("before", "behind"), [(0.0, 0.0), (0.15, 0.4), (0.05, 1.0)])
def test_each_voice_is_heard_at_its_cue(before: float, behind: float) -> None:
    store = FakeObjectStore()
    body = CueList(language="es", cues=CUES).model_dump_json().encode()
    task = DubAudioTask.model_validate(
        {
            "cues": store.drop("results", "f/cues.es.json", body).model_dump(),
            "language": "es",
            "output": {"bucket": "results", "prefix": "f/"},
            "speech": {"voice": "Lupe", "engine": "neural", "max_characters": 1_000},
            "seconds": 8.0,
        }
    )
    outcome = AudioDubber(as_speech(Whistle(before, behind)), store).dub(task, lambda: 600_000)
    assert outcome.result is not None
    samples = decoded(store.read(outcome.result))

    assert abs(len(samples) / RATE - 8.0) <= 0.024
    loud = np.abs(samples) > 0.05
    for cue in CUES:
        quiet = loud[int((cue.start / 1000 - 0.2) * RATE) : int((cue.start / 1000 - 0.05) * RATE)]
        assert not quiet.any()
        first = int(np.argmax(loud[int((cue.start / 1000 - 0.05) * RATE) :]))
        assert abs(first / RATE - 0.05) <= 0.04
    assert not loud[int(7.1 * RATE) :].any()


def test_the_audible_frames_are_those_of_the_tone() -> None:
    data = sound(encoded(np.concatenate([silence(0.24), tone(0.48), silence(0.72)]))).data
    heard = audible(data)
    # An encoder's delay and its windows reach two frames around the sound.
    assert 8 <= heard.start <= 12
    assert 29 <= heard.stop <= 35
    assert sound(first_frames(data, heard.stop)).frames == heard.stop
    assert first_frames(data, 10_000) == data


def test_nothing_is_audible_in_silent_frames() -> None:
    data = silent_frame(sound(encoded(tone(0.2))).data) * 4
    assert sound(data).frames == 4
    assert audible(data) == range(0)
    assert np.abs(decoded(data * 10)).max() == 0


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8_000, 22_050, 24_000, 44_100])
def test_silence_between_two_sounds_disturbs_neither(rate: int, channels: int) -> None:
    time = np.arange(rate // 2) / rate
    wave = (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, np.column_stack([wave] * channels), rate, format="MP3")
    audio = sound(file.getvalue())
    gap = silent_frame(audio.data)
    assert sound(gap).frames == 1
    apart = sound(audio.data + gap * 20 + audio.data)
    assert apart.frames == 2 * audio.frames + 20
    loud = np.abs(decoded(apart.data)) > 0.05
    middle = len(loud) // 2
    assert not loud[middle - rate // 20 : middle + rate // 20].any()
    assert loud.mean() > 0.3
