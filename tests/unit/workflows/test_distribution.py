"""Distributed Maps: items out of S3, batches, child executions, result files, failures."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.workflows.stage import ROLE, Stage, StageCloud, act, failing, machine, now, play
from windfall_local.api import Principal, ServiceError
from windfall_local.workflows import SqliteJournal, StepFunctionsService
from windfall_local.workflows.parsing import InvalidDefinitionError, parse_definition

ECHO = "arn:aws:lambda:us-east-1:000000000000:function:echo"
CHANGED = datetime(2026, 11, 23, tzinfo=UTC)
LIST = "arn:aws:states:::s3:listObjectsV2"
GET = "arn:aws:states:::s3:getObject"
PUT = "arn:aws:states:::s3:putObject"


def distributed(kind: str = "STANDARD", task: dict[str, Any] | None = None, **fields: Any) -> Any:
    state = task or {"Type": "Task", "Resource": ECHO}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        "StartAt": "T",
        "States": {"T": {**state, "End": True}},
    }
    return machine(
        {"M": {"Type": "Map", "Label": "L", "ItemProcessor": processor, "End": True, **fields}}
    )


class Bucket:
    """S3 as far as readers and writers use it."""

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects = objects or {}
        self.cloud = StageCloud(
            {"echo": lambda payload: payload},
            {
                "s3.ListObjectsV2": self.list,
                "s3.GetObject": self.get,
                "s3.PutObject": self.put,
            },
        )

    def list(self, parameters: dict[str, Any]) -> dict[str, Any]:
        keys = [key for key in self.objects if key.startswith(parameters.get("Prefix", ""))]
        first = int(parameters.get("ContinuationToken", 0))
        page = [
            {"Key": key, "Size": len(self.objects[key]), "ETag": '"e"', "LastModified": CHANGED}
            for key in keys[first : first + 2]
        ]
        more = len(keys) > first + 2
        token = {"NextContinuationToken": str(first + 2)} if more else {}
        return {"Contents": page, "IsTruncated": more, **token}

    def get(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters["Key"] not in self.objects:
            raise ServiceError("NoSuchKey", "The specified key does not exist.", status=404)
        return {"Body": self.objects[parameters["Key"]]}

    def put(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self.objects[parameters["Key"]] = parameters["Body"]
        return {}

    def json(self, key: str) -> Any:
        return json.loads(self.objects[key])


def read(body: bytes, **config: Any) -> Any:
    bucket = Bucket({"items": body})
    reader = {
        "Resource": GET,
        "Arguments": {"Bucket": "b", "Key": "items"},
        "ReaderConfig": config,
    }
    return play(distributed(ItemReader=reader), cloud=bucket.cloud)


def test_each_item_has_a_child_execution_and_outputs_keep_their_order() -> None:
    played = play(
        distributed(ItemSelector={"v": "{% $states.context.Map.Item.Value %}"}),
        ["a", "b"],
        Bucket().cloud,
    )
    assert played.output == [{"v": "a"}, {"v": "b"}]
    assert played.kinds[1:] == [
        "MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunSucceeded",
        "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    (started,) = played.details("MapRunStarted")
    assert started["mapRunArn"].startswith(
        "arn:aws:states:us-east-1:000000000000:mapRun:machine/L:"
    )


def test_a_listing_is_read_page_by_page() -> None:
    bucket = Bucket({f"in/{number}": b"x" * number for number in range(5)} | {"other": b""})
    arguments = {"Bucket": "b", "Prefix": "in/"}
    reader = {"Resource": LIST, "Arguments": arguments}
    played = play(distributed(ItemReader=reader), cloud=bucket.cloud)
    assert [item["Key"] for item in played.output] == [f"in/{number}" for number in range(5)]
    assert played.output[3] == {
        "Etag": '"e"', "Key": "in/3", "LastModified": int(CHANGED.timestamp()), "Size": 3,
        "StorageClass": "STANDARD",
    }  # fmt: skip
    reader["ReaderConfig"] = {"MaxItems": 3}
    assert len(play(distributed(ItemReader=reader), cloud=bucket.cloud).output) == 3


@pytest.mark.parametrize(
    ("body", "config", "expected"),
    [
        (b'[1, {"a": null}]', {"InputType": "JSON"}, [1, {"a": None}]),
        (b'{"a": 1}\n\n[2]\n', {"InputType": "JSONL"}, [{"a": 1}, [2]]),
        (
            b'\xef\xbb\xbfname,age\r\n"O, ""K""",3\r\n\r\nshort\r\n',
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            [{"name": 'O, "K"', "age": "3"}, {"name": "short", "age": ""}],
        ),
        (
            b"1;2\n3;4\n",
            {
                "InputType": "CSV",
                "CSVHeaderLocation": "GIVEN",
                "CSVHeaders": ["x", "y"],
                "CSVDelimiter": "SEMICOLON",
                "MaxItems": 1,
            },
            [{"x": "1", "y": "2"}],
        ),
    ],
    ids=["json", "jsonl", "csv", "given-headers"],
)
def test_an_object_is_read_as_its_type_says(body: bytes, config: Any, expected: Any) -> None:
    assert read(body, **config).output == expected


