"""deploy_model: an endpoint as the profile says, waited for with a token."""

from __future__ import annotations

from typing import Any

import pytest

from deploy_model.logic import ModelDeployer
from deploy_model.models import DeployModelTask
from profile_table.logic import TableProfiler
from profile_table.models import ProfileTableTask
from tests.fakes.jobs import FakeJobTable, FakeTokens
from tests.fakes.service_model import request_violations
from tests.fakes.storage import FakeObjectStore
from tests.fakes.tables import customers, training_analysis
from tests.fakes.training import FakeHosting
from windfall.checkpoints import Checkpoints
from windfall.contracts.jobs import Completion, JobId
from windfall.rendezvous import Rendezvous

PREFIX = "windfall-1a2b3c4d"
TOPIC = "arn:aws:sns:us-east-1:123456789012:jobs"
VERSION = f"{PREFIX}-customers-0a1b2c3d-1"


class Stage:
    """The function in memory."""

    def __init__(self, **deploy: Any) -> None:
        self.store = FakeObjectStore()
        self.analysis = training_analysis(self.store, customers(), deploy=deploy)
        profiled = TableProfiler(self.store).profile(ProfileTableTask(analysis=self.analysis))
        assert profiled.training is not None
        self.training = profiled.training
        self.hosting, self.table, self.tokens = FakeHosting(), FakeJobTable(), FakeTokens()
        rendezvous = Rendezvous(self.table, self.tokens)
        self.deployer = ModelDeployer(
            self.store, self.hosting, rendezvous, "windfall-results", PREFIX, TOPIC
        )

    def begin(self, token: str = "token") -> str:
        task = DeployModelTask(token=token, analysis=self.analysis, training=self.training)
        return self.deployer.begin(task)

    def configuration(self) -> dict[str, Any]:
        assert self.begin() == "parked"
        (configuration,) = self.hosting.endpoints.values()
        assert not request_violations("sagemaker", "CreateEndpointConfig", configuration)
        return configuration


def test_an_asynchronous_endpoint_tells_its_ends_to_the_stack() -> None:
    stage = Stage()
    configuration = stage.configuration()
    assert list(stage.hosting.endpoints) == [f"{PREFIX}-customers"]
    assert configuration["EndpointConfigName"] == VERSION
    output = configuration["AsyncInferenceConfig"]["OutputConfig"]
    assert output["S3OutputPath"] == "s3://windfall-results/scoring/answers/"
    assert output["NotificationConfig"]["SuccessTopic"] == TOPIC
    assert stage.table.rows[JobId("sagemaker-endpoint", VERSION)].tokens == {"token"}


def test_what_costs_is_noted_before_it_is_made() -> None:
    stage = Stage()
    stage.begin()
    output = stage.analysis.output
    noted = Checkpoints(stage.store, output, "endpoint").finished()
    assert noted is not None
    assert noted.summary["endpoint"] in stage.hosting.endpoints
    assert stage.begin("another token") == "parked"
    assert Checkpoints(stage.store, output, "endpoint").finished() == noted


def test_a_serverless_endpoint_has_no_instance() -> None:
    configuration = Stage(mode="serverless", memory_megabytes=4096).configuration()
    (variant,) = configuration["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 4096, "MaxConcurrency": 5}
    assert "InstanceType" not in variant
    assert "AsyncInferenceConfig" not in configuration


def test_a_real_time_endpoint_has_the_profile_s_instance() -> None:
    configuration = Stage(mode="real_time", instance_type="ml.c5.xlarge").configuration()
    assert configuration["ProductionVariants"][0]["InstanceType"] == "ml.c5.xlarge"
    assert "AsyncInferenceConfig" not in configuration


def test_a_task_that_is_tried_again_makes_one_endpoint_and_both_tokens_are_told() -> None:
    stage = Stage()
    stage.begin("first")
    stage.begin("second")
    assert len(stage.hosting.endpoints) == 1
    assert stage.table.rows[JobId("sagemaker-endpoint", VERSION)].tokens == {"first", "second"}


def test_an_endpoint_that_served_before_the_token_was_parked_is_told_at_once() -> None:
    stage = Stage()
    served = Completion(result={"endpoint": "e"})
    stage.table.complete(JobId("sagemaker-endpoint", VERSION), served)
    assert stage.begin() == "ended already"
    assert stage.tokens.told == {"token": served}


@pytest.mark.parametrize("mode", ["async", "serverless", "real_time", "none"])
def test_the_machine_is_told_whether_there_is_something_to_deploy(mode: str) -> None:
    assert Stage(mode=mode).training.deploy == mode
