"""The engine's faces and lines in Rekognition's shapes."""

from __future__ import annotations

from typing import Any

from windfall_local.engines.vision.results import Box, Expression, Face, FaceDetail, Polygon

ATTRIBUTES = {
    *("DEFAULT", "ALL", "AGE_RANGE", "BEARD", "EMOTIONS", "EYE_DIRECTION", "EYEGLASSES"),
    *("EYES_OPEN", "GENDER", "MOUTH_OPEN", "MUSTACHE", "FACE_OCCLUDED", "SMILE", "SUNGLASSES"),
}
DEFAULT_LANDMARKS = ("eye_left", "eye_right", "mouth_left", "mouth_right", "nose")
MALE = 0.6
"""From this probability on a face is called male: measured, engines.md."""
LIPS_APART = 0.1
"""Of 108 portraits, mouths that were shut had up to .09, and those that showed teeth more."""
EMOTIONS = {
    "happy": "HAPPY",
    "sad": "SAD",
    "angry": "ANGRY",
    "disgusted": "DISGUSTED",
    "surprised": "SURPRISED",
    "neutral": "CALM",
    "afraid": "FEAR",
}
"""Rekognition's CONFUSED has no counterpart and never comes."""


def detail_for(attributes: set[str]) -> FaceDetail:
    """What the engine has to find out for these attributes."""
    return FaceDetail(
        portrait=bool(attributes & {"ALL", "AGE_RANGE", "GENDER"}),
        expression=bool(attributes & {"ALL", "EMOTIONS", "SMILE"}),
    )


def box_shape(box: Box) -> dict[str, float]:
    """A `BoundingBox`."""
    return {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}


def polygon_shape(polygon: Polygon) -> list[dict[str, float]]:
    """A list of `Point`."""
    return [{"X": x, "Y": y} for x, y in polygon]


def landmark_shapes(face: Face, *, every: bool) -> list[dict[str, Any]]:
    """A list of `Landmark`: five, or all there are."""
    names = list(face.landmarks) if every else DEFAULT_LANDMARKS
    return [
        {"Type": _camel(name), "X": face.landmarks[name][0], "Y": face.landmarks[name][1]}
        for name in names
        if name in face.landmarks
    ]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def compared_face_shape(face: Face) -> dict[str, Any]:
    """A `ComparedFace`, which a `FaceDetail` begins with."""
    shape: dict[str, Any] = {
        "BoundingBox": box_shape(face.box),
        "Confidence": face.score * 100,
        "Landmarks": landmark_shapes(face, every=False),
        "Quality": {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness},
    }
    if face.pose is not None:
        pose = face.pose
        shape["Pose"] = {"Roll": pose.roll, "Yaw": pose.yaw, "Pitch": pose.pitch}
    return shape


def face_detail_shape(face: Face, attributes: set[str]) -> dict[str, Any]:
    """A `FaceDetail` with what was asked for and the engine has.

    Beard, moustache, glasses, open eyes, gaze and occlusion have no engine: they are absent.
    """
    every = "ALL" in attributes
    shape = compared_face_shape(face)
    shape["Landmarks"] = landmark_shapes(face, every=every)
    if face.age is not None and (every or "AGE_RANGE" in attributes):
        shape["AgeRange"] = age_range(*face.age)
    if face.male is not None and (every or "GENDER" in attributes):
        shape["Gender"] = gender(face.male)
    if face.expression is not None:
        if every or "EMOTIONS" in attributes:
            shape["Emotions"] = emotion_shapes(face.expression)
        if every or "SMILE" in attributes:
            shape["Smile"] = _graded(face.expression.happy, 0.5, 0.5)
    if face.mouth_open is not None and (every or "MOUTH_OPEN" in attributes):
        shape["MouthOpen"] = _graded(face.mouth_open, LIPS_APART, LIPS_APART)
    return shape


def age_range(mean: float, deviation: float) -> dict[str, int]:
    """Half the model's own deviation to each side, at least 4 and at most 12 years."""
    margin = min(12.0, max(4.0, deviation / 2))
    return {"Low": max(0, round(mean - margin)), "High": max(1, round(mean + margin))}


def gender(male: float) -> dict[str, Any]:
    """The likelier one; the threshold itself is a confidence of 50."""
    if male >= MALE:
        return {"Value": "Male", "Confidence": 50 + 50 * (male - MALE) / (1 - MALE)}
    return {"Value": "Female", "Confidence": 50 + 50 * (MALE - male) / MALE}


def emotion_shapes(expression: Expression) -> list[dict[str, Any]]:
    """A list of `Emotion`, the likeliest first."""
    values = {EMOTIONS[name]: getattr(expression, name) for name in EMOTIONS}
    return [
        {"Type": name, "Confidence": min(100.0, max(0.0, value * 100))}
        for name, value in sorted(values.items(), key=lambda pair: -pair[1])
    ]


def _graded(value: float, threshold: float, span: float) -> dict[str, Any]:
    """Whether a value reaches its threshold, and the surer the farther it is from it."""
    distance = min(1.0, abs(value - threshold) / span)
    return {"Value": value >= threshold, "Confidence": 50 + 50 * distance}