def test_an_inventory_is_read_from_its_manifest() -> None:
    manifest = {
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data/1.csv.gz"}, {"key": "data/2.csv.gz"}],
    }
    bucket = Bucket(
        {
            "items": json.dumps(manifest).encode(),
            "data/1.csv.gz": gzip.compress(b'"b","k%201","5"\n'),
            "data/2.csv.gz": gzip.compress(b'"b","k2","6"\n'),
        }
    )
    reader = {
        "Resource": GET,
        "Arguments": {"Bucket": "b", "Key": "items"},
        "ReaderConfig": {"InputType": "MANIFEST"},
    }
    played = play(distributed(ItemReader=reader), cloud=bucket.cloud)
    assert played.output == [
        {"Bucket": "b", "Key": "k%201", "Size": "5"},
        {"Bucket": "b", "Key": "k2", "Size": "6"},
    ]


@pytest.mark.parametrize(
    ("body", "config"),
    [
        (b"{", {"InputType": "JSON"}),
        (b"{}", {"InputType": "JSON"}),
        (b"nope", {"InputType": "JSONL"}),
        (b"\xff\xfe", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}),
        (b'{"fileFormat": "ORC"}', {"InputType": "MANIFEST"}),
    ],
)
def test_items_that_cannot_be_read_fail_the_map(body: bytes, config: Any) -> None:
    played = read(body, **config)
    assert played.error == "States.ItemReaderFailed"
    assert played.kinds[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_an_object_that_is_not_there_fails_the_map() -> None:
    reader = {
        "Resource": GET,
        "Arguments": {"Bucket": "b", "Key": "gone"},
        "ReaderConfig": {"InputType": "JSON"},
    }
    played = play(distributed(ItemReader=reader), cloud=Bucket().cloud)
    assert played.error == "States.ItemReaderFailed"
    assert "NoSuchKey" in played.cause


def test_batches_share_what_the_batcher_gives_them() -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"k": "{% $states.context.Execution.Name %}"}}
    played = play(distributed(ItemBatcher=batcher), [1, 2, 3], Bucket().cloud)
    shared = {"k": "played"}
    assert played.output == [
        {"BatchInput": shared, "Items": [1, 2]},
        {"BatchInput": shared, "Items": [3]},
    ]


@given(
    st.lists(st.text(max_size=30), min_size=1, max_size=40),
    st.integers(min_value=90, max_value=400),
    st.integers(min_value=1, max_value=9),
)
def test_batches_lose_nothing_and_keep_within_their_bounds(
    items: list[str], room: int, most: int
) -> None:
    batcher = {"MaxInputBytesPerBatch": room, "MaxItemsPerBatch": most}
    outputs = play(distributed(ItemBatcher=batcher), items, Bucket().cloud).output
    assert [item for batch in outputs for item in batch["Items"]] == items
    for batch in outputs:
        size = len(json.dumps(batch, ensure_ascii=False, separators=(",", ":")).encode())
        assert len(batch["Items"]) <= most
        assert size <= room or len(batch["Items"]) == 1


def test_results_are_written_with_a_manifest() -> None:
    bucket = Bucket()
    bucket.cloud.functions["echo"] = lambda payload: (
        payload if payload["v"] else failing("Empty")(payload)
    )
    writer = {"Resource": PUT, "Arguments": {"Bucket": "out", "Prefix": "runs/"}}
    played = play(
        distributed(ResultWriter=writer, ToleratedFailureCount=1),
        [{"v": 1}, {"v": 0}, {"v": 2}],
        bucket.cloud,
    )
    key = played.output["ResultWriterDetails"]["Key"]
    manifest = bucket.json(key)
    assert manifest["MapRunArn"] == played.output["MapRunArn"]
    files = manifest["ResultFiles"]
    assert {status: len(found) for status, found in files.items()} == {
        "FAILED": 1, "PENDING": 0, "SUCCEEDED": 1,
    }  # fmt: skip
    (failed,) = bucket.json(files["FAILED"][0]["Key"])
    assert (failed["Status"], failed["Error"], failed["Input"]) == ("FAILED", "Empty", '{"v":0}')
    succeeded = bucket.json(files["SUCCEEDED"][0]["Key"])
    assert [json.loads(entry["Output"])["v"] for entry in succeeded] == [1, 2]
    assert files["SUCCEEDED"][0]["Size"] == len(bucket.objects[files["SUCCEEDED"][0]["Key"]])


