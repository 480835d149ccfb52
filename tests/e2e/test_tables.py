"""Tables dropped as files, scored by real models behind endpoints of every kind."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import Deployment, Dropped, outcome_of, until
from tests.e2e.models import HEADER, Models, as_csv, rows
from tests.e2e.rare_orders import LONG_AGO
from tests.fakes.models import SUMS, boosted, booster
from windfall import keys
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.contracts.jobs import JobId
from windfall.contracts.manifest import Manifest
from windfall.ports.insights import ANALYZING

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(AWS_STACK), reason="endpoints on AWS are not made for a test"),
]

EACH_SECOND_FAILS = """
import pathlib
from sagemaker_inference import encoder

class Sums:
    def predict(self, rows):
        return rows.sum(axis=1)

def model_fn(model_dir):
    return Sums()

def predict_fn(rows, model):
    counted = pathlib.Path("/tmp/COUNTER")
    counted.write_text(str(int(counted.read_text() or 0) + 1 if counted.exists() else 1))
    if int(counted.read_text()) % 2:
        raise RuntimeError("the first of two")
    return model.predict(rows.reshape(-1, 4))
"""


@pytest.fixture(scope="module")
def models(deployment: Deployment) -> Models:
    return Models(deployment)


@pytest.fixture(scope="module")
def boosted_model(models: Models) -> str:
    return models.model(boosted())


@pytest.fixture(scope="module")
def churn(models: Models, boosted_model: str) -> str:
    """An asynchronous endpoint that tells this stack's topic."""
    return models.endpoint(boosted_model)


@pytest.fixture(scope="module")
def profile(deployment: Deployment, models: Models, churn: str) -> Iterator[str]:
    """A profile that scores by asynchronous inference."""
    table = {"endpoint": churn, "contract": models.contract(), "id_column": "id"}
    with deployment.profile(json.dumps({"table": table})) as name:
        yield name


csv.field_size_limit(1 << 20)


def predictions(deployment: Deployment, manifest: Manifest) -> list[dict[str, str]]:
    text = deployment.result(manifest, "predictions.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def rejected(deployment: Deployment, manifest: Manifest) -> list[dict[str, str]]:
    text = deployment.result(manifest, "rejected.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def scores(table: list[list[str]]) -> list[float]:
    """What the model itself says."""
    import numpy as np
    import xgboost as xgb

    matrix = np.array([[float(cell) for cell in row[1:5]] for row in table], np.float32)
    found: list[float] = booster().predict(xgb.DMatrix(matrix)).tolist()
    return found


def check(deployment: Deployment, manifest: Manifest, table: list[list[str]]) -> None:
    """Every row has its own prediction, in order."""
    assert manifest.status == "analyzed", [one.reason for one in manifest.outcomes]
    found = predictions(deployment, manifest)
    assert [row["id"] for row in found] == [row[0] for row in table]
    assert [float(row["score"]) for row in found] == pytest.approx(scores(table), abs=1e-5)
    for row in found:
        assert row["prediction"] == ("leaves" if float(row["score"]) >= 0.5 else "stays")


def test_a_csv_is_scored_by_asynchronous_inference(deployment: Deployment, profile: str) -> None:
    table = rows(500)
    manifest = deployment.analyze("customers.csv", as_csv(table), profile=profile)
    check(deployment, manifest, table)
    assert {file.name for file in manifest.files} == {
        "predictions.csv",
        "summary.json",
        "distribution.svg",
        "distribution.png",
    }
    outcome = outcome_of(manifest, "predictions")
    assert sum(outcome.summary["classes"].values()) == 500
    (execution,) = deployment.executions("ScoreTableMachineArn", manifest.analysis_id)
    cost = deployment.transitions(execution)
    assert cost.retried == 0
    assert cost.functions == {
        "PrepareTable": 1,
        "SubmitInference": 1,
        "JoinPredictions": 1,
        "RecordInsights": 1,
    }


def test_the_same_table_is_paid_for_once(deployment: Deployment, profile: str) -> None:
    body = as_csv(rows(20))
    first = deployment.analyze("once.csv", body, profile=profile)
    again = deployment.analyze("twice.csv", body, profile=profile)
    assert again.reused_from == first.file_id


def test_many_payloads_come_back_in_order(
    deployment: Deployment, models: Models, churn: str
) -> None:
    table = [[*row, "x" * 400] for row in rows(12_000)]
    settings = {"endpoint": churn, "contract": models.contract(), "id_column": "id"}
    document = {"table": {**settings, "payload_megabytes": 1, "keep": "id"}}
    with deployment.profile(json.dumps(document)) as name:
        body = as_csv(table, [*HEADER, "note"])
        manifest = deployment.analyze("many.csv", body, profile=name)
    check(deployment, manifest, table)
    assert set(predictions(deployment, manifest)[0]) == {"row", "id", "prediction", "score"}


def test_fifty_files_at_once_lose_nothing(deployment: Deployment, profile: str) -> None:
    tables = [rows(40) for _ in range(50)]
    dropped = [
        deployment.drop(f"crowd/{number}.csv", as_csv(table), profile=profile)
        for number, table in enumerate(tables)
    ]
    for manifest, table in zip(deployment.wait(*dropped), tables, strict=True):
        check(deployment, manifest, table)


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("semicolons.csv", "utf-8", ";"),
        ("mark.csv", "utf-8-sig", ","),
        ("western.csv", "latin-1", ","),
        ("excel.tsv", "utf-16", "\t"),
    ],
)
def test_what_spreadsheets_write(
    deployment: Deployment, profile: str, name: str, encoding: str, delimiter: str
) -> None:
    table = [[*row, "Málaga,\n;\tañil"] for row in rows(30)]
    body = as_csv(table, [*HEADER, "ciudad"], delimiter).decode().encode(encoding)
    manifest = deployment.analyze(name, body, profile=profile)
    check(deployment, manifest, table)
    found = predictions(deployment, manifest)
    assert {row["ciudad"] for row in found} == {"Málaga,\n;\tañil"}


