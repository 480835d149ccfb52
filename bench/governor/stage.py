"""Step Functions, Lambda, EventBridge and Transcribe, as far as the governor meets them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from bench.governor.simulation import Simulation
from windfall.adapters.dynamodb_leases import FIRST
from windfall.clock import timestamp
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import TransientError
from windfall.governor import Governor
from windfall.ports.leases import Lease, LeaseTable, Room

SERVICE = "transcribe"
START = datetime(2026, 11, 25, tzinfo=UTC)
Span = tuple[float, float]
"""Seconds, at least and at most."""

ARRIVALS_A_SECOND = 400
"""What admission does: 20 batches of 10 files at half a second each."""
JOB: Span = (60, 180)
TABLE: Span = (0.003, 0.012)
INVOKED: Span = (0.02, 0.12)
STARTED: Span = (0.1, 0.3)
"""StartTranscriptionJob."""
TOLD: Span = (0.1, 1.0)
"""From a job's end to the event of it."""
TRIED_AGAIN = 1.0
"""At most, after a task's first try; then twice as long each time, as the machines have it."""
EVENT_AGAIN: tuple[Span, ...] = ((55, 65), (110, 130))
"""Lambda invokes a function that failed on an event twice more."""
RECONCILED_EVERY = 300.0
LEAST_HOLD = 600.0


class Faults(NamedTuple):
    """How often something goes wrong, of once.

    Attributes:
        deaths: A function dies at a call of its own, before it or after it.
        aborts: An execution is stopped by somebody, or times out.
        lost: An event of a job's end never comes.
        twice: It comes twice.
    """

    deaths: float = 0.0
    aborts: float = 0.0
    lost: float = 0.0
    twice: float = 0.0


UNITS_A_SECOND = 3_000
"""Read units that one partition of DynamoDB serves."""
SLOT_BYTES, TOKEN_BYTES = 330, 1_000
"""Of a row; a task's token is most of a waiter's."""
SDK_RETRIES: tuple[Span, ...] = ((0.0, 0.05), (0.0, 0.1), (0.0, 0.2), (0.0, 0.4))
"""Before the second to the fifth attempt, as boto3's standard mode has them for DynamoDB."""
MOST_TRIES = 9


class DiedError(Exception):
    """A function died."""


@dataclass
class Execution:
    """A recording on its way.

    Attributes:
        since: When its execution began, as Step Functions tells it.
        tries: How many tokens it had.
        token: Of the task that waits, until it is told or closed.
        begun: When it arrived, waited first, and when its job started and ended.
    """

    name: str
    length: float
    since: str = ""
    tries: int = 0
    token: str | None = None
    stopped: bool = False
    waited: float | None = None
    started: float | None = None
    ended: float | None = None


class Change(NamedTuple):
    """By how much more jobs run, slots are held and executions wait, from a moment on."""

    moment: float
    running: int = 0
    held: int = 0
    waiting: int = 0


class PacedTable:
    """A table of slots whose calls take their time, are counted, and may be a function's last."""

    def __init__(self, table: LeaseTable, stage: Stage) -> None:
        self._table = table
        self._stage = stage

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """A method of the table."""

        def call(*arguments: Any, **named: Any) -> Any:
            self._stage.may_die()
            self._stage.take_time(TABLE)
            answer = getattr(self._table, method)(*arguments, **named)
            if isinstance(answer, Room):
                self._stage.read(units_of(answer))
            self._stage.calls[method] += 1
            if method in {"take", "grant"} and isinstance(answer, Lease):
                self._stage.note(held=1)
            elif method == "free" and answer:
                self._stage.note(held=-1)
            self._stage.may_die()
            return answer

        return call


