"""Rekognition with answers that a test gives."""

from __future__ import annotations

from typing import Any

from windfall.contracts.base import S3Pointer
from windfall.contracts.features import ImageFeature, PlannedFeature
from windfall.ports.analysis_services import Vision


class FakeVision:
    """Answers by feature; an answer that is an error is raised."""

    def __init__(self, answers: dict[ImageFeature, dict[str, Any] | Exception]) -> None:
        self._answers = answers
        self.bought: list[ImageFeature] = []

    def detect(self, feature: PlannedFeature, source: S3Pointer) -> dict[str, Any]:
        """The answer given for the feature."""
        answer = self._answers[feature.feature]
        if isinstance(answer, Exception):
            raise answer
        self.bought.append(feature.feature)
        return answer


def as_vision(vision: FakeVision) -> Vision:
    """Type-checked: the fake fulfils the port."""
    return vision