@pytest.mark.parametrize(
    ("config", "body"),
    [
        ({"OutputType": "JSONL", "Transformation": "COMPACT"}, b"[1,2]\n[3]\n"),
        ({"OutputType": "JSON", "Transformation": "FLATTEN"}, b"[1,2,3]"),
    ],
)
def test_results_are_written_in_the_form_that_was_asked_for(config: Any, body: bytes) -> None:
    bucket = Bucket()
    writer = {"Resource": PUT, "Arguments": {"Bucket": "out"}, "WriterConfig": config}
    played = play(distributed(ResultWriter=writer), [[1, 2], [3]], bucket.cloud)
    manifest = bucket.json(played.output["ResultWriterDetails"]["Key"])
    assert bucket.objects[manifest["ResultFiles"]["SUCCEEDED"][0]["Key"]] == body


def test_results_can_be_flattened_without_being_written() -> None:
    writer = {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}
    played = play(distributed(ResultWriter=writer), [[1, 2], [3]], Bucket().cloud)
    assert played.output == [1, 2, 3]


@pytest.mark.parametrize(
    ("tolerance", "error"),
    [
        ({}, "States.ExceedToleratedFailureThreshold"),
        ({"ToleratedFailureCount": 2}, None),
        ({"ToleratedFailureCount": 1}, "States.ExceedToleratedFailureThreshold"),
        ({"ToleratedFailurePercentage": 50}, None),
    ],
)
def test_a_run_tolerates_as_many_failures_as_it_says(tolerance: Any, error: str | None) -> None:
    bucket = Bucket()
    bucket.cloud.functions["echo"] = lambda payload: payload if payload % 2 else failing("Even")(0)
    assert play(distributed(**tolerance), [0, 1, 2, 3], bucket.cloud).error == error


def test_too_many_failures_stop_what_runs_and_leave_the_rest_pending() -> None:
    bucket = Bucket()

    async def slow(payload: int) -> int:
        await asyncio.sleep(0 if payload == 0 else 3600)
        return int(failing("Bad")(0)) if payload == 0 else payload

    bucket.cloud.functions["echo"] = slow
    writer = {"Resource": PUT, "Arguments": {"Bucket": "out"}}

    async def scene() -> None:
        stage = Stage(bucket.cloud)
        await stage.service.start()
        definition = distributed(MaxConcurrency=2, ResultWriter=writer)
        execution = await stage.begin(await stage.create(definition), [0, 1, 2, 3])
        ended = await stage.end(execution)
        assert ended["error"] == "States.ExceedToleratedFailureThreshold"
        (run,) = (await stage.call("ListMapRuns", executionArn=execution))["mapRuns"]
        details = await stage.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
        assert details["status"] == "FAILED"
        counts = details["executionCounts"]
        assert (counts["failed"], counts["running"], counts["total"]) == (1, 0, 4)
        children = await stage.call("ListExecutions", mapRunArn=run["mapRunArn"])
        statuses = Counter(child["status"] for child in children["executions"])
        assert statuses == {"FAILED": 1, "ABORTED": 1}
        await stage.service.stop()

    act(scene)
    (manifest,) = (json.loads(b) for k, b in bucket.objects.items() if k.endswith("manifest.json"))
    assert len(bucket.json(manifest["ResultFiles"]["PENDING"][0]["Key"])) == 3


def test_a_run_keeps_to_its_concurrency_and_a_change_of_it_counts() -> None:
    bucket = Bucket()
    most = [0, 0]

    async def slow(payload: Any) -> Any:
        most[0] += 1
        most[1] = max(most)
        await asyncio.sleep(10)
        most[0] -= 1
        return payload

    bucket.cloud.functions["echo"] = slow

    async def scene() -> None:
        stage = Stage(bucket.cloud)
        await stage.service.start()
        machine_arn = await stage.create(distributed(MaxConcurrency=2))
        execution = await stage.begin(machine_arn, list(range(9)))
        await asyncio.sleep(5)
        (run,) = (await stage.call("ListMapRuns", executionArn=execution))["mapRuns"]
        assert most[1] == 2
        await stage.call("UpdateMapRun", mapRunArn=run["mapRunArn"], maxConcurrency=7)
        await stage.end(execution)
        assert most[1] == 7
        details = await stage.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
        assert details["itemCounts"]["succeeded"] == 9
        await stage.service.stop()

    act(scene)


