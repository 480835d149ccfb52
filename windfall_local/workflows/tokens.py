"""Task tokens: who waits for which, and what came of it."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from windfall_local.workflows.documents import Document
from windfall_local.workflows.failures import TIMEOUT, StateFailure

_MARK = "windfall-task"


class InvalidTokenError(Exception):
    """A text that was never a task token."""


def make_token(execution_arn: str, key: str) -> str:
    """The token of a task: the same one whenever its execution comes to it again."""
    return base64.urlsafe_b64encode(f"{_MARK}\n{execution_arn}\n{key}".encode()).decode()


def read_token(token: str) -> tuple[str, str]:
    """The execution and the key of a token.

    Raises:
        InvalidTokenError: It is none.
    """
    try:
        mark, arn, key = base64.b64decode(token, b"-_", validate=True).decode().split("\n")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise InvalidTokenError(token) from error
    if mark != _MARK:
        raise InvalidTokenError(token)
    return arn, key


@dataclass(slots=True)
class _Waiting:
    result: asyncio.Future[Document]
    beat: float


class TaskTokens:
    """The tasks that wait for their token to come back.

    Args:
        now: The time, in seconds of the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._waiting: dict[str, _Waiting] = {}

    def __contains__(self, token: str) -> bool:
        return token in self._waiting

    def open(self, token: str) -> None:
        """Expect a token; before it is given away, so that no answer comes too early."""
        future: asyncio.Future[Document] = asyncio.get_running_loop().create_future()
        self._waiting[token] = _Waiting(future, self._now())

    def close(self, token: str) -> None:
        """Expect it no longer."""
        waiting = self._waiting.pop(token, None)
        if waiting is None:
            return
        if not waiting.result.cancel() and not waiting.result.cancelled():
            waiting.result.exception()  # it came too late for anybody; asyncio need not complain

    async def wait(self, token: str, heartbeat: float | None) -> Document:
        """The task's result.

        Args:
            token: An open token.
            heartbeat: Seconds after which silence is taken for death.

        Raises:
            StateFailure: The task failed, or its heartbeat stopped.
        """
        waiting = self._waiting[token]
        if heartbeat is None:
            return await waiting.result
        waiting.beat = self._now()
        while True:
            left = waiting.beat + heartbeat - self._now()
            if left <= 0:
                # AWS reports it as a time-out; `ErrorEquals` may use either name.
                raise StateFailure(TIMEOUT, alias="States.HeartbeatTimeout")
            done, _ = await asyncio.wait([waiting.result], timeout=left)
            if done:
                return waiting.result.result()

    def beat(self, token: str) -> bool:
        """Take a heartbeat; whether anybody waits for the token."""
        waiting = self._waiting.get(token)
        if waiting is None or waiting.result.done():
            return False
        waiting.beat = self._now()
        return True

    def resolve(self, token: str, outcome: Document | StateFailure) -> bool:
        """Hand over a task's outcome; whether anybody waits for the token."""
        waiting = self._waiting.get(token)
        if waiting is None or waiting.result.done():
            return False
        if isinstance(outcome, Document):
            waiting.result.set_result(outcome)
        else:
            waiting.result.set_exception(outcome)
        return True


def outcome_record(outcome: Document | StateFailure) -> dict[str, Any]:
    """An outcome as the ledger keeps it."""
    if isinstance(outcome, Document):
        return {"output": outcome.text}
    return {"error": outcome.error, "cause": outcome.cause, "alias": outcome.alias}


def recorded_outcome(record: dict[str, Any]) -> Document:
    """The outcome that a record tells of.

    Raises:
        StateFailure: It was a failure.
    """
    if "output" in record:
        return Document.parse(record["output"])
    raise StateFailure(record["error"], record["cause"], alias=record["alias"])
