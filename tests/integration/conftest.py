"""A local cloud for tests that speak to it as any client does: boto3 over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from windfall_local.api import Credentials, Principal
from windfall_local.cloud import LocalCloud
from windfall_local.threaded import cloud_in_thread

ClientFactory = Callable[..., Any]


def make_client(cloud: LocalCloud, service: str, credentials: Credentials | None = None) -> Any:
    """A boto3 client of the cloud; the root user's without credentials."""
    keys = credentials or cloud.keys.root
    return boto3.client(
        service,
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token or None,
        config=Config(
            retries={"total_max_attempts": 1},
            signature_version="v4" if service != "s3" else "s3v4",
            s3={"addressing_style": "path"},
        ),
    )


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with cloud_in_thread(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture
def client(cloud: LocalCloud) -> Iterator[ClientFactory]:
    """Makes clients, and closes them."""
    made = []

    def make(service: str, credentials: Credentials | None = None) -> Any:
        made.append(make_client(cloud, service, credentials))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def role(cloud: LocalCloud, client: ClientFactory) -> Any:
    """Makes a role with an inline policy of some statements; returns keys of its session."""
    iam = client("iam")

    def make(*statements: dict[str, Any], **options: Any) -> Credentials:
        name = f"role-{uuid4().hex}"
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        arn = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(options.pop("trust", trust)),
            **options,
        )["Role"]["Arn"]
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        if statements:
            iam.put_role_policy(
                RoleName=name, PolicyName="permissions", PolicyDocument=json.dumps(document)
            )
        return cloud.credentials(Principal.role(arn, "test"))

    return make
