"""What a model decided against what was true: the confusion matrix and its figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each class was taken for each.

    Attributes:
        classes: Their labels.
        counts: `counts[observed][predicted]`, in the order of the classes.
    """

    classes: Sequence[str]
    counts: Sequence[Sequence[int]]

    @property
    def total(self) -> int:
        """All rows."""
        return sum(map(sum, self.counts))

    def observed(self, place: int) -> int:
        """Rows that are of a class."""
        return sum(self.counts[place])

    def predicted(self, place: int) -> int:
        """Rows that were said to be of a class."""
        return sum(row[place] for row in self.counts)

    def accuracy(self) -> float:
        """The share of the rows that were told rightly."""
        right = sum(self.counts[place][place] for place in range(len(self.classes)))
        return _ratio(right, self.total)

    def majority(self) -> float:
        """The accuracy of always naming the most frequent class: what a model has to beat."""
        return _ratio(max(map(sum, self.counts), default=0), self.total)

    def precision(self, place: int) -> float:
        """Of the rows said to be of a class, the share that is; 0 if none was said to be."""
        return _ratio(self.counts[place][place], self.predicted(place))

    def recall(self, place: int) -> float:
        """Of the rows of a class, the share that was found; 0 if there is none."""
        return _ratio(self.counts[place][place], self.observed(place))

    def f1(self, place: int) -> float:
        """The harmonic mean of a class's precision and recall."""
        hits = self.counts[place][place]
        return _ratio(2 * hits, self.observed(place) + self.predicted(place))

    def balanced_accuracy(self) -> float:
        """The mean recall of the classes that there are."""
        present = [place for place in range(len(self.classes)) if self.observed(place)]
        return _ratio(sum(map(self.recall, present)), len(present))

    def correlation(self) -> float:
        """Matthews's correlation coefficient, for any number of classes: 0 is chance, 1 perfect."""
        total, places = self.total, range(len(self.classes))
        right = sum(self.counts[place][place] for place in places)
        observed = [self.observed(place) for place in places]
        predicted = [self.predicted(place) for place in places]
        agreed = right * total - sum(map(int.__mul__, observed, predicted))
        spread = (total**2 - sum(n * n for n in observed)) * (
            total**2 - sum(n * n for n in predicted)
        )
        return agreed / math.sqrt(spread) if spread else 0.0


def confuse(classes: Sequence[str], observed: Iterable[int], predicted: Iterable[int]) -> Confusion:
    """Count how often each class was taken for each; both sides are places in `classes`."""
    counts = [[0] * len(classes) for _ in classes]
    for true, said in zip(observed, predicted, strict=True):
        counts[true][said] += 1
    return Confusion(classes, counts)


def classic_table(confusion: Confusion, names: Sequence[str]) -> str:
    """The table of the well-known SageMaker tutorial: of what was predicted, the shares observed.

    Each column adds up to 100 %: of the rows predicted to be of a class, how many were.

    Args:
        confusion: What was counted.
        names: What people call the classes.
    """
    cells = [
        [_share(count, confusion.predicted(place)) for place, count in enumerate(row)]
        for row in confusion.counts
    ]
    first = max(len("Predicted"), *map(len, names)) + 4
    widths = [
        max(len(name), *(len(row[place]) for row in cells)) + 4 for place, name in enumerate(names)
    ]
    lines = [
        f"Overall Classification Rate: {confusion.accuracy():.1%}",
        _line("Predicted", names, first, widths),
        "Observed",
        *(_line(name, row, first, widths) for name, row in zip(names, cells, strict=True)),
    ]
    return "\n".join(lines) + "\n"


def _share(count: int, total: int) -> str:
    return f"{round(100 * _ratio(count, total))}% ({count})"


def _line(title: str, cells: Sequence[str], first: int, widths: Sequence[int]) -> str:
    row = "".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return (title.ljust(first) + row).rstrip()


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
