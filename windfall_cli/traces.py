"""A file's trace, out of X-Ray's documents: what happened when, and which calls were paid for."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Document = dict[str, Any]

_MACHINE = "AWS::StepFunctions::StateMachine"
_SERVICE, _FUNCTION = "AWS::Lambda", "AWS::Lambda::Function"
_NAMES = {
    "api.sagemaker": "sagemaker",
    "runtime.sagemaker": "sagemaker-runtime",
    "states": "stepfunctions",
}
"""How a price list and boto3 name what X-Ray's documents call by its endpoint."""
_OWN_NAME = re.compile(r"(\w+?)(?:Function|Machine)-\w+$")


class StepKind(StrEnum):
    """What a part of a trace is."""

    ADMISSION = "admission"
    WAIT = "wait"
    EXECUTION = "execution"
    STATE = "state"
    FUNCTION = "function"
    CALL = "call"


@dataclass(slots=True)
class Payment:
    """What a call was paid for.

    Attributes:
        feature: Of which outcome.
        units: As the service bills them; of several calls alike, each one's share.
        cost: US dollars by list price, likewise; None where no price is known.
        shared: Whether this is a share.
    """

    feature: str
    units: float
    cost: float | None
    shared: bool


@dataclass(slots=True)
class Step:
    """A part of a trace.

    Attributes:
        name: The state's, the function's, or `service.Operation`.
        start: Seconds of the epoch.
        end: The same; None while it runs, or where its end is missing.
        error: The error's code or type, where it failed.
        retries: How often botocore made a call again.
        annotations: What the function said of itself.
        left_out: Calls that were made and not told singly, by `service.Operation`.
    """

    kind: StepKind
    name: str
    start: float
    end: float | None
    id: str
    error: str | None = None
    retries: int = 0
    annotations: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    payment: Payment | None = None

    def walk(self) -> Iterator[Step]:
        """This one and all that it is made of."""
        yield self
        for step in self.steps:
            yield from step.walk()


@dataclass(slots=True)
class FileTrace:
    """The trace of a file.

    Attributes:
        ids: Of the trace; with it, of the one in which its analysis ran, if that is another's.
        steps: In the order in which they began.
        is_full: X-Ray took no more in.
        missing: Paid calls of the manifest that are not in it, by feature.
    """

    ids: list[str]
    steps: list[Step]
    is_full: bool = False
    missing: list[tuple[str, str]] = field(default_factory=list)

    @property
    def start(self) -> float:
        """When the file was dropped, in seconds of the epoch."""
        return min(step.start for step in self.steps)

    @property
    def end(self) -> float:
        """The last end that is known."""
        return max(step.end or step.start for step in self.walk())

    def walk(self) -> Iterator[Step]:
        """All of it."""
        for step in self.steps:
            yield from step.walk()


def trace_of(traces: Iterable[Document]) -> FileTrace:
    """What `BatchGetTraces` answered, as one."""
    found = list(traces)
    documents = [json.loads(one["Document"]) for trace in found for one in trace["Segments"]]
    return FileTrace(
        [trace["Id"] for trace in found],
        _steps([one for one in documents if not one.get("inferred")]),
        any(trace.get("LimitExceeded") for trace in found),
    )


def _steps(documents: Sequence[Document]) -> list[Step]:
    """The documents as a tree; what says to be part of something unknown stands by itself."""
    places: dict[str, Document] = {}
    for document in documents:
        places |= {part["id"]: part for part in _parts(document)}
    top = []
    for document in documents:
        parent = places.get(document.get("parent_id", ""))
        if parent is None:
            top.append(document)
        else:
            parent.setdefault("subsegments", []).append(document)
    return _ordered([step for document in top for step in _steps_of(document)])


def _parts(document: Document) -> Iterator[Document]:
    yield document
    for part in document.get("subsegments", ()):
        yield from _parts(part)


def _steps_of(document: Document) -> list[Step]:
    """The step that a document is, or in its stead what it is made of."""
    below = [step for part in document.get("subsegments", ()) for step in _steps_of(part)]
    kind, origin = _kind(document), document.get("origin")
    if origin == _FUNCTION or (document["name"] == "lambda_handler" and kind is StepKind.STATE):
        # Lambda tells of one invocation twice, and the function once more: one step here.
        return [_unwrapped(document, below)]
    if origin == _SERVICE and below:
        return below
    if kind is StepKind.CALL and any(
        step.kind in (StepKind.FUNCTION, StepKind.EXECUTION) for step in below
    ):
        if document["name"].lower() != "lambda":
            return [_step(document, kind, below)]
        return below
    return [_step(document, kind, below)]


def _unwrapped(document: Document, below: list[Step]) -> Step:
    inner = [step for step in below if step.name == "lambda_handler"]
    others = [step for step in below if step.name not in ("lambda_handler", "Initialization")]
    step = _step(document, StepKind.FUNCTION, [*others, *(s for i in inner for s in i.steps)])
    for one in inner:
        step.annotations |= one.annotations
        step.left_out |= one.left_out
        step.error = one.error or step.error
    return step


def _kind(document: Document) -> StepKind:
    if document.get("namespace") == "aws":
        return StepKind.CALL
    if document.get("origin") == _MACHINE:
        return StepKind.EXECUTION
    if document.get("origin") in (_SERVICE, _FUNCTION):
        return StepKind.FUNCTION
    if document["name"] == "admission":
        return StepKind.ADMISSION
    return StepKind.WAIT if document["name"] == "queue" else StepKind.STATE


def _step(document: Document, kind: StepKind, below: list[Step]) -> Step:
    about = document.get("aws", {})
    exceptions = document.get("cause", {})
    known = exceptions.get("exceptions", []) if isinstance(exceptions, dict) else []
    failed = document.get("fault") or document.get("error") or document.get("throttle")
    told = document.get("metadata", {}).get("windfall", {}).get("left_out", {})
    return Step(
        kind,
        _name(document, kind),
        float(document["start_time"]),
        None if document.get("end_time") is None else float(document["end_time"]),
        document["id"],
        error=(known[0].get("type") if known else "failed") if failed else None,
        retries=int(about.get("retries") or 0),
        annotations=dict(document.get("annotations", {})),
        left_out={_called(*name.rsplit(".", 1)): count for name, count in told.items()},
        steps=_ordered(below),
    )


def _name(document: Document, kind: StepKind) -> str:
    name: str = document["name"]
    if kind is StepKind.CALL:
        return _called(name.lower(), document.get("aws", {}).get("operation", ""))
    if kind in (StepKind.EXECUTION, StepKind.FUNCTION):
        own = _OWN_NAME.search(name)
        return own[1] if own else name
    return name


def _called(service: str, operation: str) -> str:
    return f"{_NAMES.get(service, service)}.{operation}".rstrip(".")


def _ordered(steps: list[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: step.start)


def folded(steps: Sequence[Step]) -> tuple[list[Step], Counter[str]]:
    """Steps to be shown singly, and how many calls of each service beside them tell little.

    What was paid for, went wrong or is made of something is shown.
    """
    shown, others = [], Counter[str]()
    for step in steps:
        if step.kind is StepKind.CALL and not (step.payment or step.error or step.steps):
            others[step.name.split(".", 1)[0]] += 1
        else:
            shown.append(step)
    return shown, others
