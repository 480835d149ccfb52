"""Functions that claim each paid call without a name, killed at each of their steps.

What a death leaves unanswered fails, with its reason, and is not asked for again; the next attempt
comes to the end that it would have come to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from tests.unit.crashes.dying import Figures, Point, Scenario, deliver, described, points, watched
from windfall.contracts.base import Contract

By = Callable[[], int | None]
"""The attempt that claims calls; None where they may be repeated."""

REASON = "calls.unanswered"
"""Stands in the reason of a feature that fails so."""
_CLAIM = re.compile(r"^\('[^']+', '[^']*/?claims/.*\n?", re.MULTILINE)

Task = TypeVar("Task", bound=Contract)


def nobody() -> None:
    """Calls may be repeated."""


def claimed(task: Task, by: By) -> Task:
    """The task, with its calls claimed."""
    attempt, told = by(), task.model_dump(mode="json")
    if attempt is not None:
        told.get("analysis", told)["output"]["claimed_by"] = attempt
    return type(task).model_validate(told)


def kill_everywhere(make: Callable[[By], Scenario]) -> Figures:
    """Die at every call, before and after; in `failed` are the deaths after which it failed.

    Raises:
        AssertionError: A call was made twice, or the next attempt comes to another end.
    """
    clean = make(lambda: 1)
    watch = watched(clean, None)
    wanted = without_claims(described(clean, clean.run(0)))
    bought = Counter(map(str, clean.paid()))
    figures = Figures(calls=watch.calls)
    for point in points(figures.calls):
        _die_at(point, make, wanted, bought, figures)
    return figures


def _die_at(
    point: Point,
    make: Callable[[By], Scenario],
    wanted: str,
    bought: Counter[str],
    figures: Figures,
) -> None:
    attempt = 1
    scenario = make(lambda: attempt)
    ended = without_claims(described(scenario, deliver(scenario, point, figures)))
    repeated = Counter(map(str, scenario.paid())) - bought
    assert not repeated, f"{point}: made twice: {repeated}"
    if REASON not in ended:
        assert ended == wanted, f"{point}: the world is another"
        return
    figures.failed += 1
    attempt = 2
    again = scenario.run(0)
    assert REASON not in repr(again), f"{point}: the next attempt does not ask: {again}"
    missing = bought - Counter(map(str, scenario.paid()))
    assert not missing, f"{point}: {missing} was not bought"


def without_claims(world: str) -> str:
    """The world without its claims."""
    return _CLAIM.sub("", world)
