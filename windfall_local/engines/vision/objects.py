"""Things of COCO's 80 classes: centernet, with its decoding tail done here."""

from __future__ import annotations

import numpy as np

from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.crops import Square
from windfall_local.engines.vision.detection import overlap
from windfall_local.engines.vision.models import Models
from windfall_local.engines.vision.results import Box, Thing

SIZE, STRIDE = 512, 4
NMS = 0.4
NAMES = (
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports ball",
    "kite",
    "baseball bat",
    "baseball glove",
    "skateboard",
    "surfboard",
    "tennis racket",
    "bottle",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "couch",
    "potted plant",
    "bed",
    "dining table",
    "toilet",
    "tv",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
    "hair drier",
    "toothbrush",
)
"""COCO's classes in the order of the model's channels."""


def find_objects(models: Models, pixels: Array, min_score: float) -> list[Thing]:
    """Every object that scores at least so much, the surest first."""
    height, width = pixels.shape[:2]
    # Letterboxed, never stretched: stretching turned a cat into a dog.
    square = Square(width / 2, height / 2, max(width, height))
    outputs = models.run("centernet", square.cut(pixels, SIZE))
    things = []
    for index, score, corners in decode(outputs["heat"], outputs["extents"], min_score):
        (left, top), (right, bottom) = square.to_picture(corners.reshape(2, 2), SIZE)
        left, right = np.clip([left, right], 0, width) / width
        top, bottom = np.clip([top, bottom], 0, height) / height
        if right > left and bottom > top:
            box = Box(float(left), float(top), float(right - left), float(bottom - top))
            things.append(Thing(NAMES[index], score, box))
    return things


def decode(heat: Array, extents: Array, min_score: float) -> list[tuple[int, float, Array]]:
    """Peaks of the heat map as (class, score, corners), one for each object.

    Args:
        heat: 128 x 128 x 80 probabilities that an object's centre lies there.
        extents: 128 x 128 x 4: from there to its left, top, right and bottom edge.
        min_score: Of a peak.

    Returns:
        The surest first; corners are left, top, right, bottom in pixels of the input.
    """
    rows, columns, classes = np.nonzero(heat >= min_score)
    peaks = []
    for row, column, index in zip(rows, columns, classes, strict=True):
        score = heat[row, column, index]
        # Thresholded first, so that the neighbourhood is compared at a few places only.
        around = heat[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2, index]
        if score >= around.max():
            x, y = column * STRIDE, row * STRIDE
            left, top, right, bottom = extents[row, column].astype(np.float64)
            corners = np.array([x - left, y - top, x + right, y + bottom])
            peaks.append((int(index), float(score), corners))
    return _keep_best(peaks)


def _keep_best(peaks: list[tuple[int, float, Array]]) -> list[tuple[int, float, Array]]:
    kept: list[tuple[int, float, Array]] = []
    for peak in sorted(peaks, key=lambda one: -one[1]):
        rivals = (other for other in kept if other[0] == peak[0])
        if all(overlap(peak[2], rival[2]) < NMS for rival in rivals):
            kept.append(peak)
    return kept
