"""resume_job: an event is a hint, and the service knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resume_job.logic import JobResumer
from tests.fakes.jobs import FakeJobTable, FakeTokens, FakeTranscription
from windfall.contracts.aws import TranscriptionJobEvent
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import TransientError
from windfall.rendezvous import Rendezvous

EVENTS = Path(__file__).parents[3] / "events/resume_job"
DONE = Completion(result={"status": "COMPLETED"})
BROKEN = Completion(error="InvalidInputError", reason="Bad sound.")


def event(name: str) -> TranscriptionJobEvent:
    return TranscriptionJobEvent.model_validate_json((EVENTS / f"{name}.json").read_text())


JOB = JobId("transcribe", event("completed").detail.name)


class Stage:
    """The function in memory, and a job with a task that waits for it."""

    def __init__(self, ending: Completion | None = None) -> None:
        self.table, self.tokens = FakeJobTable(), FakeTokens()
        self.service = FakeTranscription()
        if ending is not None:
            self.service.endings[JOB.name] = ending
        rendezvous = Rendezvous(self.table, self.tokens)
        self.resumer = JobResumer(rendezvous, {"transcribe": self.service}, "windfall-results")
        self.table.park(JOB, "token", "2026-11-23T14:10:00.000Z")


@pytest.mark.parametrize(
    ("name", "ending", "done"), [("completed", DONE, "completed"), ("failed", BROKEN, "failed")]
)
def test_who_waits_is_told_how_the_job_ended(name: str, ending: Completion, done: str) -> None:
    stage = Stage(ending)
    assert stage.resumer.resume(event(name)) == done
    assert stage.tokens.told == {"token": ending}
    assert not stage.table.due


def test_an_event_that_comes_twice_is_harmless() -> None:
    stage = Stage(DONE)
    assert [stage.resumer.resume(event("completed")) for _ in "12"] == ["completed", "completed"]
    assert stage.tokens.told == {"token": DONE}


def test_a_task_that_timed_out_is_harmless() -> None:
    stage = Stage(DONE)
    stage.tokens.closed.add("token")
    assert stage.resumer.resume(event("completed")) == "completed"
    assert stage.tokens.told == {}


def test_an_event_that_is_ahead_of_its_service_comes_again() -> None:
    stage = Stage()
    with pytest.raises(TransientError):
        stage.resumer.resume(event("completed"))
    assert stage.table.due


def test_jobs_of_others_and_other_states_are_left_alone() -> None:
    stage = Stage(DONE)
    assert stage.resumer.resume(event("of_somebody_else")).startswith("ignored")
    document = json.loads((EVENTS / "completed.json").read_text())
    document["detail"]["TranscriptionJobStatus"] = "IN_PROGRESS"
    going_on = TranscriptionJobEvent.model_validate(document)
    assert stage.resumer.resume(going_on).startswith("ignored")
    assert stage.tokens.told == {}
