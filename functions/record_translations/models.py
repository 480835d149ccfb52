"""The environment of record_translations; its input is `RecordTranslationsTask`."""

from __future__ import annotations

from windfall.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The environment of record_translations."""

    results_bucket: str
    event_bus: str
    aws_region: str
