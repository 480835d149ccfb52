"""Each function is killed at each of its calls, before and after, and delivered again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.language import FakeLanguage
from tests.fakes.storage import FakeObjectStore
from tests.unit.crashes.dying import Scenario, kill_everywhere
from tests.unit.crashes.scenarios import SCENARIOS


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(one, id=f"{name}-{one.__name__}")
        for name, all_of in SCENARIOS.items()
        for one in all_of
    ],
)
def test_wherever_it_dies_the_end_is_the_same(make: Callable[[], Scenario]) -> None:
    figures = kill_everywhere(make)
    assert figures.deaths == 2 * figures.calls


def careless(**scenario: Any) -> Callable[[], Scenario]:
    """A function that looks before it writes in the wrong order."""

    def make() -> Scenario:
        store, language = FakeObjectStore(), FakeLanguage()

        def run(_: int) -> None:
            if not list(store.list("b", "done")):
                store.write("b", "done", b"", "text/plain")
                language.dominant("Hola")
                store.write("b", "answer", b"es", "text/plain")

        paid = lambda: language.bought  # noqa: E731
        return Scenario(run=run, world=[store, language], paid=paid, **scenario)

    return make


def test_what_is_lost_is_found() -> None:
    with pytest.raises(AssertionError, match="the world is another"):
        kill_everywhere(careless())


def test_what_is_bought_twice_is_found() -> None:
    def make() -> Scenario:
        language = FakeLanguage()
        run = lambda _: language.dominant("Hola")  # noqa: E731
        return Scenario(run=run, world=[language], paid=lambda: language.bought)

    with pytest.raises(AssertionError, match="bought again"):
        kill_everywhere(make)
