"""DetectText: lines and words with ids, filtered."""

from __future__ import annotations

from typing import Any

from windfall_local.engines.vision.results import Box, Line, Polygon
from windfall_local.services.rekognition.parameters import count, invalid, percentage
from windfall_local.services.rekognition.shapes import box_shape, polygon_shape

MODEL_VERSION = "windfall-ppocr-6"
MAX_WORDS = 100
"""Rekognition detects up to 100 words in an image."""
MAX_REGIONS = 10


class TextFilter:
    """`DetectTextFilters`, checked.

    Raises:
        ServiceError: A value is outside of its range.
    """

    def __init__(self, filters: dict[str, Any]) -> None:
        words = filters.get("WordFilter") or {}
        self._confidence = percentage(words, "MinConfidence", 0)
        self._height = _ratio(words, "MinBoundingBoxHeight")
        self._width = _ratio(words, "MinBoundingBoxWidth")
        regions = filters.get("RegionsOfInterest") or []
        count({"RegionsOfInterest": len(regions)}, "RegionsOfInterest", 0, 0, MAX_REGIONS)
        self._regions = [_region(region) for region in regions]

    def passes(self, polygon: Polygon, score: float) -> bool:
        """Whether a word is sure and large enough and lies, by its centre, in a region."""
        box = Box.around(polygon)
        if score * 100 < self._confidence or box.height < self._height or box.width < self._width:
            return False
        x, y = box.left + box.width / 2, box.top + box.height / 2
        return not self._regions or any(
            region.left <= x <= region.left + region.width
            and region.top <= y <= region.top + region.height
            for region in self._regions
        )


def text_shapes(lines: list[Line], wanted: TextFilter) -> list[dict[str, Any]]:
    """A list of `TextDetection`: lines first, then their words, at most 100 of these."""
    shapes: list[dict[str, Any]] = []
    words: list[tuple[int, Any]] = []
    for line in lines:
        passing = [word for word in line.words if wanted.passes(word.polygon, word.score)]
        if not passing or len(words) >= MAX_WORDS:
            continue
        passing = passing[: MAX_WORDS - len(words)]
        whole = len(passing) == len(line.words)
        text = line.text if whole else " ".join(word.text for word in passing)
        words += [(len(shapes), word) for word in passing]
        shapes.append(_shape(text, "LINE", len(shapes), line.score, line.polygon))
    for parent, word in words:
        shape = _shape(word.text, "WORD", len(shapes), word.score, word.polygon)
        shapes.append({**shape, "ParentId": parent})
    return shapes


def _shape(text: str, kind: str, number: int, score: float, polygon: Polygon) -> dict[str, Any]:
    return {
        "DetectedText": text,
        "Type": kind,
        "Id": number,
        "Confidence": score * 100,
        "Geometry": {
            "BoundingBox": box_shape(Box.around(polygon)),
            "Polygon": polygon_shape(polygon),
        },
    }


def _ratio(words: dict[str, Any], name: str) -> float:
    value = float(words.get(name, 0))
    if not 0 <= value <= 1:
        raise invalid(f"{name} is {value}; it must lie between 0 and 1.")
    return value


def _region(region: dict[str, Any]) -> Box:
    if region.get("BoundingBox"):
        box = region["BoundingBox"]
        edges = [float(box.get(key, 0)) for key in ("Left", "Top", "Width", "Height")]
        return Box(*edges)
    if region.get("Polygon"):
        # Taken by the rectangle around it; a word's centre decides, so little is lost.
        return Box.around(tuple((point["X"], point["Y"]) for point in region["Polygon"]))
    raise invalid("A region of interest needs a BoundingBox or a Polygon.")
