"""What the vision engine answers: plain data that crosses processes.

Positions are ratios of the upright picture (0 to 1 from its left and top edge); scores and
probabilities go from 0 to 1; left and right are the viewer's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; it may reach over the picture's edge."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def around(cls, polygon: Polygon) -> Box:
        """The upright rectangle around a polygon."""
        xs, ys = [x for x, _ in polygon], [y for _, y in polygon]
        return cls(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))

    @property
    def area(self) -> float:
        """Width times height."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a face looks, in degrees.

    Yaw grows as the face turns to the viewer's right, pitch as it looks up, roll as the head
    tilts clockwise.
    """

    roll: float
    yaw: float
    pitch: float


@dataclass(frozen=True, slots=True)
class Expression:
    """The seven probabilities of an expression, by name; they sum to 1."""

    angry: float
    disgusted: float
    afraid: float
    happy: float
    sad: float
    surprised: float
    neutral: float


@dataclass(frozen=True, slots=True)
class Quality:
    """From 0 (black, blurred) to 100; `contrast` only of whole pictures."""

    brightness: float
    sharpness: float
    contrast: float | None = None


@dataclass(frozen=True, slots=True)
class Face:
    """One face. What the models could not tell of it is None.

    Attributes:
        box: Around the face, from the eyebrows' arch to the chin.
        score: How sure the detector is that this is a face.
        landmarks: Position by name (`eye_left`, `nose`, `chin_bottom`, ...).
        pose: None where the mesh does not hold (true profiles).
        quality: Of the face's own pixels.
        age: The expected age and its standard deviation, in years.
        male: Probability.
        expression: None where the mesh does not hold.
        mouth_open: How far the lips are apart, as a part of the mouth's width.
        descriptor: 1,024 numbers of length 1; the cosine of two tells how alike faces are.
    """

    box: Box
    score: float
    landmarks: dict[str, tuple[float, float]]
    quality: Quality
    pose: Pose | None = None
    age: tuple[float, float] | None = None
    male: float | None = None
    expression: Expression | None = None
    mouth_open: float | None = None
    descriptor: tuple[float, ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of one of COCO's classes, by COCO's own name."""

    name: str
    score: float
    box: Box


@dataclass(frozen=True, slots=True)
class Color:
    """A dominant colour and the part of the pixels that it stands for, from 0 to 1."""

    red: int
    green: int
    blue: int
    share: float


@dataclass(frozen=True, slots=True)
class ImageProperties:
    """What holds for a picture as a whole."""

    colors: tuple[Color, ...]
    quality: Quality


@dataclass(frozen=True, slots=True)
class Word:
    """One word and its four corners, clockwise from where it begins."""

    text: str
    score: float
    polygon: Polygon


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; lines come in reading order."""

    text: str
    score: float
    polygon: Polygon
    words: tuple[Word, ...]


class Vision(Protocol):
    """What a vision engine can do. Every argument is the bytes of a PNG or JPEG.

    Every method raises `InvalidMediaError` for a picture that can't be read and
    `EngineUnavailableError` where model files are missing.
    """

    def detect_faces(self, content: bytes, detail: FaceDetail) -> list[Face]:
        """Every face, the largest first."""
        ...

    def detect_objects(self, content: bytes, min_score: float) -> list[Thing]:
        """Every object that scores at least so much, the surest first."""
        ...

    def image_properties(self, content: bytes, colors: int) -> ImageProperties:
        """Dominant colours, at most so many, and quality."""
        ...

    def detect_text(self, content: bytes) -> list[Line]:
        """Every line of text, in reading order."""
        ...


@dataclass(frozen=True, slots=True)
class FaceDetail:
    """What to find out about each face beyond where it is; each costs a model's run."""

    portrait: bool = False
    """Age and gender."""
    expression: bool = False
    descriptor: bool = False
