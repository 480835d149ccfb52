"""S3 to EventBridge to SQS to Lambda, and the rest of EventBridge, through boto3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.events.conftest import Clients, eventually
from windfall_local.api import ACCOUNT

ECHO = """
import json, os, boto3
sqs = boto3.client("sqs")
def lambda_handler(event, context):
    failures = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        key = body["detail"]["object"]["key"]
        tries = int(record["attributes"]["ApproximateReceiveCount"])
        if key == "bad" and tries == 1:
            failures.append({"itemIdentifier": record["messageId"]})
            continue
        sqs.send_message(QueueUrl=os.environ["OUT"], MessageBody=json.dumps([key, tries]))
    return {"batchItemFailures": failures}
"""


def allow(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def make_queue(client: Clients, name: str, rule: str | None = None, **attributes: str) -> str:
    sqs = client("sqs")
    if rule is not None:
        attributes["Policy"] = allow(
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}",
                "Condition": {
                    "ArnEquals": {
                        "aws:SourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{rule}"
                    }
                },
            }
        )
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def arn_of(url: str) -> str:
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{url.rsplit('/', 1)[-1]}"


def receive(client: Clients, url: str) -> list[dict[str, Any]]:
    answer = client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    for message in messages:
        client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return messages


def make_bucket(client: Clients, name: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    settings = s3.get_bucket_notification_configuration(Bucket=name)
    assert "EventBridgeConfiguration" in settings


def make_rule(client: Clients, name: str, pattern: Any, url: str, **settings: Any) -> None:
    events = client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": arn_of(url), **settings}
    assert events.put_targets(Rule=name, Targets=[target])["FailedEntryCount"] == 0


def test_objects_put_copied_uploaded_and_deleted_are_told_of(client: Clients) -> None:
    make_bucket(client, "told")
    url = make_queue(client, "told", rule="told")
    make_rule(client, "told", {"detail": {"bucket": {"name": ["told"]}}}, url)
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket="told", VersioningConfiguration={"Status": "Enabled"})
    put = s3.put_object(Bucket="told", Key="a b+ü/x.txt", Body=b"12345")
    s3.copy_object(Bucket="told", Key="copy", CopySource={"Bucket": "told", "Key": "a b+ü/x.txt"})
    upload = s3.create_multipart_upload(Bucket="told", Key="big")["UploadId"]
    part = s3.upload_part(Bucket="told", Key="big", UploadId=upload, PartNumber=1, Body=b"x" * 9)
    s3.complete_multipart_upload(
        Bucket="told",
        Key="big",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    s3.delete_object(Bucket="told", Key="copy")
    s3.delete_objects(Bucket="told", Delete={"Objects": [{"Key": "big"}]})
    found: list[dict[str, Any]] = []

    def all_five() -> bool:
        found.extend(json.loads(message["Body"]) for message in receive(client, url))
        return len(found) >= 5

    eventually(all_five)
    told = {
        (event["detail"]["reason"], event["detail"]["object"]["key"]): event["detail"]
        for event in found
    }
    created = told["PutObject", "a b+ü/x.txt"]["object"]
    assert (created["size"], created["etag"]) == (5, put["ETag"].strip('"'))
    assert created["version-id"] == put["VersionId"]
    assert told["CopyObject", "copy"]["object"]["size"] == 5
    assert told["CompleteMultipartUpload", "big"]["object"]["size"] == 9
    assert told["DeleteObject", "copy"]["deletion-type"] == "Delete Marker Created"
    assert told["DeleteObject", "big"]["deletion-type"] == "Delete Marker Created"


def test_a_queue_that_does_not_let_the_rule_in_receives_nothing(client: Clients) -> None:
    dead = make_queue(client, "denied-dead", rule="denied")
    url = make_queue(client, "denied", rule="another-rule")
    pattern = {"source": ["denied"]}
    make_rule(client, "denied", pattern, url, DeadLetterConfig={"Arn": arn_of(dead)})
    client("events").put_events(
        Entries=[{"Source": "denied", "DetailType": "t", "Detail": '{"a": 1}'}]
    )
    (letter,) = eventually(lambda: receive(client, dead))
    attributes = {k: v["StringValue"] for k, v in letter["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert attributes["TARGET_ARN"] == arn_of(url)
    assert json.loads(letter["Body"])["detail"] == {"a": 1}
    assert receive(client, url) == []


def test_a_template_fills_what_the_queue_receives(client: Clients) -> None:
    url = make_queue(client, "filled", rule="filled")
    template = {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '{"got": <a>}'}
    make_rule(client, "filled", {"source": ["filled"]}, url, InputTransformer=template)
    client("events").put_events(
        Entries=[{"Source": "filled", "DetailType": "t", "Detail": '{"a": [1, "x"]}'}]
    )
    (message,) = eventually(lambda: receive(client, url))
    assert json.loads(message["Body"]) == {"got": [1, "x"]}


def test_answers_go_through_awss_models(client: Clients) -> None:
    events = client("events")
    events.create_event_bus(Name="app", Tags=[{"Key": "k", "Value": "v"}])
    assert {bus["Name"] for bus in events.list_event_buses()["EventBuses"]} >= {"app", "default"}
    events.create_archive(
        ArchiveName="kept", EventSourceArn=events.describe_event_bus(Name="app")["Arn"]
    )
    entry = {"Source": "x", "DetailType": "t", "Detail": "{}", "EventBusName": "app"}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert events.describe_archive(ArchiveName="kept")["EventCount"] == 1
    with pytest.raises(events.exceptions.InvalidEventPatternException, match="Empty arrays"):
        events.put_rule(Name="r", EventPattern='{"source": []}')
    with pytest.raises(events.exceptions.ResourceNotFoundException):
        events.describe_rule(Name="nowhere")
    with pytest.raises(ClientError, match="CreateConnection"):
        events.create_connection(
            Name="c",
            AuthorizationType="API_KEY",
            AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "n", "ApiKeyValue": "v"}},
        )


def test_a_dropped_object_runs_a_function_and_a_failed_message_comes_back(
    client: Clients, tmp_path: Path
) -> None:
    make_bucket(client, "inbox")
    url = make_queue(client, "admission", rule="admission", VisibilityTimeout="2")
    out = make_queue(client, "out")
    make_rule(client, "admission", {"detail": {"bucket": {"name": ["inbox"]}}}, url)
    (tmp_path / "echo.py").write_text(ECHO)
    trust = allow(
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )
    role = client("iam").create_role(RoleName="echo", AssumeRolePolicyDocument=trust)
    read = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    client("iam").put_role_policy(
        RoleName="echo",
        PolicyName="p",
        PolicyDocument=allow(
            {"Effect": "Allow", "Action": read, "Resource": arn_of(url)},
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn_of(out)},
            {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
        ),
    )
    functions = client("lambda")
    functions.create_function(
        FunctionName="echo",
        Runtime="python3.11",
        Handler="echo.lambda_handler",
        Role=role["Role"]["Arn"],
        Code={"S3Bucket": "local-directory", "S3Key": str(tmp_path)},
        Environment={"Variables": {"OUT": out}},
        Timeout=20,
    )
    functions.create_event_source_mapping(
        EventSourceArn=arn_of(url),
        FunctionName="echo",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    for key in ("good", "bad"):
        client("s3").put_object(Bucket="inbox", Key=key, Body=b"x")
    found: dict[str, int] = {}

    def both() -> bool:
        # A function that is slow to start gets its message again meanwhile.
        for message in receive(client, out):
            key, tries = json.loads(message["Body"])
            found.setdefault(key, tries)
        return len(found) == 2

    eventually(both)
    assert found["bad"] > 1

    def is_empty() -> bool:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return set(attributes["Attributes"].values()) == {"0"}

    eventually(is_empty)