def units_of(room: Room) -> int:
    """Consistent reads of 4 KiB that it takes to look at a room, which is two queries."""
    told = sum(len(lease.tokens) for lease in room.leases)
    tokens = sum(len(waiter.tokens) for waiter in room.waiters[:FIRST])
    slots = len(room.leases) * SLOT_BYTES + told * TOKEN_BYTES
    waiting = len(room.waiters[:FIRST]) * SLOT_BYTES + tokens * TOKEN_BYTES
    return max(1, -(-slots // 4096)) + max(1, -(-waiting // 4096))


class Stage:
    """Plays everything around the governor.

    Args:
        table: With its limit set.
        recordings: How many are dropped at once.
        slots: How many jobs Transcribe takes; one more is refused.
    """

    def __init__(
        self, table: LeaseTable, recordings: int, slots: int, faults: Faults, seed: int
    ) -> None:
        self.simulation, self.faults, self.slots = Simulation(), faults, slots
        self.dice = random.Random(seed)
        self.calls: Counter[str] = Counter()
        self.units: Counter[int] = Counter()
        """Read units of each second."""
        self.counted: Counter[str] = Counter()
        """What went wrong, by kind."""
        self.changes: list[Change] = []
        self.running: set[str] = set()
        self.most_running = 0
        self.executions = {
            name: Execution(name, self.dice.uniform(*JOB))
            for name in (f"recording-{number:04}" for number in range(recordings))
        }
        self._table = table
        paced: Any = PacedTable(table, self)
        self.governor = Governor(paced, self, clock=self.clock)

    def clock(self) -> datetime:
        """The time."""
        return START + timedelta(seconds=self.simulation.now)

    def note(self, *, running: int = 0, held: int = 0, waiting: int = 0) -> None:
        """Something changed now."""
        self.changes.append(Change(self.simulation.now, running, held, waiting))

    def take_time(self, span: Span) -> None:
        """Let a function wait for somebody."""
        self.simulation.pause(self.dice.uniform(*span))

    def read(self, units: int) -> None:
        """Read from the table's one partition, which serves so much a second."""
        for wait in SDK_RETRIES:
            second = int(self.simulation.now)
            if self.units[second] + units <= UNITS_A_SECOND:
                self.units[second] += units
                return
            self.counted["reads throttled"] += 1
            self.take_time(wait)
        raise TransientError

    def may_die(self) -> None:
        """Perhaps end the function here."""
        if self.dice.random() < self.faults.deaths / 2:
            raise DiedError

    def run(self, patience: float = 86_400) -> None:
        """Drop everything, and go on until nothing is held and nobody waits."""
        moment = 0.0
        for execution in self.executions.values():
            moment += self.dice.expovariate(ARRIVALS_A_SECOND)
            self.simulation.after(moment, partial(self._arrive, execution))
        self.simulation.after(RECONCILED_EVERY, self._reconcile)
        self.simulation.run(self._is_over, patience)

    def _is_over(self) -> bool:
        if self.running or any(self._is_open(one) for one in self.executions.values()):
            return False
        room = self._table.look(SERVICE)
        return not room.leases and not room.waiters

    def _is_open(self, execution: Execution) -> bool:
        return execution.ended is None and not (execution.stopped and execution.started is None)

    # --- Step Functions and Lambda -------------------------------------------------------------

    def _invoke(self, function: Callable[[], None], died: Callable[[], None]) -> None:
        """Let a function run; told when it died."""

        def live() -> None:
            try:
                function()
            except DiedError:
                self.counted["functions that died"] += 1
                died()
            except TransientError:
                self.counted["functions that were throttled"] += 1
                died()

        self.simulation.start(self.dice.uniform(*INVOKED), live)

    def _arrive(self, execution: Execution) -> None:
        execution.since = timestamp(self.clock())
        self._enter(execution, self._transcribe)
        if self.dice.random() < self.faults.aborts:
            self.simulation.after(self.dice.uniform(0, 900), lambda: self._abort(execution))

    def _enter(
        self, execution: Execution, task: Callable[[Execution, str], None], tried: int = 0
    ) -> None:
        """Begin a task with a token of its own; try it again when its function dies."""
        if execution.stopped:
            return
        if tried >= MOST_TRIES:
            self.counted["tasks that failed"] += 1
            self._abort(execution)
            return
        execution.tries += 1
        token = execution.token = f"{execution.name}/{execution.tries}"

        def died() -> None:
            if execution.token == token:
                again = self.dice.uniform(0, TRIED_AGAIN * 2**tried)
                self.simulation.after(again, lambda: self._enter(execution, task, tried + 1))

        self._invoke(lambda: task(execution, token), died)

    def _transcribe(self, execution: Execution, token: str) -> None:
        """TranscribeAudio."""
        hold = timedelta(seconds=LEAST_HOLD + execution.length)
        if not self.governor.take(JobId(SERVICE, execution.name), execution.name, hold):
            if self.tell(token, Completion(error="SlotAwaitedError")):
                self._wait_for_slot(execution)
            return
        self.may_die()
        self.take_time(STARTED)
        self._start(execution)
        self.may_die()

    def _start(self, execution: Execution) -> None:
        if execution.started is not None:
            return  # its name is taken: it is the job that is there
        if len(self.running) >= self.slots:
            self.counted["jobs refused by the service"] += 1
            raise DiedError
        execution.started = self.simulation.now
        self.running.add(execution.name)
        self.most_running = max(self.most_running, len(self.running))
        waited = execution.waited is not None and not execution.stopped
        self.note(running=1, waiting=-1 if waited else 0)
        self.simulation.after(execution.length, lambda: self._end(execution))

    def _wait_for_slot(self, execution: Execution) -> None:
        """AwaitSlot."""
        if execution.waited is None:
            execution.waited = self.simulation.now
            self.note(waiting=1)
        self._enter(execution, self._await)

    def _await(self, execution: Execution, token: str) -> None:
        job = JobId(SERVICE, execution.name)
        self.governor.wait(job, execution.name, execution.since, token)

    def tell(self, token: str, completion: Completion) -> bool:
        """End the task that waits with a token; after a slot, TranscribeAudio comes next."""
        execution = self.executions[token.partition("/")[0]]
        if execution.token != token:
            return False
        execution.token = None
        if completion.error is None:
            self._enter(execution, self._transcribe)
        return True

    def _abort(self, execution: Execution) -> None:
        """Somebody stops an execution, or it times out; its job runs on."""
        if execution.ended is not None:
            return
        execution.stopped, execution.token = True, None
        self.counted["executions stopped"] += 1
        if execution.waited is not None and execution.started is None:
            self.note(waiting=-1)
        self._hear(lambda: self.governor.abandon(execution.name))

    # --- Transcribe and its events -------------------------------------------------------------

    def _end(self, execution: Execution) -> None:
        execution.ended = self.simulation.now
        self.running.discard(execution.name)
        self.note(running=-1)
        fate = self.dice.random()
        if fate < self.faults.lost:
            self.counted["events lost"] += 1
            return
        job = JobId(SERVICE, execution.name)
        for _ in range(2 if fate < self.faults.lost + self.faults.twice else 1):
            self._hear(lambda: self.governor.release(job))

    def _hear(self, function: Callable[[], None], tries: int = 0) -> None:
        """An event comes to a function, which Lambda invokes anew when it dies."""

        def died() -> None:
            if tries < len(EVENT_AGAIN):
                later = self.dice.uniform(*EVENT_AGAIN[tries])
                self.simulation.after(later, lambda: self._hear(function, tries + 1))
            else:
                self.counted["events given up"] += 1

        later = self.dice.uniform(*TOLD) if tries == 0 else 0.0
        self.simulation.after(later, lambda: self._invoke(function, died))

    def _reconcile(self) -> None:
        """reconcile_jobs, every five minutes."""
        self._invoke(
            lambda: self.governor.reconcile(SERVICE, self.running.__contains__), lambda: None
        )
        self.simulation.after(RECONCILED_EVERY, self._reconcile)
