"""Which rows a model is least sure of: those whose best two classes are nearest to each other."""

from __future__ import annotations

import csv
import heapq
import json
import math
from collections.abc import Iterable, Mapping, Sequence

from windfall_cli.errors import CommandError

PREDICTION, SCORE, SCORES = "prediction", "score", "score_"


def least_sure(lines: Iterable[str], most: int, threshold: float = 0.5) -> list[str]:
    """The lines of a manifest, the least sure row first.

    Args:
        lines: Of `predictions.csv`: the cells of each row, its prediction and its score; of more
            than two classes also each class's score.
        most: How many rows.
        threshold: From which score on a row is of the second of two classes.

    Raises:
        CommandError: There are no scores in it.
    """
    rows = csv.DictReader(lines)
    names = list(rows.fieldnames or [])
    scores = [name for name in names if name.startswith(SCORES)]
    if not scores and SCORE not in names:
        raise CommandError(
            "The predictions have no scores, so nothing tells of what the model is unsure."
        )
    own = {PREDICTION, SCORE, *scores}
    cells = [name for name in names if name not in own]
    sure = [
        (margin, number, row)
        for number, row in enumerate(rows, 1)
        if (margin := margin_of(row, scores, threshold)) is not None
    ]
    chosen = heapq.nsmallest(most, sure, key=lambda one: one[:2])
    return [_line(number, row, cells, margin) for margin, number, row in chosen]


def margin_of(row: Mapping[str, str], scores: Sequence[str], threshold: float) -> float | None:
    """How far a row is from another class; None for a row without a score."""
    try:
        if not scores:
            margin = abs(float(row[SCORE]) - threshold)
        else:
            ordered = sorted((float(row[name]) for name in scores), reverse=True)
            margin = ordered[0] - ordered[1] if len(ordered) > 1 else ordered[0]
    except (KeyError, TypeError, ValueError):
        return None
    return margin if math.isfinite(margin) else None


def _line(number: int, row: Mapping[str, str], cells: Sequence[str], margin: float) -> str:
    source = json.dumps({name: row.get(name) or "" for name in cells}, ensure_ascii=False)
    about = {"row": number, "margin": round(margin, 6), "prediction": row.get(PREDICTION)}
    return json.dumps({"source": source, "windfall": about}, ensure_ascii=False)
