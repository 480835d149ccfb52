"""What the API returns, and what the default bus hears, of machines and executions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from windfall_local.workflows.executions import Execution, StateMachine
from windfall_local.workflows.redrives import Redrivability

_MAX_EVENT_DATA = 248 * 1024
"""Input and output larger than this, in bytes, are left out of status change events."""


def moment(seconds: float) -> datetime:
    """A time as boto3 has it."""
    return datetime.fromtimestamp(seconds, UTC)


def machine_summary(machine: StateMachine) -> dict[str, Any]:
    """An entry of `ListStateMachines`."""
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "type": "STANDARD",
        "creationDate": moment(machine.created),
    }


def machine_details(machine: StateMachine, *, data: bool) -> dict[str, Any]:
    """What both descriptions of a machine have."""
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "definition": machine.definition if data else "{}",
        "roleArn": machine.role_arn,
        "loggingConfiguration": machine.settings.get(
            "loggingConfiguration", {"level": "OFF", "includeExecutionData": False}
        ),
        "tracingConfiguration": machine.settings.get("tracingConfiguration", {"enabled": False}),
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
        "revisionId": machine.revision,
    }


def execution_summary(execution: Execution) -> dict[str, Any]:
    """An entry of `ListExecutions`."""
    summary: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": moment(execution.started),
        "redriveCount": len(execution.redrives),
    }
    if execution.redrives:
        summary["redriveDate"] = moment(execution.redrives[-1].at)
    if execution.stopped is not None:
        summary["stopDate"] = moment(execution.stopped)
    if execution.map_run is not None:
        summary["mapRunArn"] = execution.map_run
    return summary


def execution_details(
    execution: Execution, redrivability: Redrivability, *, data: bool
) -> dict[str, Any]:
    """The answer of `DescribeExecution`."""
    details = {
        **execution_summary(execution),
        "inputDetails": {"included": data},
        "redriveStatus": redrivability.status,
    }
    if redrivability.reason is not None:
        details["redriveStatusReason"] = redrivability.reason
    if data:
        details["input"] = execution.input.text
    if execution.output is not None:
        details["outputDetails"] = {"included": data}
        if data:
            details["output"] = execution.output
    if execution.trace:
        details["traceHeader"] = execution.trace
    if execution.error is not None:
        details["error"] = execution.error
    if execution.cause is not None:
        details["cause"] = execution.cause
    return details


def status_change(execution: Execution, redrivability: Redrivability) -> dict[str, Any]:
    """The detail of a "Step Functions Execution Status Change" event."""
    size = len(execution.input.text.encode()) + len((execution.output or "").encode())
    fits = size <= _MAX_EVENT_DATA
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": int(execution.started * 1000),
        "stopDate": None if execution.stopped is None else int(execution.stopped * 1000),
        "input": execution.input.text if fits else None,
        "output": execution.output if fits else None,
        "inputDetails": {"included": fits},
        "outputDetails": None if execution.output is None else {"included": fits},
        "error": execution.error,
        "cause": execution.cause,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": len(execution.redrives),
        "redriveDate": int(execution.redrives[-1].at * 1000) if execution.redrives else None,
        "redriveStatus": redrivability.status,
        "redriveStatusReason": redrivability.reason,
    }
