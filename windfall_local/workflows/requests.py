"""Reading the API's requests: names, ARNs, what they name, pages; each mistake as AWS says it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

from windfall_local.api import ServiceError, UnsupportedOperationError
from windfall_local.workflows.engine import Engine
from windfall_local.workflows.executions import Execution, StateMachine
from windfall_local.workflows.map_runs import MapRun

_NAME = re.compile(
    r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]{1,80}"
)
_MAX_PAGE = 1000
_PAGE = 100

Item = TypeVar("Item")


def check_name(name: str) -> str:
    """A machine's or execution's name.

    Raises:
        ServiceError: `InvalidName`.
    """
    if not _NAME.fullmatch(name):
        raise ServiceError("InvalidName", f"Invalid Name: '{name}'")
    return name


def check_arn(arn: str, kind: str) -> str:
    """An ARN of `stateMachine` or `execution`.

    Raises:
        ServiceError: `InvalidArn`.
    """
    parts = arn.split(":")
    if len(parts) < 7 or parts[0] != "arn" or parts[2] != "states":
        raise ServiceError("InvalidArn", f"Invalid Arn: '{arn}'")
    if parts[5] != kind:
        raise ServiceError(
            "InvalidArn",
            f"Invalid Arn: 'Resource type not valid in this context: {parts[5]}'",
        )
    return arn


def find_machine(engine: Engine, arn: str) -> StateMachine:
    """The machine of an ARN.

    Raises:
        ServiceError: `InvalidArn` or `StateMachineDoesNotExist`.
    """
    machine = engine.machines.get(check_arn(arn, "stateMachine"))
    if machine is None:
        raise ServiceError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return machine


def find_execution(engine: Engine, arn: str) -> Execution:
    """The execution of an ARN.

    Raises:
        ServiceError: `InvalidArn` or `ExecutionDoesNotExist`.
    """
    execution = engine.executions.get(check_arn(arn, "execution"))
    if execution is None:
        raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return execution


def find_map_run(engine: Engine, arn: str) -> MapRun:
    """The distributed Map's run of an ARN.

    Raises:
        ServiceError: `InvalidArn` or `ResourceNotFound`.
    """
    run = engine.map_runs.get(check_arn(arn, "mapRun"))
    if run is None:
        raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'")
    return run


def refuse(parameters: dict[str, Any], *names: str) -> None:
    """Say of parameters that they are not honoured here, should they be set.

    Raises:
        UnsupportedOperationError: One is.
    """
    for name in names:
        if parameters.get(name):
            raise UnsupportedOperationError(
                f"The local Step Functions does not do '{name}'; it works on AWS only."
            )


def page(
    items: Iterable[Item], parameters: dict[str, Any], scope: str
) -> tuple[list[Item], str | None]:
    """One page of a listing, and the token of the next.

    Args:
        items: All of them, in the listing's order.
        parameters: The request, with `maxResults` and `nextToken`.
        scope: What is listed; a token of another listing is refused.

    Raises:
        ServiceError: `InvalidToken`.
    """
    start = _read_token(parameters.get("nextToken"), scope)
    limit = min(parameters.get("maxResults") or _PAGE, _MAX_PAGE)
    found = list(islice(items, start, start + limit + 1))
    if len(found) <= limit:
        return found, None
    token = base64.urlsafe_b64encode(f"{start + limit}\n{scope}".encode()).decode()
    return found[:limit], token


def with_token(answer: dict[str, Any], token: str | None) -> dict[str, Any]:
    """A page's answer, with the token of the next if there is one."""
    return answer if token is None else {**answer, "nextToken": token}


def _read_token(token: str | None, scope: str) -> int:
    if token is None:
        return 0
    try:
        start, _, of = base64.b64decode(token, b"-_", validate=True).decode().partition("\n")
        if of == scope and start.isdecimal():
            return int(start)
    except (binascii.Error, UnicodeDecodeError):
        pass
    raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")
