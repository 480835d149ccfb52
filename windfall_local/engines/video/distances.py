"""How much frames differ, by their signatures."""

from __future__ import annotations

import numpy as np

from windfall_local.engines.video.signatures import CHROMA, LUMA
from windfall_local.engines.vision.arrays import Array

BLOCK = 8192
"""Frames that are taken into memory at a time: 8 MB."""

_WEIGHTS = np.concatenate(
    [
        np.full(LUMA[0] * LUMA[1], 1 / (LUMA[0] * LUMA[1]), np.float32),
        np.full(2 * CHROMA[0] * CHROMA[1], 1 / (CHROMA[0] * CHROMA[1]), np.float32),
    ]
)


def planes_of(signatures: Array) -> Array:
    """Frames as rows; the sum of absolute differences of two is how much they differ."""
    count = len(signatures)
    parts = [signatures[name].reshape(count, -1) for name in ("luma", "blue", "red")]
    return np.concatenate(parts, axis=1).astype(np.float32) * _WEIGHTS


def steps_of(signatures: Array) -> tuple[Array, Array]:
    """How much each frame differs from the one before it, and how evenly; 0 for the first.

    Light that changes all over counts a third: a lamp is no cut.
    """
    total = len(signatures)
    steps: Array = np.zeros(total, np.float32)
    spreads: Array = np.zeros(total, np.float32)
    luma = LUMA[0] * LUMA[1]
    for begin in range(1, total, BLOCK):
        end = min(begin + BLOCK, total)
        planes = planes_of(signatures[begin - 1 : end])
        changes = planes[1:] - planes[:-1]
        absolute = np.abs(changes)
        whole = absolute.sum(axis=1)
        light = changes[:, :luma].mean(axis=1, keepdims=True)
        changes[:, :luma] -= light
        steps[begin:end] = np.maximum(np.abs(changes).sum(axis=1), whole / 3)
        inner = absolute[:, :luma]
        square = np.square(inner).mean(axis=1)
        spreads[begin:end] = np.square(inner.mean(axis=1)) / np.maximum(square, 1e-12)
    return steps, spreads


def contrasts_of(signatures: Array) -> Array:
    """How far the luma's means of each frame are from one brightness."""
    contrasts = [
        signatures["luma"][begin : begin + BLOCK].reshape(-1, LUMA[0] * LUMA[1]).std(axis=1)
        for begin in range(0, len(signatures), BLOCK)
    ]
    return np.concatenate(contrasts)


def even(picture: Array) -> Array:
    """A frame's planes, each in its own mean."""
    luma, chroma = LUMA[0] * LUMA[1], CHROMA[0] * CHROMA[1]
    parts = np.split(picture, [luma, luma + chroma])
    return np.concatenate([np.full_like(part, part.mean()) for part in parts])
