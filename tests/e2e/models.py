"""Models and endpoints of SageMaker beside the stack, and tables for them."""

from __future__ import annotations

import csv
import io
import json
import random
import uuid
from typing import Any

from tests.e2e.deployment import Deployment, until
from tests.fakes.models import SCIKIT_LEARN, XGBOOST, script

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
CONTRACT: dict[str, Any] = {
    "task": "binary",
    "classes": ["stays", "leaves"],
    "target": "left",
    "columns": [{"name": name, "type": "number"} for name in "abcd"],
}
HEADER = ["id", *"abcd"]
INSTANCE = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


class Models:
    """Models and endpoints of SageMaker, as their owner makes them beside the stack."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.bucket = deployment.output("ResultsBucketName")
        self.sagemaker = deployment.client("sagemaker")
        self.role = self._role()

    def _role(self) -> str:
        iam, name = self.deployment.client("iam"), f"e2e-{uuid.uuid4().hex[:12]}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        statements = [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["s3:ListBucket", "sns:Publish"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["logs:*", "ecr:*"], "Resource": "*"},
        ]
        policy = {"Version": "2012-10-17", "Statement": statements}
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
        return str(arn["Arn"])

    def put(self, name: str, body: bytes) -> str:
        """An object below `models/`; its address."""
        key = f"models/{name}"
        self.deployment.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def contract(self, **changes: Any) -> str:
        """An input contract; its address."""
        body = json.dumps({**CONTRACT, **changes}).encode()
        return self.put(f"{uuid.uuid4().hex}/contract.json", body)

    def model(self, archive: bytes, image: str = XGBOOST, **environment: str) -> str:
        """A model; its name."""
        name = f"windfall-e2e-{uuid.uuid4().hex[:12]}"
        container = {
            "Image": image,
            "ModelDataUrl": self.put(f"{name}/model.tar.gz", archive),
            "Environment": environment,
        }
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=self.role, PrimaryContainer=container
        )
        return name

    def script(self, source: str) -> str:
        """A model that a script serves; its name."""
        return self.model(script(source), SCIKIT_LEARN, SAGEMAKER_PROGRAM="inference.py")

    def endpoint(
        self,
        model: str,
        *,
        asynchronous: bool = True,
        topics: bool = True,
        wait: bool = True,
        **variant: Any,
    ) -> str:
        """An endpoint that serves a model; its name."""
        name = f"windfall-e2e-{uuid.uuid4().hex[:12]}"
        config: dict[str, Any] = {
            "EndpointConfigName": name,
            "ProductionVariants": [
                {"VariantName": "main", "ModelName": model, **(variant or INSTANCE)}
            ],
        }
        if asynchronous:
            output: dict[str, Any] = {
                "S3OutputPath": f"s3://{self.bucket}/scoring/answers/",
                "S3FailurePath": f"s3://{self.bucket}/scoring/failures/",
            }
            if topics:
                topic = self.deployment.output("JobsTopicArn")
                output["NotificationConfig"] = {"SuccessTopic": topic, "ErrorTopic": topic}
            config["AsyncInferenceConfig"] = {"OutputConfig": output}
        self.sagemaker.create_endpoint_config(**config)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        if wait:
            until(lambda: self.status(name) == "InService", f"{name} in service")
        return name

    def status(self, endpoint: str) -> str:
        """How an endpoint stands."""
        return str(self.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"])


def rows(count: int, seed: int | None = None) -> list[list[str]]:
    """Customers that nobody scored before."""
    dice = random.Random(seed)
    return [
        [f"c{number}-{dice.getrandbits(40):x}", *(f"{dice.random():.6f}" for _ in "abcd")]
        for number in range(count)
    ]


def as_csv(table: list[list[str]], header: list[str] | None = None, delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header or HEADER, *table])
    return text.getvalue().encode()
