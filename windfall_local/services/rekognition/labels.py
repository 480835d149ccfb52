"""DetectLabels: what the engine saw, as labels with parents, filtered and sorted."""

from __future__ import annotations

from typing import Any

from windfall_local.engines.vision.results import Thing
from windfall_local.services.rekognition.shapes import box_shape
from windfall_local.services.rekognition.taxonomy import LABELS, Entry

MODEL_VERSION = "windfall-centernet-1"
WORKING_SCORE, DEFAULT_CONFIDENCE = 0.3, 55.0
"""The score from which the model is mostly right, and Rekognition's default MinConfidence."""


def confidence_of(score: float) -> float:
    """A score of the model as a confidence: what it calls likely, Rekognition's default keeps."""
    if score < WORKING_SCORE:
        return DEFAULT_CONFIDENCE * score / WORKING_SCORE
    rest = (score - WORKING_SCORE) / (1 - WORKING_SCORE)
    return min(100.0, DEFAULT_CONFIDENCE + (100 - DEFAULT_CONFIDENCE) * rest)


def score_of(confidence: float) -> float:
    """The inverse of `confidence_of`."""
    if confidence < DEFAULT_CONFIDENCE:
        return WORKING_SCORE * confidence / DEFAULT_CONFIDENCE
    rest = (confidence - DEFAULT_CONFIDENCE) / (100 - DEFAULT_CONFIDENCE)
    return WORKING_SCORE + (1 - WORKING_SCORE) * rest


def label_shapes(
    things: list[Thing], filters: dict[str, list[str]], most: int
) -> list[dict[str, Any]]:
    """A list of `Label`, the surest first: what was seen, and its ancestors.

    Args:
        things: The engine's, by COCO's names.
        filters: `Settings.GeneralLabels`.
        most: How many labels at most.
    """
    labels: dict[str, dict[str, Any]] = {}
    for thing in sorted(things, key=lambda one: -one.score):
        entry, confidence = LABELS[thing.name], confidence_of(thing.score)
        label = labels.setdefault(entry.name, _shape(entry, confidence))
        # It may stand here already as the ancestor of another ("Oven" of "Microwave").
        label["Aliases"] = [{"Name": alias} for alias in entry.aliases]
        label["Parents"] = [{"Name": parent} for parent in entry.parents]
        label["Instances"].append({"BoundingBox": box_shape(thing.box), "Confidence": confidence})
        for parent in entry.parents:
            labels.setdefault(parent, _shape(Entry(parent, entry.category), confidence))
    kept = [label for label in labels.values() if _passes(label, filters)]
    return sorted(kept, key=lambda label: -label["Confidence"])[:most]


def _shape(entry: Entry, confidence: float) -> dict[str, Any]:
    return {
        "Name": entry.name,
        "Confidence": confidence,
        "Instances": [],
        "Parents": [],
        "Aliases": [],
        "Categories": [{"Name": entry.category}],
    }


def _passes(label: dict[str, Any], filters: dict[str, list[str]]) -> bool:
    name = label["Name"]
    categories = {category["Name"] for category in label["Categories"]}
    included = filters.get("LabelInclusionFilters") or []
    included_categories = filters.get("LabelCategoryInclusionFilters") or []
    if (included or included_categories) and not (
        name in included or categories & set(included_categories)
    ):
        return False
    return name not in (filters.get("LabelExclusionFilters") or []) and not categories & set(
        filters.get("LabelCategoryExclusionFilters") or []
    )
