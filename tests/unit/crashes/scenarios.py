"""Every function in its world, by its name."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit.crashes import admission, media, tables, texts, videos
from tests.unit.crashes.dying import Scenario

SCENARIOS: dict[str, list[Callable[[], Scenario]]] = {
    **admission.SCENARIOS,
    **texts.SCENARIOS,
    **media.SCENARIOS,
    **videos.SCENARIOS,
    **tables.SCENARIOS,
}
NOT_KILLED: dict[str, str] = {}
"""Functions without a scenario, and why."""