def test_json_lines_and_parquet(deployment: Deployment, profile: str) -> None:
    from arro3.core import Array, DataType, Table
    from arro3.io import write_parquet

    table = rows(60)
    lines = [dict(zip(HEADER, row, strict=True)) for row in table]
    body = "\n".join(
        json.dumps({**line, **{name: float(line[name]) for name in "abcd"}}) for line in lines
    )
    manifest = deployment.analyze("rows.jsonl", body.encode(), profile=profile)
    check(deployment, manifest, table)

    table = rows(60)
    columns = [Array([row[0] for row in table], type=DataType.string())]
    columns += [
        Array([float(row[place]) for row in table], type=DataType.float64())
        for place in range(1, 5)
    ]
    file = io.BytesIO()
    write_parquet(Table.from_arrays(columns, names=HEADER), file)
    manifest = deployment.analyze("rows.parquet", file.getvalue(), profile=profile)
    check(deployment, manifest, table)


def test_a_wrong_type_far_down_is_told_with_row_and_column(
    deployment: Deployment, profile: str
) -> None:
    table = rows(70_100)
    table[70_000][1] = "abc"
    manifest = deployment.analyze("wrong.csv", as_csv(table), profile=profile)
    assert manifest.status == "analyzed", [one.reason for one in manifest.outcomes]
    outcome = outcome_of(manifest, "table")
    assert outcome.summary["reasons"] == ["row 70,001, column a: 'abc' is not a number"]
    (row,) = rejected(deployment, manifest)
    assert (row["row"], row["id"]) == ("70001", table[70_000][0])
    assert len(predictions(deployment, manifest)) == 70_099


