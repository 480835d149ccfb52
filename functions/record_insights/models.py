"""What record_insights reads from its environment; its input is `RecordRequest`."""

from __future__ import annotations

from windfall.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The environment of record_insights."""

    results_bucket: str
    insights_table: str
    event_bus: str
    aws_region: str
