"""How a training looks in a terminal: from the summaries of its outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from windfall_cli.console import plain

_FIGURES = {
    "auc": "area under the ROC curve",
    "average_precision": "average precision",
    "balanced_accuracy": "mean recall",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "r2": "R²",
}

Summary = Mapping[str, Any]


def _profile(summary: Summary) -> RenderableType:
    lines: list[RenderableType] = [
        plain(
            f"{summary.get('rows', 0):,} rows, {summary.get('columns')} columns to learn from;"
            f" target {summary.get('target')} ({summary.get('task')})"
        )
    ]
    lines += [
        Text.assemble(("! ", "bold yellow"), plain(one)) for one in summary.get("warnings", [])
    ]
    lines += [Text.assemble(("· ", "dim"), plain(one)) for one in summary.get("inferred", [])]
    return Group(*lines)


def _split(summary: Summary) -> RenderableType:
    rejected = summary.get("rejected", 0)
    left = f", {rejected:,} left out" if rejected else ""
    return Text(
        f"{summary.get('learnt_from', 0):,} rows to learn from, {summary.get('held_out', 0):,} held"
        f" out ({summary.get('method')}){left}"
    )


def _training(summary: Summary) -> RenderableType:
    if "model_data" in summary:
        return plain(f"a finished model: {summary['model_data']}")
    return plain(
        f"{summary.get('algorithm')} on {summary.get('instance_type')},"
        f" {summary.get('seconds', 0):,.0f} s billed"
    )


def _evaluation(summary: Summary) -> RenderableType:
    lines: list[RenderableType] = []
    if summary.get("table"):
        lines += [plain(str(summary["table"]).rstrip()), Text()]
    figures = [
        f"{words} {summary[name]:.4g}" for name, words in _FIGURES.items() if name in summary
    ]
    if "majority" in summary:
        figures.append(f"naming only the most frequent class: {summary['majority']:.1%}")
    lines.append(plain(", ".join(figures)))
    if summary.get("goes_by"):
        lines.append(Text.assemble("goes by ", plain(", ".join(summary["goes_by"]))))
    lines.append(Text("report.html has the pictures (windfall show FILE --save FOLDER)", "dim"))
    return Group(*lines)


def _registration(summary: Summary) -> RenderableType:
    lines: list[RenderableType] = [plain(f"version {summary.get('version')}")]
    if summary.get("next"):
        lines.append(Text.assemble("score with it: ", (plain(summary["next"]).plain, "bold")))
    return Group(*lines)


def _deployment(summary: Summary) -> RenderableType:
    return plain(f"{summary.get('endpoint')} ({summary.get('mode')})")


VIEWS: Mapping[str, Callable[[Summary], RenderableType]] = {
    "profile": _profile,
    "split": _split,
    "training": _training,
    "evaluation": _evaluation,
    "registration": _registration,
    "deployment": _deployment,
}
"""By feature, what is shown of its summary."""
TITLES = {
    "profile": "The data",
    "split": "The split",
    "training": "Training",
    "evaluation": "How good it is",
    "explanation": "Bias and explanation",
    "registration": "The model",
    "deployment": "The endpoint",
}
