"""The environment of translate_folder; its input is `TranslateFolderTask`."""

from __future__ import annotations

from windfall.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """The environment of translate_folder."""

    results_bucket: str
    insights_table: str
    translate_role: str
