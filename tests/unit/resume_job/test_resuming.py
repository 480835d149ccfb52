"""resume_job: an event is a hint, and the service knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resume_job.logic import JobResumer
from tests.fakes.jobs import (
    FakeFolderTranslation,
    FakeJobTable,
    FakeSpeechTasks,
    FakeTokens,
    FakeTranscription,
)
from tests.fakes.storage import FakeObjectStore
from windfall.adapters.sagemaker_runtime import Handle, SageMakerAsynchronousScoring
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import InvalidInputError, TransientError
from windfall.rendezvous import Rendezvous

EVENTS = Path(__file__).parents[3] / "events/resume_job"
DONE = Completion(result={"status": "COMPLETED"})
BROKEN = Completion(error="InvalidInputError", reason="Bad sound.")


def event(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return document


JOB = JobId("transcribe", event("completed")["detail"]["TranscriptionJobName"])


class Stage:
    """The function in memory, and a job with a task that waits for it."""

    def __init__(self, ending: Completion | None = None) -> None:
        self.table, self.tokens = FakeJobTable(), FakeTokens()
        self.service = FakeTranscription()
        if ending is not None:
            self.service.endings[JOB.name] = ending
        rendezvous = Rendezvous(self.table, self.tokens)
        services = {"transcribe": self.service, "sagemaker-endpoint": self.service}
        self.resumer = JobResumer(rendezvous, services, "windfall-results", "windfall-1a2b3c4d")
        self.table.park(JOB, "token", "2026-11-23T14:10:00.000Z")


@pytest.mark.parametrize(
    ("name", "ending", "done"), [("completed", DONE, "completed"), ("failed", BROKEN, "failed")]
)
def test_who_waits_is_told_how_the_job_ended(name: str, ending: Completion, done: str) -> None:
    stage = Stage(ending)
    assert stage.resumer.resume(event(name)) == {JOB.name: done}
    assert stage.tokens.told == {"token": ending}
    assert not stage.table.due


def test_an_event_that_comes_twice_is_harmless() -> None:
    stage = Stage(DONE)
    answers = [stage.resumer.resume(event("completed")) for _ in "12"]
    assert answers == [{JOB.name: "completed"}] * 2
    assert stage.tokens.told == {"token": DONE}


def test_polly_tells_by_sns_under_the_name_that_it_writes_to() -> None:
    key = "results/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567/parts/speech.es/000000.0-94817.1.sound"
    stage = Stage()
    narration = FakeSpeechTasks()
    narration.endings[key] = DONE
    rendezvous = Rendezvous(stage.table, stage.tokens)
    services = {"polly": narration}
    resumer = JobResumer(rendezvous, services, "windfall-results", "windfall-1a2b3c4d")
    stage.table.park(JobId("polly", key), "narrator", "2026-11-23T14:10:00.000Z")
    assert resumer.resume(event("narration_completed")) == {key: "completed"}
    assert stage.tokens.told == {"narrator": DONE}
    assert narration.asked == [(key, "28e59aee-7a24-4c8b-87f2-132b195bc9f9")]


def test_translate_names_its_own_jobs_and_those_of_others_are_left_alone() -> None:
    stage = Stage()
    folders = FakeFolderTranslation()
    rendezvous = Rendezvous(stage.table, stage.tokens)
    resumer = JobResumer(rendezvous, {"translate": folders}, "windfall-results", "windfall")
    told = event("translation_completed")
    assert resumer.resume(told) == {}
    job = told["detail"]["jobId"]
    folders.endings[job] = DONE
    stage.table.park(JobId("translate", job), "folder", "2026-11-23T14:10:00.000Z")
    assert resumer.resume(told) == {job: "completed"}
    assert stage.tokens.told == {"folder": DONE}


def test_a_task_that_timed_out_is_harmless() -> None:
    stage = Stage(DONE)
    stage.tokens.closed.add("token")
    assert stage.resumer.resume(event("completed")) == {JOB.name: "completed"}
    assert stage.tokens.told == {}


def test_an_event_that_is_ahead_of_its_service_comes_again() -> None:
    stage = Stage()
    with pytest.raises(TransientError):
        stage.resumer.resume(event("completed"))
    assert stage.table.due


def test_jobs_of_others_and_other_states_are_left_alone() -> None:
    stage = Stage(DONE)
    assert stage.resumer.resume(event("of_somebody_else")) == {}
    going_on = event("completed")
    going_on["detail"]["TranscriptionJobStatus"] = "IN_PROGRESS"
    assert stage.resumer.resume(going_on) == {}
    assert stage.tokens.told == {}


@pytest.mark.parametrize(
    "strange",
    [
        {"source": "aws.health", "detail": {}},
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": '{"AlarmName": "x"}'}}]},
    ],
    ids=["event", "message"],
)
def test_what_ends_no_job_is_not_passed_over_in_silence(strange: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        Stage().resumer.resume(strange)


OUTPUT = "s3://windfall-results/scoring/answers/1b2c3d4e.out"


def inference_of(name: str) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(event(name)["Records"][0]["Sns"]["Message"])
    return message


def scored(name: str, bucket: str = "windfall-results") -> tuple[dict[str, str], FakeTokens]:
    """What becomes of a payload's task by a notification."""
    store, table, tokens = FakeObjectStore(), FakeJobTable(), FakeTokens()
    job = JobId("sagemaker", inference_of(name)["inferenceId"])
    handle = Handle(output=OUTPUT, failure="s3://windfall-results/scoring/failures/1.out")
    table.park(job, "token", "2026-11-23T14:10:00.000Z", handle.text())
    store.drop("windfall-results", "scoring/answers/1b2c3d4e.out", b"0.5\n")
    store.drop("windfall-results", "scoring/failures/1.out", b"nine columns where ten are needed")
    services = {"sagemaker": SageMakerAsynchronousScoring(store, table)}
    resumer = JobResumer(Rendezvous(table, tokens), services, bucket, "windfall-1a2b3c4d")
    return resumer.resume(event(name)), tokens


