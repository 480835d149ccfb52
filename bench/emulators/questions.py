"""What is asked: a name, and a function that asks one cloud and says whether it did right."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from bench.emulators.clouds import Emulator

PATIENCE = 20
"""Seconds until something that should happen counts as not happening."""


class Question(NamedTuple):
    """One thing that AWS does, and the function that finds out whether a cloud does it too."""

    area: str
    text: str
    ask: Callable[[Emulator], bool]


class Answer(NamedTuple):
    """Whether a cloud did right, and what it said when it raised an error instead."""

    right: bool
    error: str | None


def ask(question: Question, cloud: Emulator) -> Answer:
    """Ask; an error, whatever it is, means no."""
    try:
        return Answer(bool(question.ask(cloud)), None)
    except Exception as error:
        first = str(error).splitlines() or [""]
        return Answer(False, f"{type(error).__name__}: {first[0]}"[:200])


def until(look: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Look again and again until there is something; None if there never is."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    return None
