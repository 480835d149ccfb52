"""Age, gender, descriptor and expression of a face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.detection import Candidate
from windfall_local.engines.vision.models import Models
from windfall_local.engines.vision.results import Expression

FACERES_SIZE, EMOTION_SIZE = 224, 64
FACERES_MEANS = np.array([103.939, 116.779, 123.68], np.float32)
"""What faceres's training took from blue, green and red."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """Expected age with its deviation, the probability of male, and the descriptor."""

    age: tuple[float, float]
    male: float
    descriptor: Array


def paint_portrait(models: Models, pixels: Array, candidate: Candidate) -> Portrait:
    """What faceres says of a face."""
    crop = candidate.square(1.5).cut(pixels, FACERES_SIZE)
    outputs = models.run("faceres", crop[:, :, ::-1] - FACERES_MEANS)
    descriptor = outputs["descriptor"].astype(np.float64)
    return Portrait(
        decode_age(outputs["age"]),
        float(outputs["male"][0]),
        descriptor / max(float(np.linalg.norm(descriptor)), 1e-9),
    )


def decode_age(probabilities: Array) -> tuple[float, float]:
    """Expected age and deviation over the five likeliest years; class i is the age i + 1."""
    best = np.argsort(probabilities)[-5:]
    weights = probabilities[best].astype(np.float64)
    weights /= max(float(weights.sum()), 1e-9)
    years = best + 1.0
    mean = float((weights * years).sum())
    everyone = probabilities.astype(np.float64) / max(float(probabilities.sum()), 1e-9)
    spread = float(np.sqrt((everyone * (np.arange(len(everyone)) + 1.0 - mean) ** 2).sum()))
    return mean, spread


def read_expression(models: Models, pixels: Array, candidate: Candidate) -> Expression:
    """What the emotion model says of a face; trust it only where the mesh holds."""
    crop = candidate.square(1.2).cut(pixels, EMOTION_SIZE)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[:, :, np.newaxis] / np.float32(255)
    values = models.run("emotion", (grey - 0.5) * 2)["emotions"]
    return Expression(*(float(value) for value in values))
