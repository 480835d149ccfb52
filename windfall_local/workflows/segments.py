"""The segment by which Step Functions tells X-Ray of an execution, made from its history.

A subsegment for each state, in it one for each thing that a Task called. What is called must know
where in the trace it is before the history is whole: the id of a call follows from the id of the
event that says that it started, which is the same whenever the segment is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from windfall_local.workflows.history import Event

Node = dict[str, Any]

MOST_BYTES = 60_000
"""Of a document; X-Ray takes 64 KiB. A longer execution is told state by state."""
_STARTED = ("TaskStarted", "LambdaFunctionStarted")
_CALL_ENDS = {
    "TaskSucceeded": None,
    "LambdaFunctionSucceeded": None,
    "TaskFailed": 2,
    "TaskSubmitFailed": 2,
    "TaskTimedOut": 2,
    "LambdaFunctionFailed": 0,
    "LambdaFunctionTimedOut": 0,
}
"""How a call ends, and where among the event's details its error stands."""
_NAMES = {"states": "StepFunctions", "lambda": "Lambda"}


def call_id(execution_arn: str, started: int) -> str:
    """The id of the subsegment of a call, by the id of the event that says that it started."""
    return _digest(f"{execution_arn}#{started}")


def segment_id(execution_arn: str) -> str:
    """The id of an execution's segment."""
    return _digest(execution_arn)


def in_progress(trace_id: str, parent: str | None, arn: str, machine: str, started: float) -> str:
    """The segment of an execution that has begun."""
    return json.dumps({**_segment(trace_id, parent, arn, machine, started), "in_progress": True})


def segments_of(
    trace_id: str, parent: str | None, arn: str, machine: str, events: Sequence[Event]
) -> list[str]:
    """The segment of an execution that has ended; in several documents where it is large."""
    states = _States(arn, events)
    segment = _segment(trace_id, parent, arn, machine, events[0].at)
    segment["end_time"] = round(events[-1].at, 4)
    if events[-1].kind != "ExecutionSucceeded":
        segment |= {"fault": True, **_cause(arn, str((events[-1].details or ("",))[0] or ""))}
    whole = json.dumps({**segment, "subsegments": states.top})
    if len(whole) < MOST_BYTES:
        return [whole]
    place = {"trace_id": trace_id, "parent_id": segment["id"], "type": "subsegment"}
    return [json.dumps(segment), *(json.dumps({**state, **place}) for state in states.top)]


class _States:
    """The states of a history, each within the Parallel or Map that it belongs to."""

    def __init__(self, arn: str, events: Sequence[Event]) -> None:
        self.top: list[Node] = []
        self._arn = arn
        self._inner: list[list[Node]] = [[]]  # by event: the open states, the innermost last
        for number, event in enumerate(events, 1):
            self._inner.append(self._after(number, event))
        for states in self._inner:
            for state in states:
                _close(state, events[-1].at, "States.Aborted")

    def _after(self, number: int, event: Event) -> list[Node]:
        open_states, kind = self._inner[event.previous], event.kind
        if kind.endswith("StateEntered"):
            state = {
                "id": _digest(f"{self._arn}@{number}"),
                "name": event.details[0][:200],
                "start_time": round(event.at, 4),
            }
            _add(open_states, self.top, state)
            return [*open_states, state]
        if kind.endswith("StateExited"):
            return self._left(open_states, event)
        if kind.startswith(("Parallel", "MapState")) and kind.endswith("Failed"):
            return open_states
        if kind in _STARTED and open_states:
            resource = event.details[0] if event.details else "lambda"
            call = {
                "id": call_id(self._arn, number),
                "name": _NAMES.get(resource, resource),
                "namespace": "aws",
                "start_time": round(event.at, 4),
            }
            _add(open_states, self.top, call)
        if kind in _CALL_ENDS and open_states:
            place = _CALL_ENDS[kind]
            error = None if place is None else str(event.details[place])
            for call in open_states[-1].get("subsegments", ())[-1:]:
                _close(call, event.at, error)
        return open_states

    def _left(self, open_states: list[Node], event: Event) -> list[Node]:
        name = event.details[0][:200]
        for place in range(len(open_states) - 1, -1, -1):
            state = open_states[place]
            if state["name"] == name and "end_time" not in state:
                _close(state, event.at, None)
                return open_states[:place]
        return open_states


def _add(open_states: list[Node], top: list[Node], node: Node) -> None:
    if open_states:
        open_states[-1].setdefault("subsegments", []).append(node)
    else:
        top.append(node)


def _close(node: Node, at: float, error: str | None) -> None:
    if "end_time" in node:
        return
    node["end_time"] = round(at, 4)
    if error is not None:
        node |= {"fault": True, **_cause(node["id"], error)}


def _segment(
    trace_id: str, parent: str | None, arn: str, machine: str, started: float
) -> dict[str, Any]:
    return {
        "id": segment_id(arn),
        "trace_id": trace_id,
        **({"parent_id": parent} if parent else {}),
        "name": machine[:200],
        "origin": "AWS::StepFunctions::StateMachine",
        "start_time": round(started, 4),
        "aws": {"execution_arn": arn},
    }


def _cause(seed: str, error: str) -> dict[str, Any]:
    return {"cause": {"exceptions": [{"id": _digest(f"{seed}!"), "type": error[:200]}]}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
