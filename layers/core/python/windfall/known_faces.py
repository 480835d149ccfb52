"""Faces of a collection of Rekognition's: who they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def name_of(face: Mapping[str, Any]) -> str:
    """What whoever filled the collection called a face; else Rekognition's own id of it."""
    return str(face.get("ExternalImageId") or face["FaceId"])


def people_of(matches: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Who a face may be, the likeliest first, by percent; a person may have many faces there."""
    best: dict[str, float] = {}
    for match in matches:
        name = name_of(match["Face"])
        best[name] = max(best.get(name, 0.0), float(match["Similarity"]))
    return dict(sorted(best.items(), key=lambda one: -one[1]))
