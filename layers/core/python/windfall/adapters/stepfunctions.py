"""AWS Step Functions: executions started by name, and tasks that wait for a token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.trace_header import TraceHeader

if TYPE_CHECKING:
    from windfall.contracts.jobs import Completion
    from windfall.contracts.subject import Kind

_CLOSED = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
_LONGEST_CAUSE = 1_000


class StepFunctionsWorkflows:
    """Starts machines.

    Args:
        machines: The machine's ARN for each kind of file.
    """

    def __init__(self, machines: Mapping[Kind, str]) -> None:
        self._machines = machines

    def start(self, kind: Kind, name: str, document: str, trace_id: str | None) -> bool:
        """Start an execution; a name that was used before is no error."""
        traced = {} if trace_id is None else {"traceHeader": str(TraceHeader(trace_id))}
        with translated_errors():
            try:
                store_client("stepfunctions").start_execution(
                    stateMachineArn=self._machines[kind], name=name, input=document, **traced
                )
            except ClientError as error:
                # While it runs, the same name with the same input is answered as a success.
                if error.response["Error"]["Code"] == "ExecutionAlreadyExists":
                    return False
                raise
        return True


class StepFunctionsTokens:
    """Ends the tasks that wait for a token."""

    def tell(self, token: str, completion: Completion) -> bool:
        """Send the task's success or failure; a token that is closed is no error."""
        client = store_client("stepfunctions")
        with translated_errors():
            try:
                if completion.error is None:
                    client.send_task_success(taskToken=token, output=json.dumps(completion.result))
                else:
                    cause = (completion.reason or "")[:_LONGEST_CAUSE]
                    client.send_task_failure(taskToken=token, error=completion.error, cause=cause)
            except ClientError as error:
                if error.response["Error"]["Code"] in _CLOSED:
                    return False
                raise
        return True
