"""Calls are throttled, functions die, executions are stopped; every file ends all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.chaos import faulted
from bench.chaos.lives import Cloud
from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import Deployment
from tests.e2e.models import Models, as_csv, rows
from tests.fakes.models import boosted
from windfall_local.engines.models import ModelStore

MISSING = [state.model.name for state in ModelStore().states() if state.status != "installed"]

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.models,
    pytest.mark.skipif(bool(AWS_STACK), reason="AWS is not asked to fail"),
    pytest.mark.skipif(bool(MISSING), reason=f"models are missing: {MISSING}; make models"),
]


@pytest.mark.parametrize(
    ("name", "files"),
    [("throttled", 5), ("crashed at each step", 5), ("stopped at each function", 4)],
)
def test_every_file_ends_and_nothing_named_is_bought_twice(
    tmp_path: Path, name: str, files: int
) -> None:
    figures = faulted.run(tmp_path, faulted.TRIALS[name], seed=1, files=files)

    assert figures["files_accepted"] == files
    assert figures["faults_injected"] >= files
    assert figures["wrong"] == []
    if name == "throttled":
        assert figures["calls_repeated"] == {}, "what was refused was not done"


def test_a_table_is_scored_though_one_call_in_three_is_throttled(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, seed=1, faults=["*:*=throttle/3"])
    cloud.start()
    cloud.wait_until_ready()
    deployment = Deployment(cloud.stack())
    faulted.shorten_redelivery(deployment.stack)
    models, table = Models(deployment), rows(40)
    settings = {"endpoint": models.endpoint(models.model(boosted())), "id_column": "id"}
    document = {"table": {**settings, "contract": models.contract()}}
    with deployment.profile(json.dumps(document)) as profile:
        manifest = deployment.analyze("customers.csv", as_csv(table), profile=profile)

    assert manifest.status == "analyzed", [one.reason for one in manifest.outcomes]
    predictions = deployment.result(manifest, "predictions.csv").decode().splitlines()
    assert len(predictions) == 1 + len(table)
    assert faulted.struck(tmp_path).total() > 10
    deployment.close()
    cloud.end()
