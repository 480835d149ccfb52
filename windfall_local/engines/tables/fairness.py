"""Bias of labels and of predictions between a group and everybody else.

The names and formulas are those of the SageMaker Developer Guide ("Measure Pre-training Bias",
"Measure Post-training Data and Model Bias"). The group that may be at a disadvantage is `d` (the
facet), all others are `a`; a positive label, or prediction, is what is wished for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Mask = Any
"""An array of truth values, one for each row."""


class NoMetricError(ValueError):
    """The metric has no value for these rows; the message says why."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What metrics are made of.

    Attributes:
        facet: Who is in the group.
        label: Whose label is positive.
        predicted: Whose prediction is positive; None before training.
        group: Of each row, by which disparities are conditioned.
        features: Numbers, for the flip test.
    """

    facet: Mask
    label: Mask
    predicted: Mask | None = None
    group: Any | None = None
    features: Any | None = None

    def check(self) -> None:
        """See that there are both.

        Raises:
            NoMetricError: The group, or everybody else, is empty.
        """
        if not self.facet.any():
            raise NoMetricError("Facet set is empty")
        if self.facet.all():
            raise NoMetricError("Negated facet set is empty")


def _ratio(part: float, whole: float) -> float:
    if whole == 0:
        return 0.0 if part == 0 else math.inf
    return part / whole


def _difference(one: float, other: float) -> float:
    return 0.0 if one == other else one - other


def _share(of: Mask, among: Mask) -> float:
    return _ratio(int((of & among).sum()), int(among.sum()))


# --- Before training ----------------------------------------------------------------------------


def _class_imbalance(rows: Rows) -> float:
    count, inside = len(rows.facet), int(rows.facet.sum())
    return (count - 2 * inside) / count


def _label_disparity(rows: Rows) -> float:
    return _share(rows.label, ~rows.facet) - _share(rows.label, rows.facet)


def _distributions(rows: Rows) -> tuple[Any, Any]:
    """How labels are distributed among `a` and `d`, over those that both have."""
    found = []
    for mask in (~rows.facet, rows.facet):
        positive = float(rows.label[mask].mean())
        found.append(np.array([1 - positive, positive]))
    both = (found[0] > 0) & (found[1] > 0)
    if not both.any():
        raise NoMetricError("No instance of common facet found, dataset may be too small")
    return found[0][both], found[1][both]


def _kullback_leibler(rows: Rows) -> float:
    a, d = _distributions(rows)
    return float((a * np.log(a / d)).sum())


def _jensen_shannon(rows: Rows) -> float:
    a, d = _distributions(rows)
    middle = (a + d) / 2
    return float(((a * np.log(a / middle)).sum() + (d * np.log(d / middle)).sum()) / 2)


def _norm(order: float, factor: float = 1.0) -> Callable[[Rows], float]:
    def distance(rows: Rows) -> float:
        a, d = _distributions(rows)
        return factor * float(np.linalg.norm(a - d, order))

    return distance


def _conditional_disparity(rows: Rows, positive: Mask) -> float:
    if rows.group is None:
        raise NoMetricError("Group variable is empty or not provided")
    for mask, name in ((positive, "positive"), (~positive, "negative")):
        if not mask.any():
            raise NoMetricError(f"No {name} labels in set")
    total = 0.0
    for one in np.unique(rows.group):
        here = rows.group == one
        rejected = _share(rows.facet, here & ~positive)
        accepted = _share(rows.facet, here & positive)
        total += int(here.sum()) * (rejected - accepted)
    return total / len(rows.group)


# --- After training -----------------------------------------------------------------------------


def _predicted(rows: Rows) -> Mask:
    assert rows.predicted is not None
    return rows.predicted


def _between(measure: Callable[[Rows, Mask], float], sign: int) -> Callable[[Rows], float]:
    """The difference of a measure of `a` and of `d`; with sign -1 the other way round."""

    def difference(rows: Rows) -> float:
        a, d = measure(rows, ~rows.facet), measure(rows, rows.facet)
        return _difference(a, d) if sign > 0 else _difference(d, a)

    return difference


def _accuracy(rows: Rows, who: Mask) -> float:
    return _share(rows.label == _predicted(rows), who)


def _recall(rows: Rows, who: Mask) -> float:
    return _share(_predicted(rows), rows.label & who)


def _specificity(rows: Rows, who: Mask) -> float:
    return _share(~_predicted(rows), ~rows.label & who)


def _acceptance_rate(rows: Rows, who: Mask) -> float:
    return _share(rows.label, _predicted(rows) & who)


def _rejection_rate(rows: Rows, who: Mask) -> float:
    return _share(~rows.label, ~_predicted(rows) & who)


def _conditional_acceptance(rows: Rows, who: Mask) -> float:
    return _ratio(int((rows.label & who).sum()), int((_predicted(rows) & who).sum()))


def _conditional_rejection(rows: Rows, who: Mask) -> float:
    return _ratio(int((~rows.label & who).sum()), int((~_predicted(rows) & who).sum()))


def _errors(rows: Rows, who: Mask) -> float:
    missed = int((rows.label & ~_predicted(rows) & who).sum())
    wrong = int((~rows.label & _predicted(rows) & who).sum())
    return _ratio(missed, wrong)


def _positive_rate(rows: Rows, who: Mask) -> float:
    return _share(_predicted(rows), who)


def _disparate_impact(rows: Rows) -> float:
    return _ratio(_positive_rate(rows, rows.facet), _positive_rate(rows, ~rows.facet))


def _generalized_entropy(rows: Rows) -> float:
    benefit = _predicted(rows).astype(float) - rows.label.astype(float) + 1
    mean = benefit.mean()
    if mean == 0:
        raise NoMetricError("All predicted labels are false negatives")
    # With alpha 2: half the squared coefficient of variation.
    return float((((benefit / mean) ** 2) - 1).mean() / 2)


def _flip_test(rows: Rows) -> float:
    """How predictions of `d` differ from those that its nearest neighbours among `a` have."""
    if rows.features is None:
        raise NoMetricError("FlipTest does not support non-numeric columns")
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415 - for this one only

    count = 5 if int((~rows.facet).sum()) > 10 else 1
    nearest = KNeighborsClassifier(count)
    nearest.fit(rows.features[~rows.facet], _predicted(rows)[~rows.facet])
    if_other = nearest.predict(rows.features[rows.facet])
    own = _predicted(rows)[rows.facet]
    return float((own & ~if_other).sum() - (~own & if_other).sum()) / len(own)


# --- All of them --------------------------------------------------------------------------------

Metric = tuple[str, Callable[[Rows], float]]

PRE_TRAINING: dict[str, Metric] = {
    "CDDL": (
        "Conditional Demographic Disparity in Labels (CDDL)",
        lambda rows: _conditional_disparity(rows, rows.label),
    ),
    "CI": ("Class Imbalance (CI)", _class_imbalance),
    "DPL": ("Difference in Positive Proportions in Labels (DPL)", _label_disparity),
    "JS": ("Jensen-Shannon Divergence (JS)", _jensen_shannon),
    "KL": ("Kullback-Liebler Divergence (KL)", _kullback_leibler),
    "KS": ("Kolmogorov-Smirnov Distance (KS)", _norm(math.inf)),
    "LP": ("L-p Norm (LP)", _norm(2)),
    "TVD": ("Total Variation Distance (TVD)", _norm(1, 0.5)),
}
POST_TRAINING: dict[str, Metric] = {
    "AD": ("Accuracy Difference (AD)", _between(_accuracy, 1)),
    "CDDPL": (
        "Conditional Demographic Disparity in Predicted Labels (CDDPL)",
        lambda rows: _conditional_disparity(rows, _predicted(rows)),
    ),
    "DAR": ("Difference in Acceptance Rates (DAR)", _between(_acceptance_rate, 1)),
    "DCA": ("Difference in Conditional Acceptance (DCA)", _between(_conditional_acceptance, 1)),
    "DCR": ("Difference in Conditional Rejection (DCR)", _between(_conditional_rejection, -1)),
    "DI": ("Disparate Impact (DI)", _disparate_impact),
    "DPPL": (
        "Difference in Positive Proportions in Predicted Labels (DPPL)",
        _between(_positive_rate, 1),
    ),
    "DRR": ("Difference in Rejection Rates (DRR)", _between(_rejection_rate, -1)),
    "FT": ("Flip Test (FT)", _flip_test),
    "GE": ("Generalized Entropy (GE)", _generalized_entropy),
    "RD": ("Recall Difference (RD)", _between(_recall, 1)),
    "SD": ("Specificity Difference (SD)", _between(_specificity, -1)),
    "TE": ("Treatment Equality (TE)", _between(_errors, -1)),
}


def measured(rows: Rows, metrics: dict[str, Metric], names: list[str]) -> list[dict[str, Any]]:
    """Each metric's name, description and value, as Clarify writes them.

    Args:
        rows: What they are of.
        metrics: All there are at this stage.
        names: Which of them.
    """
    found = []
    for name in names:
        description, compute = metrics[name]
        one: dict[str, Any] = {"name": name, "description": description}
        try:
            rows.check()
            one["value"] = _written(compute(rows))
        except NoMetricError as error:
            one |= {"value": None, "error": str(error)}
        found.append(one)
    return found


def _written(value: float) -> float | str:
    # JSON has no infinity; Clarify writes it as a word.
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
