"""create_model: what a training left becomes a model, once; requests fit SageMaker's API."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from create_model.logic import ModelCreator
from create_model.models import CreatedModel, CreateModelTask
from profile_table.logic import TableProfiler
from profile_table.models import ProfileTableTask
from split_table.logic import TableSplitter
from split_table.models import SplitTableTask, TableSplit
from split_table.requests import TrainingPlace
from tests.fakes.service_model import request_violations
from tests.fakes.storage import FakeObjectStore
from tests.fakes.tables import customers, training_analysis
from tests.fakes.training import FakeModels, FakeTrainingJobs
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.training import Algorithm
from windfall.errors import TransientError
from windfall.ports.training import JobKind, JobState
from windfall.training.files import ANSWERS, EXPLAINED, TrainingFiles
from windfall.training.jobs import TaskError

EVENTS = Path(__file__).parents[3] / "events/create_model"
PREFIX = "windfall-1a2b3c4d"
ROLE = "arn:aws:iam::123456789012:role/model"
IMAGES = {
    Algorithm.XGBOOST: "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5",
    Algorithm.SCRIPT: "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1",
}
CLARIFY = "205585389593.dkr.ecr.us-east-1.amazonaws.com/sagemaker-clarify-processing:1.0"
MODEL = "s3://windfall-results/models/customers/0a1b2c3d4e5f-1/job/output/model.tar.gz"
DONE = JobState("Completed", model=MODEL, seconds=61, instance_type="ml.m5.large")
SCRIPT: dict[str, Any] = {
    "algorithm": "script",
    "script": "s3://windfall-results/models/sourcedir.tar.gz",
}


class Stage:
    """A table in memory that was profiled, and SageMaker beside it."""

    def __init__(self, clarify: str = "", attempt: int = 1, **profile: Any) -> None:
        self.store = FakeObjectStore()
        analysis = training_analysis(self.store, customers(), **profile)
        self.analysis = analysis.model_copy(update={"attempt": attempt})
        profiled = TableProfiler(self.store).profile(ProfileTableTask(analysis=self.analysis))
        assert profiled.training is not None, profiled.outcomes[0].reason
        self.training = profiled.training
        place = TrainingPlace("windfall-results", ROLE, IMAGES, "us-east-1")
        self.jobs, self.models = FakeTrainingJobs(), FakeModels()
        self.splitter = TableSplitter(self.store, self.jobs, PREFIX, place)
        self.creator = ModelCreator(
            self.store, self.jobs, self.models, PREFIX, ROLE, IMAGES, clarify
        )

    def split(self) -> TableSplit:
        task = SplitTableTask(analysis=self.analysis, training=self.training)
        return self.splitter.split(task, lambda: 900_000)

    def create(self, **fields: Any) -> CreatedModel:
        fields = {"analysis": self.analysis, "training": self.training, **fields}
        return self.creator.create(CreateModelTask(**fields))

    def trained(self, state: JobState = DONE) -> None:
        request = self.split().request
        assert request is not None
        self.jobs.states[JobKind.TRAINING, request["TrainingJobName"]] = state

    def again(self) -> None:
        """Somebody asks for what broke off."""
        self.analysis = self.analysis.model_copy(update={"attempt": self.analysis.attempt + 1})

    def end_training(self, attempt: int) -> None:
        job = f"{PREFIX}-{self.analysis.analysis_id[:24]}-{attempt}"
        self.jobs.states[JobKind.TRAINING, job] = DONE

    def leave_model(self) -> None:
        self.store.drop("windfall-results", MODEL.partition("windfall-results/")[2], b"a model")


@pytest.mark.parametrize(
    "profile",
    [{}, SCRIPT, {"target": "income"}, {"target": "calls", "instance_count": 2}],
    ids=["xgboost", "script", "numbers", "classes"],
)
def test_what_sagemaker_is_asked_fits_its_models(profile: dict[str, Any]) -> None:
    stage = Stage(**profile)
    stage.trained()
    request = stage.split().request
    assert request is not None
    assert not request_violations("sagemaker", "CreateTrainingJob", request)
    created = stage.create()
    assert created.transform is not None
    assert not request_violations("sagemaker", "CreateTransformJob", created.transform)
    (model,) = stage.models.created
    assert not request_violations("sagemaker", "CreateModel", model)
    assert created.transform["ModelName"] == model["ModelName"]


def test_names_are_this_stack_s_and_the_same_in_each_try() -> None:
    stage = Stage()
    first, second = stage.split().request, stage.split().request
    assert first == second
    assert first is not None
    assert first["TrainingJobName"] == f"{PREFIX}-0a1b2c3d4e5f60718293a4b5-1"
    assert len(first["TrainingJobName"]) <= 63


def test_a_model_of_the_longest_name_has_names_that_sagemaker_takes() -> None:
    stage = Stage(name="a" * 24, attempt=99)
    stage.trained()
    stage.create()
    assert len(stage.models.created[0]["ModelName"]) <= 63


def test_a_script_is_told_where_it_lies_and_what_the_task_is() -> None:
    request = Stage(**SCRIPT, hyperparameters={"n_estimators": 50}).split().request
    assert request is not None
    parameters = request["HyperParameters"]
    assert parameters["sagemaker_submit_directory"] == SCRIPT["script"]
    assert (parameters["sagemaker_program"], parameters["task"]) == ("train.py", "binary")
    assert parameters["n_estimators"] == "50"
    assert request["EnableNetworkIsolation"] is False


def test_the_training_is_billed_and_its_model_found() -> None:
    stage = Stage()
    stage.trained()
    (outcome,) = stage.create().outcomes
    assert outcome.status is OutcomeStatus.OK
    assert outcome.result is not None
    assert outcome.result.key == MODEL.partition("windfall-results/")[2]
    (call,) = outcome.calls
    assert (call.operation, call.variant, call.units) == ("CreateTrainingJob", "ml.m5.large", 61)
    assert stage.models.created[0]["PrimaryContainer"]["ModelDataUrl"] == MODEL


def test_a_training_that_failed_tells_sagemaker_s_reason_and_no_model_is_made() -> None:
    stage = Stage()
    stage.trained(JobState("Failed", "AlgorithmError: label must be in [0,1]"))
    created = stage.create(trained=TaskError(Error="States.TaskFailed", Cause="{...}"))
    assert created.transform is None
    reason = created.outcomes[0].reason
    assert reason == "The training job failed: AlgorithmError: label must be in [0,1]"
    assert not stage.models.created


def test_a_training_that_failed_is_paid_for_as_long_as_it_ran() -> None:
    stage = Stage()
    stage.trained(JobState("Stopped", seconds=3600, instance_type="ml.m5.large", instances=2))
    (outcome,) = stage.create(trained=TaskError(Error="States.TaskFailed")).outcomes
    assert outcome.status is OutcomeStatus.FAILED
    (call,) = outcome.calls
    assert (call.operation, call.variant, call.units) == ("CreateTrainingJob", "ml.m5.large", 7200)
    stage.trained(JobState("Failed", "no instance could be had"))
    (outcome,) = stage.create(trained=TaskError(Error="States.TaskFailed")).outcomes
    assert outcome.calls == []


def test_a_training_that_could_not_be_begun_tells_why() -> None:
    stage = Stage()
    caught = TaskError(
        Error="SageMaker.ResourceLimitExceededException",
        Cause="The account-level service limit 'ml.m5.large for training job usage' is 0",
    )
    reason = stage.create(trained=caught).outcomes[0].reason or ""
    assert reason.startswith("The training job could not be begun: SageMaker.ResourceLimit")
    assert "ml.m5.large" in reason


def test_a_job_that_was_begun_by_a_try_before_is_found_by_its_name() -> None:
    event = json.loads((EVENTS / "lost_answer.json").read_text())
    stage = Stage()
    stage.trained(JobState("InProgress"))
    with pytest.raises(TransientError, match="goes on"):
        stage.create(trained=event["trained"])
    stage.trained()
    assert stage.create(trained=event["trained"]).transform is not None


def test_a_second_attempt_does_not_pay_for_the_training_again() -> None:
    stage = Stage()
    stage.trained()
    stage.create()
    stage.analysis = stage.analysis.model_copy(update={"attempt": 2})
    split = stage.split()
    assert (split.ok, split.request) == (True, None)
    created = stage.create()
    assert created.outcomes[0].status is OutcomeStatus.OK
    assert stage.models.created[-1]["PrimaryContainer"]["ModelDataUrl"] == MODEL
    assert stage.models.created[-1]["ModelName"].endswith("-2")


@pytest.mark.parametrize("status", ["Completed", "InProgress"])
def test_a_training_that_nobody_heard_the_end_of_is_not_paid_for_again(status: str) -> None:
    stage = Stage()
    stage.trained(replace(DONE, status=status, model=MODEL if status == "Completed" else None))
    stage.leave_model()
    stage.again()
    split = stage.split()
    assert (split.ok, split.request) == (True, None)
    if status == "InProgress":
        with pytest.raises(TransientError, match="goes on"):
            stage.create()
        stage.end_training(1)
    (call,) = stage.create().outcomes[0].calls
    assert call.units == DONE.seconds


@pytest.mark.parametrize("status", ["Stopped", "Stopping", "Failed"])
def test_a_training_that_was_stopped_with_its_execution_is_begun_again(status: str) -> None:
    stage = Stage()
    stage.trained(JobState(status))
    stage.again()
    request = stage.split().request
    assert request is not None
    assert request["TrainingJobName"].endswith("-2")
    stage.end_training(2)
    assert stage.create().outcomes[0].status is OutcomeStatus.OK


def test_a_model_that_was_deleted_since_is_trained_again_and_so_is_a_forced_one() -> None:
    stage = Stage()
    stage.trained()
    stage.again()
    assert stage.split().request is not None
    stage.leave_model()
    assert stage.split().request is None
    stage.analysis = stage.analysis.model_copy(update={"forced": True})
    assert stage.split().request is not None


def test_what_an_earlier_attempt_asked_of_the_model_is_not_asked_again() -> None:
    stage = Stage(CLARIFY, explain=["job"])
    stage.trained()
    first = stage.create()
    assert first.transform is not None
    assert first.processing is not None
    stage.jobs.states[JobKind.TRANSFORM, first.transform["TransformJobName"]] = DONE
    stage.jobs.states[JobKind.PROCESSING, first.processing["ProcessingJobName"]] = DONE
    stage.again()
    again = stage.create()
    assert again.transform is not None, "its answers are gone"
    assert again.processing is not None
    for name in (*ANSWERS, EXPLAINED):
        TrainingFiles(stage.store, stage.analysis.output).write(name, b"0.5", "text/csv")
    last = stage.create()
    assert (last.created, last.transform, last.processing) == (True, None, None)


def test_a_model_that_was_brought_needs_no_training() -> None:
    data = "s3://windfall-results/models/own/model.tar.gz"
    stage = Stage(algorithm="none", model_data=data)
    split = stage.split()
    assert (split.ok, split.request) == (True, None)
    created = stage.create()
    assert created.transform is not None
    assert stage.models.created[0]["PrimaryContainer"]["ModelDataUrl"] == data
    assert not stage.jobs.asked


def test_clarify_is_asked_where_there_is_one_and_columns_are_named() -> None:
    stage = Stage(CLARIFY, explain=["job", "age"])
    stage.trained()
    processing = stage.create().processing
    assert processing is not None
    assert not request_violations("sagemaker", "CreateProcessingJob", processing)
    files = TrainingFiles(stage.store, stage.analysis.output)
    body = stage.store.read(files.pointer("parts/clarify/analysis_config.json"))
    config = json.loads(body)
    assert config["label"] == "y"
    assert config["headers"][:3] == ["y", "age", "job=clerk"]
    facets = {facet["name_or_index"]: facet["value_or_threshold"] for facet in config["facet"]}
    assert facets["job=student"] == [1]
    assert 18 < facets["age"][0] < 80
    assert len(config["methods"]["shap"]["baseline"][0]) == len(config["headers"]) - 1
    assert config["predictor"]["model_name"] == stage.models.created[0]["ModelName"]


@pytest.mark.parametrize(
    ("clarify", "profile"), [("", {"explain": ["job"]}), (CLARIFY, {})], ids=["none", "unasked"]
)
def test_clarify_is_not_asked_otherwise(clarify: str, profile: dict[str, Any]) -> None:
    stage = Stage(clarify, **profile)
    stage.trained()
    assert stage.create().processing is None
