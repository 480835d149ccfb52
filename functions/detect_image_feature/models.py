"""What the task is given."""

from __future__ import annotations

from windfall.contracts.analysis import OutputLocation, PlannedFeature
from windfall.contracts.base import Contract, S3Pointer


class DetectImageFeatureTask(Contract):
    """One feature to find in one image."""

    source: S3Pointer
    output: OutputLocation
    feature: PlannedFeature
