"""The narrations of a text are one sound with marks that point into the text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from join_speech.logic import SpeechJoiner
from join_speech.models import JoinSpeechTask
from synthesize_speech.logic import SpeechSynthesizer
from synthesize_speech.models import SynthesizeSpeechTask
from tests.fakes.speech import FRAME_MILLISECONDS, FakeSpeech, words_of
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.mp3 import sound

TEXT = "".join(
    f"Señor {n} says “fish & chips” < 文字 > \U0001f600 today.\n\n" for n in range(3_000)
)
PREFIX = "results/f/"


class Narrator(FakeSpeech):
    """Narrates as Polly's tasks do, without the limit of a request."""

    def _check(self, ssml: str, engine: str) -> None:
        pass


class Stage:
    """A long text, planned and narrated."""

    def __init__(self, said: str = TEXT) -> None:
        self.store = FakeObjectStore()
        text = self.store.drop("results", f"{PREFIX}translation.es.txt", said.encode())
        self.given: dict[str, Any] = {
            "text": text.model_dump(),
            "language": "es",
            "output": {"bucket": "results", "prefix": PREFIX},
            "speech": {"voice": "Lupe", "engine": "neural", "max_characters": 1_000_000},
        }
        planned = SpeechSynthesizer(FakeSpeech(), self.store).synthesize(
            SynthesizeSpeechTask.model_validate(self.given)
        )
        self.spoken: list[int] = []
        self.narrated = [self._narrate(one.model_dump()) for one in planned.narrations]

    def _narrate(self, narration: dict[str, Any]) -> dict[str, Any]:
        ssml = self.store.read(S3Pointer.model_validate(narration["ssml"])).decode()
        voice: dict[str, Any] = {"voice": "Lupe", "engine": "neural"}
        if narration["kind"] == "sound":
            body = Narrator().speak(ssml, **voice)
            self.spoken.append(len(words_of(ssml)))
        else:
            marks = Narrator().marks(ssml, **voice)
            body = "".join(f"{json.dumps(mark)}\n" for mark in marks).encode()
        key = f"{PREFIX}parts/speech.es/{narration['part']}.1.{narration['kind']}.task"
        output = self.store.drop("results", key, body).model_dump()
        return {"part": narration["part"], "kind": narration["kind"], "output": output}

    def fail(self, number: int, error: str, reason: str) -> None:
        one = self.narrated[number]
        self.narrated[number] = {**one, "output": None, "error": error, "reason": reason}

    def join(self) -> Outcome:
        task = JoinSpeechTask.model_validate({**self.given, "narrated": self.narrated})
        return SpeechJoiner(self.store).join(task)

    def result(self, name: str) -> bytes:
        return self.store.read(S3Pointer(bucket="results", key=PREFIX + name))

    def marks(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.result("speech.es.marks.jsonl").splitlines()]


def test_a_long_text_is_one_file_whose_marks_point_into_the_text() -> None:
    stage = Stage()
    outcome = stage.join()
    assert outcome.status is OutcomeStatus.OK
    assert len(stage.spoken) == 2
    audio = sound(stage.result("speech.es.mp3"))
    assert audio.frames == sum(stage.spoken)
    assert outcome.summary["seconds"] == float(audio.duration)
    assert (outcome.calls[0].operation, outcome.calls[0].count) == ("StartSpeechSynthesisTask", 4)
    marks, body = stage.marks(), TEXT.encode()
    for mark in marks:
        assert body[mark["start"] : mark["end"]].decode() == mark["value"]
    starts = [mark["start"] for mark in marks if mark["type"] == "word"]
    assert starts == sorted(starts)
    assert sum(mark["type"] == "sentence" for mark in marks) == 3_000


def test_the_marks_of_a_piece_come_after_the_sound_of_those_before() -> None:
    stage = Stage()
    stage.join()
    second = int(stage.narrated[2]["part"].partition(".")[2].split("-")[0])
    begins = len(TEXT[:second].encode())
    first_of_second = next(mark for mark in stage.marks() if mark["start"] >= begins)
    assert first_of_second["time"] == stage.spoken[0] * FRAME_MILLISECONDS


def test_an_engine_without_marks_still_speaks() -> None:
    stage = Stage()
    for number in (1, 3):
        stage.fail(number, "UnsupportedError", "This engine gives no marks.")
    assert stage.join().status is OutcomeStatus.OK
    assert stage.marks() == []


@pytest.mark.parametrize(
    ("number", "error", "status"),
    [
        (0, "UnsupportedError", OutcomeStatus.SKIPPED),
        (2, "InvalidInputError", OutcomeStatus.FAILED),
        (2, "States.Timeout", OutcomeStatus.FAILED),
        (3, "InvalidInputError", OutcomeStatus.FAILED),
    ],
)
def test_a_narration_that_failed_is_the_outcomes_reason(
    number: int, error: str, status: OutcomeStatus
) -> None:
    stage = Stage()
    stage.fail(number, error, "It can't be said.")
    outcome = stage.join()
    assert (outcome.status, outcome.reason) == (status, "It can't be said.")


def test_what_was_joined_is_not_joined_again() -> None:
    stage = Stage()
    first = stage.join()
    stage.narrated = [stage.narrated[0]]
    assert stage.join() == first


def test_a_narration_that_is_missing_is_said_to_be() -> None:
    stage = Stage()
    del stage.narrated[2]
    outcome = stage.join()
    assert outcome.status is OutcomeStatus.FAILED
    assert "000001" in str(outcome.reason)
