"""Lets calls of the application go wrong, by rules; the user's own calls never do.

Whether a call fails is drawn from the seed, the rule, the operation and how often it was called:
the same seed hits the same calls of each operation, in whatever order those of others come. What
went wrong is written down, one line each.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from windfall_local.api import Principal
from windfall_local.faults.answers import refusal
from windfall_local.faults.rules import Kind, Rule

FILE = "faults.jsonl"
"""In the data directory."""

_SPARED = frozenset({"logs", "sts", "xray"})
"""What is done for a log or a trace, and who one is, are no steps of an application."""
_CRASHES = frozenset({Kind.CRASH, Kind.CRASH_AFTER, Kind.SWEEP})
_AFTER = frozenset({Kind.LOST, Kind.CRASH_AFTER})
_log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Met(NamedTuple):
    """A call.

    Attributes:
        lineage: Of its `X-Amzn-Trace-Id`, by which the invocation that makes it is known.
    """

    service: str
    operation: str
    parameters: dict[str, Any]
    principal: Principal
    lineage: str = ""


class Running(Protocol):
    """An invocation that runs."""

    function: str
    event: bytes
    """What it was given."""

    def kill(self) -> None:
        """End its process with -9."""
        ...


class Application(Protocol):
    """What runs: functions and machines."""

    def running(self, lineage: str) -> Running | None:
        """The invocation whose calls carry a lineage."""
        ...

    def stop_execution(self, role_arn: str, name: str) -> bool:
        """Stop an execution of a machine with this role; whether it ran."""
        ...


class Faults:
    """Decides over every call.

    Args:
        rules: The first that fits a call and hits it counts.
        seed: The same one, the same faults.
        file: Where they are written down.
        application: Who calls, to kill or to stop it.
        late_seconds: How late a call is at most.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        seed: int,
        file: Path,
        application: Application,
        *,
        late_seconds: float = 5.0,
    ) -> None:
        self._rules = rules
        self._seed = seed
        self._file = file
        self._application = application
        self._late = random.Random(seed)
        self._late_seconds = late_seconds
        self._calls: Counter[str] = Counter()
        self._sweep = Sweep()
        self._stopped: set[tuple[str, ...]] = set()

    async def meet(self, met: Met, answer: Callable[[], Awaitable[Answer]]) -> Answer:
        """Answer a call, or let it go wrong.

        Raises:
            ServiceError: It went wrong.
        """
        due = self._due(met)
        if due is None:
            return await answer()
        rule, kind, running = due
        if kind is Kind.STOP_AFTER:
            answered = await answer()
            if self._stop(met, kind):
                self._note(rule, kind, met, None)
            return answered
        self._note(rule, kind, met, running)
        if kind is Kind.STOP:
            # What was invoked goes on, though nobody waits for it any more.
            return await asyncio.shield(asyncio.ensure_future(answer()))
        if kind is Kind.LATE:
            await asyncio.sleep(self._late.uniform(0, self._late_seconds))
            return await answer()
        if kind is Kind.TWICE:
            await answer()
            return await answer()
        if kind in _AFTER:
            await answer()
        if running is not None:
            running.kill()
        raise refusal(kind, met.service, met.operation, met.parameters)

    def _due(self, met: Met) -> tuple[Rule, Kind, Running | None] | None:
        if met.principal.kind == "root" or met.service in _SPARED:
            return None
        for rule in self._rules:
            if not rule.fits(met.service, met.operation):
                continue
            running = None
            if rule.kind in _CRASHES and met.lineage:
                running = self._application.running(met.lineage)
            kind = self._kind(rule, met, running)
            if kind is not None:
                return rule, kind, running
        return None

    def _kind(self, rule: Rule, met: Met, running: Running | None) -> Kind | None:
        """What a rule does to a call that it speaks of."""
        if rule.kind in _CRASHES and running is None:
            return None
        if rule.kind is Kind.CONFLICT and met.service != "dynamodb":
            return None
        if rule.kind is Kind.SWEEP and running is not None:
            return self._sweep.next(running, met.lineage)
        if rule.kind is Kind.STOP:
            stops = met.operation == "Invoke" and self._stop(met, rule.kind)
            return Kind.STOP if stops else None
        if rule.kind is Kind.STOP_AFTER:
            return None if _place(met, rule.kind) in self._stopped else Kind.STOP_AFTER
        return rule.kind if self._hits(rule, met) else None

    def _stop(self, met: Met, kind: Kind) -> bool:
        """Stop the execution that calls, unless one was stopped there already."""
        role, name = met.principal.role_arn, met.principal.arn.rpartition("/")[2]
        place = _place(met, kind)
        if role is None or place in self._stopped:
            return False
        if not self._application.stop_execution(role, name):
            return False
        self._stopped.add(place)
        return True

    def _hits(self, rule: Rule, met: Met) -> bool:
        called = str(rule)
        if rule.number is None:
            called += f" {met.service} {met.operation}"
        self._calls[called] += 1
        count = self._calls[called]
        if rule.number is not None:
            return count == rule.number
        drawn = hashlib.sha256(f"{self._seed} {called} {count}".encode()).digest()
        return int.from_bytes(drawn[:8], "big") % rule.one_in == 0

    def _note(self, rule: Rule, kind: Kind, met: Met, running: Running | None) -> None:
        line: dict[str, Any] = {"rule": str(rule), "kind": kind.value}
        line |= {"service": met.service, "operation": met.operation, "caller": met.principal.arn}
        if running is not None:
            line |= {"function": running.function, "step": self._sweep.step(met.lineage)}
        if kind in (Kind.STOP, Kind.STOP_AFTER) and met.operation == "Invoke":
            line["function"] = str(met.parameters.get("FunctionName")).rpartition(":")[2]
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")
        _log.info("Fault: %s for %s:%s", kind, met.service, met.operation)


def _place(met: Met, kind: Kind) -> tuple[str, ...]:
    """Where a machine is when it makes a call: at which function, or at which operation."""
    role, called = str(met.principal.role_arn), met.parameters.get("FunctionName", met.operation)
    return kind.value, role, str(called)


class Sweep:
    """Kills each function once before and once after each of its calls."""

    def __init__(self) -> None:
        self._steps: Counter[str] = Counter()
        self._done: set[tuple[str, int, Kind]] = set()
        self._killed: set[tuple[str, str]] = set()

    def next(self, running: Running, lineage: str) -> Kind | None:
        """Whether to kill it at this call, and when."""
        self._steps[lineage] += 1
        work = (running.function, work_of(running.event))
        if work in self._killed:
            return None
        for kind in (Kind.CRASH, Kind.CRASH_AFTER):
            point = (running.function, self._steps[lineage], kind)
            if point not in self._done:
                self._done.add(point)
                self._killed.add(work)
                return kind
        return None

    def step(self, lineage: str) -> int:
        """Which of its calls an invocation is at."""
        return self._steps[lineage]


def work_of(event: bytes) -> str:
    """What an invocation is to do, which is the same when it is tried again.

    A machine's further try has another token, and a queue's another receipt.
    """
    document = json.loads(event)
    if isinstance(document, dict):
        document.pop("token", None)
        if "Records" in document:
            document = sorted(str(one.get("messageId")) for one in document["Records"])
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
