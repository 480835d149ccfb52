"""Translated cues as one track: rates, places, voices, length, checkpoints."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dub_audio.fitting import FASTEST, FASTEST_NATURAL, SLOWEST, Slot, fit
from dub_audio.logic import AudioDubber
from dub_audio.models import DubAudioTask
from dub_audio.track import FRAME, Part, drift, length_of, placed
from tests.fakes.speech import FRAME as MP3_FRAME
from tests.fakes.speech import FakeSpeech, words_of
from tests.fakes.storage import FakeObjectStore
from windfall.captions.cues import Cue, CueList
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import WorkContinuesError
from windfall.mp3 import sound


@dataclass(frozen=True)
class Length:
    milliseconds: int


def voice(own: int, stubborn: float = 1.0) -> Callable[[int], Length]:
    """A voice that takes so long for a cue at its own rate."""
    return lambda rate: Length(round(own / (1 + (rate / 100 - 1) * stubborn)))


def test_what_fits_is_spoken_once() -> None:
    tries: list[int] = []

    def speak(rate: int) -> Length:
        tries.append(rate)
        return Length(1_900)

    assert fit(Slot(2_000, 5_000), speak)[0] == 100
    assert tries == [100]


@pytest.mark.parametrize(
    ("own", "slot", "rate"),
    [
        (1_200, Slot(2_000, 2_000), SLOWEST),
        (1_500, Slot(2_000, 2_000), 100 * 1_500 // 2_000 + 5),
        (2_400, Slot(2_000, 9_000), 120),
        (3_000, Slot(2_000, 9_000), FASTEST_NATURAL),
        (2_900, Slot(2_000, 2_000), 145),
        (9_000, Slot(2_000, 2_100), FASTEST),
    ],
)
def test_the_rate_fits_the_slot(own: int, slot: Slot, rate: int) -> None:
    assert abs(fit(slot, voice(own))[0] - rate) <= 1


def test_a_voice_that_keeps_no_rate_is_measured_and_asked_again() -> None:
    rate, take = fit(Slot(2_000, 2_000), voice(2_600, stubborn=0.8))
    assert 130 < rate <= FASTEST
    assert take.milliseconds <= 2_000


@given(st.integers(24, 30_000), st.integers(1, 7_000), st.integers(0, 5_000), st.floats(0.3, 1.5))
def test_rates_stay_within_limits(own: int, slot: int, more: int, stubborn: float) -> None:
    rate, take = fit(Slot(slot, slot + more), voice(own, stubborn))
    assert SLOWEST <= rate <= FASTEST
    if rate > FASTEST_NATURAL:
        assert voice(own, stubborn)(FASTEST_NATURAL).milliseconds > slot + more
    if rate < 100:
        assert take.milliseconds <= slot + more


PARTS = st.lists(
    st.tuples(st.integers(0, 60_000), st.integers(0, 4), st.integers(1, 400)),
    min_size=1,
    max_size=20,
)


@given(PARTS, st.integers(1, 3_000))
def test_parts_never_overlap_and_end_within_the_track_if_they_can(
    found: list[tuple[int, int, int]], length: int
) -> None:
    parts = [Part(start, lead, lead + heard) for start, lead, heard in sorted(found)]
    places = placed(parts, length)
    assert places[0] >= 0
    for (before, place), (_, after) in pairwise(zip(parts, places, strict=True)):
        assert place + before.frames <= after
    spoken = sum(part.frames for part in parts)
    assert places[-1] + parts[-1].frames <= max(length, spoken)


def test_a_part_with_room_is_heard_within_half_a_frame() -> None:
    for start in range(1_000, 1_100):
        part = Part(start, 2, 20)
        (place,) = placed([part], 10_000)
        assert abs(drift(part, place)) <= FRAME / 2 + 1


CUES = [
    Cue(start=1_000, end=3_000, text="Buenos días a todos.", speaker="spk_0"),
    Cue(start=4_000, end=5_000, text="¿Quién habla de eso & <aquello>?", speaker="spk_1"),
    Cue(start=9_000, end=9_500, text="…", speaker="spk_1"),
]


def plenty() -> int:
    return 600_000


def dubbing(cues: list[Cue], **more: Any) -> tuple[FakeObjectStore, DubAudioTask]:
    store = FakeObjectStore()
    body = CueList(language="es", cues=cues).model_dump_json().encode()
    speech = {"voice": "Lupe", "engine": "neural", "lexicons": ["trade"], "max_characters": 10_000}
    task = {
        "cues": store.drop("results", "results/f/cues.es.json", body).model_dump(),
        "language": "es",
        "output": {"bucket": "results", "prefix": "results/f/"},
        "speech": {**speech, **more.pop("speech", {})},
        "seconds": 12.0,
        **more,
    }
    return store, DubAudioTask.model_validate(task)


def test_a_track_has_the_recordings_length_and_tells_its_drift() -> None:
    store, task = dubbing(CUES)
    outcome = AudioDubber(FakeSpeech(), store).dub(task, plenty)

    assert outcome.status is OutcomeStatus.OK, outcome.reason
    assert outcome.feature == "dubbed.es"
    assert outcome.result is not None
    assert outcome.result.key == "results/f/dubbed.es.mp3"
    track = sound(store.read(outcome.result))
    assert track.frames == length_of(12_000) == 500
    assert outcome.summary["seconds"] == 12.0
    assert outcome.summary["cues"] == 2
    assert outcome.summary["worst_drift_ms"] <= 12
    timing = json.loads(
        store.read(S3Pointer(bucket="results", key="results/f/dubbed.es.timing.json"))
    )
    assert [one["start"] for one in timing] == [1_000, 4_000]


def test_each_speaker_has_a_voice_and_all_one_sample_rate() -> None:
    store, task = dubbing(CUES, speech={"speaker_voices": [{"voice": "Mia", "engine": "standard"}]})
    service = FakeSpeech()
    AudioDubber(service, store).dub(task, plenty)
    assert set(service.voices) == {
        ("Mia", "standard", ("trade",), 24_000),
        ("Lupe", "neural", ("trade",), 24_000),
    }
    assert all(words_of(ssml) for _, ssml in service.bought)


def test_what_does_not_fit_is_spoken_faster_and_then_late_but_whole() -> None:
    cues = [
        Cue(start=0, end=1_000, text="a" * 80),
        Cue(start=1_000, end=2_000, text="b" * 20),
        Cue(start=6_000, end=7_000, text="c" * 20),
    ]
    store, task = dubbing(cues)
    service = FakeSpeech()
    outcome = AudioDubber(service, store).dub(task, plenty)
    assert outcome.summary["shortened"] == 1
    assert outcome.summary["fastest_rate"] == FASTEST
    assert outcome.summary["late"] == 1
    assert 100 < outcome.summary["worst_drift_ms"] < 1_000
    assert outcome.calls[0].count == len(service.bought)
    assert outcome.calls[0].units == sum(len(words_of(ssml)) for _, ssml in service.bought)


def test_more_speech_than_recording_is_a_longer_track() -> None:
    store, task = dubbing([Cue(start=0, end=500, text="x" * 84)], seconds=0.5)
    outcome = AudioDubber(FakeSpeech(), store).dub(task, plenty)
    assert outcome.summary["seconds"] == round(84 / 1.5) * 0.024


def test_without_a_known_length_the_last_cue_ends_the_track() -> None:
    store, task = dubbing(CUES[:2], seconds=None)
    outcome = AudioDubber(FakeSpeech(), store).dub(task, plenty)
    assert outcome.summary["seconds"] == pytest.approx(5.0, abs=0.024)


def test_nothing_to_say_and_too_much_to_say_are_skipped() -> None:
    store, task = dubbing(CUES[2:])
    assert AudioDubber(FakeSpeech(), store).dub(task, plenty).status is OutcomeStatus.SKIPPED
    store, task = dubbing(CUES, speech={"max_characters": 10})
    outcome = AudioDubber(FakeSpeech(), store).dub(task, plenty)
    assert "speech.max_characters" in str(outcome.reason)


def test_long_work_goes_on_and_buys_nothing_twice() -> None:
    cues = [
        Cue(start=n * 3_000, end=n * 3_000 + 2_000, text=f"Frase número {n} de muchas otras.")
        for n in range(40)
    ]
    store, task = dubbing(cues, seconds=120.0)
    service = FakeSpeech()
    for _ in range(60):
        try:
            outcome = AudioDubber(service, store).dub(task, lambda: 1_000)
            break
        except WorkContinuesError:
            continue
    else:
        outcome = AudioDubber(service, store).dub(task, plenty)
    assert outcome.summary["cues"] == 40
    assert max(Counter(service.bought).values()) == 1
    assert outcome.calls[0].count == len(service.bought)


def test_silence_between_parts_is_silence() -> None:
    store, task = dubbing(CUES[:1])
    outcome = AudioDubber(FakeSpeech(), store).dub(task, plenty)
    assert outcome.result is not None
    data = sound(store.read(outcome.result)).data
    assert len(data) == 500 * len(MP3_FRAME)
