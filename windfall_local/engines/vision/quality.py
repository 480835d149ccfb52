"""Brightness, sharpness, contrast and dominant colours: measured on the pixels, no model."""

from __future__ import annotations

import cv2
import numpy as np

from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.results import Color, ImageProperties, Quality

HALF_SHARP = 300.0
"""The variance of the Laplacian that counts as sharpness 50."""
SAMPLE_SIDE = 96
"""Colours are clustered on a picture of about this size: 9,216 pixels, a few milliseconds."""
SAME_COLOR = 20.0
"""Clusters nearer than this in CIE Lab are one colour."""


def quality_of(pixels: Array, *, contrast: bool = False) -> Quality:
    """How bright and sharp a part is, from 0 to 100, and if asked for, its contrast."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    variance = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    brightness = float(cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)[:, :, 2].mean()) / 255 * 100
    spread = float(grey.std()) / 127.5 * 100
    return Quality(
        brightness=brightness,
        sharpness=100 * variance / (variance + HALF_SHARP),
        contrast=min(100.0, spread) if contrast else None,
    )


def image_properties(pixels: Array, colors: int) -> ImageProperties:
    """Dominant colours, at most so many, and the quality of a whole picture."""
    return ImageProperties(dominant_colors(pixels, colors), quality_of(pixels, contrast=True))


def dominant_colors(pixels: Array, colors: int) -> tuple[Color, ...]:
    """The colours that most pixels are near to, the commonest first."""
    scale = min(1.0, SAMPLE_SIDE / max(pixels.shape[:2]))
    size = [max(1, round(side * scale)) for side in (pixels.shape[1], pixels.shape[0])]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    # Seeded, so that a picture always has the same colours.
    cv2.setRNGSeed(7)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    count = min(colors, len(lab))
    _, labels, centers = cv2.kmeans(lab, count, None, criteria, 2, cv2.KMEANS_PP_CENTERS)
    shares = np.bincount(labels.reshape(-1), minlength=count) / len(lab)
    merged = _merge(centers.astype(np.float64), shares)
    palette = np.array([[center for center, _ in merged]], np.float32)
    rgb = np.clip(np.rint(cv2.cvtColor(palette, cv2.COLOR_LAB2RGB)[0] * 255), 0, 255)
    return tuple(
        Color(int(row[0]), int(row[1]), int(row[2]), share)
        for row, (_, share) in zip(rgb, merged, strict=True)
    )


def _merge(centers: Array, shares: Array) -> list[tuple[Array, float]]:
    merged: list[tuple[Array, float]] = []
    for index in np.argsort(-shares, kind="stable"):
        center, share = centers[index], float(shares[index])
        if share == 0:
            continue
        for number, (other, weight) in enumerate(merged):
            if np.linalg.norm(other - center) < SAME_COLOR:
                joint = weight + share
                merged[number] = ((other * weight + center * share) / joint, joint)
                break
        else:
            merged.append((center, share))
    return sorted(merged, key=lambda pair: -pair[1])
