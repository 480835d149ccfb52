"""A role, a bucket and topics for SageMaker, over the wire."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.fakes.models import SCIKIT_LEARN, XGBOOST, boosted, script
from tests.fakes.service_model import model_violations

Client = Callable[..., Any]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Stage:
    """Clients, and what every test of SageMaker needs."""

    def __init__(self, client: Client, bucket: str | None = None) -> None:
        self.client = client
        self.sagemaker = client("sagemaker")
        self.runtime = client("sagemaker-runtime")
        self.bucket = bucket or f"tables-{uuid4().hex[:12]}"
        if bucket is None:
            self.s3.create_bucket(Bucket=self.bucket)

    @property
    def s3(self) -> Any:
        """A new client: a connection that idles while a job runs may be closed when it is used."""
        return self.client("s3")

    def role(self, *actions: str, resource: str = "*", without: str = "") -> str:
        """A role that SageMaker may assume, and do some things as, but one; its ARN."""
        iam, name = self.client("iam"), f"sagemaker-{uuid4().hex[:12]}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"][
            "Arn"
        ]
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
        statements = [statement]
        if without:
            statements.append({"Effect": "Deny", "Action": [without], "Resource": "*"})
        document = {"Version": "2012-10-17", "Statement": statements}
        iam.put_role_policy(
            RoleName=name, PolicyName="permissions", PolicyDocument=json.dumps(document)
        )
        return str(arn)

    def put(self, key: str, body: bytes) -> str:
        """An object; its URI."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def get(self, uri: str) -> bytes:
        """An object's content."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def topic(self) -> tuple[str, Callable[[], dict[str, Any]]]:
        """A topic, and what waits for its next message."""
        sns, sqs, name = self.client("sns"), self.client("sqs"), f"told-{uuid4().hex[:12]}"
        arn = sns.create_topic(Name=name)["TopicArn"]
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])

        def wait() -> dict[str, Any]:
            for _ in range(6):
                found = self.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=10)
                for message in found.get("Messages", ()):
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                    told: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
                    return told
            raise AssertionError("nothing was told")

        return arn, wait

    def model(self, data: bytes | str, role: str, image: str = XGBOOST, **environment: str) -> str:
        """A model; its name."""
        name = f"model-{uuid4().hex[:12]}"
        url = data if isinstance(data, str) else self.put(f"{name}/model.tar.gz", data)
        container = {"Image": image, "ModelDataUrl": url, "Environment": environment}
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container
        )
        return name

    def endpoint(self, model: str, variant: dict[str, Any] | None = None, **config: Any) -> str:
        """An endpoint that serves a model, when it is created or failed; its name."""
        name = f"endpoint-{uuid4().hex[:12]}"
        wanted = variant or {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{"VariantName": "AllTraffic", "ModelName": model, **wanted}],
            **config,
        )
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.settled(name)
        return name

    def settled(self, endpoint: str) -> dict[str, Any]:
        """An endpoint's description, once nothing is in progress."""
        until = time.monotonic() + 100
        while time.monotonic() < until:
            answer = self.sagemaker.describe_endpoint(EndpointName=endpoint)
            answer.pop("ResponseMetadata")
            assert model_violations("sagemaker", "DescribeEndpoint", answer) == []
            if answer["EndpointStatus"] not in ("Creating", "Updating"):
                found: dict[str, Any] = answer
                return found
            time.sleep(0.05)
        raise AssertionError(f"{endpoint} is still being made")

    def ask(self, endpoint: str, body: bytes, content_type: str = "text/csv", **more: Any) -> bytes:
        """A prediction."""
        answer = self.runtime.invoke_endpoint(
            EndpointName=endpoint, Body=body, ContentType=content_type, **more
        )
        content: bytes = answer["Body"].read()
        return content


@pytest.fixture
def stage(client: Client) -> Stage:
    """A bucket of its own."""
    return Stage(client)


@pytest.fixture
def role(stage: Stage) -> str:
    """A role that may do what hosting takes."""
    own = ("ecr:*", "logs:*", "cloudwatch:PutMetricData")
    return stage.role(*own, "s3:GetObject", "s3:PutObject", "s3:ListBucket", "sns:Publish")


@pytest.fixture
def boosted_model(stage: Stage, role: str) -> str:
    """A model of the built-in algorithm."""
    return stage.model(boosted(), role)


@pytest.fixture
def sums(stage: Stage, role: str) -> str:
    """A model that a script serves: it adds up each row."""
    return stage.model(script(), role, SCIKIT_LEARN, SAGEMAKER_PROGRAM="inference.py")
