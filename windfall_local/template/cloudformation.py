"""As much of CloudFormation's API as tells what a stack is made of."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from windfall_local.api import CallContext, Cloud, OperationService, ServiceError
from windfall_local.template.stack import Stack, StackResource

_STATUS = "CREATE_COMPLETE"


class CloudFormationService(OperationService):
    """Answers for the one stack that is provisioned here.

    Args:
        cloud: Whose data directory holds it.
    """

    name = "cloudformation"

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def describe_stacks(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """DescribeStacks."""
        if not parameters.get("StackName"):
            stack = Stack.load(Path(self._cloud.data_dir))
            return {"Stacks": [_describe(stack)] if stack else []}
        return {"Stacks": [_describe(self._stack(parameters))]}

    async def list_stacks(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """ListStacks."""
        stack = Stack.load(Path(self._cloud.data_dir))
        wanted = parameters.get("StackStatusFilter")
        if stack is None or (wanted and _STATUS not in wanted):
            return {"StackSummaries": []}
        summary = {
            "StackId": stack.arn,
            "StackName": stack.name,
            "CreationTime": _time(stack.created),
            "LastUpdatedTime": _time(stack.updated),
            "StackStatus": _STATUS,
        }
        return {"StackSummaries": [summary]}

    async def describe_stack_resources(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """DescribeStackResources, by stack or by physical id."""
        if "StackName" in parameters:
            stack = self._stack(parameters)
        else:
            found = Stack.load(Path(self._cloud.data_dir))
            physical = parameters.get("PhysicalResourceId")
            if found is None or all(
                one.physical_id != physical for one in found.resources.values()
            ):
                raise _missing(f"Stack for {physical}")
            stack = found
        names = {"StackName": stack.name, "StackId": stack.arn}
        only = parameters.get("LogicalResourceId")
        return {
            "StackResources": [
                names | _resource(logical_id, one, "Timestamp")
                for logical_id, one in stack.resources.items()
                if only in (None, logical_id)
            ]
        }

    async def describe_stack_resource(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """DescribeStackResource."""
        stack, logical_id = self._stack(parameters), parameters["LogicalResourceId"]
        if logical_id not in stack.resources:
            raise _missing(f"Resource {logical_id}", f"for stack {stack.name}")
        names = {"StackName": stack.name, "StackId": stack.arn}
        detail = _resource(logical_id, stack.resources[logical_id], "LastUpdatedTimestamp")
        return {"StackResourceDetail": names | detail}

    async def list_stack_resources(
        self, parameters: dict[str, Any], _context: CallContext
    ) -> dict[str, Any]:
        """ListStackResources."""
        stack = self._stack(parameters)
        return {
            "StackResourceSummaries": [
                _resource(logical_id, one, "LastUpdatedTimestamp")
                for logical_id, one in stack.resources.items()
            ]
        }

    def _stack(self, parameters: dict[str, Any]) -> Stack:
        stack = Stack.load(Path(self._cloud.data_dir))
        wanted = parameters["StackName"]
        if stack is None or wanted not in (stack.name, stack.arn):
            raise _missing(f"Stack with id {wanted}")
        return stack


def _describe(stack: Stack) -> dict[str, Any]:
    return {
        "StackId": stack.arn,
        "StackName": stack.name,
        "Description": stack.description,
        "CreationTime": _time(stack.created),
        "LastUpdatedTime": _time(stack.updated),
        "StackStatus": _STATUS,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in stack.parameters.items()
        ],
        "Outputs": [
            {"OutputKey": key, "OutputValue": one.value, "Description": one.description}
            for key, one in stack.outputs.items()
        ],
        "Tags": [],
    }


def _resource(logical_id: str, resource: StackResource, time_member: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "ResourceStatus": _STATUS,
        time_member: _time(resource.updated),
    }


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _missing(what: str, where: str = "") -> ServiceError:
    return ServiceError("ValidationError", f"{what} does not exist {where}".rstrip())