def test_an_inference_that_completed_tells_where_its_answer_lies() -> None:
    done, tokens = scored("inference_completed")
    assert list(done.values()) == ["completed"]
    assert tokens.told == {"token": Completion(result={"output": OUTPUT})}


def test_an_inference_that_failed_tells_what_the_container_said() -> None:
    done, tokens = scored("inference_failed")
    assert list(done.values()) == ["failed"]
    told = tokens.told["token"]
    assert told.error == "TransientError"
    assert told.reason is not None
    assert told.reason.startswith("ClientError: Received server error (500) from model.")
    assert told.reason.endswith("nine columns where ten are needed")


def test_requests_of_others_to_the_same_endpoint_are_theirs() -> None:
    assert scored("inference_completed", bucket="another-results")[0] == {}


VIDEO_JOB = JobId(
    "rekognition", "windfall-results-0a1b2c3d4e5f60718293a4b5c6d7e8f901234567-1.labels"
)


def test_the_end_of_a_video_job_is_told_by_its_tag_and_asked_after_by_its_id() -> None:
    notice = event("video_ended")
    asked: list[tuple[str, str | None]] = []

    class Videos(FakeTranscription):
        def ended(self, name: str, handle: str | None = None) -> Completion | None:
            asked.append((name, handle))
            return DONE

    table, tokens = FakeJobTable(), FakeTokens()
    services = {"rekognition": Videos()}
    rendezvous = Rendezvous(table, tokens)
    resumer = JobResumer(rendezvous, services, "windfall-results", "windfall-1a2b3c4d")
    # The event may come before the token is parked, and so before the row knows the handle.
    assert resumer.resume(notice) == {VIDEO_JOB.name: "nobody waits yet"}
    message = json.loads(notice["Records"][0]["Sns"]["Message"])
    assert asked == [(VIDEO_JOB.name, message["JobId"])]
    table.park(VIDEO_JOB, "token", "2026-11-23T14:10:00.000Z", message["JobId"])
    assert resumer.resume(notice) == {VIDEO_JOB.name: "completed"}
    assert tokens.told == {"token": DONE}


def test_an_endpoint_that_serves_a_new_model_ends_its_deployment() -> None:
    stage = Stage()
    deployment = JobId("sagemaker-endpoint", "windfall-1a2b3c4d-bank-0a1b2c3d-1")
    stage.table.park(deployment, "deploying", "2026-11-23T14:10:00.000Z", "windfall-1a2b3c4d-bank")
    served = Completion(result={"endpoint": "windfall-1a2b3c4d-bank"})
    stage.service.endings[deployment.name] = served
    assert stage.resumer.resume(event("endpoint_in_service")) == {deployment.name: "completed"}
    assert stage.tokens.told == {"deploying": served}


def test_an_endpoint_of_another_stack_is_left_alone() -> None:
    foreign = event("endpoint_in_service")
    foreign["detail"]["EndpointConfigName"] = "windfall-99999999-bank-0a1b2c3d-1"
    assert Stage().resumer.resume(foreign) == {}
    foreign["detail"]["EndpointStatus"] = "UPDATING"
    assert Stage().resumer.resume(foreign) == {}
