"""Redrives: an execution that did not succeed goes on where it stands.

When an execution ends otherwise than well, each state that was entered and not left is noted: it
is *unfinished*. A redrive runs the execution again from its first state, as after a restart (see
`journal.py`): what is recorded is taken and not done, and nothing of it is noted in the history a
second time. A line of states that comes to an unfinished one goes on from there, in its next
attempt, with its retries counted anew.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from windfall_local.workflows.history import MAX_EVENTS

if TYPE_CHECKING:
    from windfall_local.workflows.executions import Execution
    from windfall_local.workflows.visits import Visit

REDRIVABLE_SECONDS = 14 * 24 * 3600
"""How long after its end an execution can be redriven."""
MAX_MAP_RUN_REDRIVES = 1_000
_LONGEST_SECONDS = 365 * 24 * 3600
_TOKENS, _TOKEN_SECONDS = 10, 15 * 60
"""Client tokens that are remembered, and for how long."""

_ATTEMPT = re.compile(r"#(\d+)")
_PARENT = re.compile(r"#(\d+)[|\[]")
"""In a visit's key: the end of a Parallel's or Map's, with its attempt."""


class Unfinished(NamedTuple):
    """A state that was entered and not left.

    Attributes:
        attempt: The one that a redrive makes.
        begun: The lines of states (branches, iterations) that this attempt has begun already; 0
            for an attempt that begins anew.
    """

    attempt: int
    begun: int


class Redrive(NamedTuple):
    """One redrive of an execution.

    Attributes:
        at: When, in seconds of the epoch.
        token: The client token that it was asked for with.
        unfinished: Where the execution stood, by the visits' keys.
    """

    at: float
    token: str
    unfinished: dict[str, Unfinished]

    @classmethod
    def of(cls, stored: Iterable[Any]) -> Redrive:
        """A redrive as JSON has kept it."""
        at, token, unfinished = stored
        return cls(at, token, unfinished_of(unfinished))


class GoingOn(NamedTuple):
    """How a state that stood still goes on.

    Attributes:
        drive: The number of the redrive that lets it.
        attempt: See `Unfinished`.
        begun: See `Unfinished`.
        times: How many redrives went on with this very attempt.
    """

    drive: int
    attempt: int
    begun: int
    times: int


class Redrivability(NamedTuple):
    """Whether an execution can be redriven, as `DescribeExecution` says it; why it can't."""

    status: str
    reason: str | None = None


def unfinished_of(stored: Mapping[str, Any]) -> dict[str, Unfinished]:
    """Unfinished states as JSON has kept them."""
    return {key: Unfinished(*value) for key, value in stored.items()}


def states_unfinished(
    visits: Iterable[Visit], drive: int, unreached: Mapping[str, Unfinished]
) -> dict[str, Unfinished]:
    """The states at which an execution stands, by the visits' keys.

    Args:
        visits: Those that were entered and not left.
        drive: How often the execution was redriven.
        unreached: Of those that stood still before this redrive, the ones it did not come to.
    """
    found = dict(unreached)
    for visit in visits:
        # What still repeats an earlier drive is not where the execution stands.
        if visit.branch.drive == drive:
            begun = visit.begun
            found[visit.key] = Unfinished(visit.attempt if begun else visit.attempt + 1, begun)
    return {key: value for key, value in found.items() if _matters(key, found)}


def _matters(key: str, found: Mapping[str, Unfinished]) -> bool:
    """Whether all that a state lies in is unfinished too, at the attempt that it lies in."""
    for end in _PARENT.finditer(key):
        parent = found.get(key[: end.start()])
        if parent is None or not parent.begun or parent.attempt != int(end[1]):
            return False
    return True


def states_going_on(redrives: Iterable[Redrive]) -> dict[str, GoingOn]:
    """What went on by redrives, by the visits' keys: each state by the last that it was in."""
    found: dict[str, GoingOn] = {}
    for drive, redrive in enumerate(redrives, 1):
        for key, (attempt, begun) in redrive.unfinished.items():
            before = found.get(key)
            times = before.times if before is not None and before.attempt == attempt else 0
            found[key] = GoingOn(drive, attempt, begun, times + (begun > 0))
    return found


def is_past(attempt_key: str, redrives: Iterable[Redrive]) -> bool:
    """Whether a redrive has gone on beyond an attempt, or beyond one that it lies in."""
    standing = states_going_on(redrives)
    for end in _ATTEMPT.finditer(attempt_key):
        found = standing.get(attempt_key[: end.start()])
        if found is not None and int(end[1]) < found.attempt:
            return True
    return False


def first_drive(redrives: Iterable[Redrive]) -> int:
    """The drive in which an execution's first state was entered."""
    drive = 0
    for redrive in redrives:
        if redrive.unfinished:
            break
        drive += 1
    return drive


def redrivability(execution: Execution, now: float, *, has_machine: bool) -> Redrivability:
    """Whether an execution can be redriven.

    Args:
        execution: The execution.
        now: The time, in seconds of the epoch.
        has_machine: Its machine was not deleted.
    """
    reason = _obstacle(execution, now, has_machine=has_machine)
    if reason is not None:
        return Redrivability("NOT_REDRIVABLE", reason)
    return Redrivability("REDRIVABLE" if execution.map_run is None else "REDRIVABLE_BY_MAP_RUN")


def _obstacle(execution: Execution, now: float, *, has_machine: bool) -> str | None:
    if execution.status in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution.status} and cannot be redriven"
    if not has_machine:
        return "State machine is in DELETING status"
    if execution.unfinished is None:
        # It ended under a version of the local cloud that kept nothing to go on from.
        return "Execution was started before the launch of RedriveExecution"
    if execution.event_count >= MAX_EVENTS - 1:
        return "Execution history event limit exceeded"
    if now - execution.started > _LONGEST_SECONDS:
        return "Execution has exceeded the max execution time"
    if now - (execution.stopped or now) > REDRIVABLE_SECONDS:
        return "Execution redrivable period exceeded"
    return None


def redriven_with(execution: Execution, token: str, now: float) -> Redrive | None:
    """The redrive that was asked for with a client token, should it be remembered."""
    for redrive in reversed(execution.redrives[-_TOKENS:]):
        if redrive.token == token and now - redrive.at <= _TOKEN_SECONDS:
            return redrive
    return None
