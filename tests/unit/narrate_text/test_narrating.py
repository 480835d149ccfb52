"""A narration is begun once, whoever dies where; what is there already is not begun at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from narrate_text.logic import ABANDONED_AFTER, TextNarrator
from narrate_text.models import NarrateTextTask
from tests.fakes.jobs import FakeJobTable, FakeSpeechTasks, FakeTokens
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import TransientError

EVENT = Path(__file__).parents[3] / "events/narrate_text/sound.json"
PREFIX = "results/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567/parts/speech.es/000000.0-94817"
JOB = JobId("polly", f"{PREFIX}.1.sound")


class Crash(BaseException):
    """The function is killed."""


class Stage:
    """The function in memory; `die_at` kills it there once."""

    def __init__(self) -> None:
        self.table, self.tokens, self.store = FakeJobTable(), FakeTokens(), FakeObjectStore()
        self.tasks = FakeSpeechTasks(self._step)
        self.now = datetime(2026, 11, 23, 14, tzinfo=UTC)
        self.die_at: str | None = None
        self.document: dict[str, Any] = json.loads(EVENT.read_text())
        ssml = self.document["narration"]["ssml"]
        self.store.drop(ssml["bucket"], ssml["key"], b"<speak>Hola</speak>")
        del ssml["version_id"]

    def _step(self, name: str) -> None:
        if name == self.die_at:
            self.die_at = None
            raise Crash

    def begin(self, token: str = "token", **changes: Any) -> str:
        task = NarrateTextTask.model_validate({**self.document, "token": token, **changes})
        narrator = TextNarrator(
            self.tasks, self.table, self.tokens, self.store, clock=lambda: self.now
        )
        return narrator.begin(task)


def test_a_narration_is_started_under_its_name_and_waited_for() -> None:
    stage = Stage()
    assert stage.begin() == "parked"
    (request,) = stage.tasks.started
    assert request.output == S3Pointer(bucket="windfall-results", key=JOB.name)
    assert (request.ssml, request.voice, request.kind) == ("<speak>Hola</speak>", "Lupe", "sound")
    row = stage.table.rows[JOB]
    assert (row.tokens, row.handle) == (frozenset({"token"}), "task-1")
    # Ten minutes, and a second for fifty of its 95,120 characters.
    assert stage.table.due[JOB] == "2026-11-23T14:41:42.400Z"


def test_a_further_try_finds_the_task() -> None:
    stage = Stage()
    stage.begin("first")
    assert stage.begin("second") == "parked"
    assert len(stage.tasks.started) == 1
    assert stage.table.rows[JOB].tokens == {"first", "second"}


def test_who_died_after_the_start_did_not_begin_it_in_vain() -> None:
    stage = Stage()
    stage.die_at = "after the start"
    with pytest.raises(Crash):
        stage.begin("first")
    assert stage.begin("second") == "parked"
    assert len(stage.tasks.started) == 1
    assert stage.table.rows[JOB].handle == "task-1"


def test_who_may_still_be_beginning_it_is_waited_for() -> None:
    stage = Stage()
    stage.die_at = "before the start"
    with pytest.raises(Crash):
        stage.begin("first")
    stage.now += ABANDONED_AFTER - timedelta(seconds=1)
    with pytest.raises(TransientError, match="earlier try"):
        stage.begin("second")
    stage.now += timedelta(seconds=2)
    assert stage.begin("third") == "parked"
    assert len(stage.tasks.started) == 1


def test_of_two_who_find_it_abandoned_one_begins_it() -> None:
    stage = Stage()
    stage.table.claims[JOB] = "2026-11-23T13:00:00.000Z first"
    stage.begin("second")

    other = Stage()
    other.table.claims[JOB] = "2026-11-23T13:00:00.000Z first"
    replace = other.table.claim

    def slower(job: JobId, claim: str, instead_of: str | None = None) -> str:
        if instead_of is not None:
            replace(job, "2026-11-23T13:59:59.000Z quicker", instead_of)
        return replace(job, claim, instead_of)

    other.table.claim = slower  # type: ignore[method-assign]
    with pytest.raises(TransientError, match="Another try"):
        other.begin("second")
    assert (len(stage.tasks.started), len(other.tasks.started)) == (1, 0)


def test_an_end_that_came_first_is_told_at_once() -> None:
    stage = Stage()
    done = Completion(result={"output": {"bucket": "b", "key": "k"}})
    stage.table.complete(JOB, done)
    assert stage.begin() == "ended already"
    assert stage.tokens.told == {"token": done}


@pytest.mark.parametrize("attempt", [1, 2])
def test_what_was_narrated_in_any_attempt_is_told_and_not_bought_again(attempt: int) -> None:
    stage = Stage()
    key = f"{PREFIX}.1.sound.28e59aee-7a24-4c8b-87f2-132b195bc9f9.mp3"
    stage.store.drop("windfall-results", key, b"sound")
    stage.store.drop("windfall-results", f"{PREFIX}.1.marks.28e59aee.marks", b"marks")
    assert stage.begin(attempt=attempt) == "narrated already"
    output = {"bucket": "windfall-results", "key": key, "version_id": None}
    assert stage.tokens.told == {"token": Completion(result={"output": output})}
    assert stage.tasks.started == []


def test_what_failed_in_an_earlier_attempt_is_begun_anew() -> None:
    stage = Stage()
    stage.begin()
    stage.table.complete(JOB, Completion(error="InvalidInputError", reason="Broken."))
    assert stage.begin(attempt=2) == "parked"
    assert [request.output.key for request in stage.tasks.started] == [
        f"{PREFIX}.1.sound",
        f"{PREFIX}.2.sound",
    ]
