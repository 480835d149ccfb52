"""detect_video_feature: jobs by name, asked for so that none is paid for twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detect_video_feature.logic import VideoFeatureDetector
from detect_video_feature.models import DetectVideoFeatureTask
from tests.fakes.jobs import FakeJobTable, FakeTokens
from tests.fakes.leases import FakeLeaseTable
from tests.fakes.service_model import request_violations
from tests.fakes.storage import FakeObjectStore
from tests.fakes.video_analysis import FakeVideoAnalysis
from windfall.adapters.rekognition_video import Channel, completion_of, request_of
from windfall.checkpoints import Checkpoints
from windfall.contracts.features import VideoFeature
from windfall.contracts.jobs import Completion, JobId
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.errors import QuotaExceededError
from windfall.governor import Governor
from windfall.rendezvous import Rendezvous

EVENTS = Path(__file__).parents[3] / "events/detect_video_feature"
NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
CHANNEL = Channel(
    "arn:aws:sns:us-east-1:111122223333:windfall-JobsTopic-1ABC",
    "arn:aws:iam::111122223333:role/windfall-NotifyJobsRole-1ABC",
)
NAME = "windfall-results-0a1b2c3d4e5f60718293a4b5c6d7e8f901234567-1.labels"
OPERATIONS = {
    VideoFeature.LABELS: "StartLabelDetection",
    VideoFeature.FACES: "StartFaceDetection",
    VideoFeature.TEXT: "StartTextDetection",
    VideoFeature.SEGMENTS: "StartSegmentDetection",
    VideoFeature.CELEBRITIES: "StartCelebrityRecognition",
    VideoFeature.KNOWN_FACES: "StartFaceSearch",
    VideoFeature.MODERATION: "StartContentModeration",
}


def task(name: str = "labels") -> DetectVideoFeatureTask:
    return DetectVideoFeatureTask.model_validate_json((EVENTS / f"{name}.json").read_text())


class Stage:
    """The function in memory."""

    def __init__(self, slots: int = 20) -> None:
        self.table, self.tokens = FakeJobTable(), FakeTokens()
        self.store, self.analysis = FakeObjectStore(), FakeVideoAnalysis()
        self.leases = FakeLeaseTable(limit=slots)
        governor = Governor(self.leases, self.tokens, clock=lambda: NOW)
        rendezvous = Rendezvous(self.table, self.tokens, lambda: NOW, governor)
        self.detector = VideoFeatureDetector(
            self.analysis, rendezvous, self.store, "windfall-results"
        )


def test_a_job_is_named_after_its_analysis_stack_and_feature_and_parked_with_its_handle() -> None:
    stage = Stage()
    assert stage.detector.begin(task()) == "parked"
    job = JobId("rekognition", NAME)
    assert stage.table.due == {job: "2026-11-23T14:11:01.400Z"}
    assert stage.table.rows[job].handle == NAME.upper()


def test_a_task_that_is_tried_again_finds_its_job() -> None:
    stage = Stage()
    stage.detector.begin(task())
    stage.detector.begin(task().model_copy(update={"token": "second"}))
    (row,) = stage.table.rows.values()
    assert row.tokens == {task().token, "second"}
    assert list(stage.analysis.requests) == [NAME]


def test_a_feature_that_finds_no_slot_waits_for_one_under_its_own_name_and_buys_nothing() -> None:
    stage = Stage(slots=1)
    stage.detector.begin(task())
    assert stage.detector.begin(task("faces")) == "no slot is free"
    wait = Completion(error="SlotAwaitedError", reason=NAME.replace("labels", "faces"))
    assert stage.tokens.told == {task("faces").token: wait}
    assert list(stage.analysis.requests) == [NAME]
    (lease,) = stage.leases.look("rekognition").leases
    assert (lease.holder, lease.owner) == (NAME, NAME.removeprefix("windfall-results-")[:-7])


def test_a_job_of_an_earlier_attempt_that_still_runs_is_waited_for() -> None:
    stage = Stage()
    stage.detector.begin(task())
    again = task().model_copy(update={"attempt": 2, "token": "second"})
    stage.detector.begin(again)
    (row,) = stage.table.rows.values()
    assert row.tokens == {task().token, "second"}

    stage.table.complete(JobId("rekognition", NAME), Completion(error="InvalidInputError"))
    stage.detector.begin(again)
    assert list(stage.analysis.requests) == [NAME, NAME.replace("-1.", "-2.")]


def test_what_an_earlier_attempt_finished_is_not_bought_again() -> None:
    stage = Stage()
    outcome = Outcome(feature="labels", status=OutcomeStatus.OK)
    Checkpoints(stage.store, task().output, "labels").finish(outcome)
    assert stage.detector.begin(task()) == "finished before"
    assert stage.tokens.told == {task().token: Completion(result={"job": None})}
    assert not stage.analysis.requests
    assert not stage.leases.look("rekognition").leases
    assert not stage.table.due


def test_a_full_account_is_told_as_such_and_nobody_waits() -> None:
    stage = Stage()
    stage.analysis.refusal = QuotaExceededError("Too many jobs run.")
    with pytest.raises(QuotaExceededError):
        stage.detector.begin(task())
    assert not stage.table.rows


@pytest.mark.parametrize("feature", VideoFeature)
def test_what_rekognition_is_asked_fits_its_model(feature: VideoFeature) -> None:
    stage = Stage()
    stage.detector.begin(task(feature))
    (request,) = stage.analysis.requests.values()
    asked = request_of(request, CHANNEL)
    assert not request_violations("rekognition", OPERATIONS[feature], asked)
    assert asked["Video"]["S3Object"]["Version"] == task().source.version_id
    assert asked["JobTag"].endswith(f"-1.{feature}")


def test_the_same_request_has_the_same_token_and_any_other_one_another() -> None:
    stage = Stage()
    for name in ("labels", "faces", "working_copy"):
        stage.detector.begin(task(name))
        for job in list(stage.table.rows):
            stage.table.complete(job, Completion(result={"job": "ended"}))
    requests = list(stage.analysis.requests.values())
    tokens = [request_of(request, CHANNEL)["ClientRequestToken"] for request in requests]
    again = [request_of(request, CHANNEL)["ClientRequestToken"] for request in requests]
    elsewhere = request_of(requests[0], CHANNEL._replace(role_arn=f"{CHANNEL.role_arn}2"))
    assert tokens == again
    assert len({*tokens, elsewhere["ClientRequestToken"]}) == 4


def test_how_a_job_ended_is_told_in_our_words() -> None:
    done = completion_of({"JobStatus": "SUCCEEDED"}, "J")
    assert done == Completion(result={"job": "J", "status": "SUCCEEDED"})
    failed = completion_of({"JobStatus": "FAILED", "StatusMessage": "Unsupported codec."}, "J")
    assert failed == Completion(error="InvalidInputError", reason="Unsupported codec.")
    assert completion_of({"JobStatus": "IN_PROGRESS"}, "J") is None


def test_every_example_is_of_a_feature() -> None:
    for path in EVENTS.glob("*.json"):
        assert json.loads(path.read_text())["feature"]["feature"] in set(VideoFeature)
