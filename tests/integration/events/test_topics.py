"""SNS to Lambda, through boto3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.integration.events.conftest import Clients, eventually
from tests.integration.events.test_chain import allow, arn_of, make_queue, receive
from windfall_local.api import ACCOUNT

FORWARD = """
import json, os, boto3
sqs = boto3.client("sqs")
def lambda_handler(event, context):
    sqs.send_message(QueueUrl=os.environ["OUT"], MessageBody=json.dumps(event))
"""


def make_function(client: Clients, name: str, code: Path, out: str) -> str:
    (code / "forward.py").write_text(FORWARD)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=allow({**trust, "Action": "sts:AssumeRole"})
    )
    client("iam").put_role_policy(
        RoleName=name,
        PolicyName="p",
        PolicyDocument=allow(
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn_of(out)},
            {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
        ),
    )
    created = client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="forward.lambda_handler",
        Role=role["Role"]["Arn"],
        Code={"S3Bucket": "local-directory", "S3Key": str(code)},
        Environment={"Variables": {"OUT": out}},
        Timeout=20,
    )
    return str(created["FunctionArn"])


def test_a_message_invokes_the_functions_that_let_the_topic_in(
    client: Clients, tmp_path: Path
) -> None:
    out = make_queue(client, "heard")
    function = make_function(client, "hear", tmp_path, out)
    topics = {
        name: client("sns").create_topic(Name=name)["TopicArn"] for name in ("let-in", "kept-out")
    }
    client("lambda").add_permission(
        FunctionName="hear",
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topics["let-in"],
    )
    for topic in topics.values():
        client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)

    client("sns").publish(TopicArn=topics["kept-out"], Message="unheard")
    sent = client("sns").publish(
        TopicArn=topics["let-in"],
        Message='{"JobId": "1"}',
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "end"}},
    )

    (heard,) = eventually(lambda: receive(client, out))
    (record,) = json.loads(heard["Body"])["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["EventSubscriptionArn"].startswith(topics["let-in"])
    notification = record["Sns"]
    assert notification["MessageId"] == sent["MessageId"]
    assert notification["TopicArn"] == topics["let-in"]
    assert notification["Message"] == '{"JobId": "1"}'
    assert notification["MessageAttributes"] == {"kind": {"Type": "String", "Value": "end"}}
    assert receive(client, out) == []


def test_a_batch_is_delivered_message_by_message_and_filtered(
    client: Clients, tmp_path: Path
) -> None:
    out = make_queue(client, "filtered")
    function = make_function(client, "filter", tmp_path, out)
    topic = client("sns").create_topic(Name="filtered")["TopicArn"]
    client("lambda").add_permission(
        FunctionName="filter",
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=f"arn:aws:sns:us-east-1:{ACCOUNT}:filtered",
    )
    client("sns").subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=function,
        Attributes={"FilterPolicy": json.dumps({"kind": ["end"]})},
    )

    def entry(name: str, kind: str) -> dict[str, Any]:
        attribute = {"DataType": "String", "StringValue": kind}
        return {"Id": name, "Message": name, "MessageAttributes": {"kind": attribute}}

    client("sns").publish_batch(
        TopicArn=topic,
        PublishBatchRequestEntries=[entry("a", "end"), entry("b", "begin"), entry("c", "end")],
    )
    heard: list[str] = []

    def both() -> bool:
        for message in receive(client, out):
            heard.append(json.loads(message["Body"])["Records"][0]["Sns"]["Message"])
        return len(heard) >= 2

    eventually(both)
    assert sorted(heard) == ["a", "c"]
