"""What goes wrong, where and how often, as one writes it at the command line.

SERVICE:OPERATION=KIND[/N | #N]

rekognition:*=throttle/3            one call in three, drawn with the seed
s3:PutObject=unavailable#4          the fourth, and no other
dynamodb:Transact*=conflict/3
*:*=crash/20                        the function that calls is killed instead
"""

from __future__ import annotations

import re
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

_FORM = re.compile(
    r"(?P<service>[a-z0-9*-]+):(?P<operation>[A-Za-z0-9*]+)="
    r"(?P<kind>[a-z-]+)(?:/(?P<one_in>\d+)|#(?P<number>\d+))?"
)


class RuleError(ValueError):
    """A rule that can not be read; the message says what a rule looks like."""


class Kind(StrEnum):
    """What can go wrong with a call."""

    THROTTLE = "throttle"
    """Refused: too many calls. Nothing was done."""
    UNAVAILABLE = "unavailable"
    """503. Nothing was done."""
    INTERNAL = "internal"
    """500. Nothing was done."""
    LOST = "lost"
    """500, and yet it was done: AWS says of a 500 that a write may have taken place."""
    CONFLICT = "conflict"
    """Another transaction was at the same item of DynamoDB. Nothing was done."""
    TWICE = "twice"
    """Done twice: a message that is delivered again, an event that comes again."""
    LATE = "late"
    """Done some seconds later: events and messages overtake each other."""
    CRASH = "crash"
    """The function that calls is killed (-9) before it is done."""
    CRASH_AFTER = "crash-after"
    """The function that calls is killed when it is done, and does not hear of it."""
    STOP = "stop"
    """The execution that invokes a function is stopped there, the function runs all the same; once
    for each function that each machine invokes."""
    STOP_AFTER = "stop-after"
    """The execution that calls is stopped when the call is answered, so while it waits for what
    that began, or on its way to the next state; once for each call that each machine makes."""
    SWEEP = "sweep"
    """Each function that calls is killed before and after each of its calls, one after the other:
    an invocation that was killed is spared when it is tried again."""


class Rule(NamedTuple):
    """One of them.

    Attributes:
        service: botocore's name of it, or a pattern (`*`).
        operation: Its name, or a pattern.
        one_in: How rare: one call in so many, drawn.
        number: Only this one of the calls, counted from one; None for no such rule.
    """

    service: str
    operation: str
    kind: Kind
    one_in: int = 1
    number: int | None = None

    def fits(self, service: str, operation: str) -> bool:
        """Whether it speaks of a call."""
        return fnmatchcase(service, self.service) and fnmatchcase(operation, self.operation)

    def __str__(self) -> str:
        """As it was written."""
        rare = f"/{self.one_in}" if self.one_in > 1 else ""
        rare = rare if self.number is None else f"#{self.number}"
        return f"{self.service}:{self.operation}={self.kind.value}{rare}"


def parse_rule(text: str) -> Rule:
    """Read a rule.

    Raises:
        RuleError: It is none.
    """
    found = _FORM.fullmatch(text)
    kinds = [kind.value for kind in Kind]
    if found is None or found["kind"] not in kinds or "0" in (found["one_in"], found["number"]):
        raise RuleError(
            f"{text} is no fault. One is SERVICE:OPERATION=KIND, with /N for one call in N or #N "
            f"for the N-th; KIND is {', '.join(kinds)}."
        )
    number = None if found["number"] is None else int(found["number"])
    one_in = int(found["one_in"] or 1)
    return Rule(found["service"], found["operation"], Kind(found["kind"]), one_in, number)
