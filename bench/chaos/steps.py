"""The functions' logic, killed at each of its calls to the world: what the tests do, counted."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def killed_at_each_step() -> dict[str, Any]:
    """Every scenario of every function: its calls, the deaths, and the calls that were repeated."""
    sys.path.insert(0, str(ROOT / "functions"))
    from tests.unit.crashes.dying import kill_everywhere  # noqa: PLC0415 - needs the functions
    from tests.unit.crashes.scenarios import SCENARIOS  # noqa: PLC0415

    begun, wrong = time.monotonic(), []
    calls = deaths = 0
    repeated: dict[str, int] = {}
    for function, scenarios in SCENARIOS.items():
        for make in scenarios:
            try:
                figures = kill_everywhere(make)
            except AssertionError as error:
                wrong.append(f"{function}: {str(error).splitlines()[0]}")
                continue
            calls += figures.calls
            deaths += figures.deaths
            repeated[function] = max(repeated.get(function, 0), figures.repeated)
    return {
        "functions": len(SCENARIOS),
        "scenarios": sum(map(len, SCENARIOS.values())),
        "calls": calls,
        "faults_injected": deaths,
        "calls_repeated_by_one_death": {name: most for name, most in repeated.items() if most},
        "seconds": round(time.monotonic() - begun),
        "wrong": wrong,
    }
