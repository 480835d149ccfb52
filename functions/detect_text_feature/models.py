"""What the task is given."""

from __future__ import annotations

from windfall.contracts.base import Contract, OutputLocation, S3Pointer
from windfall.contracts.features import PlannedTextFeature


class DetectTextFeatureTask(Contract):
    """One feature to find in one text; `language` as Comprehend named it."""

    text: S3Pointer
    language: str | None
    output: OutputLocation
    feature: PlannedTextFeature
