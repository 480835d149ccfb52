"""Tables dropped to be learnt from: models that score the next one, tables that teach nothing."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import Deployment, outcome_of
from tests.fakes.tables import HEADER, as_csv, customers
from windfall.contracts.evaluation import Evaluation
from windfall.contracts.manifest import Manifest
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.training import TrainingSpec
from windfall.pricing import PriceList
from windfall_cli.scripts import pack
from windfall_cli.standing import standing_endpoints

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(AWS_STACK), reason="models on AWS are not trained for a test"),
]
STEPS = ["profile", "split", "training", "evaluation", "explanation", "registration", "deployment"]


def fresh() -> list[list[str]]:
    """Customers that nobody learnt from before."""
    return customers(600, seed=random.randrange(1_000_000))


def train(deployment: Deployment, body: bytes, name: str = "e2e", **profile: Any) -> Manifest:
    document = json.dumps({"table": {"train": {"name": name, **profile}}})
    with deployment.profile(document) as chosen:
        dropped = deployment.drop(f"{chosen}/customers.csv", body)
        (manifest,) = deployment.wait(dropped)
    return manifest


def told(manifest: Manifest) -> dict[str, tuple[OutcomeStatus, str | None]]:
    return {one.feature: (one.status, one.reason) for one in manifest.outcomes}


def document(deployment: Deployment, manifest: Manifest, name: str) -> Any:
    return json.loads(deployment.result(manifest, name))


def scored(deployment: Deployment, profile: str, table: list[list[str]]) -> list[dict[str, str]]:
    """The predictions of a table without its target."""
    body = as_csv(HEADER[:-1], [row[:-1] for row in table])
    dropped = deployment.drop("new customers.csv", body, profile=profile)
    (manifest,) = deployment.wait(dropped)
    assert manifest.status == "analyzed", "; ".join(one.reason or "" for one in manifest.outcomes)
    text = deployment.result(manifest, "predictions.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_dropped_dataset_becomes_a_model_that_scores_the_next_file(
    deployment: Deployment,
) -> None:
    body = as_csv(HEADER, fresh())
    manifest = train(deployment, body, "e2e-xgboost")
    assert manifest.status == "analyzed", told(manifest)
    assert [one.feature for one in manifest.outcomes] == STEPS
    names = {file.name for file in manifest.files}
    assert names >= {"report.html", "metrics.json", "contract.json", "confusion.txt", "spec.json"}
    evaluation = Evaluation.model_validate(document(deployment, manifest, "metrics.json"))
    assert evaluation.figures["accuracy"] > evaluation.figures["majority"]
    assert evaluation.importance[0].column in {"age", "job", "income"}
    table = outcome_of(manifest, "evaluation").summary["table"]
    assert table == deployment.result(manifest, "confusion.txt").decode()

    new = fresh()
    found = scored(deployment, "e2e-xgboost", new)
    assert len(found) == len(new)
    right = sum(row["prediction"] == true[-1] for row, true in zip(found, new, strict=True))
    assert right / len(new) > 0.8

    (execution,) = deployment.executions("TrainModelMachineArn", manifest.analysis_id)
    cost = deployment.transitions(execution)
    assert cost.retried == 0
    assert set(cost.functions.values()) == {1}

    prefix = deployment.stack.model_prefix
    prices = PriceList.of_region("us-east-1")
    stands = standing_endpoints(deployment.client("sagemaker"), prefix, None, prices)
    (endpoint,) = (one for one in stands if one.name == f"{prefix}-e2e-xgboost")
    assert (endpoint.mode, endpoint.instances) == ("async", {"ml.m5.large": 1})
    assert endpoint.dollars_an_hour == pytest.approx(0.115)


def test_clarify_tells_the_bias_by_the_columns_that_are_named_and_what_the_model_goes_by(
    deployment: Deployment,
) -> None:
    manifest = train(
        deployment,
        as_csv(HEADER, fresh()),
        "e2e-explained",
        explain=["member"],
        deploy={"mode": "none"},
    )
    assert told(manifest)["explanation"] == (OutcomeStatus.OK, None)
    summary = outcome_of(manifest, "explanation").summary
    # Eight metrics of the data, thirteen of the predictions.
    assert summary["bias_metrics"] == 21
    contract = document(deployment, manifest, "contract.json")
    features = [len(column["categories"]) or 1 for column in contract["columns"]]
    assert summary["features"] == sum(features)
    report = deployment.result(manifest, "report.html").decode()
    for said in ("Bias and explanation", "Difference in Positive Proportions in Labels", "SHAP"):
        assert said in report, said


def test_the_same_dataset_is_learnt_from_once(deployment: Deployment) -> None:
    body = as_csv(HEADER, fresh())
    profile = {"deploy": {"mode": "none"}}
    first = train(deployment, body, "e2e-once", **profile)
    again = train(deployment, body, "e2e-once", **profile)
    assert again.analysis_id == first.analysis_id
    assert again.reused_from == first.file_id


def test_a_script_of_one_s_own_learns_from_the_cells_as_they_are(deployment: Deployment) -> None:
    bucket = deployment.output("ResultsBucketName")
    folder = Path(__file__).parents[2] / "examples/random_forest"
    key = "models/scripts/e2e/sourcedir.tar.gz"
    deployment.client("s3").put_object(Bucket=bucket, Key=key, Body=pack(folder))
    manifest = train(
        deployment,
        as_csv(HEADER, fresh()),
        "e2e-forest",
        algorithm="script",
        script=f"s3://{bucket}/{key}",
        hyperparameters={"n_estimators": 20},
        deploy={"mode": "none"},
    )
    assert manifest.status == "analyzed", told(manifest)
    evaluation = Evaluation.model_validate(document(deployment, manifest, "metrics.json"))
    assert evaluation.figures["accuracy"] > evaluation.figures["majority"]
    # Nothing is deployed, so the profile scores by batch transform.
    assert told(manifest)["deployment"][0] is OutcomeStatus.SKIPPED
    found = scored(deployment, "e2e-forest", customers(30))
    assert {row["prediction"] for row in found} <= {"yes", "no"}


def test_a_script_that_fails_tells_its_own_error(deployment: Deployment, tmp_path: Path) -> None:
    bucket = deployment.output("ResultsBucketName")
    (tmp_path / "train.py").write_text("raise ValueError('no such column: prize')\n")
    key = "models/scripts/e2e-broken/sourcedir.tar.gz"
    deployment.client("s3").put_object(Bucket=bucket, Key=key, Body=pack(tmp_path))
    manifest = train(
        deployment,
        as_csv(HEADER, fresh()),
        algorithm="script",
        script=f"s3://{bucket}/{key}",
    )
    assert manifest.status == "partial"
    status, reason = told(manifest)["training"]
    assert status is OutcomeStatus.FAILED
    assert "no such column: prize" in (reason or "")
    (call,) = outcome_of(manifest, "training").calls
    assert (call.operation, call.variant) == ("CreateTrainingJob", "ml.m5.large")
    assert call.units >= 1
    assert [one.feature for one in manifest.outcomes] == ["profile", "split", "training"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (customers(12), "The table has 12 rows with a target; at least 100 are needed"),
        (
            [[*row[:-1], "no"] for row in customers(300)],
            "The target 'y' is 'no' in every row: there is nothing to learn.",
        ),
    ],
    ids=["twelve rows", "constant target"],
)
def test_a_table_that_teaches_nothing_says_why(
    deployment: Deployment, rows: list[list[str]], reason: str
) -> None:
    manifest = train(deployment, as_csv(HEADER, rows))
    assert manifest.status == "partial"
    ((status, given),) = told(manifest).values()
    assert status is OutcomeStatus.FAILED
    assert (given or "").startswith(reason)


def test_a_column_that_knows_the_answer_is_warned_of_and_can_be_dropped(
    deployment: Deployment,
) -> None:
    header = (*HEADER[:-1], "refund", "y")
    rows = [[*row[:-1], "250" if row[-1] == "yes" else "0", row[-1]] for row in fresh()]
    manifest = train(
        deployment, as_csv(header, rows), drop=["refund"], deploy={"mode": "none"}, name="e2e-leak"
    )
    warnings = outcome_of(manifest, "profile").summary["warnings"]
    assert any("'refund' may leak the target" in one and "left out" in one for one in warnings)
    spec = TrainingSpec.model_validate(document(deployment, manifest, "spec.json"))
    assert "refund" not in {column.name for column in spec.columns}


def test_metadata_of_the_object_goes_before_the_profile(deployment: Deployment) -> None:
    train_it = json.dumps({"target": "member", "name": "e2e-member", "deploy": {"mode": "none"}})
    body = as_csv(HEADER, fresh())
    dropped = deployment.drop("anywhere.csv", body, train=train_it)
    (manifest,) = deployment.wait(dropped)
    spec = TrainingSpec.model_validate(document(deployment, manifest, "spec.json"))
    assert (spec.name, spec.target) == ("e2e-member", "member")


def test_wrong_metadata_rejects_the_file(deployment: Deployment) -> None:
    dropped = deployment.drop("anywhere.csv", as_csv(HEADER, fresh()), train='{"targt": "y"}')
    (manifest,) = deployment.wait(dropped)
    assert manifest.status == "rejected"
    assert "windfall-train is wrong: targt" in (manifest.reason or "")
