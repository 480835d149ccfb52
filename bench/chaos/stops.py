"""Where and when an execution can be ended: at each Task of its machine's definition, by time."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from windfall_cli.stack import Stack

SECONDS = 4
"""Less than a training takes, and than a batch transform."""


def steps_of(stack: Stack, machines: Collection[str]) -> set[str]:
    """What the Tasks of some machines call: functions by their states' names, else operations.

    Args:
        stack: Where.
        machines: Such as `ScoreTable`.
    """
    states, found = stack.client("stepfunctions"), set()
    for machine in machines:
        arn = stack.output(f"{machine}MachineArn")
        definition = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
        found |= set(_tasks(definition))
    states.close()
    return found


@contextmanager
def hurried(stack: Stack, machines: Collection[str]) -> Iterator[None]:
    """Let executions of some machines that begin meanwhile time out after `SECONDS`."""
    states = stack.client("stepfunctions")
    before: dict[str, str] = {}
    for machine in machines:
        arn = stack.output(f"{machine}MachineArn")
        before[arn] = states.describe_state_machine(stateMachineArn=arn)["definition"]
        definition = {**json.loads(before[arn]), "TimeoutSeconds": SECONDS}
        states.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
    try:
        yield
    finally:
        for arn, kept in before.items():
            states.update_state_machine(stateMachineArn=arn, definition=kept)
        states.close()


def function_of(name: str) -> str:
    """`ScoreRows` of `windfall-ScoreRowsFunction-1a2b3c`."""
    return name.split("-")[1].removesuffix("Function")


def _tasks(block: Mapping[str, Any]) -> Iterator[str]:
    """What each Task below a definition calls."""
    for state in block["States"].values():
        if state["Type"] == "Task":
            yield _called(state)
        for inner in [*state.get("Branches", ()), state.get("ItemProcessor", {"States": {}})]:
            yield from _tasks(inner)


def _called(state: Mapping[str, Any]) -> str:
    operation = state["Resource"].rpartition(":::")[2].split(":")[1].partition(".")[0]
    if operation == "invoke":
        return function_of(state["Arguments"]["FunctionName"].rpartition(":")[2])
    return str(operation[0].upper() + operation[1:])
