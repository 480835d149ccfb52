"""publish_model: a version in the registry, and a profile by which the next file is scored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from profile_table.logic import TableProfiler
from profile_table.models import ProfileTableTask
from publish_model.logic import ModelPublisher
from publish_model.models import PublishModelTask
from split_table.division import TableDivider
from tests.fakes.service_model import request_violations
from tests.fakes.storage import FakeObjectStore
from tests.fakes.tables import customers, training_analysis
from tests.fakes.training import FakeHosting, FakeModels, FakeProfileWriter
from windfall.checkpoints import Checkpoints
from windfall.contracts.base import S3Pointer
from windfall.contracts.input_contract import InputContract
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.contracts.profile import Profile
from windfall.contracts.table import ScoringMode
from windfall.contracts.training import Algorithm
from windfall.training.files import TrainingFiles
from windfall.training.jobs import TaskError

PREFIX = "windfall-1a2b3c4d"
IMAGES = {
    Algorithm.XGBOOST: "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5",
    Algorithm.SCRIPT: "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1",
}
VERSION = f"{PREFIX}-customers-0a1b2c3d-1"


class Stage:
    """The function in memory, behind a training that came to a good end."""

    def __init__(self, **profile: Any) -> None:
        self.store = FakeObjectStore()
        self.analysis = training_analysis(self.store, customers(), **profile)
        profiled = TableProfiler(self.store).profile(ProfileTableTask(analysis=self.analysis))
        assert profiled.training is not None
        self.training = profiled.training
        files = TrainingFiles(self.store, self.analysis.output)
        TableDivider(self.store, self.analysis, files.spec(), lambda: 900_000).divide()
        model = S3Pointer(bucket="windfall-results", key="models/customers/x/model.tar.gz")
        trained = Outcome(feature="training", status=OutcomeStatus.OK, result=model)
        Checkpoints(self.store, self.analysis.output, "training").finish(trained)
        self.models, self.hosting = FakeModels(), FakeHosting()
        self.profiles = FakeProfileWriter()

    def run(self, **fields: Any) -> tuple[Outcome, Outcome]:
        publisher = ModelPublisher(
            self.store,
            self.models,
            self.hosting,
            self.profiles,
            "windfall-results",
            PREFIX,
            IMAGES,
        )
        task = PublishModelTask(analysis=self.analysis, training=self.training, **fields)
        registration, deployment = publisher.publish(task).outcomes
        return registration, deployment


def test_a_version_is_registered_with_its_metrics() -> None:
    stage = Stage()
    registration, _ = stage.run()
    assert registration.status is OutcomeStatus.OK
    ((request),) = stage.models.registered.values()
    assert not request_violations("sagemaker", "CreateModelPackage", request)
    assert request["ModelPackageGroupName"] == f"{PREFIX}-customers"
    assert request["ModelApprovalStatus"] == "Approved"
    statistics = request["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert statistics["S3Uri"].endswith("/metrics.json")


def test_the_contract_outlives_the_analysis_and_names_its_model() -> None:
    stage = Stage()
    registration, _ = stage.run()
    assert registration.result is not None
    assert registration.result.key == "models/customers/0a1b2c3d4e5f-1/contract.json"
    contract = InputContract.model_validate_json(stage.store.read(registration.result))
    assert contract.model == VERSION
    assert contract.classes == ["no", "yes"]


@pytest.mark.parametrize(
    ("mode", "scoring"),
    [
        ("async", ScoringMode.ASYNC),
        ("serverless", ScoringMode.SERVERLESS),
        ("real_time", ScoringMode.REAL_TIME),
        ("none", ScoringMode.BATCH_TRANSFORM),
    ],
)
def test_the_profile_scores_with_what_was_deployed(mode: str, scoring: ScoringMode) -> None:
    stage = Stage(deploy={"mode": mode})
    registration, deployment = stage.run()
    profile = Profile.model_validate_json(stage.profiles.saved["customers"])
    assert profile.table is not None
    assert profile.table.mode is scoring
    assert (profile.table.model, profile.table.endpoint) == (
        (VERSION, None) if mode == "none" else (None, f"{PREFIX}-customers")
    )
    assert registration.summary["next"] == "windfall drop FILE --profile customers"
    skipped = OutcomeStatus.SKIPPED if mode == "none" else OutcomeStatus.OK
    assert deployment.status is skipped


def test_an_asynchronous_endpoint_shrinks_to_nothing() -> None:
    stage = Stage(deploy={"most_instances": 3})
    stage.run()
    assert stage.hosting.scaled == [(f"{PREFIX}-customers", "main", 3)]
    stage = Stage(deploy={"mode": "serverless"})
    stage.run()
    assert not stage.hosting.scaled


def test_a_profile_that_somebody_wrote_is_not_overwritten() -> None:
    stage = Stage()
    stage.profiles.saved["customers"] = '{"version": 1}'
    registration, _ = stage.run()
    assert registration.status is OutcomeStatus.FAILED
    assert "table.train.name" in (registration.reason or "")
    assert stage.profiles.saved["customers"] == '{"version": 1}'


def test_a_profile_of_an_earlier_training_is_replaced() -> None:
    stage = Stage()
    stage.run()
    assert json.loads(stage.profiles.saved["customers"])["table"]["contract"]
    stage.analysis = stage.analysis.model_copy(update={"analysis_id": "f" * 40})
    Checkpoints(stage.store, stage.analysis.output, "registration")
    assert stage.run()[0].status is OutcomeStatus.OK


def test_an_endpoint_that_does_not_serve_is_told_and_no_profile_points_to_it() -> None:
    stage = Stage()
    caught = TaskError(Error="InvalidInputError", Cause="The container did not pass the ping.")
    registration, deployment = stage.run(deploying=caught)
    assert registration.status is OutcomeStatus.OK
    assert deployment.status is OutcomeStatus.FAILED
    assert "did not pass the ping" in (deployment.reason or "")
    assert not stage.profiles.saved


def test_the_same_again_registers_nothing_new() -> None:
    stage = Stage()
    first = stage.run()
    assert stage.run() == first
    assert len(stage.models.registered) == 1
