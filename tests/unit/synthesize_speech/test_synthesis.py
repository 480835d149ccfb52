"""A short text as sound with marks that point into it; a long one as what is to be narrated."""

import contextlib
import itertools
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
from windfall.contracts.outcome import Outcome, OutcomeStatus

LONG = "".join(f"Señor {n} says “fish & chips” < 文字 > \U0001f600 today.\n\n" for n in range(300))


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


def spoken(service: FakeSpeech, store: FakeObjectStore, task: SynthesizeSpeechTask) -> Outcome:
    """The outcome of a text that is short enough to have one at once."""
    outcome = SpeechSynthesizer(service, store).synthesize(task).outcome
    assert outcome is not None
    return outcome


def result(store: FakeObjectStore, name: str) -> bytes:
    return store.read(S3Pointer(bucket="results", key=f"results/f/{name}"))


def marks_of(store: FakeObjectStore) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result(store, "speech.es.marks.jsonl").splitlines()]


def test_a_short_text_is_one_request_for_sound_and_one_for_marks() -> None:
    store, task = synthesis("Hola & adiós. Bien.")
    service = FakeSpeech()

    outcome = spoken(service, store, task)

    assert outcome.status is OutcomeStatus.OK
    assert outcome.result == S3Pointer(bucket="results", key="results/f/speech.es.mp3")
    assert [kind for kind, _ in service.bought] == ["speak", "marks"]
    assert list(store.list("results", "results/f/parts/")) == []
    assert outcome.summary["seconds"] == pytest.approx(18 * FRAME_MILLISECONDS / 1000)
    assert outcome.calls[0].count == 2
    assert [mark["value"] for mark in marks_of(store)] == [
        "Hola & adiós.", "Hola", "&", "adiós", "Bien.", "Bien",
    ]  # fmt: skip


def test_a_long_text_is_to_be_narrated_and_nothing_is_bought_here() -> None:
    store, task = synthesis(LONG)
    service = FakeSpeech()

    synthesized = SpeechSynthesizer(service, store).synthesize(task)

    assert synthesized.outcome is None
    assert service.bought == []
    sound, marks = synthesized.narrations
    assert (sound.kind, marks.kind) == ("sound", "marks")
    assert sound.part == marks.part == f"000000.0-{len(LONG.rstrip())}"
    assert sound.characters <= 100_000
    ssml = store.read(sound.ssml).decode()
    assert len(words_of(ssml)) == sum(len(line) for line in LONG.split("\n\n"))
    # The same again is the same, so the tasks are found by their names.
    assert SpeechSynthesizer(service, store).synthesize(task) == synthesized


def test_a_text_beyond_a_task_is_narrated_in_several() -> None:
    store, task = synthesis(LONG * 20, max_characters=1_000_000)
    narrations = SpeechSynthesizer(FakeSpeech(), store).synthesize(task).narrations
    sounds = [one for one in narrations if one.kind == "sound"]
    assert len(narrations) == 2 * len(sounds) > 4
    ends = [tuple(map(int, one.part.partition(".")[2].split("-"))) for one in sounds]
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(ends))
    assert all(one.characters <= 100_000 for one in sounds)


@pytest.mark.parametrize(
    ("text", "plan", "reason"),
    [
        ("Hola.", {"engine": "generative"}, "no engine generative"),
        ("Hola.", {"max_characters": 4}, "5 characters; the profile speaks up to 4"),
        ("***", {}, "no text to speak"),
        (LONG, {"max_characters": 4_000}, "the profile speaks up to 4,000"),
    ],
)
def test_what_can_not_be_spoken_is_skipped_with_the_reason(
    text: str, plan: dict[str, Any], reason: str
) -> None:
    store, task = synthesis(text, **plan)
    outcome = spoken(FakeSpeech(), store, task)
    assert outcome.status is OutcomeStatus.SKIPPED
    assert reason in str(outcome.reason)


def test_an_engine_without_marks_still_speaks() -> None:
    store, task = synthesis("Hola. Bien.")
    outcome = spoken(FakeSpeech(marks=False), store, task)
    assert outcome.status is OutcomeStatus.OK
    assert marks_of(store) == []


def test_what_was_spoken_is_not_spoken_again() -> None:
    store, task = synthesis("Hola.")
    service = FakeSpeech()
    assert spoken(service, store, task) == spoken(service, store, task)
    assert len(service.bought) == 2


def test_a_crash_after_any_write_buys_nothing_twice() -> None:
    expected = None
    for step in range(8):
        hook = CrashAfter(step)
        store, task = synthesis("Hola.", hook)
        service = FakeSpeech()
        with contextlib.suppress(CrashError):
            spoken(service, store, task)
        outcome = spoken(service, store, task)
        assert max(Counter(service.bought).values()) == 1, hook.crashed_at
        made = result(store, "speech.es.mp3"), marks_of(store), outcome.summary, outcome.calls
        expected = expected or made
        assert made == expected
