"""What the task is given."""

from __future__ import annotations

from windfall.contracts.analysis import OutputLocation, PlannedTextFeature
from windfall.contracts.base import Contract, S3Pointer


class DetectTextFeatureTask(Contract):
    """One feature to find in one text; `language` as Comprehend named it."""

    text: S3Pointer
    language: str | None
    output: OutputLocation
    feature: PlannedTextFeature
