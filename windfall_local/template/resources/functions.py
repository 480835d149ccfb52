"""Lambda functions, layers, permissions and event source mappings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from windfall_local.template.expand import LOCAL_DIRECTORY
from windfall_local.template.requirements import check_dependencies, runs_here
from windfall_local.template.resources.kinds import (
    ANY,
    Calls,
    Made,
    Properties,
    Shape,
    Wanted,
    pick,
    tag_map,
)

_MISSING = "ResourceNotFound"
_SETTINGS = (
    "Runtime",
    "Role",
    "Handler",
    "Description",
    "Timeout",
    "MemorySize",
    "KmsKeyArn",
    "Environment",
    "DeadLetterConfig",
    "TracingConfig",
    "Layers",
    "EphemeralStorage",
    "LoggingConfig",
)
_DEFAULTS: Properties = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "Environment": {"Variables": {}},
    "DeadLetterConfig": {"TargetArn": ""},
    "Layers": [],
}
_NUMBERS = ("Timeout", "MemorySize")


class Function:
    """A function, its code and its reserved concurrency."""

    type = "AWS::Lambda::Function"
    attributes = frozenset({"Arn"})
    honours: ClassVar[Shape] = {
        "FunctionName": ANY,
        "Architectures": ANY,
        "Code": {"S3Bucket": ANY, "S3Key": ANY, "S3ObjectVersion": ANY},
        "PackageType": ANY,
        "ReservedConcurrentExecutions": ANY,
        "Tags": ANY,
        "Runtime": ANY,
        "Role": ANY,
        "Handler": ANY,
        "Description": ANY,
        "Timeout": ANY,
        "MemorySize": ANY,
        "KmsKeyArn": ANY,
        "Environment": {"Variables": ANY},
        "DeadLetterConfig": {"TargetArn": ANY},
        "TracingConfig": {"Mode": ANY},
        "Layers": ANY,
        "EphemeralStorage": {"Size": ANY},
        "LoggingConfig": {
            "LogFormat": ANY,
            "LogGroup": ANY,
            "ApplicationLogLevel": ANY,
            "SystemLogLevel": ANY,
        },
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or update its code and its settings."""
        properties = wanted.properties
        name = properties.get("FunctionName") or wanted.name
        settings = _settings(properties)
        code = properties["Code"]
        architectures = properties.get("Architectures")
        found = await calls.find("lambda", "GetFunctionConfiguration", _MISSING, FunctionName=name)
        if found is None:
            await calls(
                "lambda",
                "CreateFunction",
                FunctionName=name,
                Code=code,
                Architectures=architectures,
                PackageType=properties.get("PackageType"),
                Tags=tag_map(properties),
                **settings,
            )
        else:
            await calls(
                "lambda",
                "UpdateFunctionCode",
                FunctionName=name,
                Architectures=architectures,
                **code,
            )
            settings = _DEFAULTS | settings  # what left the template goes back to its default
            await calls("lambda", "UpdateFunctionConfiguration", FunctionName=name, **settings)
        await _reserve(name, properties, calls)
        return Made(name, {"Arn": calls.arn("lambda", f"function:{name}")})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it."""
        await calls.find("lambda", "DeleteFunction", _MISSING, FunctionName=made.physical_id)


def _settings(properties: Properties) -> Properties:
    settings = pick(properties, *_SETTINGS)
    for name in _NUMBERS:
        if name in settings:
            settings[name] = int(settings[name])
    if "KmsKeyArn" in settings:
        settings["KMSKeyArn"] = settings.pop("KmsKeyArn")
    if variables := settings.get("Environment", {}).get("Variables"):
        texts = {key: _variable(value) for key, value in variables.items()}
        settings["Environment"] = {"Variables": texts}
    return settings


def _variable(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


async def _reserve(name: str, properties: Properties, calls: Calls) -> None:
    if "ReservedConcurrentExecutions" in properties:
        reserved = int(properties["ReservedConcurrentExecutions"])
        await calls(
            "lambda",
            "PutFunctionConcurrency",
            FunctionName=name,
            ReservedConcurrentExecutions=reserved,
        )
    else:
        await calls("lambda", "DeleteFunctionConcurrency", FunctionName=name)


class LayerVersion:
    """A version of a layer; the same content is not published twice."""

    type = "AWS::Lambda::LayerVersion"
    attributes = frozenset({"LayerVersionArn"})
    honours: ClassVar[Shape] = {
        "LayerName": ANY,
        "Description": ANY,
        "Content": {"S3Bucket": ANY, "S3Key": ANY, "S3ObjectVersion": ANY},
        "CompatibleRuntimes": ANY,
        "CompatibleArchitectures": ANY,
        "LicenseInfo": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Find the version with this content, or publish it."""
        properties = wanted.properties
        name = properties.get("LayerName") or wanted.logical_id
        content = dict(properties["Content"])
        if content["S3Bucket"] == LOCAL_DIRECTORY and "BuildMethod" in wanted.metadata:
            content["S3Key"] = str(_built(wanted.logical_id, Path(content["S3Key"]), calls))
        directory = content["S3Key"]
        found = await calls.find("lambda", "ListLayerVersions", _MISSING, LayerName=name)
        for version in (found or {}).get("LayerVersions", []):
            arn = version["LayerVersionArn"]
            kept = await calls("lambda", "GetLayerVersionByArn", Arn=arn)
            if kept.get("Content", {}).get("Location") == f"file://{directory}":
                return Made(arn, {"LayerVersionArn": arn})
        published = await calls(
            "lambda",
            "PublishLayerVersion",
            LayerName=name,
            Content=content,
            **pick(
                properties,
                "Description",
                "CompatibleRuntimes",
                "CompatibleArchitectures",
                "LicenseInfo",
            ),
        )
        arn = published["LayerVersionArn"]
        return Made(arn, {"LayerVersionArn": arn})


