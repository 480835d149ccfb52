"""Tables at admission: taken where the profile speaks of them, and by the model that it names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.world import World, analysis_requested
from windfall.contracts.analysis import AnalysisInput
from windfall.errors import InvalidInputError
from windfall.preflight.snapshot import WHOLE_UP_TO

CSV = b"id;age;job\n1;41;admin.\n2;29;cook\n"
CHURN: dict[str, Any] = {"endpoint": "churn", "contract": "s3://models/churn/contract.json"}
CONTRACT: dict[str, Any] = {
    "task": "binary",
    "columns": [{"name": "age", "type": "integer"}, {"name": "job", "type": "category"}],
    "threshold": 0.3,
    "content_type": "application/jsonlines",
}


def world(**table: Any) -> World:
    made = World()
    made.profiles.documents["churn"] = json.dumps({"table": table or CHURN})
    made.store.drop("models", "churn/contract.json", json.dumps(CONTRACT).encode())
    return made


def admitted(made: World, key: str = "churn/customers.csv", body: bytes = CSV) -> AnalysisInput:
    made.admit_all(made.drop(key, body))
    (plan,) = made.workflows.started.values()
    return plan


def refused(made: World, key: str = "churn/customers.csv", body: bytes = CSV) -> str:
    made.admit_all(made.drop(key, body))
    assert made.workflows.started == {}
    return made.only_manifest().reason or ""


def test_a_table_is_planned_by_its_profile_and_its_models_contract() -> None:
    plan = admitted(world())
    assert (plan.kind, plan.file.format, plan.text, plan.features) == ("table", "csv", None, [])
    assert plan.layout is not None
    assert plan.layout.model_dump() == {
        "columns": 3,
        "encoding": "utf-8",
        "delimiter": ";",
        "decimal": ".",
    }
    assert plan.table is not None
    assert (plan.table.endpoint, plan.table.model_version) == ("churn", "churn-config-1")
    assert (plan.table.threshold, plan.table.content_type) == (0.3, "application/jsonlines")


def test_the_same_table_is_scored_again_when_its_model_is_another_one() -> None:
    made = world()
    admitted(made)
    made.finish_all()
    made.admit_all(made.drop("churn/again.csv", CSV))
    assert len(made.workflows.started) == 1
    made.models.endpoints["churn"] = "churn-config-2"
    made.admit_all(made.drop("churn/once-more.csv", CSV))
    assert len(made.workflows.started) == 2


@pytest.mark.parametrize("key", ["customers.csv", "a/b.tsv", "rows.jsonl", "rows.ndjson"])
def test_a_table_without_a_profile_for_tables_says_how_to_choose_one(key: str) -> None:
    reason = refused(World(), key)
    assert "is a table" in reason
    assert "the profile 'default' does not say what to do with tables" in reason
    assert "--profile NAME" in reason
    assert "--features entities,pii" in reason


def test_a_table_is_read_as_a_text_when_features_of_texts_are_asked_for() -> None:
    made = World()
    made.admit_all(made.drop("letters.csv", CSV, {"windfall-features": "pii"}))
    (plan,) = made.workflows.started.values()
    assert (plan.kind, plan.file.format) == ("text", "txt")


def test_the_media_type_tells_a_table_whose_name_does_not() -> None:
    made = world()
    pointer = made.store.drop("inbox", "churn/part-0001", CSV, media_type="text/csv; charset=utf-8")
    request = analysis_requested(bucket="inbox", key=pointer.key, version_id=pointer.version_id)
    made.admit_all(request)
    assert [plan.kind for plan in made.workflows.started.values()] == ["table"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"id;age\n1;41\n", "The model's column 'job' can not be found."),
        (b"id;Age;job\n1;41;cook\n", "Is 'age' the column 'Age'?"),
        (b"id;age;job\n", "has a header and no rows"),
        (b"1;2;3\n4;5;6\n", "numbers only"),
        (b"\x00\x01\x02" * 50, "no text that can be read"),
    ],
)
def test_a_table_that_does_not_fit_is_rejected_before_anything_is_paid(
    body: bytes, reason: str
) -> None:
    made = world()
    assert reason in refused(made, body=body)
    assert made.only_manifest().status == "rejected"


def test_more_columns_than_the_model_takes_are_fine() -> None:
    assert admitted(world(), body=b"id;age;job;more\n1;41;cook;x\n").kind == "table"


@pytest.mark.parametrize("end", [b"PAR1", b"PARE", b"cut "])
def test_parquet_is_looked_at_from_both_ends(end: bytes) -> None:
    made = world()
    body = b"PAR1" + b"\0" * 40 + end
    if end == b"PAR1":
        assert admitted(made, "churn/t.parquet", body).file.format == "parquet"
    else:
        assert "Parquet" in refused(made, "churn/t.parquet", body)
    assert "is a table (Parquet)" in refused(World(), "t.parquet", body)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"endpoint": "nobody"}, "there is no endpoint named 'nobody'"),
        ({"mode": "batch_transform", "model": "nobody"}, "'nobody' in SageMaker"),
        ({"endpoint": "churn", "contract": "s3://models/none.json"}, "none.json can not be read"),
        ({"endpoint": "churn", "contract": "s3://models/bad.json"}, "bad.json: columns: "),
        ({"mode": "batch_transform"}, "batch_transform needs model"),
        ({"model": "churn"}, "async needs endpoint"),
    ],
)
def test_a_profile_that_names_what_is_not_there_fails_the_file_by_name(
    broken: dict[str, Any], reason: str
) -> None:
    made = world(**broken)
    made.store.drop("models", "bad.json", b'{"task": "binary", "columns": []}')
    told = refused(made)
    assert "The profile 'churn' is wrong: table" in told
    assert reason in told
    assert made.only_manifest().status == "failed"


def test_an_endpoint_that_does_not_serve_says_why() -> None:
    made = world()
    made.models.endpoints["churn"] = InvalidInputError(
        "the endpoint 'churn' does not serve (Failed: no such image)"
    )
    assert "does not serve (Failed: no such image)" in refused(made)


def test_a_large_table_is_not_fetched_to_be_admitted() -> None:
    made = world()
    body = CSV + b"3;50;cook\n" * (WHOLE_UP_TO // 10)
    plan = admitted(made, body=body)
    assert plan.file.size == len(body)
    assert not any(source.read_bytes for source in made.store.opened if source.head.size > 10_000)


def test_a_table_is_too_large_for_an_endpoint_long_before_it_is_for_a_batch_transform() -> None:
    from windfall.contracts.table import TableProfile
    from windfall.planning.tables import TablePlanner

    made = world()
    planner = TablePlanner(made.store, made.models)
    endpoint = TableProfile.model_validate({"endpoint": "churn"})
    with pytest.raises(InvalidInputError, match=r"1\.6 GB, and 1 GiB at most"):
        planner.plan("churn", endpoint, 1_600_000_000, ["id"])
    job = TableProfile.model_validate({"mode": "batch_transform", "model": "churn-model"})
    assert planner.plan("churn", job, 1_600_000_000, ["id"]).model_version == "arn/churn-model 1"
