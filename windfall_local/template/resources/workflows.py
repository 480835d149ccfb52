"""Step Functions state machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from windfall_local.template.errors import TemplateError
from windfall_local.template.expand import LOCAL_DIRECTORY
from windfall_local.template.resources.kinds import ANY, Calls, Made, Properties, Shape, Wanted


class StateMachine:
    """A machine, its definition with what is substituted in it."""

    type = "AWS::StepFunctions::StateMachine"
    attributes = frozenset({"Arn", "Name"})
    honours: ClassVar[Shape] = {
        "StateMachineName": ANY,
        "StateMachineType": ANY,
        "RoleArn": ANY,
        "Definition": ANY,
        "DefinitionString": ANY,
        "DefinitionS3Location": {"Bucket": ANY, "Key": ANY, "Version": ANY},
        "DefinitionSubstitutions": ANY,
        "LoggingConfiguration": {
            "Level": ANY,
            "IncludeExecutionData": ANY,
            "Destinations": {"CloudWatchLogsLogGroup": {"LogGroupArn": ANY}},
        },
        "TracingConfiguration": {"Enabled": ANY},
        "Tags": ANY,
    }

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create it, or update the one of this name."""
        properties = wanted.properties
        name = properties.get("StateMachineName") or wanted.name
        arn = calls.arn("states", f"stateMachine:{name}")
        parameters: Properties = {
            "definition": await _definition(wanted, calls),
            "roleArn": properties["RoleArn"],
        }
        for member in ("LoggingConfiguration", "TracingConfiguration"):
            if member in properties:
                parameters[_lower_first(member)] = _camel_case(properties[member])
        found = await calls.find(
            "stepfunctions", "DescribeStateMachine", "DoesNotExist", stateMachineArn=arn
        )
        if found is None:
            await calls(
                "stepfunctions",
                "CreateStateMachine",
                name=name,
                type=properties.get("StateMachineType", "STANDARD"),
                tags=_camel_case(properties.get("Tags")),
                **parameters,
            )
        else:
            await calls("stepfunctions", "UpdateStateMachine", stateMachineArn=arn, **parameters)
        return Made(arn, {"Arn": arn, "Name": name})

    async def remove(self, made: Made, calls: Calls) -> None:
        """Delete it; running executions end first."""
        await calls.find(
            "stepfunctions", "DeleteStateMachine", "DoesNotExist", stateMachineArn=made.physical_id
        )


async def _definition(wanted: Wanted, calls: Calls) -> str:
    properties = wanted.properties
    if "DefinitionString" in properties:
        text = str(properties["DefinitionString"])
    elif "Definition" in properties:
        text = json.dumps(properties["Definition"])
    elif "DefinitionS3Location" in properties:
        text = await _read(wanted.logical_id, properties["DefinitionS3Location"], calls)
    else:
        raise TemplateError(f"{wanted.logical_id} has no definition.")
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace(f"${{{name}}}", _substitute(value))
    return text


async def _read(logical_id: str, location: Properties, calls: Calls) -> str:
    if location["Bucket"] == LOCAL_DIRECTORY:
        try:
            return Path(location["Key"]).read_text(encoding="utf-8")
        except OSError as error:
            raise TemplateError(f"{logical_id}: its definition can't be read: {error}") from error
    found = await calls("s3", "GetObject", Bucket=location["Bucket"], Key=location["Key"])
    body: bytes = found["Body"]
    return body.decode()


def _substitute(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _camel_case(value: Any) -> Any:
    """Step Functions' API writes `logGroupArn` where CloudFormation writes `LogGroupArn`."""
    if isinstance(value, dict):
        return {_lower_first(key): _camel_case(item) for key, item in value.items()}
    return [_camel_case(item) for item in value] if isinstance(value, list) else value


KINDS = (StateMachine(),)