def test_stopping_the_parent_stops_its_children() -> None:
    bucket = Bucket()

    async def for_ever(payload: Any) -> Any:
        await asyncio.sleep(99_999)
        return payload

    bucket.cloud.functions["echo"] = for_ever

    async def scene() -> None:
        stage = Stage(bucket.cloud)
        await stage.service.start()
        execution = await stage.begin(await stage.create(distributed()), [1, 2])
        await asyncio.sleep(5)
        (run,) = (await stage.call("ListMapRuns", executionArn=execution))["mapRuns"]
        await stage.call("StopExecution", executionArn=execution)
        await asyncio.sleep(5)
        children = await stage.call("ListExecutions", mapRunArn=run["mapRunArn"])
        assert {child["status"] for child in children["executions"]} == {"ABORTED"}
        events = await stage.events(execution)
        assert "MapRunAborted" in [event["type"] for event in events]
        await stage.service.stop()

    act(scene)


def test_a_role_that_may_not_start_the_machine_may_not_distribute_either() -> None:
    async def refuse(service: str, operation: str, _: Any, principal: Principal) -> None:
        assert (service, operation) == ("stepfunctions", "StartExecution")
        assert principal.arn.startswith("arn:aws:sts::000000000000:assumed-role/machines/")
        raise ServiceError("AccessDeniedException", "not authorized", status=403)

    async def scene() -> None:
        cloud = Bucket().cloud
        stage = Stage(cloud)
        stage.service = StepFunctionsService(cloud, now=now, authorize=refuse)
        cloud.workflows = stage.service
        await stage.service.start()
        ended = await stage.end(await stage.begin(await stage.create(distributed()), [1]))
        assert ended["error"] == "StepFunctions.AccessDeniedException"
        assert ROLE
        await stage.service.stop()

    act(scene)


async def test_after_a_kill_the_same_children_go_on_and_none_runs_twice(tmp_path: Path) -> None:
    calls: Counter[int] = Counter()
    blocked = True
    bucket = Bucket({"items": b"[0, 1, 2, 3]"})

    async def work(payload: int) -> int:
        calls[payload] += 1
        while payload >= 2 and blocked:
            await asyncio.sleep(0.005)
        return payload * 10

    bucket.cloud.functions["echo"] = work
    reader = {
        "Resource": GET,
        "Arguments": {"Bucket": "b", "Key": "items"},
        "ReaderConfig": {"InputType": "JSON"},
    }

    def opened() -> Stage:
        return Stage(bucket.cloud, SqliteJournal(tmp_path / "workflows.sqlite"), clock=now)

    stage = opened()
    await stage.service.start()
    execution = await stage.begin(await stage.create(distributed(ItemReader=reader)), None, "e")
    while sum(calls.values()) < 4:
        await asyncio.sleep(0.005)
    (run,) = (await stage.call("ListMapRuns", executionArn=execution))["mapRuns"]
    while True:
        details = await stage.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
        if details["itemCounts"]["succeeded"] == 2:
            break
        await asyncio.sleep(0.005)
    await stage.service.stop()

    bucket.objects["items"] = b"[7, 8, 9]"  # what was read stays
    blocked = False
    stage = opened()
    await stage.service.start()
    ended = await stage.end(execution)
    assert json.loads(ended["output"]) == [0, 10, 20, 30]
    assert calls == {0: 1, 1: 1, 2: 2, 3: 2}  # what was under way runs again, as every task does
    (again,) = (await stage.call("ListMapRuns", executionArn=execution))["mapRuns"]
    assert again["mapRunArn"] == run["mapRunArn"]
    await stage.service.stop()


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"Label": "a b"}, "/States/M/Label"),
        ({"ItemReader": {"Resource": LIST}}, "/States/M/ItemReader"),
        ({"ItemReader": {"Resource": PUT, "Arguments": {}}}, "/States/M/ItemReader/Resource"),
        ({"ItemReader": {"Resource": GET, "Arguments": {}}}, "/States/M/ItemReader"),
        (
            {
                "ItemReader": {
                    "Resource": GET,
                    "Arguments": {},
                    "ReaderConfig": {"InputType": "PARQUET"},
                }
            },
            "/States/M/ItemReader/ReaderConfig/InputType",
        ),
        ({"ItemBatcher": {"BatchInput": {}}}, "/States/M/ItemBatcher"),
        ({"ResultWriter": {}}, "/States/M/ResultWriter"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidDefinitionError) as caught:
        parse_definition(json.dumps(distributed(**fields)))
    assert place in {problem.location for problem in caught.value.problems}


def test_an_inline_map_has_none_of_its_fields() -> None:
    processor = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
    inline = {"Type": "Map", "ItemProcessor": processor, "Label": "L", "End": True}
    with pytest.raises(InvalidDefinitionError, match="DISTRIBUTED"):
        parse_definition(json.dumps(machine({"M": inline})))


def test_express_children_wait_for_no_token() -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Arguments": {"FunctionName": "f"},
    }
    with pytest.raises(InvalidDefinitionError, match="waitForTaskToken"):
        parse_definition(json.dumps(distributed("EXPRESS", task)))
    assert play(distributed("EXPRESS"), [1], Bucket().cloud).output == [1]
