"""What `windfall doctor --stack` looks at: access, Region, quotas, slots, dead letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from windfall.adapters.dynamodb_leases import FIRST, DynamoLeaseTable
from windfall.errors import TransientError
from windfall.quotas import JOB_QUOTAS
from windfall_cli.dead_letters import QUEUES, DeadLetters
from windfall_cli.errors import CommandError
from windfall_cli.findings import Finding
from windfall_cli.stack import Stack

SERVICES = {
    "rekognition": "pictures and videos",
    "transcribe": "recordings",
    "comprehend": "texts",
    "translate": "translations",
    "polly": "speech",
    "sagemaker": "tables",
}
"""The AI services, and what ends as skipped or failed where a Region lacks one."""

CLOSED = (
    "SageMaker Clarify and Ground Truth take no new accounts since 2026-07-30; "
    "bias reports and labelling jobs are off unless you switch them on"
)
_LAMBDA_NEEDED = 100
"""Concurrent executions: admission's twenty, and what the machines invoke beside them."""


def look_at(stack: Stack) -> Iterator[Finding]:
    """Everything that can be found out before the first file."""
    try:
        who = stack.client("sts").get_caller_identity()["Arn"]
    except (ClientError, BotoCoreError) as error:
        yield Finding("credentials", False, str(error), "aws configure, or aws sso login")
        return
    yield Finding("credentials", True, who)
    try:
        outputs = stack.outputs
    except CommandError as error:
        yield Finding("stack", False, error.message, error.remedy or "")
        return
    yield Finding("stack", "InboxBucketName" in outputs, stack.name)
    yield from _access(stack)
    yield from _regions(stack.region)
    yield from _quotas(stack)
    yield from _slots(stack)
    letters = DeadLetters(stack)
    for queue in QUEUES:
        waiting = letters.waiting(queue)
        remedy = "" if waiting == 0 else "read docs/runbook/dead-letters.md"
        yield Finding(queue, waiting == 0, f"{waiting} messages", remedy)
    yield Finding("closed services", True, CLOSED)


def _access(stack: Stack) -> Iterator[Finding]:
    """Whether who asks may drop and look."""
    calls: dict[str, Callable[[], Any]] = {
        "inbox": lambda: stack.client("s3").head_bucket(Bucket=stack.output("InboxBucketName")),
        "results": lambda: stack.client("s3").head_bucket(Bucket=stack.output("ResultsBucketName")),
        "insights table": lambda: stack.client("dynamodb").describe_table(
            TableName=stack.output("InsightsTableName")
        ),
        "profiles": lambda: stack.client("ssm").get_parameters_by_path(
            Path=stack.output("ProfilesPath")
        ),
    }
    for what, call in calls.items():
        try:
            call()
        except ClientError as error:
            remedy = "ask for the permission that the message names"
            yield Finding(f"access to {what}", False, str(error), remedy)
        else:
            yield Finding(f"access to {what}", True, "allowed")


def _regions(region: str) -> Iterator[Finding]:
    """Whether the Region has each service, by the SDK's own list."""
    session = boto3.Session()
    for service, what in SERVICES.items():
        there = region in session.get_available_regions(service)
        found = f"in {region}" if there else f"not in {region}: no {what}"
        yield Finding(service, there, found, "" if there else "deploy to another Region")


def _quotas(stack: Stack) -> Iterator[Finding]:
    """Whether the account has room; new accounts begin with little."""
    try:
        limits = stack.client("lambda").get_account_settings()["AccountLimit"]
    except ClientError as error:
        yield Finding("Lambda's quota", True, f"unknown ({error})")
        return
    most = int(limits["ConcurrentExecutions"])
    remedy = "" if most >= _LAMBDA_NEEDED else "ask Service Quotas for more, or lower the parameter"
    found = f"{most} concurrent executions"
    yield Finding("Lambda's quota", most >= _LAMBDA_NEEDED, found, remedy)


def _slots(stack: Stack) -> Iterator[Finding]:
    """How many jobs of a service may run at a time, how many do, and who waits."""
    table = DynamoLeaseTable(stack.output("InsightsTableName"), stack.client("dynamodb"))
    for service in JOB_QUOTAS:
        try:
            room = table.look(service)
        except (ClientError, TransientError) as error:
            yield Finding(f"slots of {service}", False, str(error), "try again")
            continue
        first = f"{len(room.waiters)}{'' if len(room.waiters) < FIRST else ' or more'}"
        found = f"{len(room.leases)} of {room.limit} are held, {first} wait"
        remedy = "" if room.limit else f"nothing begins: /{stack.name}/limits/{service} says 0"
        yield Finding(f"slots of {service}", room.limit > 0, found, remedy)
