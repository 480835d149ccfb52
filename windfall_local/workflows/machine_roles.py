"""What a machine's role must be allowed before there is a machine at all, as on AWS.

AWS makes rules by which it hears of the ends that `.sync` tasks wait for, and deliveries of logs,
with the permissions of the role, when the machine is created or changed. Here both are there
without being made; the permissions are asked for all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from windfall_local.api import ACCOUNT, Principal, ServiceError
from windfall_local.workflows.definition import Block, MapState, ParallelState, TaskState

Authorize = Callable[[str, str, dict[str, Any], Principal], Awaitable[None]]
"""Checks a permission: service, operation, parameters, who; raises `ServiceError`."""

_RULES = {
    "CreateTrainingJob": "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    "CreateTransformJob": "StepFunctionsGetEventsForSageMakerTransformJobsRule",
    "CreateProcessingJob": "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    "StartExecution": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
}
"""The managed rules, by what is waited for."""
_RULE_ACTIONS = ("PutTargets", "PutRule", "DescribeRule")
_LOG_ACTIONS = (
    "CreateLogDelivery",
    "GetLogDelivery",
    "UpdateLogDelivery",
    "DeleteLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "DescribeResourcePolicies",
    "DescribeLogGroups",
)
"""What the guide of Step Functions says that a role needs for logs (cw-logs)."""


async def check_rules(block: Block, role_arn: str, region: str, authorize: Authorize) -> None:
    """See that a machine's role may make the rules by which AWS hears of the ends it waits for.

    Raises:
        ServiceError: It may not.
    """
    rules = {
        _RULES[task.resource.operation]
        for task in _tasks(block)
        if task.resource.pattern in ("sync", "sync:2")
    }
    principal = _session(role_arn)
    for rule in sorted(rules):
        for action in _RULE_ACTIONS:
            parameters: dict[str, Any] = {"Name": rule}
            if action == "PutTargets":
                parameters = {"Rule": rule, "Targets": []}
            try:
                await authorize("events", action, parameters, principal)
            except ServiceError as error:
                raise ServiceError(
                    "AccessDeniedException",
                    f"'{role_arn}' is not authorized to create managed-rule: it needs "
                    f"events:{action} on arn:aws:events:{region}:{ACCOUNT}:rule/{rule}.",
                ) from error


def _tasks(block: Block) -> Iterator[TaskState]:
    for state in block.states.values():
        if isinstance(state, TaskState):
            yield state
        elif isinstance(state, ParallelState):
            for branch in state.branches:
                yield from _tasks(branch)
        elif isinstance(state, MapState):
            yield from _tasks(state.processor)


async def check_logs(settings: dict[str, Any], role_arn: str, authorize: Authorize) -> None:
    """See that a machine's role may have the machine's logs delivered, if it has any.

    Raises:
        ServiceError: It may not.
    """
    logging = settings.get("loggingConfiguration") or {}
    if logging.get("level", "OFF") == "OFF" or not logging.get("destinations"):
        return
    for action in _LOG_ACTIONS:
        try:
            await authorize("logs", action, {}, _session(role_arn))
        except ServiceError as error:
            raise ServiceError(
                "AccessDeniedException",
                "The state machine IAM Role is not authorized to access the Log Destination: "
                f"{role_arn} needs logs:{action} on *.",
            ) from error


def _session(role_arn: str) -> Principal:
    return Principal.role(role_arn, "StepFunctions")
