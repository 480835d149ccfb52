"""No function is left out of being killed at each of its steps."""

from __future__ import annotations

from pathlib import Path

from tests.unit.crashes.scenarios import NOT_KILLED, SCENARIOS

FUNCTIONS = {path.parent.name for path in Path(__file__).parents[2].glob("functions/*/handler.py")}


def test_every_function_is_killed_or_says_why_not() -> None:
    assert SCENARIOS.keys() | NOT_KILLED.keys() == FUNCTIONS
    assert not SCENARIOS.keys() & NOT_KILLED.keys()
