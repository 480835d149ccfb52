"""The adapters' own clients, which speak to the local cloud as a function's do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from windfall.adapters.clients import ai_client, store_client
from windfall_local.cloud import LocalCloud

TABLE, BUCKET = "insights", "results"


@pytest.fixture(scope="package", autouse=True)
def aws(cloud: LocalCloud) -> Iterator[None]:
    """The environment of a function, and no client of another folder."""
    root = cloud.keys.root
    environment = {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_ACCESS_KEY_ID": root.access_key,
        "AWS_SECRET_ACCESS_KEY": root.secret_key,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        # It keeps the credentials that it found first.
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        store_client.cache_clear()
        ai_client.cache_clear()
        yield
        store_client.cache_clear()
        ai_client.cache_clear()


@pytest.fixture
def table(aws: None) -> Iterator[Any]:
    """The table as the template makes it, for one test; the answer is the client."""
    client = store_client("dynamodb")
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("pk", "sk", "recent_pk", "recent_sk")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "recent",
                "KeySchema": [
                    {"AttributeName": "recent_pk", "KeyType": "HASH"},
                    {"AttributeName": "recent_sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    yield client
    client.delete_table(TableName=TABLE)


@pytest.fixture
def make_bucket(aws: None) -> Iterator[Callable[[str], str]]:
    """Makes buckets with versions, for one test; the answer is the name."""
    client = store_client("s3")
    made: list[str] = []

    def make(name: str) -> str:
        client.create_bucket(Bucket=name)
        made.append(name)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    yield make
    for name in made:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
            for version in page.get("Versions", ()):
                place = {"Key": version["Key"], "VersionId": version["VersionId"]}
                client.delete_object(Bucket=name, **place)
        client.delete_bucket(Bucket=name)


@pytest.fixture
def bucket(make_bucket: Callable[[str], str]) -> str:
    """The bucket of results."""
    return make_bucket(BUCKET)


@pytest.fixture
def bus(aws: None) -> Iterator[str]:
    """An event bus, for one test."""
    client = store_client("events")
    client.create_event_bus(Name="bus")
    yield "bus"
    client.delete_event_bus(Name="bus")


@pytest.fixture
def machine(aws: None) -> Iterator[str]:
    """The ARN of a machine that ends at once, for one test."""
    iam, client = store_client("iam"), store_client("stepfunctions")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    ending = {"QueryLanguage": "JSONata", "StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    name = f"ends-{uuid4().hex}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    made = client.create_state_machine(name=name, definition=json.dumps(ending), roleArn=role)
    yield made["stateMachineArn"]
    client.delete_state_machine(stateMachineArn=made["stateMachineArn"])
    iam.delete_role(RoleName=name)
