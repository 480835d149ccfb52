"""What resume_job reads from its environment; its inputs are in `resume_job.notices`."""

from __future__ import annotations

from windfall.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The environment of resume_job."""

    results_bucket: str
    insights_table: str
    name_prefix: str
