"""What a local cloud keeps from one run to the next, and whom it talks to at all."""

from __future__ import annotations

import http.client
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import make_client
from windfall_local.cloud import CloudInUseError, LocalCloud
from windfall_local.mirror.errors import SnapshotError
from windfall_local.threaded import cloud_in_thread


def test_everything_is_there_again_after_a_stop(tmp_path: Path) -> None:
    with cloud_in_thread(tmp_path) as first:
        versions = _fill(first)
        secret = first.keys.root.secret_key
    with cloud_in_thread(tmp_path) as second:
        assert second.keys.root.secret_key == secret
        _check(second, versions)


def _fill(cloud: LocalCloud) -> list[str]:
    clients = {
        name: make_client(cloud, name)
        for name in ("s3", "dynamodb", "sqs", "iam", "ssm", "logs", "kms", "sns", "cloudwatch")
    }
    s3 = clients["s3"]
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    versions = [
        s3.put_object(Bucket="kept", Key="k", Body=body, Metadata={"n": "1"})["VersionId"]
        for body in (b"one", b"two" * 400_000)
    ]
    clients["dynamodb"].create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    clients["dynamodb"].put_item(TableName="kept", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    queue = clients["sqs"].create_queue(QueueName="kept")["QueueUrl"]
    clients["sqs"].send_message(QueueUrl=queue, MessageBody="in flight")
    clients["sqs"].receive_message(QueueUrl=queue, VisibilityTimeout=3600)
    trust = {"Version": "2012-10-17", "Statement": []}
    clients["iam"].create_role(RoleName="kept", AssumeRolePolicyDocument=json.dumps(trust))
    clients["ssm"].put_parameter(Name="/kept/profile", Value="{}", Type="String")
    clients["logs"].create_log_group(logGroupName="/kept")
    clients["logs"].create_log_stream(logGroupName="/kept", logStreamName="s")
    clients["logs"].put_log_events(
        logGroupName="/kept",
        logStreamName="s",
        logEvents=[{"timestamp": 1_795_000_000_000, "message": "hello"}],
    )
    clients["kms"].create_key(Description="kept")
    clients["sns"].create_topic(Name="kept")
    clients["cloudwatch"].put_metric_data(
        Namespace="kept", MetricData=[{"MetricName": "files", "Value": 1.0}]
    )
    for one in clients.values():
        one.close()
    return versions


def _check(cloud: LocalCloud, versions: list[str]) -> None:
    s3 = make_client(cloud, "s3")
    old = s3.get_object(Bucket="kept", Key="k", VersionId=versions[0])
    assert (old["Body"].read(), old["Metadata"]) == (b"one", {"n": "1"})
    assert s3.get_object(Bucket="kept", Key="k")["Body"].read() == b"two" * 400_000
    s3.put_object(Bucket="kept", Key="more", Body=b"")
    dynamodb = make_client(cloud, "dynamodb")
    assert dynamodb.scan(TableName="kept")["Items"] == [{"pk": {"S": "a"}, "n": {"N": "1"}}]
    sqs = make_client(cloud, "sqs")
    queue = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    assert queue.startswith(cloud.endpoint)
    received = sqs.receive_message(QueueUrl=queue, AttributeNames=["All"])["Messages"]
    assert received[0]["Attributes"]["ApproximateReceiveCount"] == "2"
    iam = make_client(cloud, "iam")
    assert iam.get_role(RoleName="kept")["Role"]["RoleName"] == "kept"
    ssm = make_client(cloud, "ssm")
    assert ssm.get_parameter(Name="/kept/profile")["Parameter"]["Value"] == "{}"
    logs = make_client(cloud, "logs")
    events = logs.get_log_events(logGroupName="/kept", logStreamName="s")["events"]
    assert [event["message"] for event in events] == ["hello"]
    for one in (s3, dynamodb, sqs, iam, ssm, logs):
        one.close()


def test_the_state_is_readable_by_its_user_only(tmp_path: Path) -> None:
    with cloud_in_thread(tmp_path):
        pass

    for name in ("credentials", "state/stores.pickle"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_state_that_others_could_write_is_not_read(tmp_path: Path) -> None:
    with cloud_in_thread(tmp_path):
        pass
    (tmp_path / "state" / "stores.pickle").chmod(0o666)

    with pytest.raises(SnapshotError, match="another user"), cloud_in_thread(tmp_path):
        pass


def test_two_clouds_do_not_share_a_directory(tmp_path: Path) -> None:
    with (
        cloud_in_thread(tmp_path),
        pytest.raises(CloudInUseError),
        cloud_in_thread(tmp_path),
    ):
        pass


def test_two_clouds_in_one_process_do_not_see_each_other(tmp_path: Path) -> None:
    with cloud_in_thread(tmp_path / "a") as one, cloud_in_thread(tmp_path / "b") as two:
        first, second = make_client(one, "s3"), make_client(two, "s3")
        first.create_bucket(Bucket="mine")

        assert second.list_buckets()["Buckets"] == []
        second.create_bucket(Bucket="mine")
        assert [bucket["Name"] for bucket in first.list_buckets()["Buckets"]] == ["mine"]
        first.close()
        second.close()


async def test_a_cloud_runs_in_a_loop_of_ones_own(tmp_path: Path) -> None:
    async with LocalCloud.run(tmp_path) as cloud:
        assert cloud.health()["status"] == "ready"
    assert cloud.health()["status"] == "stopped"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
    ],
)
def test_only_names_of_this_machine_are_answered(cloud: LocalCloud, host: str, status: int) -> None:
    assert _get(cloud, "/_windfall/health", host)[0] == status


def test_health_tells_the_services(cloud: LocalCloud) -> None:
    health = json.loads(_get(cloud, "/_windfall/health", "localhost")[1])

    assert health["status"] == "ready"
    assert {"s3", "dynamodb", "sqs", "iam", "sts"} <= set(health["services"])


def test_every_answer_has_a_request_id(cloud: LocalCloud, client: Any) -> None:
    sts = client("sts")

    first, second = (sts.get_caller_identity()["ResponseMetadata"]["RequestId"] for _ in range(2))
    assert first != second


def _get(cloud: LocalCloud, path: str, host: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(cloud.endpoint.removeprefix("http://"))
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
