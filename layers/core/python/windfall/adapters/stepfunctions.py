"""AWS Step Functions: executions started by name."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import store_client
from windfall.contracts.analysis import Kind


class StepFunctionsWorkflows:
    """Starts machines.

    Args:
        machines: The machine's ARN for each kind of file.
    """

    def __init__(self, machines: Mapping[Kind, str]) -> None:
        self._machines = machines

    def start(self, kind: Kind, name: str, document: str) -> bool:
        """Start an execution; a name that was used before is no error."""
        with translated_errors():
            try:
                store_client("stepfunctions").start_execution(
                    stateMachineArn=self._machines[kind], name=name, input=document
                )
            except ClientError as error:
                # While it runs, the same name with the same input is answered as a success.
                if error.response["Error"]["Code"] == "ExecutionAlreadyExists":
                    return False
                raise
        return True
