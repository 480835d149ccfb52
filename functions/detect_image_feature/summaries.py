"""What a person wants to see first of a feature; a crowd of 100 faces stays small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from windfall.contracts.features import ImageFeature
from windfall.features import shortened
from windfall.known_faces import people_of

_MOST = 10
Raw = Mapping[str, Any]


def summary_of(feature: ImageFeature, raw: Raw) -> dict[str, Any]:
    """The counts and the first ten of what was found."""
    return _SUMMARIES[feature](raw)


def _labels(raw: Raw) -> dict[str, Any]:
    labels = sorted(raw["Labels"], key=lambda label: -label["Confidence"])
    return {
        "count": len(labels),
        "labels": [
            {"name": label["Name"], "confidence": _percent(label["Confidence"])}
            for label in labels[:_MOST]
        ],
    }


def _properties(raw: Raw) -> dict[str, Any]:
    properties = raw.get("ImageProperties", {})
    quality = properties.get("Quality", {})
    return {
        "quality": {name.lower(): _percent(value) for name, value in quality.items()},
        "colors": [
            {
                "name": color.get("SimplifiedColor"),
                "hex": color.get("HexCode"),
                "percent": _percent(color.get("PixelPercent", 0)),
            }
            for color in properties.get("DominantColors", [])[:5]
        ],
    }


def _faces(raw: Raw) -> dict[str, Any]:
    faces = raw["FaceDetails"]
    return {"count": len(faces), "faces": [_face(face) for face in faces[:_MOST]]}


def _face(face: Raw) -> dict[str, Any]:
    """Only what the engine really found: attributes may be missing."""
    found: dict[str, Any] = {}
    if "AgeRange" in face:
        found["age"] = [face["AgeRange"]["Low"], face["AgeRange"]["High"]]
    if "Gender" in face:
        found["gender"] = face["Gender"]["Value"]
    if face.get("Emotions"):
        surest = max(face["Emotions"], key=lambda emotion: float(emotion["Confidence"]))
        found["emotion"] = surest["Type"]
    if "Smile" in face:
        found["smile"] = face["Smile"]["Value"]
    found["confidence"] = _percent(face.get("Confidence", 0))
    return found


def _text(raw: Raw) -> dict[str, Any]:
    words = [found for found in raw["TextDetections"] if found["Type"] == "WORD"]
    return {"words": len(words)}


def _celebrities(raw: Raw) -> dict[str, Any]:
    known = sorted(raw["CelebrityFaces"], key=lambda face: -face["MatchConfidence"])
    return {
        "count": len(known),
        "unrecognized": len(raw.get("UnrecognizedFaces", [])),
        "celebrities": [
            {"name": shortened(face["Name"]), "confidence": _percent(face["MatchConfidence"])}
            for face in known[:_MOST]
        ],
    }


def _known_faces(raw: Raw) -> dict[str, Any]:
    people = people_of(raw["FaceMatches"])
    known = [
        {"name": shortened(name), "similarity": _percent(similarity)}
        for name, similarity in people.items()
    ]
    return {"count": len(known), "known_faces": known[:_MOST]}


def _moderation(raw: Raw) -> dict[str, Any]:
    labels = sorted(raw["ModerationLabels"], key=lambda label: -label["Confidence"])
    return {
        "count": len(labels),
        "labels": [
            {"name": label["Name"], "confidence": _percent(label["Confidence"])}
            for label in labels[:_MOST]
        ],
    }


def _protective_equipment(raw: Raw) -> dict[str, Any]:
    persons = raw["Persons"]
    worn = Counter(
        equipment["Type"]
        for person in persons
        for part in person.get("BodyParts", [])
        for equipment in part.get("EquipmentDetections", [])
    )
    summary = raw.get("Summary", {})
    return {
        "persons": len(persons),
        "equipment": dict(worn),
        "equipped": len(summary.get("PersonsWithRequiredEquipment", [])),
        "not_equipped": len(summary.get("PersonsWithoutRequiredEquipment", [])),
    }


def _percent(value: float) -> float:
    return round(float(value), 1)


_SUMMARIES: dict[ImageFeature, Callable[[Raw], dict[str, Any]]] = {
    ImageFeature.LABELS: _labels,
    ImageFeature.PROPERTIES: _properties,
    ImageFeature.FACES: _faces,
    ImageFeature.TEXT: _text,
    ImageFeature.CELEBRITIES: _celebrities,
    ImageFeature.KNOWN_FACES: _known_faces,
    ImageFeature.MODERATION: _moderation,
    ImageFeature.PROTECTIVE_EQUIPMENT: _protective_equipment,
}
