"""The stores from inside: boto3's parameters in, boto3's responses out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from windfall_local.api import CompletedCall, Principal, ServiceError
from windfall_local.stores.observing import Observers
from windfall_local.stores.stores import LARGE_BODY, Stores


@pytest.fixture
async def stores() -> AsyncIterator[Stores]:
    made = Stores("us-east-1", "127.0.0.1:1")
    yield made
    made.close()


async def test_a_body_is_bytes_both_ways(stores: Stores) -> None:
    await stores.call("s3", "CreateBucket", {"Bucket": "bucket"})
    for body in (b"\x00\xff", b"", b"x" * (LARGE_BODY + 1)):
        await stores.call("s3", "PutObject", {"Bucket": "bucket", "Key": "k", "Body": body})

        found = await stores.call("s3", "GetObject", {"Bucket": "bucket", "Key": "k"})
        assert found["Body"] == body


async def test_a_copy_source_may_be_a_structure(stores: Stores) -> None:
    await stores.call("s3", "CreateBucket", {"Bucket": "bucket"})
    await stores.call("s3", "PutObject", {"Bucket": "bucket", "Key": "a ü", "Body": b"x"})

    source = {"Bucket": "bucket", "Key": "a ü"}
    await stores.call("s3", "CopyObject", {"Bucket": "bucket", "Key": "b", "CopySource": source})

    assert (await stores.call("s3", "GetObject", {"Bucket": "bucket", "Key": "b"}))["Body"] == b"x"


async def test_policies_of_iam_are_documents(stores: Stores) -> None:
    trust = '{"Version": "2012-10-17", "Statement": []}'
    await stores.call("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": trust})

    role = (await stores.call("iam", "GetRole", {"RoleName": "r"}))["Role"]
    assert role["AssumeRolePolicyDocument"]["Version"] == "2012-10-17"
    assert role["Arn"] == "arn:aws:iam::000000000000:role/r"


@pytest.mark.parametrize(
    ("call", "parameters", "code", "status"),
    [
        ("s3.GetObject", {"Bucket": "nowhere", "Key": "k"}, "NoSuchBucket", 404),
        ("s3.HeadObject", {"Bucket": "nowhere", "Key": "k"}, "404", 404),
        ("ssm.GetParameter", {"Name": "/nowhere"}, "ParameterNotFound", 400),
        ("dynamodb.GetItem", {"TableName": "t"}, "ValidationException", 400),
        ("s3.ListBucketMetricsConfigurations", {"Bucket": "b"}, "NotImplementedException", 501),
        ("ssm.GetOpsSummary", {}, "NotImplementedException", 501),
    ],
)
async def test_an_error_is_one_of_the_service(
    stores: Stores, call: str, parameters: dict[str, Any], code: str, status: int
) -> None:
    service, operation = call.split(".")

    with pytest.raises(ServiceError) as caught:
        await stores.call(service, operation, parameters)

    assert (caught.value.code, caught.value.status) == (code, status)


async def test_an_errors_own_members_are_told(stores: Stores) -> None:
    await stores.call(
        "dynamodb",
        "CreateTable",
        {
            "TableName": "t",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )
    put = {
        "TableName": "t",
        "Item": {"pk": {"S": "a"}},
        "ConditionExpression": "attribute_exists(pk)",
    }

    with pytest.raises(ServiceError) as caught:
        await stores.call("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": put}]})

    assert caught.value.code == "TransactionCanceledException"
    assert caught.value.fields["CancellationReasons"][0]["Code"] == "ConditionalCheckFailed"


async def test_many_receivers_wait_without_a_thread(stores: Stores) -> None:
    queue = await stores.call("sqs", "CreateQueue", {"QueueName": "q"})
    receive = {**queue, "WaitTimeSeconds": 20}
    waiting = [
        asyncio.create_task(stores.call("sqs", "ReceiveMessage", receive)) for _ in range(50)
    ]
    for number in range(50):
        await stores.call("sqs", "SendMessage", {**queue, "MessageBody": str(number)})

    # A receiver that nobody wakes looks once more when its 20 seconds are over.
    found = await asyncio.wait_for(asyncio.gather(*waiting), 18)

    bodies = [answer["Messages"][0]["Body"] for answer in found]
    assert sorted(bodies, key=int) == [str(number) for number in range(50)]


async def test_a_receiver_that_gives_up_takes_no_message(stores: Stores) -> None:
    queue = await stores.call("sqs", "CreateQueue", {"QueueName": "q"})
    waiting = asyncio.create_task(
        stores.call("sqs", "ReceiveMessage", {**queue, "WaitTimeSeconds": 20})
    )
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await stores.call("sqs", "SendMessage", {**queue, "MessageBody": "kept"})

    found = await stores.call("sqs", "ReceiveMessage", queue)
    assert [message["Body"] for message in found["Messages"]] == ["kept"]


async def test_a_message_from_a_topic_wakes_a_receiver(stores: Stores) -> None:
    queue = await stores.call("sqs", "CreateQueue", {"QueueName": "q"})
    topic = await stores.call("sns", "CreateTopic", {"Name": "t"})
    await stores.call(
        "sns",
        "Subscribe",
        {**topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:000000000000:q"},
    )
    waiting = asyncio.create_task(
        stores.call("sqs", "ReceiveMessage", {**queue, "WaitTimeSeconds": 20})
    )

    await stores.call("sns", "Publish", {**topic, "Message": "told"})

    # A receiver that nobody wakes looks once more when its 20 seconds are over.
    found = await asyncio.wait_for(waiting, 18)
    assert '"Message": "told"' in found["Messages"][0]["Body"]


async def test_two_stores_do_not_share_anything(stores: Stores) -> None:
    other = Stores("us-east-1", "127.0.0.1:2")
    try:
        await stores.call("s3", "CreateBucket", {"Bucket": "bucket"})

        assert (await other.call("s3", "ListBuckets", {})).get("Buckets", []) == []
        await other.call("s3", "CreateBucket", {"Bucket": "bucket"})
        await other.call("s3", "PutObject", {"Bucket": "bucket", "Key": "k"})
        assert "Contents" not in await stores.call("s3", "ListObjectsV2", {"Bucket": "bucket"})
    finally:
        other.close()


async def test_an_observer_that_fails_fails_the_call_and_no_other_observer() -> None:
    told: list[str] = []

    async def fails(call: CompletedCall) -> None:
        raise RuntimeError(call.operation)

    async def notes(call: CompletedCall) -> None:
        told.append(call.operation)

    observers = Observers()
    observers.add("s3", ["PutObject"], fails)
    observers.add("s3", ["PutObject", "CopyObject"], notes)

    with pytest.raises(ServiceError, match="InternalFailure"):
        await observers.tell(CompletedCall("s3", "PutObject", {}, {}, Principal.root()))

    assert told == ["PutObject"]
    assert observers.wanted("s3", "CopyObject")
    assert not observers.wanted("s3", "GetObject")


async def test_a_command_for_instances_finds_none(stores: Stores) -> None:
    asked = {
        "DocumentName": "AWS-RunShellScript",
        "Targets": [{"Key": "tag:Name", "Values": ["server"]}],
    }
    command = (await stores.call("ssm", "SendCommand", asked))["Command"]
    assert command["TargetCount"] == 0


async def test_a_queue_that_is_not_there_is_named_as_sqs_does(stores: Stores) -> None:
    with pytest.raises(ServiceError) as failure:
        await stores.call("sqs", "GetQueueUrl", {"QueueName": "nowhere"})
    assert "NonExistentQueue" in failure.value.code
