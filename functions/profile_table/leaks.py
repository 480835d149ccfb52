"""How well each column alone tells the target: a column that knows the answer is a leak.

A number is cut into ranges, a category is what it is. On one half of a sample is learnt what each
range or category says of the target; on the other half it is measured how much that tells.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from profile_table.columns import parse_number
from windfall.contracts.input_contract import Task
from windfall.evaluation.amounts import measure_errors
from windfall.evaluation.ranking import rank
from windfall.tables.fitting import NO_VALUE

Measure = Literal["auc", "gain", "r2"]
MEASURES: Mapping[Task, Measure] = {
    Task.BINARY: "auc",
    Task.MULTICLASS: "gain",
    Task.REGRESSION: "r2",
}
_RANGES = 32
_MISSING = "\0"


@dataclass(frozen=True, slots=True)
class _Alarm:
    """When a column is suspicious: it tells nearly all, or far more than any other one."""

    nearly_all: float
    much: float
    ahead: float


_ALARMS: Mapping[Measure, _Alarm] = {
    "auc": _Alarm(0.95, 0.75, 0.1),
    "gain": _Alarm(0.9, 0.4, 0.2),
    "r2": _Alarm(0.95, 0.5, 0.3),
}


def tell_alone(
    rows: Sequence[Sequence[str]], place: int, target: int, task: Task, positive: str, decimal: str
) -> float | None:
    """How well the column at `place` alone tells the target, as `MEASURES` says.

    None where nothing can be told: too few rows, or a single class among them.
    """
    known = [row for row in rows if row[target].strip() not in NO_VALUE]
    learnt, measured = known[::2], known[1::2]
    if len(measured) < 2:
        return None
    group = _grouping([row[place] for row in learnt], decimal)
    pairs = [(group(row[place]), row[target].strip()) for row in learnt]
    asked = [(group(row[place]), row[target].strip()) for row in measured]
    match task:
        case Task.BINARY:
            return _area(pairs, asked, positive)
        case Task.MULTICLASS:
            return _gain(pairs, asked)
        case Task.REGRESSION:
            return _explained(pairs, asked, decimal)


def suspects(alone: Mapping[str, float], measure: Measure) -> dict[str, str]:
    """Columns that may know the answer, and why they are suspected."""
    alarm, found = _ALARMS[measure], {}
    for name, value in alone.items():
        others = [other for column, other in alone.items() if column != name]
        best = max(others, default=0.5 if measure == "auc" else 0.0)
        if value >= alarm.nearly_all:
            found[name] = f"it tells the target almost by itself ({_said(measure, value)})"
        elif value >= alarm.much and value - best >= alarm.ahead:
            found[name] = (
                f"it alone tells far more of the target ({_said(measure, value)}) than any other"
                f" column ({_said(measure, best)})"
            )
    return found


def _said(measure: Measure, value: float) -> str:
    if measure == "auc":
        return f"AUC {value:.2f}"
    return f"{'R²' if measure == 'r2' else 'gain'} {value:.2f}"


def _grouping(cells: Sequence[str], decimal: str) -> Callable[[str], str]:
    """Says to which range or category a cell belongs."""
    texts = [cell.strip() for cell in cells if cell.strip() not in NO_VALUE]
    numbers = [parse_number(text, decimal) for text in texts]
    ordered = sorted(number for number in numbers if number is not None)
    if not ordered or len(ordered) < 0.99 * len(texts) or len(set(ordered)) <= _RANGES:
        return lambda cell: cell.strip() if cell.strip() not in NO_VALUE else _MISSING
    edges = sorted({ordered[len(ordered) * part // _RANGES] for part in range(1, _RANGES)})

    def group(cell: str) -> str:
        number = parse_number(cell.strip(), decimal)
        return _MISSING if number is None else str(bisect_right(edges, number))

    return group


_Pairs = Sequence[tuple[str, str]]


def _area(learnt: _Pairs, measured: _Pairs, positive: str) -> float | None:
    rows, hits = Counter(group for group, _ in learnt), Counter[str]()
    hits.update(group for group, target in learnt if target == positive)
    base = hits.total() / rows.total()
    # A group seen rarely says little: ten rows of the whole are put to each.
    scores = [(hits[group] + 10 * base) / (rows[group] + 10) for group, _ in measured]
    return rank(scores, [target == positive for _, target in measured]).area()


def _gain(learnt: _Pairs, measured: _Pairs) -> float | None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for group, target in learnt:
        counts[group][target] += 1
    usual = Counter(target for _, target in learnt).most_common(1)[0][0]
    base = _mean(target == usual for _, target in measured)
    if base == 1:
        return None
    said = [
        counts[group].most_common(1)[0][0] if group in counts else usual for group, _ in measured
    ]
    right = _mean(target == guess for (_, target), guess in zip(measured, said, strict=True))
    return max(0.0, (right - base) / (1 - base))


def _explained(learnt: _Pairs, measured: _Pairs, decimal: str) -> float | None:
    sums: dict[str, list[float]] = defaultdict(list)
    for group, target in learnt:
        number = parse_number(target, decimal)
        if number is not None:
            sums[group].append(number)
    means = {group: _mean(values) for group, values in sums.items()}
    overall = _mean(number for values in sums.values() for number in values) if sums else 0.0
    pairs = [
        (number, means.get(group, overall))
        for group, target in measured
        if (number := parse_number(target, decimal)) is not None
    ]
    if not pairs:
        return None
    r2 = measure_errors([true for true, _ in pairs], [said for _, said in pairs]).r2
    return None if r2 is None or math.isnan(r2) else max(0.0, r2)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return math.fsum(listed) / len(listed)
