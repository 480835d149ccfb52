"""The project's own template, and templates that change, in the whole local cloud."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from windfall_local.api import Principal, ServiceError
from windfall_local.cloud import LocalCloud
from windfall_local.template import provision_template

TEMPLATE = Path(__file__).parents[3] / "template.yaml"
ROOT = Principal.root()


def client_of(cloud: LocalCloud, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=cloud.keys.root.access_key,
        aws_secret_access_key=cloud.keys.root.secret_key,
    )


async def test_the_projects_template_stands_and_stands_again(tmp_path: Path) -> None:
    async with LocalCloud.run(tmp_path) as cloud:
        first = await provision_template(cloud, TEMPLATE, "app")
        bucket = first.outputs["InboxBucketName"].value
        await cloud.call("s3", "PutObject", {"Bucket": bucket, "Key": "a", "Body": b"x"}, ROOT)
        profile = {"Name": "/app/profiles/default", "Value": "{}", "Overwrite": True}
        await cloud.call("ssm", "PutParameter", profile, ROOT)

    async with LocalCloud.run(tmp_path) as cloud:
        second = await provision_template(cloud, TEMPLATE, "app")
        found = await cloud.call("ssm", "GetParameter", {"Name": "/app/profiles/default"}, ROOT)
        kept = await cloud.call("s3", "GetObject", {"Bucket": bucket, "Key": "a"}, ROOT)

        described = await asyncio.to_thread(
            client_of(cloud, "cloudformation").describe_stacks, StackName="app"
        )
        listed = await asyncio.to_thread(
            client_of(cloud, "cloudformation").list_stack_resources, StackName="app"
        )

    def names(stack: Any) -> dict[str, str]:
        return {
            key: one.physical_id
            for key, one in stack.resources.items()
            if one.type != "AWS::SQS::Queue"  # A queue is a URL, and the port is another one.
        }

    assert names(first) == names(second)
    assert found["Parameter"]["Value"] == "{}", "what the user changed stays"
    assert kept["Body"] == b"x"
    [stack] = described["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert outputs["InboxBucketName"] == bucket
    assert len(listed["StackResourceSummaries"]) == len(second.resources)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    code = tmp_path / "code"
    code.mkdir()
    (code / "main.py").write_text(
        "import boto3, os\n\n"
        "def handler(event, context):\n"
        "    boto3.client('s3').put_object(Bucket=os.environ['BUCKET'], Key=event, Body=b'x')\n"
        "    return event\n"
    )
    template = tmp_path / "template.yaml"
    template.write_text(
        """
Transform: AWS::Serverless-2016-10-31
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Group: {Type: AWS::Logs::LogGroup}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: main.handler
      Runtime: python3.13
      MemorySize: 512
      Timeout: 30
      LoggingConfig: {LogGroup: !Ref Group}
      Environment: {Variables: {BUCKET: !Ref Bucket}}
      Policies:
        - Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Action: s3:PutObject, Resource: !Sub "${Bucket.Arn}/allowed/*"}
Outputs:
  Name: {Value: !Ref Function}
  Bucket: {Value: !Ref Bucket}
  Group: {Value: !Ref Group}
"""
    )
    return template


async def test_a_function_does_what_its_role_allows_and_no_more(
    tmp_path: Path, small: Path
) -> None:
    async with LocalCloud.run(tmp_path / "data") as cloud:
        stack = await provision_template(cloud, small, "app")
        aws_lambda = client_of(cloud, "lambda")
        name = stack.outputs["Name"].value

        def invoke(payload: str) -> Any:
            return aws_lambda.invoke(FunctionName=name, Payload=json.dumps(payload), LogType="Tail")

        allowed = await asyncio.to_thread(invoke, "allowed/a")
        refused = await asyncio.to_thread(invoke, "refused/a")
        assert json.loads(allowed["Payload"].read()) == "allowed/a"
        assert allowed["ExecutedVersion"] == "$LATEST"
        assert refused["FunctionError"] == "Unhandled"
        assert "AccessDenied" in json.loads(refused["Payload"].read())["errorMessage"]

        bucket = stack.outputs["Bucket"].value
        listed = await cloud.call("s3", "ListObjectsV2", {"Bucket": bucket}, ROOT)
        assert [one["Key"] for one in listed["Contents"]] == ["allowed/a"]

        group = stack.outputs["Group"].value
        lines: list[str] = []
        while not any(line.startswith("REPORT") for line in lines):
            await asyncio.sleep(0.05)
            found = await cloud.call("logs", "FilterLogEvents", {"logGroupName": group}, ROOT)
            lines = [one["message"] for one in found["events"]]


async def test_what_leaves_the_template_leaves_the_cloud(tmp_path: Path, small: Path) -> None:
    async with LocalCloud.run(tmp_path / "data") as cloud:
        stack = await provision_template(cloud, small, "app")
        name, bucket = stack.outputs["Name"].value, stack.outputs["Bucket"].value
        small.write_text("Resources: {Group: {Type: AWS::Logs::LogGroup}}")
        await provision_template(cloud, small, "app")
        with pytest.raises(ServiceError, match="ResourceNotFound"):
            await cloud.call("lambda", "GetFunction", {"FunctionName": name}, ROOT)
        assert await cloud.call("s3", "ListObjectsV2", {"Bucket": bucket}, ROOT) is not None
