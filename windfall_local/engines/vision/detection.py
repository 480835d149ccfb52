"""Where faces are: blazeface on the whole picture and on a grid of crops, then checks.

blazeface sees 256 x 256 pixels, so small faces are found only in crops. On crops it also takes
folds and letters for faces; what it finds must be found again in other crops and hold a mesh,
or be found again and lie where a person is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.crops import Square
from windfall_local.engines.vision.models import Models

SIZE = 256
SCORE = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A face that may be one, in pixels of the picture.

    Attributes:
        box: Left, top, right, bottom.
        score: Of the detector, from 0 to 1.
        keypoints: 6 x 2: left eye, right eye, nose, mouth, left and right ear (the viewer's).
    """

    box: Array
    score: float
    keypoints: Array

    @property
    def center(self) -> tuple[float, float]:
        """Of the box."""
        return float(self.box[0] + self.box[2]) / 2, float(self.box[1] + self.box[3]) / 2

    @property
    def side(self) -> float:
        """The longer side of the box."""
        return float(max(self.box[2] - self.box[0], self.box[3] - self.box[1]))

    @property
    def tilt(self) -> float:
        """The angle of the line between the eyes, clockwise, in radians.

        0 for a profile: its eyes lie over each other, and their angle says nothing.
        """
        across = self.keypoints[1] - self.keypoints[0]
        if np.linalg.norm(across) < 0.2 * self.side:
            return 0.0
        return float(np.arctan2(across[1], across[0]))

    def square(self, factor: float, angle: float = 0.0) -> Square:
        """A square around the box, that many times its longer side."""
        return Square(*self.center, self.side * factor, angle)


def _anchors() -> Array:
    rows = []
    for stride, repeat in ((16, 2), (32, 6)):
        places = (np.arange(SIZE // stride) + 0.5) * stride
        grid: Array = np.stack(np.meshgrid(places, places), -1)
        rows.append(np.repeat(grid.reshape(-1, 2), repeat, axis=0))
    return np.concatenate(rows)


ANCHORS = _anchors()


def decode(outputs: dict[str, Array], min_score: float) -> list[Candidate]:
    """Blazeface's outputs as candidates in the pixels of its input."""
    raw = np.concatenate([outputs["scores_16"], outputs["scores_32"]])[:, 0]
    rows = np.concatenate([outputs["boxes_16"], outputs["boxes_32"]])
    scores = 1 / (1 + np.exp(-np.clip(raw.astype(np.float64), -60, 60)))
    found = []
    for index in np.flatnonzero(scores >= min_score):
        anchor, row = ANCHORS[index], rows[index].astype(np.float64)
        center, size = anchor + row[:2], np.abs(row[2:4])
        box = np.concatenate([center - size / 2, center + size / 2])
        found.append(Candidate(box, float(scores[index]), row[4:].reshape(6, 2) + anchor))
    return found


def overlap(a: Array, b: Array) -> float:
    """Shared area of two boxes (left, top, right, bottom) as a part of the joint area."""
    shared = _shared(a, b)
    joint = _area(a) + _area(b) - shared
    return shared / joint if joint > 0 else 0.0


def _shared(a: Array, b: Array) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    return float(np.prod(np.maximum(sides, 0)))


def _area(box: Array) -> float:
    return float(np.prod(np.maximum(box[2:] - box[:2], 0)))


def keep_best(candidates: list[Candidate]) -> list[Candidate]:
    """One candidate for each face, the surest.

    A crop's edge may cut a face, so what lies for the most part in a surer one goes too.
    """
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda one: -one.score):
        area = _area(candidate.box)
        if all(
            overlap(candidate.box, other.box) < 0.3
            and _shared(candidate.box, other.box) < 0.6 * min(area, _area(other.box))
            for other in kept
        ):
            kept.append(candidate)
    return kept


class FaceDetector:
    """Finds candidates and looks at them again.

    Args:
        models: Runs blazeface.
    """

    def __init__(self, models: Models) -> None:
        self._models = models

    def candidates(self, pixels: Array, min_score: float) -> list[Candidate]:
        """Every candidate in the whole picture and in a 3 x 3 grid of half-overlapping crops."""
        height, width = pixels.shape[:2]
        squares = [Square(width / 2, height / 2, max(width, height))]
        side = max(width, height) / 2
        steps = [(column, row) for row in (1, 2, 3) for column in (1, 2, 3)]
        squares += [Square(width * c / 4, height * r / 4, side) for c, r in steps]
        found = [one for square in squares for one in self._look(pixels, square, min_score)]
        return keep_best(found)

    def found_again(self, pixels: Array, candidate: Candidate, factor: float) -> float:
        """The score of the same face in a square of its own, `factor` times its size; 0 if none."""
        found = self._look(pixels, candidate.square(factor), 0.1)
        scores = [one.score for one in found if overlap(one.box, candidate.box) > 0.3]
        return max(scores, default=0.0)

    def _look(self, pixels: Array, square: Square, min_score: float) -> list[Candidate]:
        crop = square.cut(pixels, SIZE)
        outputs = self._models.run("blazeface", crop / np.float32(127.5) - 1)
        return [
            Candidate(
                square.to_picture(one.box.reshape(2, 2), SIZE).reshape(4),
                one.score,
                square.to_picture(one.keypoints, SIZE),
            )
            for one in decode(outputs, min_score)
        ]
