"""The history of an execution: every event, kept as a small tuple and rendered when asked for.

Texts of inputs and outputs are the very strings that the states hand on, so an event costs a
tuple and nothing more.
"""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import Any, NamedTuple

from windfall_local.workflows.failures import RUNTIME, StateFailure

MAX_EVENTS = 25_000
"""Of one execution, Step Functions' quota; an execution that needs more fails."""

_FAILURE = ("error", "cause")
_CALL = ("resourceType", "resource")
_ITERATION = ("name", "index")

_ENTERED = ("stateEnteredEventDetails", ("name", "input"))
_EXITED = ("stateExitedEventDetails", ("name", "output", "assignedVariables"))

_DETAILS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ExecutionStarted": ("executionStartedEventDetails", ("input", "roleArn")),
    "ExecutionSucceeded": ("executionSucceededEventDetails", ("output",)),
    "ExecutionFailed": ("executionFailedEventDetails", _FAILURE),
    "ExecutionAborted": ("executionAbortedEventDetails", _FAILURE),
    "ExecutionTimedOut": ("executionTimedOutEventDetails", _FAILURE),
    "ExecutionRedriven": ("executionRedrivenEventDetails", ("redriveCount",)),
    "EvaluationFailed": ("evaluationFailedEventDetails", (*_FAILURE, "location", "state")),
    "TaskScheduled": (
        "taskScheduledEventDetails",
        (*_CALL, "region", "parameters", "timeoutInSeconds", "heartbeatInSeconds"),
    ),
    "TaskStarted": ("taskStartedEventDetails", _CALL),
    "TaskSubmitted": ("taskSubmittedEventDetails", (*_CALL, "output")),
    "TaskSubmitFailed": ("taskSubmitFailedEventDetails", (*_CALL, *_FAILURE)),
    "TaskSucceeded": ("taskSucceededEventDetails", (*_CALL, "output")),
    "TaskFailed": ("taskFailedEventDetails", (*_CALL, *_FAILURE)),
    "TaskTimedOut": ("taskTimedOutEventDetails", (*_CALL, *_FAILURE)),
    "LambdaFunctionScheduled": (
        "lambdaFunctionScheduledEventDetails",
        ("resource", "input", "timeoutInSeconds"),
    ),
    "LambdaFunctionSucceeded": ("lambdaFunctionSucceededEventDetails", ("output",)),
    "LambdaFunctionFailed": ("lambdaFunctionFailedEventDetails", _FAILURE),
    "LambdaFunctionTimedOut": ("lambdaFunctionTimedOutEventDetails", _FAILURE),
    "MapStateStarted": ("mapStateStartedEventDetails", ("length",)),
    "MapIterationStarted": ("mapIterationStartedEventDetails", _ITERATION),
    "MapIterationSucceeded": ("mapIterationSucceededEventDetails", _ITERATION),
    "MapIterationFailed": ("mapIterationFailedEventDetails", _ITERATION),
    "MapIterationAborted": ("mapIterationAbortedEventDetails", _ITERATION),
    "MapRunStarted": ("mapRunStartedEventDetails", ("mapRunArn",)),
    "MapRunRedriven": ("mapRunRedrivenEventDetails", ("mapRunArn", "redriveCount")),
    "MapRunFailed": ("mapRunFailedEventDetails", _FAILURE),
}

_DATA = {
    "input": "inputDetails",
    "output": "outputDetails",
    "assignedVariables": "assignedVariablesDetails",
}


class Event(NamedTuple):
    """One event; its id is its place in the history, from 1."""

    at: float
    kind: str
    previous: int
    details: tuple[Any, ...] = ()


def _details_of(kind: str) -> tuple[str, tuple[str, ...]] | None:
    if kind.endswith("StateEntered"):
        return _ENTERED
    if kind.endswith("StateExited"):
        return _EXITED
    return _DETAILS.get(kind)


class History:
    """The events of one execution, in order."""

    __slots__ = ("events",)

    def __init__(self, events: list[Event] | None = None) -> None:
        self.events: list[Event] = [] if events is None else events

    def add(self, at: float, kind: str, previous: int, *details: Any, last: bool = False) -> int:
        """Note an event.

        Args:
            at: When, in seconds of the epoch; never before the event that was noted before it.
            kind: One of Step Functions' types of event.
            previous: The event that led to it; 0 for none.
            details: Its members, in the order of its type.
            last: It ends the execution, for which there is always room.

        Returns:
            Its id.

        Raises:
            StateFailure: The history is full.
        """
        events = self.events
        if len(events) >= MAX_EVENTS - 1 and not last:
            raise StateFailure(
                RUNTIME,
                f"The execution reached the maximum number of history events ({MAX_EVENTS}).",
            )
        if events and at < events[-1].at:
            at = events[-1].at
        events.append(Event(at, kind, previous, details))
        return len(events)

    @property
    def transitions(self) -> int:
        """How many states were entered: what Step Functions bills."""
        return sum(1 for event in self.events if event.kind.endswith("StateEntered"))

    def render(self, event_id: int, *, data: bool = True) -> dict[str, Any]:
        """An event as `GetExecutionHistory` returns it.

        Args:
            event_id: Its id.
            data: Whether inputs and outputs are in it.
        """
        event = self.events[event_id - 1]
        rendered: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(event.at, UTC),
            "type": event.kind,
            "id": event_id,
            "previousEventId": event.previous,
        }
        shape = _details_of(event.kind)
        if shape is not None:
            name, members = shape
            rendered[name] = _members(members, event.details, data)
        return rendered

    def pack(self) -> bytes:
        """The whole history, small."""
        return pack_events(self.events)

    @classmethod
    def unpack(cls, packed: bytes) -> History:
        """A history that `pack` made small."""
        return cls(
            [
                Event(at, kind, previous, tuple(details))
                for at, kind, previous, details in json.loads(zlib.decompress(packed))
            ]
        )


def pack_events(events: list[Event]) -> bytes:
    """Events as compressed JSON."""
    return zlib.compress(json.dumps(events, separators=(",", ":")).encode(), 1)


def _members(names: tuple[str, ...], values: tuple[Any, ...], data: bool) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in zip(names, values, strict=False):
        if value is None:
            continue
        if name in _DATA:
            members[_DATA[name]] = {"truncated": False}
            if not data:
                continue
        members[name] = value if data or name != "parameters" else ""
    return members
