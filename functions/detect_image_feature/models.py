"""What the task is given."""

from __future__ import annotations

from windfall.contracts.base import Contract, OutputLocation, S3Pointer
from windfall.contracts.features import PlannedFeature


class DetectImageFeatureTask(Contract):
    """One feature to find in one image."""

    source: S3Pointer
    output: OutputLocation
    feature: PlannedFeature
