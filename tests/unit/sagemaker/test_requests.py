"""Requests and names: constraints, images, places, lists, the data of a channel."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from windfall_local.api import Cloud, Principal, ServiceError, UnsupportedOperationError
from windfall_local.services.sagemaker.channels import DownloadError, fetch
from windfall_local.services.sagemaker.constraints import check_constraints
from windfall_local.services.sagemaker.final_metrics import FinalMetrics
from windfall_local.services.sagemaker.images import read_image
from windfall_local.services.sagemaker.listing import page
from windfall_local.services.sagemaker.objects import Objects, Place, read_uri
from windfall_local.services.sagemaker.records import Records


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"ModelName": "a_b"}, "at 'modelName' failed to satisfy constraint: Member must satisfy "),
        ({"ModelName": "x" * 64}, "length less than or equal to 63"),
        (
            {"ModelName": "x", "PrimaryContainer": {"Image": "a b"}},
            "'a b' at 'primaryContainer.image'",
        ),
        ({"ModelName": "x", "Tags": [{"Key": "", "Value": ""}]}, "'tags.1.member.key'"),
        ({"ModelName": "x", "PrimaryContainer": {"Mode": "Some"}}, "enum value set: [SingleModel"),
    ],
)
def test_what_the_model_does_not_allow_is_named(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ServiceError) as caught:
        check_constraints("sagemaker", "CreateModel", parameters)
    assert caught.value.code == "ValidationException"
    assert said in caught.value.message


def test_every_violation_is_told_at_once() -> None:
    with pytest.raises(ServiceError, match="2 validation errors detected"):
        check_constraints(
            "sagemaker-runtime",
            "InvokeEndpointAsync",
            {"EndpointName": "e", "RequestTTLSeconds": 1, "InvocationTimeoutSeconds": 3601},
        )


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "xgboost"),
        ("257758044811.dkr.ecr.us-east-2.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
         "scikit-learn"),
    ],
)  # fmt: skip
def test_images_of_aws_are_known_by_their_names(uri: str, kind: str) -> None:
    assert read_image(uri).kind == kind


@pytest.mark.parametrize(
    "uri",
    [None, "", "xgboost", "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
     "evil.example/sagemaker-xgboost:1"],
)  # fmt: skip
def test_other_images_are_refused_by_name(uri: str | None) -> None:
    with pytest.raises(UnsupportedOperationError, match="sagemaker-xgboost"):
        read_image(uri)


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("s3://bucket/a/b", Place("bucket", "a/b")),
        ("s3://bucket", Place("bucket", "")),
        ("https://s3.amazonaws.com/bucket/a", Place("bucket", "a")),
        ("https://s3.eu-west-1.amazonaws.com/bucket/a", Place("bucket", "a")),
    ],
)
def test_places_are_read_from_uris(uri: str, place: Place) -> None:
    assert read_uri(uri) == place


@pytest.mark.parametrize("uri", ["", "bucket/key", "s3://", "https://example.com/bucket/key"])
def test_what_names_no_place_is_refused(uri: str) -> None:
    with pytest.raises(ServiceError, match="Invalid S3 URI"):
        read_uri(uri)


def test_lists_are_filtered_sorted_and_paged(tmp_path: Path) -> None:
    records = Records(tmp_path)
    for name in ("b", "a", "other", "c"):
        records.add(name, status="Completed" if name != "c" else "Failed")

    def names(**parameters: Any) -> list[str]:
        return [one["n"] for one in page(records, parameters, "L", lambda r: {"n": r["name"]})["L"]]

    assert names() == ["c", "other", "a", "b"]
    assert names(SortBy="Name") == ["a", "b", "c", "other"]
    assert names(StatusEquals="Failed") == ["c"]
    assert names(NameContains="OTH") == ["other"]
    first = page(records, {"MaxResults": 3}, "L", lambda r: {"n": r["name"]})
    assert len(first["L"]) == 3
    assert names(NextToken=first["NextToken"]) == ["b"]
    with pytest.raises(ServiceError, match="token"):
        names(NextToken="nonsense")


def test_records_survive_and_one_that_was_deleted_is_not_written_again(tmp_path: Path) -> None:
    records = Records(tmp_path)
    kept, gone = records.add("kept", value=1), records.add("gone", value=1)
    records.change(kept, value=2)
    records.delete("gone")
    records.change(gone, value=2)
    again = Records(tmp_path)
    again.load()
    assert [(one["name"], one["value"]) for one in again] == [("kept", 2)]


class FakeStore:
    """S3 with some objects of one byte each."""

    def __init__(self, *keys: str) -> None:
        self.objects = dict.fromkeys(keys, b"x")

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        assert service == "s3"
        if operation == "ListObjectsV2":
            keys = [key for key in sorted(self.objects) if key.startswith(parameters["Prefix"])]
            return {"Contents": [{"Key": key, "Size": len(self.objects[key])} for key in keys]}
        content = self.objects[parameters["Key"]]
        return {"ContentLength": len(content), "Body": content}


@pytest.mark.parametrize(
    ("uri", "files"),
    [
        ("s3://b/train/", ["a.csv", "deep/b.csv"]),
        ("s3://b/train", ["a.csv", "deep/b.csv", "training.csv"]),
        ("s3://b/train/a.csv", ["a.csv"]),
        ("s3://b/train/deep/b", ["b.csv"]),
    ],
)
async def test_a_channel_has_the_files_below_its_prefix(
    tmp_path: Path, uri: str, files: list[str]
) -> None:
    store = FakeStore("train/a.csv", "train/deep/b.csv", "training.csv", "other/c.csv")
    store.objects["train/deep/"] = b""
    objects = Objects(cast(Cloud, store), Principal.root())
    assert await fetch(objects, {"S3Uri": uri}, tmp_path, "us-east-1") == len(files)
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.csv"))
    assert found == files


async def test_a_manifest_names_its_files(tmp_path: Path) -> None:
    store = FakeStore("d/a.csv", "d/b.csv", "d/c.csv")
    store.objects["m.json"] = b'[{"prefix": "s3://b/d/"}, "a.csv", "c.csv"]'
    store.objects["none.json"] = b"{}"
    objects = Objects(cast(Cloud, store), Principal.root())
    source = {"S3DataType": "ManifestFile", "S3Uri": "s3://b/m.json"}
    assert await fetch(objects, source, tmp_path, "us-east-1") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "c.csv"]
    with pytest.raises(DownloadError, match="is none"):
        await fetch(objects, source | {"S3Uri": "s3://b/none.json"}, tmp_path, "us-east-1")


def test_metrics_are_read_from_what_is_printed() -> None:
    metrics = FinalMetrics("xgboost", {"MetricDefinitions": [{"Name": "own", "Regex": "own=(.+)"}]})
    for line in (
        "[0]#011train-auc:0.5#011validation-auc:0.4",
        "[1]#011train-auc:0.75#011validation-auc:1e-3",
        "train-auc:0.9 is no round",
        "own=2.5",
        "own=many",
    ):
        metrics.read(line)
    values = {name: value for name, (value, _) in metrics.found.items()}
    assert values == {"train:auc": 0.75, "validation:auc": 0.001, "own": 2.5}
