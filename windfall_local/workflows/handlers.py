"""Reading `Retry`, `Catch` and `Assign`, which many types of state have."""

from __future__ import annotations

import re

from windfall_local.workflows.definition import Assignments, Catcher, Retrier
from windfall_local.workflows.fields import MAX_SECONDS, Fields

_VARIABLE = re.compile(r"[^\W\d]\w{0,79}")
_MAX_DELAY = 31_622_400
"""Seconds: a year, as AWS bounds `MaxDelaySeconds`."""


def read_assign(fields: Fields) -> Assignments | None:
    """The variables that a state, rule or catcher sets."""
    if not fields.has("Assign"):
        return None
    assignments: Assignments = {}
    for name in fields.object("Assign"):
        if not _VARIABLE.fullmatch(name) or name == "states":
            fields.problems.add(
                f"{fields.path}/Assign/{name}", f"'{name}' is not a valid variable name"
            )
            continue
        template = fields.inner("Assign").template(name)
        if template is not None:
            assignments[name] = template
    return assignments


def read_retry(fields: Fields) -> tuple[Retrier, ...]:
    """The retriers of a state, in their order."""
    entries = fields.entries("Retry")
    return tuple(_retrier(entry, entry is entries[-1]) for entry in entries)


def read_catch(fields: Fields) -> tuple[Catcher, ...]:
    """The catchers of a state, in their order."""
    entries = fields.entries("Catch")
    catchers = []
    for entry in entries:
        entry.allow("ErrorEquals", "Next", "Output", "Assign", "Comment")
        if entry.require("ErrorEquals", "Next"):
            catchers.append(
                Catcher(
                    _errors(entry, entry is entries[-1]),
                    entry.string("Next"),
                    entry.template("Output"),
                    read_assign(entry),
                )
            )
    return tuple(catchers)


def _errors(entry: Fields, is_last: bool) -> tuple[str, ...]:
    listed = entry.array("ErrorEquals")
    names = tuple(name for name in listed if isinstance(name, str))
    if not names or len(names) != len(listed):
        entry.problems.add(entry.path, "'ErrorEquals' must be a list of error names, not empty")
    if "States.ALL" in names:
        if len(names) > 1:
            entry.problems.add(entry.path, "'States.ALL' must be alone in 'ErrorEquals'")
        if not is_last:
            entry.problems.add(entry.path, "'States.ALL' must be in the last entry")
    return names


def _retrier(entry: Fields, is_last: bool) -> Retrier:
    entry.allow(
        "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds",
        "JitterStrategy", "Comment",
    )  # fmt: skip
    interval = entry.integer("IntervalSeconds", minimum=1, maximum=MAX_SECONDS) or 1
    attempts = entry.integer("MaxAttempts", minimum=0, maximum=MAX_SECONDS)
    longest = entry.integer("MaxDelaySeconds", minimum=1, maximum=_MAX_DELAY)
    if longest is not None and longest <= interval:
        entry.problems.add(entry.path, "'MaxDelaySeconds' must be greater than 'IntervalSeconds'")
    jitter = entry.string("JitterStrategy", default="NONE")
    if jitter not in ("NONE", "FULL"):
        entry.problems.add(entry.path, "'JitterStrategy' must be 'NONE' or 'FULL'")
    return Retrier(
        _errors(entry, is_last),
        interval,
        3 if attempts is None else attempts,
        entry.number("BackoffRate", minimum=1.0) or 2.0,
        longest,
        "FULL" if jitter == "FULL" else "NONE",
    )
