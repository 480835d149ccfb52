"""A text of any length as one sound file with marks that point into the text."""

import contextlib
import json
from collections import Counter
from typing import Any

import pytest

from synthesize_speech.logic import SpeechSynthesizer
from synthesize_speech.models import SynthesizeSpeechTask
from tests.fakes.hooks import CrashAfter, CrashError, Hook
from tests.fakes.speech import FRAME_MILLISECONDS, FakeSpeech, words_of
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import WorkContinuesError
from windfall.mp3 import sound

LONG = "".join(f"Señor {n} says “fish & chips” < 文字 > \U0001f600 today.\n\n" for n in range(300))


def plenty() -> int:
    return 600_000


def synthesis(
    text: str, hook: Hook | None = None, **plan: Any
) -> tuple[FakeObjectStore, SynthesizeSpeechTask]:
    store = FakeObjectStore(hook)
    pointer = store.drop("results", "results/f/translation.es.txt", text.encode())
    speech = {"voice": "Lupe", "engine": "neural", "lexicons": [], "max_characters": 100_000}
    task = SynthesizeSpeechTask.model_validate(
        {
            "text": pointer.model_dump(),
            "language": "es",
            "output": {"bucket": "results", "prefix": "results/f/"},
            "speech": {**speech, **plan},
        }
    )
    return store, task


def result(store: FakeObjectStore, name: str) -> bytes:
    return store.read(S3Pointer(bucket="results", key=f"results/f/{name}"))


def marks_of(store: FakeObjectStore) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result(store, "speech.es.marks.jsonl").splitlines()]


def test_a_short_text_is_one_request_for_sound_and_one_for_marks() -> None:
    store, task = synthesis("Hola & adiós. Bien.")
    service = FakeSpeech()

    outcome = SpeechSynthesizer(service, store).synthesize(task, plenty)

    assert outcome.status is OutcomeStatus.OK
    assert outcome.result == S3Pointer(bucket="results", key="results/f/speech.es.mp3")
    assert [kind for kind, _ in service.bought] == ["speak", "marks"]
    assert list(store.list("results", "results/f/parts/")) == []
    assert outcome.summary["seconds"] == pytest.approx(18 * FRAME_MILLISECONDS / 1000)
    assert outcome.calls[0].count == 2
    assert [mark["value"] for mark in marks_of(store)] == [
        "Hola & adiós.", "Hola", "&", "adiós", "Bien.", "Bien",
    ]  # fmt: skip


def test_a_long_text_is_one_file_whose_marks_point_into_the_text() -> None:
    store, task = synthesis(LONG)
    service = FakeSpeech()

    outcome = SpeechSynthesizer(service, store).synthesize(task, plenty)

    requests = sorted((ssml for kind, ssml in service.bought if kind == "speak"), key=_number)
    assert len(requests) > 3
    spoken = [len(words_of(ssml)) for ssml in requests]
    audio = sound(result(store, "speech.es.mp3"))
    assert audio.frames == sum(spoken)
    assert outcome.summary["seconds"] == float(audio.duration)
    marks, body = marks_of(store), LONG.encode()
    for mark in marks:
        assert body[mark["start"] : mark["end"]].decode() == mark["value"]
    starts = [mark["start"] for mark in marks if mark["type"] == "word"]
    assert starts == sorted(starts)
    assert sum(mark["type"] == "sentence" for mark in marks) == 300
    second = next(mark for mark in marks if mark["value"] == str(_number(requests[1])))
    assert second["time"] == spoken[0] * FRAME_MILLISECONDS + 200


def _number(ssml: str) -> int:
    return int(words_of(ssml).split()[1])


@pytest.mark.parametrize(
    ("text", "plan", "reason"),
    [
        ("Hola.", {"engine": "generative"}, "no engine generative"),
        ("Hola.", {"max_characters": 4}, "5 characters; the profile speaks up to 4"),
        ("***", {}, "no text to speak"),
    ],
)
def test_what_can_not_be_spoken_is_skipped_with_the_reason(
    text: str, plan: dict[str, Any], reason: str
) -> None:
    store, task = synthesis(text, **plan)
    outcome = SpeechSynthesizer(FakeSpeech(), store).synthesize(task, plenty)
    assert outcome.status is OutcomeStatus.SKIPPED
    assert reason in str(outcome.reason)


def test_an_engine_without_marks_still_speaks() -> None:
    store, task = synthesis(LONG)
    outcome = SpeechSynthesizer(FakeSpeech(marks=False), store).synthesize(task, plenty)
    assert outcome.status is OutcomeStatus.OK
    assert marks_of(store) == []


def test_when_time_runs_low_the_next_try_goes_on() -> None:
    store, task = synthesis(LONG)
    service = FakeSpeech()
    synthesizer = SpeechSynthesizer(service, store)
    for _ in range(30):
        try:
            outcome = synthesizer.synthesize(task, lambda: 1_000)
            break
        except WorkContinuesError:
            continue
    assert outcome.status is OutcomeStatus.OK
    assert max(Counter(service.bought).values()) == 1


@pytest.mark.parametrize("text", ["Hola.", LONG])
def test_a_crash_after_any_write_buys_nothing_twice(text: str) -> None:
    expected = None
    for step in range(20):
        hook = CrashAfter(step)
        store, task = synthesis(text, hook)
        service = FakeSpeech()
        synthesizer = SpeechSynthesizer(service, store)
        with contextlib.suppress(CrashError):
            synthesizer.synthesize(task, plenty)
        outcome = synthesizer.synthesize(task, plenty)
        assert max(Counter(service.bought).values()) == 1, hook.crashed_at
        made = result(store, "speech.es.mp3"), marks_of(store), outcome.summary, outcome.calls
        expected = expected or made
        assert made == expected
