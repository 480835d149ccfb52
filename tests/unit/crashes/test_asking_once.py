"""Where a profile wants it, no paid call is made twice, wherever its function dies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.crashes.asking_once import By, kill_everywhere
from tests.unit.crashes.dying import Scenario
from tests.unit.crashes.scenarios import NAMELESS

FUNCTIONS = Path(__file__).parents[3] / "functions"
SELLERS = {
    "ComprehendLanguage",
    "PollySpeech",
    "RekognitionVision",
    "SageMakerAsynchronousScoring",
    "SageMakerSynchronousScoring",
    "TranslateTranslation",
}
"""Adapters whose calls are paid for and have no name."""


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(one, id=f"{name}-{one.__name__}")
        for name, all_of in NAMELESS.items()
        for one in all_of
    ],
)
def test_wherever_it_dies_no_call_is_made_twice(make: Callable[[By], Scenario]) -> None:
    figures = kill_everywhere(make)
    assert figures.deaths == 2 * figures.calls
    assert figures.failed >= 2  # before the call, and after it


def test_every_function_that_buys_from_them_is_tried() -> None:
    buying = {
        handler.parent.name
        for handler in FUNCTIONS.glob("*/handler.py")
        if any(f"{name}(" in handler.read_text() for name in SELLERS)
    }
    assert buying == set(NAMELESS)
