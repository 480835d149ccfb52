"""The report: one page that needs nothing beside it, with every name in it escaped."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluate_model.pictures import MEASURES
from windfall.charts.bars import Bar, draw_bars

if TYPE_CHECKING:
    from evaluate_model.explanation import Explanation
    from windfall.contracts.data_profile import DataProfile
    from windfall.contracts.evaluation import Evaluation
    from windfall.contracts.training import Split, TrainingSpec

_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_MOST_FEATURES = 20
_NAMES = {
    "accuracy": "Overall classification rate",
    "majority": "… of always naming the most frequent class",
    "balanced_accuracy": "Balanced accuracy (mean recall)",
    "correlation": "Matthews's correlation",
    "auc": "Area under the ROC curve",
    "average_precision": "Average precision",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "rmse": "Root mean squared error",
    "mae": "Mean absolute error",
    "bias": "Mean of predicted minus observed",
    "r2": "R²: the variance that is explained",
}
_SHARES = frozenset({"accuracy", "majority", "balanced_accuracy"})


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a report tells.

    Attributes:
        table: The classic table; empty where numbers are predicted.
        pictures: SVG by name.
        explanation: What Clarify found, or None with the reason `unexplained`.
    """

    spec: TrainingSpec
    profile: DataProfile
    split: Split
    evaluation: Evaluation
    table: str
    pictures: Mapping[str, str]
    explanation: Explanation | None
    unexplained: str


def write_report(findings: Findings) -> str:
    """The page as HTML."""
    # Jinja takes a tenth of a second to import: not before there is something to tell.
    jinja: Any = importlib.import_module("jinja2")
    markup: Any = importlib.import_module("markupsafe").Markup
    environment = jinja.Environment(
        autoescape=True, undefined=jinja.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    pictures = {name: markup(svg) for name, svg in findings.pictures.items()}
    shap = findings.explanation.shap if findings.explanation else []
    page: str = template.render(
        spec=findings.spec,
        profile=findings.profile,
        split=findings.split,
        evaluation=findings.evaluation,
        table=findings.table,
        pictures=pictures,
        figures=_figures(findings.evaluation),
        measure=MEASURES[findings.profile.measure]
        if findings.profile.measure != "gain"
        else "gain",
        explanation=findings.explanation,
        shap=markup(_shap(shap)) if shap else "",
        unexplained=findings.unexplained,
        name=findings.spec.called,
    )
    return page


def _figures(evaluation: Evaluation) -> list[tuple[str, str]]:
    return [
        (_NAMES.get(name, name), f"{value:.2%}" if name in _SHARES else f"{value:.4g}")
        for name, value in evaluation.figures.items()
    ]


def _shap(values: list[tuple[str, float]]) -> str:
    bars = [Bar(name, value, f"{value:.4g}") for name, value in values[:_MOST_FEATURES]]
    left = len(values) - len(bars)
    note = f"mean size of the SHAP values{f' ({left} more features)' if left else ''}"
    return draw_bars("What each feature adds to a prediction", bars, note)
