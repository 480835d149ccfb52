"""What S3 tells EventBridge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.events.conftest import Api
from tests.unit.events.doubles import FakeCloud, queue_arn, settle
from windfall_local.api import CompletedCall, Principal
from windfall_local.events.notifications import S3Notifications
from windfall_local.events.service import EventBridgeService

Watched = dict[str, Any]


@pytest.fixture
async def watch(api: Api, bridge: EventBridgeService, cloud: FakeCloud) -> S3Notifications:
    cloud.queue("q")
    await api("PutRule", Name="r", EventPattern='{"source": ["aws.s3"]}')
    await api("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": queue_arn("q")}])
    cloud.answers["GetBucketNotificationConfiguration"] = {"EventBridgeConfiguration": {}}
    return S3Notifications(cloud, bridge)


async def tell(
    watch: S3Notifications, operation: str, parameters: Watched, response: Watched | None = None
) -> None:
    parameters = {"Bucket": "inbox", **parameters}
    await watch(CompletedCall("s3", operation, parameters, response or {}, Principal.root()))
    await settle()


async def test_an_object_is_told_of_in_awss_shape(watch: S3Notifications, cloud: FakeCloud) -> None:
    put = {"Key": "in/a b+ü.jpg", "Body": b"12345"}
    await tell(watch, "PutObject", put, {"ETag": '"abc"', "VersionId": "v1"})
    (event,) = cloud.queue("q").bodies()
    assert event["source"] == "aws.s3"
    assert event["detail-type"] == "Object Created"
    assert event["resources"] == ["arn:aws:s3:::inbox"]
    detail = event["detail"]
    sequencer = detail["object"].pop("sequencer")
    assert int(sequencer, 16) > 0
    assert len(detail.pop("request-id")) == 16
    assert detail == {
        "version": "0",
        "bucket": {"name": "inbox"},
        "object": {"key": "in/a b+ü.jpg", "size": 5, "etag": "abc", "version-id": "v1"},
        "requester": "000000000000",
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }


async def test_there_is_no_version_in_a_bucket_without_versions(
    watch: S3Notifications, cloud: FakeCloud
) -> None:
    await tell(watch, "PutObject", {"Key": "a", "Body": b""}, {"ETag": '"e"'})
    (event,) = cloud.queue("q").bodies()
    assert "version-id" not in event["detail"]["object"]
    assert event["detail"]["object"]["size"] == 0


async def test_the_sequencer_grows(watch: S3Notifications, cloud: FakeCloud) -> None:
    for _ in range(20):
        await tell(watch, "PutObject", {"Key": "a", "Body": b""}, {"ETag": '"e"'})
    found = [event["detail"]["object"]["sequencer"] for event in cloud.queue("q").bodies()]
    assert found == sorted(set(found))


@pytest.mark.parametrize(
    ("operation", "response"),
    [
        ("CopyObject", {"CopyObjectResult": {"ETag": '"e"'}}),
        ("CompleteMultipartUpload", {"ETag": '"e"', "Key": "a"}),
    ],
)
async def test_copies_and_multipart_uploads_are_told_of_with_their_size(
    watch: S3Notifications, cloud: FakeCloud, operation: str, response: Watched
) -> None:
    cloud.answers["HeadObject"] = {"ContentLength": 77}
    await tell(watch, operation, {"Key": "a"}, response)
    (event,) = cloud.queue("q").bodies()
    detail = event["detail"]
    assert detail["reason"] == operation
    assert (detail["object"]["size"], detail["object"]["etag"]) == (77, "e")


@pytest.mark.parametrize(
    ("parameters", "response", "expected"),
    [
        ({}, {}, ("Permanently Deleted", None)),
        ({}, {"DeleteMarker": True, "VersionId": "m"}, ("Delete Marker Created", "m")),
        ({"VersionId": "v"}, {"VersionId": "v"}, ("Permanently Deleted", "v")),
        (
            {"VersionId": "m"},
            {"VersionId": "m", "DeleteMarker": True},
            ("Permanently Deleted", "m"),
        ),
    ],
)
async def test_a_deletion_says_of_which_kind_it_is(
    watch: S3Notifications,
    cloud: FakeCloud,
    parameters: Watched,
    response: Watched,
    expected: tuple[str, str | None],
) -> None:
    await tell(watch, "DeleteObject", {"Key": "a", **parameters}, response)
    (event,) = cloud.queue("q").bodies()
    assert event["detail-type"] == "Object Deleted"
    assert event["detail"]["reason"] == "DeleteObject"
    detail = event["detail"]
    assert (detail["deletion-type"], detail["object"].get("version-id")) == expected


async def test_many_deletions_are_told_of_one_by_one(
    watch: S3Notifications, cloud: FakeCloud
) -> None:
    wanted = {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "c"}], "Quiet": True}}
    await tell(watch, "DeleteObjects", wanted, {"Errors": [{"Key": "b"}]})
    keys = [event["detail"]["object"]["key"] for event in cloud.queue("q").bodies()]
    assert keys == ["a", "c"]


async def test_a_bucket_without_the_switch_is_silent_until_it_is_switched_on(
    watch: S3Notifications, cloud: FakeCloud
) -> None:
    cloud.answers["GetBucketNotificationConfiguration"] = {}
    put = {"Key": "a", "Body": b""}
    await tell(watch, "PutObject", put)
    await tell(watch, "PutObject", put)
    assert len(cloud.called("GetBucketNotificationConfiguration")) == 1
    switched: Watched = {"NotificationConfiguration": {"EventBridgeConfiguration": {}}}
    await tell(watch, "PutBucketNotificationConfiguration", switched)
    await tell(watch, "PutObject", put)
    await tell(watch, "PutBucketNotificationConfiguration", {"NotificationConfiguration": {}})
    await tell(watch, "PutObject", put)
    assert len(cloud.queue("q").messages) == 1


async def test_other_services_do_not_matter(watch: S3Notifications, cloud: FakeCloud) -> None:
    await watch(CompletedCall("sqs", "PutObject", {"Bucket": "b"}, {}, Principal.root()))
    await settle()
    assert cloud.queue("q").messages == {}
