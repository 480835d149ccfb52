"""A state machine, parsed: typed states whose fields are compiled templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from windfall_local.workflows.queries import Template
from windfall_local.workflows.resources import Resource

Assignments = dict[str, Template]


@dataclass(frozen=True, slots=True)
class Retrier:
    """One entry of `Retry`.

    Attributes:
        errors: The names that it takes.
        interval: Seconds before the first retry.
        attempts: Retries at most; 0 for never.
        backoff: What the interval is multiplied by each time.
        longest: Seconds that the interval grows to at most.
        jitter: `FULL` waits a random part of the interval.
    """

    errors: tuple[str, ...]
    interval: float = 1
    attempts: int = 3
    backoff: float = 2.0
    longest: float | None = None
    jitter: Literal["NONE", "FULL"] = "NONE"


@dataclass(frozen=True, slots=True)
class Catcher:
    """One entry of `Catch`."""

    errors: tuple[str, ...]
    next: str
    output: Template | None = None
    assign: Assignments | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What every state has.

    Attributes:
        name: Unique in the machine.
        next: The state after it; None where it ends its machine, branch or iteration.
        output: Makes the output; without one it is the input, or the result.
        assign: Variables that it sets.
    """

    name: str
    next: str | None = None
    output: Template | None = None
    assign: Assignments | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassState(State):
    """Hands on its input, or what its `Output` makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SucceedState(State):
    """Ends its machine, branch or iteration well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailState(State):
    """Ends the execution, or its branch, with an error."""

    error: Template | None = None
    cause: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitState(State):
    """Waits for some seconds, or until a time; exactly one is set."""

    seconds: Template | None = None
    timestamp: Template | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One rule of a Choice state."""

    condition: Template
    next: str
    output: Template | None = None
    assign: Assignments | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceState(State):
    """Goes where its first true rule leads; `next` is its default."""

    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkState(State):
    """A state that does work, which can fail and be tried again."""

    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState(WorkState):
    """Calls a service."""

    resource: Resource
    arguments: Template | None = None
    timeout: Template | None = None
    heartbeat: Template | None = None
    role: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelState(WorkState):
    """Runs branches side by side."""

    branches: tuple[Block, ...]
    arguments: Template | None = None


@dataclass(frozen=True, slots=True)
class ItemReader:
    """Where a distributed Map's items come from.

    Attributes:
        resource: S3's GetObject or ListObjectsV2.
        arguments: Its arguments.
        input_type: Of an object: `CSV`, `JSON`, `JSONL` or `MANIFEST`; empty for a listing.
        delimiter: Of CSV, by Step Functions' name.
        headers: Of CSV, where the definition gives them; None takes the first row.
        most: `MaxItems`.
    """

    resource: Resource
    arguments: Template
    input_type: str = ""
    delimiter: str = "COMMA"
    headers: tuple[str, ...] | None = None
    most: Template | None = None


@dataclass(frozen=True, slots=True)
class ItemBatcher:
    """How many items share a child execution, and what they all get."""

    input: Template | None = None
    most_items: Template | None = None
    most_bytes: Template | None = None


@dataclass(frozen=True, slots=True)
class ResultWriter:
    """Where results go, and in which form; without arguments they are the state's output."""

    arguments: Template | None = None
    transformation: str = "NONE"
    output_type: str = "JSON"


@dataclass(frozen=True, slots=True)
class Distribution:
    """What makes a Map distributed.

    Attributes:
        label: Names its child executions' machine.
        definition: That machine, as a definition of its own.
        machine: The same, parsed.
        is_express: Its child executions are Express ones, which a redrive starts anew.
    """

    label: str
    definition: str = field(repr=False)
    machine: Machine
    is_express: bool = False
    reader: ItemReader | None = None
    batcher: ItemBatcher | None = None
    writer: ResultWriter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapState(WorkState):
    """Runs one block for each item: inline, or distributed over child executions."""

    processor: Block
    distribution: Distribution | None = None
    items: Template | None = None
    selector: Template | None = None
    concurrency: Template | None = None
    tolerated_count: Template | None = None
    tolerated_percentage: Template | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """States that belong together: a machine's, a branch's, an iteration's."""

    start_at: str
    states: dict[str, State] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Machine:
    """A whole definition."""

    block: Block
    timeout: int | None = None
