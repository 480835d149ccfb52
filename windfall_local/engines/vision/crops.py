"""Squares cut out of a picture and fitted to a model's input, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from windfall_local.engines.vision.arrays import Array


@dataclass(frozen=True, slots=True)
class Square:
    """A square of a picture's pixels; it may reach over the edges, where it is black.

    Attributes:
        x: Of its centre.
        y: Of its centre.
        side: Its length.
        angle: How far it is turned, clockwise, in radians.
    """

    x: float
    y: float
    side: float
    angle: float = 0.0

    def cut(self, pixels: Array, size: int) -> Array:
        """The square as `size` x `size` pixels."""
        matrix = self._to_crop(size)
        shrinking = self.side > 2 * size and self.angle == 0
        if not shrinking:
            return cv2.warpAffine(pixels, matrix, (size, size), flags=cv2.INTER_LINEAR)
        # A linear warp skips pixels when it shrinks by more than two: average instead.
        half = self.side / 2
        left, top = max(0, round(self.x - half)), max(0, round(self.y - half))
        part = pixels[top : round(self.y + half), left : round(self.x + half)]
        if part.size == 0:
            return np.zeros((size, size, 3), np.uint8)
        scale = size / self.side
        width, height = (max(1, round(side * scale)) for side in (part.shape[1], part.shape[0]))
        small = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
        crop: Array = np.zeros((size, size, 3), np.uint8)
        x, y = round((left - self.x + half) * scale), round((top - self.y + half) * scale)
        height, width = min(height, size - y), min(width, size - x)
        crop[y : y + height, x : x + width] = small[:height, :width]
        return crop

    def to_picture(self, points: Array, size: int) -> Array:
        """Points of the cut (n x 2, in its pixels), as pixels of the picture."""
        matrix = cv2.invertAffineTransform(self._to_crop(size))
        return points @ matrix[:, :2].T + matrix[:, 2]

    def _to_crop(self, size: int) -> Array:
        scale = size / self.side
        cosine, sine = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        return np.array(
            [
                [cosine, sine, size / 2 - cosine * self.x - sine * self.y],
                [-sine, cosine, size / 2 + sine * self.x - cosine * self.y],
            ]
        )
