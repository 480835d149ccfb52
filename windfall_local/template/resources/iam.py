"""IAM roles and policies."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import unquote

from windfall_local.api import ACCOUNT
from windfall_local.template.resources.kinds import (
    ANY,
    Calls,
    Made,
    Shape,
    Wanted,
    document,
    pick,
)

_MISSING = "NoSuchEntity"

_MANAGED: dict[str, list[str]] = {
    "service-role/AWSLambdaBasicExecutionRole": [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ],
    "service-role/AWSLambdaSQSQueueExecutionRole": [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ],
    "AWSXRayDaemonWriteAccess": [
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:GetSamplingStatisticSummaries",
    ],
    "AWSXrayWriteOnlyAccess": [
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:GetSamplingStatisticSummaries",
    ],
}
"""What AWS's own policies allow, for an IAM that does not know them; all on every resource."""

_AWS_PREFIX = "arn:aws:iam::aws:policy/"


class Role:
    """A role with its inline and attached policies."""

    type = "AWS::IAM::Role"
    attributes = frozenset({"Arn", "RoleId"})
    honours: ClassVar[Shape] = {
        "RoleName": ANY,
        "Path": ANY,
        "Description": ANY,
        "AssumeRolePolicyDocument": ANY,
        "MaxSessionDuration": ANY,
        "ManagedPolicyArns": ANY,
        "Policies": {"PolicyName": ANY, "PolicyDocument": ANY},
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or give it exactly these policies."""
        properties = wanted.properties
        name = properties.get("RoleName") or wanted.name
        trust = document(properties["AssumeRolePolicyDocument"])
        found = await calls.find("iam", "GetRole", _MISSING, RoleName=name)
        if found is None:
            parameters = pick(properties, "Path", "Description", "MaxSessionDuration", "Tags")
            found = await calls(
                "iam",
                "CreateRole",
                RoleName=name,
                AssumeRolePolicyDocument=trust,
                **parameters,
            )
        else:
            await calls("iam", "UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=trust)
        await _set_policies(name, properties, calls)
        role = found.get("Role", {})
        arn = role.get("Arn") or f"arn:aws:iam::{ACCOUNT}:role{properties.get('Path', '/')}{name}"
        return Made(name, {"Arn": arn, "RoleId": role.get("RoleId", "")})


async def _set_policies(role: str, properties: dict[str, Any], calls: Calls) -> None:
    inline = {one["PolicyName"]: one["PolicyDocument"] for one in properties.get("Policies", [])}
    wanted = list(properties.get("ManagedPolicyArns", []))
    attached = await calls("iam", "ListAttachedRolePolicies", RoleName=role)
    present = {one["PolicyArn"] for one in attached.get("AttachedPolicies", [])}
    for arn in sorted(present - set(wanted)):
        await calls("iam", "DetachRolePolicy", RoleName=role, PolicyArn=arn)
    for arn in wanted:
        if arn not in present and not await _attach(role, arn, calls):
            name = arn.removeprefix(_AWS_PREFIX)
            inline[name.rsplit("/", 1)[-1]] = _managed_document(name)
    listed = await calls("iam", "ListRolePolicies", RoleName=role)
    for name in listed.get("PolicyNames", []):
        if name not in inline:
            await calls("iam", "DeleteRolePolicy", RoleName=role, PolicyName=name)
    for name, policy in inline.items():
        await _put(role, name, policy, calls)


async def _attach(role: str, arn: str, calls: Calls) -> bool:
    """Attach a policy; whether IAM has it. One that nobody knows is an error."""
    known = arn.removeprefix(_AWS_PREFIX) in _MANAGED
    missing = (_MISSING,) if known else ()
    done = await calls.find("iam", "AttachRolePolicy", *missing, RoleName=role, PolicyArn=arn)
    return done is not None


def _managed_document(name: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": _MANAGED[name], "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


async def _put(role: str, name: str, policy: Any, calls: Calls) -> None:
    await calls(
        "iam", "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=document(policy)
    )


class Policy:
    """An inline policy of roles that stand elsewhere in the template."""

    type = "AWS::IAM::Policy"
    attributes: frozenset[str] = frozenset()
    honours: ClassVar[Shape] = {"PolicyName": ANY, "PolicyDocument": ANY, "Roles": ANY}

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Put it on each of them."""
        name, policy = wanted.properties["PolicyName"], wanted.properties["PolicyDocument"]
        for role in wanted.properties.get("Roles", []):
            await _put(role, name, policy, calls)
        return Made(name)


class ManagedPolicy:
    """A policy of its own, attached to roles."""

    type = "AWS::IAM::ManagedPolicy"
    attributes = frozenset({"PolicyArn"})
    honours: ClassVar[Shape] = {
        "ManagedPolicyName": ANY,
        "Path": ANY,
        "Description": ANY,
        "PolicyDocument": ANY,
        "Roles": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or make the document its default version; attach it."""
        properties = wanted.properties
        name, path = properties.get("ManagedPolicyName") or wanted.name, properties.get("Path", "/")
        arn = f"arn:aws:iam::{ACCOUNT}:policy{path}{name}"
        policy = document(properties["PolicyDocument"])
        found = await calls.find("iam", "GetPolicy", _MISSING, PolicyArn=arn)
        if found is None:
            await calls(
                "iam",
                "CreatePolicy",
                PolicyName=name,
                PolicyDocument=policy,
                **pick(properties, "Path", "Description"),
            )
        else:
            await _set_default(arn, found["Policy"]["DefaultVersionId"], policy, calls)
        for role in properties.get("Roles", []):
            await calls("iam", "AttachRolePolicy", RoleName=role, PolicyArn=arn)
        return Made(arn, {"PolicyArn": arn})


async def _set_default(arn: str, default: str, policy: str, calls: Calls) -> None:
    found = await calls("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=default)
    existing = found["PolicyVersion"]["Document"]
    if isinstance(existing, str):
        existing = json.loads(unquote(existing))
    if existing == json.loads(policy):
        return
    versions = (await calls("iam", "ListPolicyVersions", PolicyArn=arn))["Versions"]
    for version in versions:  # IAM keeps no more than five; the old ones serve nobody here.
        if version["VersionId"] != default:
            await calls("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])
    await calls(
        "iam", "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=policy, SetAsDefault=True
    )


KINDS = (Role(), Policy(), ManagedPolicy())
