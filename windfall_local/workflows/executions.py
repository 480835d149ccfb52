"""What is known of executions: the running ones, and the newest of those that ended."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from windfall_local.workflows.definition import Machine
from windfall_local.workflows.documents import Document
from windfall_local.workflows.history import History
from windfall_local.workflows.journal import Journal, Record
from windfall_local.workflows.redrives import Redrive, Unfinished

MAX_ENDED = 10_000
_UNPACKED = 64
"""Of the newest ended executions the history stays as it is; of older ones it is packed."""


@dataclass(slots=True)
class StateMachine:
    """A state machine as it is now; an execution keeps the one that it began with."""

    arn: str
    name: str
    definition: str
    role_arn: str
    created: float
    machine: Machine
    updated: float
    revision: str
    settings: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """What the journal keeps of it."""
        return {
            "arn": self.arn,
            "name": self.name,
            "definition": self.definition,
            "role_arn": self.role_arn,
            "created": self.created,
            "updated": self.updated,
            "revision": self.revision,
            "settings": self.settings,
            "tags": self.tags,
        }


class Ledger:
    """What one execution did, for the next start of the process.

    Args:
        arn: The execution's ARN.
        records: What it did before this start.
        journal: Where it is kept; None for nowhere.
    """

    __slots__ = ("_arn", "_done", "_journal", "_records")

    def __init__(
        self, arn: str, records: dict[str, Record] | None = None, journal: Journal | None = None
    ) -> None:
        self._arn = arn
        self._records = records or {}
        self._done: dict[str, Record] = {}
        self._journal = journal

    def __bool__(self) -> bool:
        return bool(self._records)

    def get(self, key: str) -> Record | None:
        """What was recorded under a key."""
        return self._records.get(key)

    def put(self, key: str, at: float, value: Any) -> None:
        """Record something; a value is JSON."""
        if self._journal is not None:
            self._journal.record(self._arn, key, at, value)
        else:
            self._done[key] = Record(at, value)

    def whole(self) -> Ledger:
        """The ledger for a redrive: with all that has been recorded so far."""
        if self._journal is None:
            return Ledger(self._arn, {**self._records, **self._done})
        return Ledger(self._arn, self._journal.records(self._arn), self._journal)

    def put_early(self, key: str, at: float, value: Any) -> None:
        """Record something that the execution itself will look for."""
        self._records[key] = Record(at, value)
        self.put(key, at, value)


@dataclass(slots=True, eq=False)
class Execution:
    """One execution.

    Attributes:
        arn: Its ARN.
        name: Unique for its machine.
        state_machine: As it was when the execution started.
        input: What it started with.
        started: Seconds of the epoch.
        history: Its events; None once they are packed.
        map_run: The ARN of the distributed Map's run that started it.
        trace: The place in a trace that it takes, as a header; empty where it has none.
        status: As the API names it.
        redrives: Those so far.
        unfinished: Where it stood when it ended, for the next redrive; None while it runs, and
            where nothing is left to go on from.
        event_count: Events of its history, once it has ended.
    """

    arn: str
    name: str
    state_machine: StateMachine
    input: Document
    started: float
    ledger: Ledger
    history: History | None = field(default_factory=History)
    packed: bytes | None = None
    map_run: str | None = None
    trace: str = ""
    status: str = "RUNNING"
    stopped: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    redrives: list[Redrive] = field(default_factory=list)
    unfinished: dict[str, Unfinished] | None = None
    event_count: int = 0
    task: asyncio.Task[None] | None = None
    watchers: list[asyncio.Future[Execution]] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status == "RUNNING"

    @property
    def driven_since(self) -> float:
        """When it started, or was redriven last: what its time-out counts from."""
        return self.redrives[-1].at if self.redrives else self.started

    def go_on(self, redrive: Redrive, history: History, ledger: Ledger) -> None:
        """Run again, from where it stood."""
        self.redrives.append(redrive)
        self.history, self.packed, self.ledger = history, None, ledger
        self.status, self.unfinished = "RUNNING", None
        self.stopped = self.error = self.cause = None

    def outcome(self) -> dict[str, Any]:
        """How it ended, for the journal."""
        return {
            "status": self.status,
            "stopped": self.stopped,
            "output": self.output,
            "error": self.error,
            "cause": self.cause,
            "unfinished": self.unfinished,
            "event_count": self.event_count,
        }

    def document(self) -> dict[str, Any]:
        """What the journal keeps of it from its start on."""
        return {
            "arn": self.arn,
            "name": self.name,
            "input": self.input.text,
            "started": self.started,
            "map_run": self.map_run,
            "trace": self.trace,
            "redrives": self.redrives,
        }


class Executions:
    """Every execution that is running, and the newest that ended.

    Args:
        journal: Told what is forgotten; None for no journal.
        max_ended: How many ended ones are kept.
    """

    def __init__(self, journal: Journal | None, max_ended: int = MAX_ENDED) -> None:
        self._journal = journal
        self._max_ended = max_ended
        self._all: dict[str, Execution] = {}
        self._ended: OrderedDict[str, Execution] = OrderedDict()
        self._unpacked: OrderedDict[str, Execution] = OrderedDict()

    def get(self, arn: str) -> Execution | None:
        """The execution of an ARN, if it is known."""
        return self._all.get(arn)

    def add(self, execution: Execution) -> None:
        """Take in an execution."""
        self._all[execution.arn] = execution
        if not execution.running:
            self.retire(execution)

    def newest_first(self, machine: str) -> Iterator[Execution]:
        """The executions of a machine."""
        for execution in reversed(self._all.values()):
            if execution.state_machine.arn == machine:
                yield execution

    def running(self) -> list[Execution]:
        """The executions that have not ended."""
        return [execution for execution in self._all.values() if execution.running]

    def history(self, execution: Execution) -> History:
        """An execution's history, unpacked if it must be."""
        if execution.history is not None:
            return execution.history
        packed = execution.packed
        if packed is None and self._journal is not None:
            packed = self._journal.history(execution.arn)
        return History.unpack(packed) if packed else History()

    def retire(self, execution: Execution) -> None:
        """Keep an execution that has ended, small; forget the oldest beyond the bound."""
        self._ended[execution.arn] = execution
        if execution.unfinished is None or self._journal is not None:
            execution.ledger = Ledger(execution.arn, journal=self._journal)
        execution.task = None
        if execution.history is not None:
            self._unpacked[execution.arn] = execution
        while len(self._unpacked) > _UNPACKED:
            _, older = self._unpacked.popitem(last=False)
            if self._journal is None and older.history is not None:
                older.packed = older.history.pack()
            older.history = None
        while len(self._ended) > self._max_ended:
            arn, _ = self._ended.popitem(last=False)
            self._unpacked.pop(arn, None)
            self._all.pop(arn, None)
            if self._journal is not None:
                self._journal.drop_execution(arn)

    def revive(self, execution: Execution) -> tuple[History, Ledger]:
        """Count an execution as running again; what it did until it ended."""
        self._ended.pop(execution.arn, None)
        self._unpacked.pop(execution.arn, None)
        return self.history(execution), execution.ledger.whole()