def test_more_rows_are_rejected_than_scored(
    deployment: Deployment, models: Models, churn: str
) -> None:
    table = rows(3_000)
    for number, row in enumerate(table):
        if number % 3:
            row[1 + number % 4] = "?"
    settings = {"endpoint": churn, "contract": models.contract()}
    with scoring(deployment, **settings) as name:
        manifest = deployment.analyze("wrong model.csv", as_csv(table), profile=name)
    assert manifest.status == "partial"
    assert [one.feature for one in manifest.outcomes] == ["table"]
    assert "2,000 of 3,000 rows do not fit the model (10 % at most may): row 2, column b: '?'" in (
        manifest.outcomes[0].reason or ""
    )
    assert len(rejected(deployment, manifest)) == 2_000

    with scoring(deployment, **settings, most_rejected=90) as name:
        manifest = deployment.analyze("wrong model.csv", as_csv(table), profile=name)
    check(deployment, manifest, table[::3])
    assert len(rejected(deployment, manifest)) == 2_000


def test_cells_of_any_length_come_through(deployment: Deployment, profile: str) -> None:
    table = [[*row, "word " * 60_000] for row in rows(3)]
    manifest = deployment.analyze("essays.csv", as_csv(table, [*HEADER, "essay"]), profile=profile)
    check(deployment, manifest, table)
    assert {len(row["essay"]) for row in predictions(deployment, manifest)} == {300_000}


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (as_csv([["1", "2"]], ["id", "a"]), "rejected", "columns 'b', 'c', 'd' can not be found"),
        (as_csv([]), "rejected", "has a header and no rows"),
        (as_csv([["1", "x", "y", "z", "w"]]), "partial", "1 of 1 rows do not fit the model"),
    ],
)
def test_a_table_that_does_not_fit_costs_nothing(
    deployment: Deployment, profile: str, body: bytes, status: str, reason: str
) -> None:
    manifest = deployment.analyze("odd.csv", body, profile=profile)
    assert manifest.status == status
    reasons = [manifest.reason, *(outcome.reason for outcome in manifest.outcomes)]
    assert any(reason in (told or "") for told in reasons), reasons


@contextmanager
def scoring(deployment: Deployment, **table: Any) -> Iterator[str]:
    with deployment.profile(json.dumps({"table": {"id_column": "id", **table}})) as name:
        yield name


def test_real_time_and_serverless_endpoints_are_one_option_away(
    deployment: Deployment, models: Models, boosted_model: str
) -> None:
    serverless = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 2}}
    variants: dict[str, dict[str, Any]] = {"real_time": {}, "serverless": serverless}
    contract = models.contract()
    for mode, variant in variants.items():
        endpoint = models.endpoint(boosted_model, asynchronous=False, **variant)
        with scoring(deployment, endpoint=endpoint, contract=contract, mode=mode) as name:
            table = rows(200)
            manifest = deployment.analyze(f"{mode}.csv", as_csv(table), profile=name)
        check(deployment, manifest, table)
        assert outcome_of(manifest, "predictions").summary["mode"] == mode


def test_batch_transform_needs_a_model_and_no_endpoint(
    deployment: Deployment, models: Models, boosted_model: str
) -> None:
    settings = {"mode": "batch_transform", "model": boosted_model, "payload_megabytes": 1}
    with scoring(deployment, contract=models.contract(), **settings) as name:
        table = rows(30_000)
        manifest = deployment.analyze("transformed.csv", as_csv(table), profile=name)
    check(deployment, manifest, table)
    outcome = outcome_of(manifest, "predictions")
    (call,) = outcome.calls
    assert (call.operation, call.variant) == ("CreateTransformJob", "ml.m5.large")
    assert call.units > 0
    assert outcome.cost == pytest.approx(call.units * 0.115 / 3600, rel=1e-4)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"endpoint": "windfall-nobody"}, "there is no endpoint named 'windfall-nobody'"),
        ({"endpoint": "somebody-elses"}, "may not ask for the endpoint named 'somebody-elses'"),
        ({"mode": "real_time"}, "is asynchronous, unlike the profile's mode"),
        ({"contract": "s3://somebody-elses/contract.json"}, "contract.json can not be read"),
    ],
)
def test_an_endpoint_that_can_not_be_asked_fails_the_file_by_name(
    deployment: Deployment, churn: str, changes: dict[str, str], reason: str
) -> None:
    with scoring(deployment, **{"endpoint": churn, **changes}) as name:
        manifest = deployment.analyze("lost.csv", as_csv(rows(2)), profile=name)
    assert manifest.status == "failed"
    assert reason in (manifest.reason or "")


