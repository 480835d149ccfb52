"""The operations by which work outside tells of its end, or that it goes on."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, ServiceError
from windfall_local.workflows.documents import Document, is_within
from windfall_local.workflows.engine import Engine
from windfall_local.workflows.executions import Execution
from windfall_local.workflows.failures import StateFailure
from windfall_local.workflows.redrives import is_past
from windfall_local.workflows.tokens import InvalidTokenError, outcome_record, read_token

_TOO_LATE = "Task Timed Out: 'Provided task does not exist anymore'"


class TokenOperations:
    """SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat."""

    _engine: Engine

    async def send_task_success(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End a waiting task well."""
        if not is_within(parameters["output"]):
            raise ServiceError("InvalidOutput", "Invalid Output: 'Output exceeds 262144 bytes'")
        try:
            document = Document.parse(parameters["output"])
        except ValueError as error:
            raise ServiceError("InvalidOutput", f"Invalid Output: '{error}'") from error
        await _resolve(self._engine, parameters["taskToken"], document)
        return {}

    async def send_task_failure(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """End a waiting task as failed."""
        failure = StateFailure(parameters.get("error") or "", parameters.get("cause"))
        await _resolve(self._engine, parameters["taskToken"], failure)
        return {}

    async def send_task_heartbeat(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Keep a waiting task alive."""
        _beat(self._engine, parameters["taskToken"])
        return {}


async def _resolve(engine: Engine, token: str, outcome: Document | StateFailure) -> None:
    """Hand a waiting task its outcome; when this returns, the outcome will survive.

    Raises:
        ServiceError: Nobody waits for the token, or not any more.
    """
    execution, key = _task(engine, token)
    if engine.tokens.resolve(token, outcome):
        execution.ledger.put(key, engine.now(), outcome_record(outcome))
    else:
        _expect_late(execution, key)
        execution.ledger.put_early(key, engine.now(), outcome_record(outcome))
    await engine.flush()


def _beat(engine: Engine, token: str) -> None:
    """Take a waiting task's heartbeat.

    Raises:
        ServiceError: Nobody waits for the token, or not any more.
    """
    execution, key = _task(engine, token)
    if not engine.tokens.beat(token):
        _expect_late(execution, key)


def _task(engine: Engine, token: str) -> tuple[Execution, str]:
    try:
        arn, key = read_token(token)
    except InvalidTokenError as error:
        raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'") from error
    execution = engine.executions.get(arn)
    if execution is None:
        raise ServiceError("TaskDoesNotExist", "Task Does Not Exist: 'Task does not exist'")
    if not execution.running:
        raise ServiceError("TaskTimedOut", _TOO_LATE)
    return execution, key


def _expect_late(execution: Execution, key: str) -> None:
    # After a restart the execution may not have come to the task again yet.
    ledger = execution.ledger
    if is_past(key, execution.redrives):
        raise ServiceError("TaskTimedOut", _TOO_LATE)
    if ledger.get(key) is not None or ledger.get(f"{key}:submitted") is None:
        raise ServiceError("TaskTimedOut", _TOO_LATE)
