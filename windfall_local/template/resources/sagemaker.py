"""SageMaker models, endpoint configurations, endpoints and groups of model packages."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from typing import Any, ClassVar

from windfall_local.template.errors import TemplateError
from windfall_local.template.resources.kinds import (
    ANY,
    Calls,
    Made,
    Properties,
    Shape,
    Wanted,
    pick,
)

_MISSING = "ValidationException"
"""How SageMaker says that there is none."""
_CONTAINER: Shape = {
    "ContainerHostname": ANY,
    "Image": ANY,
    "Mode": ANY,
    "ModelDataUrl": ANY,
    "ModelPackageName": ANY,
    "Environment": ANY,
}


class Model:
    """A model."""

    type = "AWS::SageMaker::Model"
    attributes = frozenset({"ModelName", "ModelArn"})
    honours: ClassVar[Shape] = {
        "ModelName": ANY,
        "ExecutionRoleArn": ANY,
        "PrimaryContainer": _CONTAINER,
        "Containers": _CONTAINER,
        "EnableNetworkIsolation": ANY,
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, unless it is there; what has changed is another model."""
        name, found = await _replaced(wanted, "Model", calls)
        return Made(found["ModelArn"], {"ModelName": name, "ModelArn": found["ModelArn"]})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it."""
        await _delete("Model", made, calls)


class EndpointConfig:
    """An endpoint configuration."""

    type = "AWS::SageMaker::EndpointConfig"
    attributes = frozenset({"EndpointConfigName", "EndpointConfigArn"})
    honours: ClassVar[Shape] = {
        "EndpointConfigName": ANY,
        "ProductionVariants": {
            "VariantName": ANY,
            "ModelName": ANY,
            "InitialInstanceCount": ANY,
            "InstanceType": ANY,
            "InitialVariantWeight": ANY,
            "ServerlessConfig": {"MemorySizeInMB": ANY, "MaxConcurrency": ANY},
        },
        "AsyncInferenceConfig": {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": ANY},
            "OutputConfig": {
                "S3OutputPath": ANY,
                "S3FailurePath": ANY,
                "KmsKeyId": ANY,
                "NotificationConfig": {
                    "SuccessTopic": ANY,
                    "ErrorTopic": ANY,
                    "IncludeInferenceResponseIn": ANY,
                },
            },
        },
        "KmsKeyId": ANY,
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, unless it is there; what has changed is another configuration."""
        name, found = await _replaced(wanted, "EndpointConfig", calls)
        arn = found["EndpointConfigArn"]
        return Made(arn, {"EndpointConfigName": name, "EndpointConfigArn": arn})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it."""
        await _delete("EndpointConfig", made, calls)


class Endpoint:
    """An endpoint; the stack waits until it serves, as on AWS."""

    type = "AWS::SageMaker::Endpoint"
    attributes = frozenset({"EndpointName", "EndpointArn"})
    honours: ClassVar[Shape] = {
        "EndpointName": ANY,
        "EndpointConfigName": ANY,
        "RetainAllVariantProperties": ANY,
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or serve by the configuration that is wanted now."""
        properties = wanted.properties
        name = properties.get("EndpointName") or _short(wanted.name)
        config = pick(properties, "EndpointConfigName")
        found = await calls.find("sagemaker", "DescribeEndpoint", _MISSING, EndpointName=name)
        if found is not None and found["EndpointStatus"] == "Failed":
            await calls("sagemaker", "DeleteEndpoint", EndpointName=name)
            found = None
        if found is None:
            tags = pick(properties, "Tags")
            await calls("sagemaker", "CreateEndpoint", EndpointName=name, **config, **tags)
        elif not wanted.unchanged:
            await calls("sagemaker", "UpdateEndpoint", EndpointName=name, **config)
        arn = await self._in_service(wanted.logical_id, name, calls)
        return Made(arn, {"EndpointName": name, "EndpointArn": arn})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it."""
        name = made.attributes["EndpointName"]
        await calls.find("sagemaker", "DeleteEndpoint", _MISSING, EndpointName=name)

    async def _in_service(self, logical_id: str, name: str, calls: Calls) -> str:
        while True:
            found = await calls("sagemaker", "DescribeEndpoint", EndpointName=name)
            if found["EndpointStatus"] not in ("Creating", "Updating"):
                break
            await asyncio.sleep(0.1)
        if found["EndpointStatus"] != "InService" or found.get("FailureReason"):
            raise TemplateError(f"{logical_id} does not serve: {found.get('FailureReason')}")
        return str(found["EndpointArn"])


class ModelPackageGroup:
    """A group of model packages."""

    type = "AWS::SageMaker::ModelPackageGroup"
    attributes = frozenset({"ModelPackageGroupArn", "ModelPackageGroupStatus", "CreationTime"})
    honours: ClassVar[Shape] = {
        "ModelPackageGroupName": ANY,
        "ModelPackageGroupDescription": ANY,
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, unless it is there."""
        name = wanted.properties["ModelPackageGroupName"]
        named: dict[str, Any] = {"ModelPackageGroupName": name}
        found = await calls.find("sagemaker", "DescribeModelPackageGroup", _MISSING, **named)
        if found is None:
            found = await calls("sagemaker", "CreateModelPackageGroup", **wanted.properties)
        arn = found["ModelPackageGroupArn"]
        return Made(arn, {"ModelPackageGroupArn": arn, "ModelPackageGroupStatus": "Completed"})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it, if it has no packages."""
        name = made.physical_id.rpartition("/")[2]
        await calls.find(
            "sagemaker", "DeleteModelPackageGroup", _MISSING, ModelPackageGroupName=name
        )


async def _replaced(wanted: Wanted, kind: str, calls: Calls) -> tuple[str, Properties]:
    """A resource that can't be changed: its name, and its description or what creating it gave.

    As in CloudFormation a changed one is made beside the old one, so that whatever names it
    changes, too. Its name has a mark of its properties; with a name of its own it is made anew.
    """
    member = f"{kind}Name"
    own = wanted.properties.get(member)
    mark = hashlib.sha256(json.dumps(wanted.properties, sort_keys=True).encode()).hexdigest()[:8]
    stem = wanted.name[:54].strip("-")
    name = own or f"{stem}-{mark}"
    named = {member: name}
    found = await calls.find("sagemaker", f"Describe{kind}", _MISSING, **named)
    if found is not None and own and not wanted.unchanged:
        await calls("sagemaker", f"Delete{kind}", **named)
        found = None
    if found is None:
        found = await calls("sagemaker", f"Create{kind}", **(wanted.properties | named))
    # Also what a run left that came to nothing.
    listed = await calls("sagemaker", f"List{kind}s", NameContains=f"{stem}-", MaxResults=100)
    for other in listed.get(f"{kind}s", ()):
        if other[member] != name and re.fullmatch(
            f"{re.escape(stem)}-[0-9a-f]{{8}}", other[member]
        ):
            await calls("sagemaker", f"Delete{kind}", **{member: other[member]})
    return name, found


async def _delete(kind: str, made: Made, calls: Calls) -> None:
    named = {f"{kind}Name": made.attributes[f"{kind}Name"]}
    await calls.find("sagemaker", f"Delete{kind}", _MISSING, **named)


def _short(name: str) -> str:
    return name[:63].strip("-")


KINDS = (Model(), EndpointConfig(), Endpoint(), ModelPackageGroup())
