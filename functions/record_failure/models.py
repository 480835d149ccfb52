"""What record_failure reads from its environment; its input is `ExecutionStatusEvent`."""

from __future__ import annotations

from windfall.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The environment of record_failure."""

    results_bucket: str
    insights_table: str
    event_bus: str
    aws_region: str
    translate_folder_machine_arn: str