def _built(layer: str, directory: Path, calls: Calls) -> Path:
    """The directory of a layer that is built: as it is, or empty when it is built for Lambda."""
    if runs_here(directory):
        return directory
    check_dependencies(layer, directory)
    empty = calls.data_dir / "installed-layers" / layer
    empty.mkdir(parents=True, exist_ok=True)
    return empty


class Permission:
    """A statement of a function's policy."""

    type = "AWS::Lambda::Permission"
    attributes: frozenset[str] = frozenset()
    honours: ClassVar[Shape] = {
        "FunctionName": ANY,
        "Action": ANY,
        "Principal": ANY,
        "SourceArn": ANY,
        "SourceAccount": ANY,
        "PrincipalOrgID": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Replace the statement of this name."""
        function = wanted.properties["FunctionName"]
        made = Made(wanted.name, {"FunctionName": function})
        await self.remove(made, calls)
        parameters = pick(
            wanted.properties, "Action", "Principal", "SourceArn", "SourceAccount", "PrincipalOrgID"
        )
        await calls(
            "lambda",
            "AddPermission",
            FunctionName=function,
            StatementId=wanted.name,
            **parameters,
        )
        return made

    async def remove(self, made: Made, calls: Calls) -> None:
        """Remove the statement."""
        await calls.find(
            "lambda",
            "RemovePermission",
            _MISSING,
            FunctionName=made.attributes["FunctionName"],
            StatementId=made.physical_id,
        )


class EventSourceMapping:
    """A queue that feeds a function."""

    type = "AWS::Lambda::EventSourceMapping"
    attributes = frozenset({"Id"})
    honours: ClassVar[Shape] = {
        "EventSourceArn": ANY,
        "FunctionName": ANY,
        "BatchSize": ANY,
        "Enabled": ANY,
        "MaximumBatchingWindowInSeconds": ANY,
        "FilterCriteria": {"Filters": {"Pattern": ANY}},
        "FunctionResponseTypes": ANY,
        "ScalingConfig": {"MaximumConcurrency": ANY},
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or update the one between these two."""
        properties = wanted.properties
        source, function = properties["EventSourceArn"], properties["FunctionName"]
        parameters = pick(properties, "Enabled", "FilterCriteria", "FunctionResponseTypes")
        for name in ("BatchSize", "MaximumBatchingWindowInSeconds"):
            if name in properties:
                parameters[name] = int(properties[name])
        if most := properties.get("ScalingConfig", {}).get("MaximumConcurrency"):
            parameters["ScalingConfig"] = {"MaximumConcurrency": int(most)}
        found = await calls(
            "lambda", "ListEventSourceMappings", EventSourceArn=source, FunctionName=function
        )
        if existing := found.get("EventSourceMappings"):
            identifier = existing[0]["UUID"]
            await calls("lambda", "UpdateEventSourceMapping", UUID=identifier, **parameters)
        else:
            created = await calls(
                "lambda",
                "CreateEventSourceMapping",
                EventSourceArn=source,
                FunctionName=function,
                **parameters,
            )
            identifier = created["UUID"]
        return Made(identifier, {"Id": identifier})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it."""
        await calls.find("lambda", "DeleteEventSourceMapping", _MISSING, UUID=made.physical_id)


class EventInvokeConfig:
    """What becomes of a function's asynchronous invocations."""

    type = "AWS::Lambda::EventInvokeConfig"
    attributes: frozenset[str] = frozenset()
    honours: ClassVar[Shape] = {
        "FunctionName": ANY,
        "Qualifier": ANY,
        "MaximumRetryAttempts": ANY,
        "MaximumEventAgeInSeconds": ANY,
        "DestinationConfig": {
            "OnSuccess": {"Destination": ANY},
            "OnFailure": {"Destination": ANY},
        },
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Put it."""
        await calls("lambda", "PutFunctionEventInvokeConfig", **wanted.properties)
        return Made(wanted.name, {"FunctionName": wanted.properties["FunctionName"]})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it."""
        function = made.attributes["FunctionName"]
        await calls.find(
            "lambda", "DeleteFunctionEventInvokeConfig", _MISSING, FunctionName=function
        )


KINDS = (Function(), LayerVersion(), Permission(), EventSourceMapping(), EventInvokeConfig())
