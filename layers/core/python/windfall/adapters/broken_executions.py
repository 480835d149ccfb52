"""Executions that broke off, as Step Functions lists them, and the function that ends them.

Step Functions' events are best effort; its lists are not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.clock import timestamp
from windfall.contracts.executions import ExecutionStatusEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_BROKEN = ("FAILED", "TIMED_OUT", "ABORTED")
_LONGEST = timedelta(days=8)
"""No machine that has a file or a folder may take longer; the list goes by the starts."""
_MOST_INPUT = 100_000
"""Characters: what Lambda takes as an event is limited, and only a folder's request is read."""


class StepFunctionsBrokenExecutions:
    """Lists executions by how they ended."""

    def since(self, machine: str, moment: datetime) -> Iterator[ExecutionStatusEvent]:
        """The executions of a machine that broke off since then, each as its event."""
        client = store_client("stepfunctions")
        with translated_errors():
            for status in _BROKEN:
                pages = client.get_paginator("list_executions").paginate(
                    stateMachineArn=machine, statusFilter=status
                )
                for arn in _ended(pages, moment):
                    yield _event(client.describe_execution(executionArn=arn))


class LambdaFailureTold:
    """Invokes record_failure as EventBridge does.

    Args:
        function: Its name.
    """

    def __init__(self, function: str) -> None:
        self._function = function

    def tell(self, event: ExecutionStatusEvent) -> None:
        """Hand it over; Lambda keeps it and tries again by itself."""
        body = event.model_dump_json(by_alias=True).encode()
        with translated_errors():
            store_client("lambda").invoke(
                FunctionName=self._function, InvocationType="Event", Payload=body
            )


def _ended(pages: Any, moment: datetime) -> Iterator[str]:
    """The ARNs of those that ended since then; the newest start comes first."""
    for page in pages:
        for one in page["executions"]:
            if one["startDate"] < moment - _LONGEST:
                return
            if one["stopDate"] >= moment:
                yield one["executionArn"]


def _event(described: dict[str, Any]) -> ExecutionStatusEvent:
    text = described.get("input") or ""
    detail = {
        name: described.get(name)
        for name in ("executionArn", "stateMachineArn", "name", "status", "error", "cause")
    }
    detail["redriveCount"] = described.get("redriveCount", 0)
    return ExecutionStatusEvent.model_validate(
        {
            "id": described["executionArn"].rpartition(":")[2],
            "source": "aws.states",
            "detail-type": "Step Functions Execution Status Change",
            "time": timestamp(described["stopDate"]),
            "detail": {**detail, "input": text if len(text) <= _MOST_INPUT else None},
        }
    )
