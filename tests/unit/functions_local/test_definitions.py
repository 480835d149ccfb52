"""What can be said of functions, layers, permissions and mappings, and what is refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import validate_parameters

from windfall_local.api import ServiceError, UnsupportedOperationError

MODEL = ServiceModel(Loader().load_service_model("lambda", "service-2"), "lambda")


def check_answer(operation: str, answer: dict[str, Any]) -> None:
    """The answer has the shape that boto3 promises, and no member beyond it."""
    shape = MODEL.operation_model(operation).output_shape
    assert answer.keys() <= shape.members.keys()
    validate_parameters(answer, shape)


async def test_a_function_is_described_as_it_was_created(aws_lambda: Any) -> None:
    created = await aws_lambda.create(
        MemorySize=256, Environment={"Variables": {"A": "b"}}, Tags={"x": "y"}
    )
    check_answer("CreateFunction", created)
    found = await aws_lambda("GetFunction", FunctionName="f")
    check_answer("GetFunction", found)
    assert found["Configuration"] == created
    assert created["MemorySize"] == 256
    assert created["Timeout"] == 3
    assert created["LoggingConfig"]["LogGroup"] == "/aws/lambda/f"
    assert found["Tags"] == {"x": "y"}


@pytest.mark.parametrize(
    "reference",
    [
        "f",
        "f:$LATEST",
        "arn:aws:lambda:us-east-1:000000000000:function:f",
        "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
        "000000000000:function:f",
    ],
)
async def test_a_function_is_found_by_every_name_it_has(aws_lambda: Any, reference: str) -> None:
    await aws_lambda.create()
    found = await aws_lambda("GetFunctionConfiguration", FunctionName=reference)
    assert found["FunctionName"] == "f"


@pytest.mark.parametrize("reference", ["g", "f:7", "f:live"])
async def test_what_does_not_exist_is_not_found(aws_lambda: Any, reference: str) -> None:
    await aws_lambda.create()
    with pytest.raises(ServiceError) as failure:
        await aws_lambda("GetFunction", FunctionName=reference)
    assert (failure.value.code, failure.value.status) == ("ResourceNotFoundException", 404)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"VpcConfig": {"SubnetIds": ["s"]}}, "VpcConfig"),
        ({"FileSystemConfigs": [{"Arn": "a"}]}, "FileSystemConfigs"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart"),
        ({"PackageType": "Image"}, "PackageType"),
        ({"Runtime": "nodejs22.x"}, "nodejs22.x"),
    ],
)
async def test_what_is_not_honoured_is_refused_by_name(
    aws_lambda: Any, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(UnsupportedOperationError, match=named):
        await aws_lambda("CreateFunction", **{**aws_lambda.settings("f"), **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"Timeout": 901},
        {"MemorySize": 64},
        {"Handler": "nodot"},
        {"Environment": {"Variables": {"AWS_REGION": "x"}}},
        {"Environment": {"Variables": {"A": "x" * 4096}}},
        {"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:none:1"]},
        {"Code": {"S3Bucket": "local-directory", "S3Key": "relative"}},
        {"Code": {"ZipFile": b"no zip"}},
    ],
)
async def test_values_out_of_limits_are_refused(aws_lambda: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(ServiceError):
        await aws_lambda("CreateFunction", **{**aws_lambda.settings("f"), **changes})


async def test_an_operation_that_is_not_there_is_refused_by_name(aws_lambda: Any) -> None:
    with pytest.raises(UnsupportedOperationError, match="CreateAlias"):
        await aws_lambda("CreateAlias")


async def test_an_update_changes_what_it_names_and_the_revision(aws_lambda: Any) -> None:
    created = await aws_lambda.create(MemorySize=256)
    updated = await aws_lambda("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
    assert (updated["Timeout"], updated["MemorySize"]) == (9, 256)
    assert updated["RevisionId"] != created["RevisionId"]
    with pytest.raises(ServiceError, match="PreconditionFailed"):
        await aws_lambda(
            "UpdateFunctionConfiguration", FunctionName="f", RevisionId=created["RevisionId"]
        )


async def test_code_may_come_as_a_zip_file(aws_lambda: Any) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("main.py", "handler = print\n")
    await aws_lambda(
        "CreateFunction", **{**aws_lambda.settings("f"), "Code": {"ZipFile": archive.getvalue()}}
    )
    found = await aws_lambda("GetFunction", FunctionName="f")
    location = found["Code"]["Location"].removeprefix("file://")
    assert (Path(location) / "main.py").read_text() == "handler = print\n"


async def test_functions_survive_a_new_start(aws_lambda: Any) -> None:
    await aws_lambda.create(Environment={"Variables": {"A": "b"}})
    layer = await aws_lambda("PublishLayerVersion", LayerName="l", Content=aws_lambda.code)
    again = type(aws_lambda)(aws_lambda.cloud, aws_lambda.directory)
    found = await again("GetFunctionConfiguration", FunctionName="f")
    assert found["Environment"] == {"Variables": {"A": "b"}}
    assert await again("GetLayerVersionByArn", Arn=layer["LayerVersionArn"])


async def test_lists_come_in_pages(aws_lambda: Any) -> None:
    for number in range(3):
        await aws_lambda.create(f"f{number}")
    first = await aws_lambda("ListFunctions", MaxItems=2)
    check_answer("ListFunctions", first)
    rest = await aws_lambda("ListFunctions", Marker=first["NextMarker"])
    names = [one["FunctionName"] for one in first["Functions"] + rest["Functions"]]
    assert names == ["f0", "f1", "f2"]
    assert "NextMarker" not in rest


async def test_layers_count_their_versions(aws_lambda: Any) -> None:
    first = await aws_lambda("PublishLayerVersion", LayerName="l", Content=aws_lambda.code)
    second = await aws_lambda("PublishLayerVersion", LayerName="l", Content=aws_lambda.code)
    check_answer("PublishLayerVersion", second)
    assert (first["Version"], second["Version"]) == (1, 2)
    listed = await aws_lambda("ListLayerVersions", LayerName="l")
    check_answer("ListLayerVersions", listed)
    assert [one["Version"] for one in listed["LayerVersions"]] == [2, 1]
    await aws_lambda.create(Layers=[second["LayerVersionArn"]])
    with pytest.raises(ServiceError, match="used by a function"):
        await aws_lambda("DeleteLayerVersion", LayerName="l", VersionNumber=2)


async def test_permissions_make_a_resource_policy(aws_lambda: Any) -> None:
    await aws_lambda.create()
    assert aws_lambda.service.resource_policy("f") is None
    await aws_lambda(
        "AddPermission",
        FunctionName="f",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn="arn:aws:events:us-east-1:000000000000:rule/r",
    )
    answer = await aws_lambda("GetPolicy", FunctionName="f")
    policy = json.loads(answer["Policy"])
    assert policy == aws_lambda.service.resource_policy(
        "arn:aws:lambda:us-east-1:000000000000:function:f"
    )
    [statement] = policy["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnLike": {"AWS:SourceArn": "arn:aws:events:us-east-1:000000000000:rule/r"}
    }
    with pytest.raises(ServiceError, match="already exists"):
        await aws_lambda(
            "AddPermission", FunctionName="f", StatementId="rule", Action="a", Principal="*"
        )
    await aws_lambda("RemovePermission", FunctionName="f", StatementId="rule")
    with pytest.raises(ServiceError, match="No policy"):
        await aws_lambda("GetPolicy", FunctionName="f")


QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"


async def test_event_source_mappings_are_kept_and_handed_to_the_pollers(aws_lambda: Any) -> None:
    await aws_lambda.create()
    created = await aws_lambda(
        "CreateEventSourceMapping",
        FunctionName="f",
        EventSourceArn=QUEUE,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig={"MaximumConcurrency": 2},
    )
    check_answer("CreateEventSourceMapping", created)
    assert (created["State"], created["BatchSize"]) == ("Enabled", 10)
    with pytest.raises(ServiceError, match="already exists"):
        await aws_lambda("CreateEventSourceMapping", FunctionName="f", EventSourceArn=QUEUE)
    identifier = created["UUID"]
    updated = await aws_lambda("UpdateEventSourceMapping", UUID=identifier, Enabled=False)
    assert (updated["State"], updated["ScalingConfig"]) == ("Disabled", {"MaximumConcurrency": 2})
    listed = await aws_lambda("ListEventSourceMappings", EventSourceArn=QUEUE)
    assert [one["UUID"] for one in listed["EventSourceMappings"]] == [identifier]
    await aws_lambda("DeleteEventSourceMapping", UUID=identifier)
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        await aws_lambda("GetEventSourceMapping", UUID=identifier)


@pytest.mark.parametrize(
    "changes",
    [
        {"EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"},
        {"EventSourceArn": QUEUE, "BatchSize": 11},
        {"EventSourceArn": QUEUE, "BatchSize": 0},
        {"EventSourceArn": QUEUE, "StartingPosition": "LATEST"},
        {"EventSourceArn": QUEUE, "FilterCriteria": {"Filters": [{"Pattern": "{"}]}},
    ],
)
async def test_mappings_that_can_not_be_are_refused(
    aws_lambda: Any, changes: dict[str, Any]
) -> None:
    await aws_lambda.create()
    with pytest.raises(ServiceError):
        await aws_lambda("CreateEventSourceMapping", FunctionName="f", **changes)
    listed = await aws_lambda("ListEventSourceMappings")
    assert listed["EventSourceMappings"] == []


async def test_reserved_concurrency_of_none_throttles_everything(aws_lambda: Any) -> None:
    await aws_lambda.create()
    await aws_lambda("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(ServiceError) as failure:
        await aws_lambda("Invoke", FunctionName="f")
    assert (failure.value.code, failure.value.status) == ("TooManyRequestsException", 429)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Payload": b"{" + b" " * 6 * 1024 * 1024 + b"}"}, "RequestTooLargeException"),
        (
            {"Payload": b'"' + b" " * 1024 * 1024 + b'"', "InvocationType": "Event"},
            "RequestTooLargeException",
        ),
        ({"Payload": b"{"}, "InvalidRequestContentException"),
        ({"ClientContext": "%"}, "InvalidRequestContentException"),
    ],
)
async def test_requests_that_lambda_refuses(
    aws_lambda: Any, parameters: dict[str, Any], code: str
) -> None:
    await aws_lambda.create()
    with pytest.raises(ServiceError) as failure:
        await aws_lambda("Invoke", FunctionName="f", **parameters)
    assert failure.value.code == code


async def test_a_dry_run_runs_nothing(aws_lambda: Any) -> None:
    await aws_lambda.create()
    answer = await aws_lambda("Invoke", FunctionName="f", InvocationType="DryRun")
    assert answer == {"StatusCode": 204}