def test_an_endpoint_that_is_being_created_is_waited_for(
    deployment: Deployment, models: Models, boosted_model: str
) -> None:
    endpoint = models.endpoint(boosted_model, wait=False)
    with scoring(deployment, endpoint=endpoint, contract=models.contract()) as name:
        table = rows(30)
        manifest = deployment.analyze("early.csv", as_csv(table), profile=name)
    check(deployment, manifest, table)


@pytest.mark.parametrize("mode", ["async", "real_time"])
def test_an_endpoint_that_fails_each_second_request_loses_no_row(
    deployment: Deployment, models: Models, mode: str
) -> None:
    source = EACH_SECOND_FAILS.replace("COUNTER", uuid.uuid4().hex)
    source = source.replace("from sagemaker_inference import encoder\n", "")
    endpoint = models.endpoint(models.script(source), asynchronous=mode == "async")
    with scoring(deployment, endpoint=endpoint, mode=mode, payload_megabytes=1) as name:
        table = rows(1_000 if mode == "async" else 60_000)
        manifest = deployment.analyze("flaky.csv", as_csv(table), profile=name)
    # Of payloads side by side one may meet the failing turn each of its three times: it is told.
    found = predictions(deployment, manifest)
    unscored = rejected(deployment, manifest) if manifest.status == "partial" else []
    assert all("the first of two" in row["reason"] or "500" in row["reason"] for row in unscored)
    assert sorted(int(row["row"]) for row in found + unscored) == [*range(1, len(table) + 1)]
    sums = [sum(map(float, table[int(row["row"]) - 1][1:])) for row in found]
    assert [float(row["prediction"]) for row in found] == pytest.approx(sums, rel=1e-5)
    if mode == "async":
        assert not unscored


def test_what_a_container_refuses_is_told_in_its_words(
    deployment: Deployment, models: Models
) -> None:
    endpoint = models.endpoint(models.script(SUMS))
    table = [["1", "a", "b", "c", "d"]]
    with scoring(deployment, endpoint=endpoint) as name:
        manifest = deployment.analyze("words.csv", as_csv(table), profile=name)
    assert manifest.status == "partial"
    reason = outcome_of(manifest, "predictions").reason
    assert "could not convert string to float" in reason


def test_an_endpoint_that_tells_nobody_is_looked_after(
    deployment: Deployment, models: Models, boosted_model: str
) -> None:
    endpoint = models.endpoint(boosted_model, topics=False)
    with scoring(deployment, endpoint=endpoint, contract=models.contract()) as name:
        table = rows(20)
        file = deployment.drop("silent.csv", as_csv(table), profile=name)
        # Its notification is lost, so the job is overdue: what the schedule finds, at once.
        until(lambda: _is_looked_after(deployment, file), "an answer that was found in S3")
        manifest = deployment.manifest(file)
    check(deployment, manifest, table)


def _is_looked_after(deployment: Deployment, file: Dropped) -> bool:
    """Let every parked request be overdue and look after it; whether a file has ended by now."""
    table, client = deployment.output("InsightsTableName"), deployment.client("dynamodb")
    parked = client.query(
        TableName=table,
        IndexName=keys.RECENT_INDEX,
        KeyConditionExpression="recent_pk = :jobs",
        ExpressionAttributeValues={":jobs": {"S": keys.PARKED_JOBS}},
    )["Items"]
    jobs = DynamoJobTable(table, client)
    for item in parked:
        jobs.postpone(JobId(item["service"]["S"], item["job"]["S"]), LONG_AGO)
    deployment.reconcile()
    row = deployment.reader.files([file.file_id]).get(file.file_id)
    return row is not None and row.status != ANALYZING
