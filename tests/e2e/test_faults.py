"""Calls are throttled, functions die, executions are stopped; every file ends all the same."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from bench.chaos import faulted
from bench.chaos.trials import BROKEN_OFF, TRIALS, Trial
from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import Deployment
from tests.e2e.models import Models, as_csv, rows
from tests.fakes.models import boosted
from windfall_cli.stack import Stack

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(bool(AWS_STACK), reason="AWS is not asked to fail"),
    pytest.mark.skipif(
        bool(MISSING_MODELS), reason=f"models are missing: {MISSING_MODELS}; make models"
    ),
]


def score_a_table(stack: Stack) -> None:
    with closing(Deployment(stack)) as deployment:
        models, table = Models(deployment), rows(40)
        settings = {"endpoint": models.endpoint(models.model(boosted())), "id_column": "id"}
        document = {"table": {**settings, "contract": models.contract()}}
        with deployment.profile(json.dumps(document)) as profile:
            manifest = deployment.analyze("customers.csv", as_csv(table), profile=profile)
        assert manifest.status == "analyzed", [one.reason for one in manifest.outcomes]
        predictions = deployment.result(manifest, "predictions.csv").decode().splitlines()
        assert len(predictions) == 1 + len(table)


def test_though_one_call_in_three_is_throttled_every_file_is_analyzed_and_paid_for_once(
    tmp_path: Path,
) -> None:
    throttled = TRIALS["throttled"]
    figures = faulted.run(tmp_path, throttled, seed=1, files=5, meanwhile=score_a_table)

    assert figures["files_in_the_inbox"] == 5 + 1
    assert figures["faults_injected"] > 100
    assert figures["wrong"] == []
    assert figures["calls_repeated"] == {}, "what was refused was not done"


def test_a_job_is_stopped_with_its_execution_and_a_rerun_pays_for_nothing_twice(
    tmp_path: Path,
) -> None:
    kinds = ("batch_transform", "training")
    faults = ["sagemaker:Create*=stop-after"]
    trial = Trial(faults, files=2, kinds=kinds, by_design=BROKEN_OFF, again=True)
    figures = faulted.run(tmp_path, trial, seed=1)

    jobs = ["CreateProcessingJob", "CreateTrainingJob", *["CreateTransformJob"] * 2]
    assert figures["stopped_at"] == jobs
    assert figures["wrong"] == []


def test_where_the_profile_says_so_a_call_that_nobody_heard_of_fails_until_it_is_asked_for_again(
    tmp_path: Path,
) -> None:
    paid = ["comprehend:DetectSentiment", "translate:TranslateText", "rekognition:DetectFaces"]
    faults = [f"{call}=crash-after#1" for call in paid]
    trial = Trial(faults, files=3, kinds=("text", "image", "text"), again=True)
    figures = faulted.run(tmp_path, trial, seed=1, asked_once=True)

    assert figures["wrong"] == []
    failed = sorted(line.partition(":")[0] for line in figures["features_failed"])
    assert failed == ["faces", "sentiment", "translation.es"]
    assert all("windfall rerun" in line for line in figures["features_failed"])
    assert figures["calls_repeated"] == {}
    asked_again = {call.replace(":", " "): 1 for call in paid}
    assert figures["again"]["calls_repeated"] == asked_again


@pytest.mark.parametrize(
    ("name", "files"), [("crashed at each step", 5), ("stopped at each function", 4)]
)
def test_functions_die_and_executions_are_stopped_and_every_file_ends(
    tmp_path: Path, name: str, files: int
) -> None:
    figures = faulted.run(tmp_path, TRIALS[name], seed=1, files=files)

    assert figures["files_accepted"] == files
    assert figures["faults_injected"] >= files
    assert figures["wrong"] == []
