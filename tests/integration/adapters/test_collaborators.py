"""S3, SSM, EventBridge and Step Functions through real boto3; AWS's errors as ours."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.adapters.eventbridge import EventBridgeBus
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.ssm import SsmProfiles
from windfall.adapters.stepfunctions import StepFunctionsWorkflows
from windfall.contracts.base import S3Pointer
from windfall.contracts.bus import FileRejected
from windfall.contracts.subject import Kind
from windfall.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    QuotaExceededError,
    TransientError,
    UnsupportedError,
    WindfallError,
)
from windfall.planning.profiles import choose_profile


@pytest.mark.parametrize("key", ["a b+c%20.txt", "größe/文件 📷.txt", "x/../y", "k" * 1024])
def test_objects_of_any_key_are_written_and_read(bucket: str, key: str) -> None:
    store = S3ObjectStore()
    written = store.write(bucket, key, b"one", "text/plain")
    store.write(bucket, key, b"two", "text/plain")

    assert written.version_id is not None
    assert store.read(written) == b"one"
    assert store.read(S3Pointer(bucket=bucket, key=key)) == b"two"
    assert list(store.list(bucket, key[:2])) == [key]


def test_what_is_known_of_an_object_comes_with_it(bucket: str) -> None:
    store_client("s3").put_object(
        Bucket=bucket, Key="a", Body=b"12345", ContentType="x/y", Metadata={"Windfall-Profile": "p"}
    )
    source = S3ObjectStore().open(S3Pointer(bucket=bucket, key="a"))

    assert (source.head.size, source.head.media_type) == (5, "x/y")
    assert source.head.metadata == {"windfall-profile": "p"}
    assert source.head.pointer.version_id is not None
    assert b"".join(source.chunks()) == b"12345"
    source.close()


def test_a_missing_object_is_not_found(bucket: str) -> None:
    store = S3ObjectStore()
    with pytest.raises(NotFoundError):
        store.open(S3Pointer(bucket=bucket, key="missing"))
    with pytest.raises(NotFoundError):
        store.open(S3Pointer(bucket="no-such-bucket", key="missing"))
    assert store.find(S3Pointer(bucket=bucket, key="missing")) is None


def test_many_objects_come_in_the_order_asked_for(bucket: str) -> None:
    store = S3ObjectStore()
    pointers = [store.write(bucket, str(n), str(n).encode(), "text/plain") for n in range(20)]

    assert store.read_many(reversed(pointers)) == [str(n).encode() for n in range(19, -1, -1)]


def test_objects_are_copied_within_s3_with_what_they_are(bucket: str) -> None:
    store = S3ObjectStore()
    sources = [store.write(bucket, f"a {n}+ü", str(n).encode(), "audio/mpeg") for n in range(12)]
    store.write(bucket, "a 3+ü", b"another version", "text/plain")
    copies = store.copy_many([(one, f"copy/{one.key}") for one in sources], bucket)

    assert [one.key for one in copies] == [f"copy/a {n}+ü" for n in range(12)]
    assert store.read_many(copies) == [str(n).encode() for n in range(12)]
    with closing(store.open(copies[3])) as copy:
        assert copy.head.media_type == "audio/mpeg"
    assert store.copy_many([], bucket) == []
    with pytest.raises(NotFoundError):
        store.copy_many([(S3Pointer(bucket=bucket, key="missing"), "copy")], bucket)


@pytest.fixture
def profiles_path() -> str:
    """Where nobody else keeps profiles."""
    return f"/{uuid4().hex}/profiles"


def test_profiles_are_remembered_for_half_a_minute(profiles_path: str) -> None:
    client, now = store_client("ssm"), [0.0]
    name = f"{profiles_path}/default"
    profiles = SsmProfiles(profiles_path, clock=lambda: now[0])
    client.put_parameter(Name=name, Value="{}", Type="String")
    assert profiles.find("default") == "{}"
    client.delete_parameter(Name=name)
    now[0] = 29
    assert profiles.find("default") == "{}"
    now[0] = 30
    assert profiles.find("default") is None

    client.put_parameter(Name=name, Value="{}", Type="String")
    now[0] = 34
    assert profiles.find("default") is None
    now[0] = 35
    assert profiles.find("default") == "{}"
    client.put_parameter(Name=name, Value="{ }", Type="String", Overwrite=True)
    now[0] = 39
    profiles.forget(5)
    assert profiles.find("default") == "{}"
    profiles.forget(4)
    assert profiles.find("default") == "{ }"


def test_a_profile_that_a_file_asks_for_is_found_as_soon_as_it_is_made(profiles_path: str) -> None:
    profiles = SsmProfiles(profiles_path, clock=lambda: 0.0)
    assert choose_profile("churn/a.csv", None, profiles)[0] == "default"
    body = '{"version": 1}'
    store_client("ssm").put_parameter(Name=f"{profiles_path}/churn", Value=body, Type="String")

    assert choose_profile("churn/a.csv", None, profiles)[0] == "default"
    assert choose_profile("churn/a.csv", "churn", profiles)[0] == "churn"


def test_events_are_put_under_the_name_of_their_class(bus: str) -> None:
    EventBridgeBus(bus).publish(_rejected())


def test_an_event_that_the_bus_does_not_take_is_an_error() -> None:
    with pytest.raises((TransientError, NotFoundError)):
        EventBridgeBus("no-such-bus").publish(_rejected())


def test_a_name_starts_one_execution(machine: str) -> None:
    workflows = StepFunctionsWorkflows({Kind.TEXT: machine})
    workflows.start(Kind.TEXT, "name-1", "{}", "1-5759e988-bd862e3fe1be46a994272793")
    workflows.start(Kind.TEXT, "name-1", '{"other": true}', None)

    listed = store_client("stepfunctions").list_executions(stateMachineArn=machine)
    assert len(listed["executions"]) == 1


@pytest.mark.parametrize(
    ("code", "status", "ours"),
    [
        ("ThrottlingException", 400, TransientError),
        ("InternalServerError", 500, TransientError),
        ("AnythingNew", 503, TransientError),
        ("AnythingNew", 429, TransientError),
        ("NotImplementedException", 501, UnsupportedError),
        ("AnythingNew", 501, UnsupportedError),
        ("UnsupportedLanguagePairException", 400, UnsupportedError),
        ("LimitExceededException", 400, QuotaExceededError),
        ("ImageTooLargeException", 400, InvalidInputError),
        ("ConditionalCheckFailedException", 400, ConflictError),
        ("NoSuchKey", 404, NotFoundError),
    ],
)
def test_aws_errors_become_ours(code: str, status: int, ours: type[WindfallError]) -> None:
    error = _client_error(code, status)
    with pytest.raises(ours) as caught, translated_errors():
        raise error
    assert type(caught.value) is ours
    assert caught.value.__cause__ is error


def test_a_mistake_of_the_deployment_keeps_its_own_name() -> None:
    with pytest.raises(ClientError), translated_errors():
        raise _client_error("AccessDeniedException", 403)


@pytest.mark.parametrize(
    ("reasons", "ours"),
    [
        (["None", "ConditionalCheckFailed", "None"], ConflictError),
        (["TransactionConflict", "ConditionalCheckFailed"], ConflictError),
        (["TransactionConflict", "None"], TransientError),
    ],
)
def test_cancelled_transactions_tell_why(reasons: list[str], ours: type[WindfallError]) -> None:
    error = _client_error("TransactionCanceledException", 400)
    error.response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    with pytest.raises(ours), translated_errors():
        raise error


@pytest.mark.parametrize(
    "error",
    [EndpointConnectionError(endpoint_url="x"), ReadTimeoutError(endpoint_url="x")],
)
def test_broken_connections_are_transient(error: Exception) -> None:
    with pytest.raises(TransientError), translated_errors():
        raise error


def _client_error(code: str, status: int) -> Any:
    response: Any = {
        "Error": {"Code": code, "Message": "It said so."},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "Detect")


def _rejected() -> FileRejected:
    return FileRejected(
        file_id="a" * 40,
        bucket="inbox",
        key="a.txt",
        received="2026-11-23T14:00:00Z",
        recorded="2026-11-23T14:00:00Z",
        manifest=S3Pointer(bucket="results", key="m"),
        reason="Empty.",
    )
