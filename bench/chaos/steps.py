"""The functions' logic, killed at each of its calls to the world: what the tests do, counted."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def killed_at_each_step(*, asked_once: bool = False) -> dict[str, Any]:
    """Every scenario of every function: its calls, the deaths, and the calls that were repeated.

    Args:
        asked_once: Only of those functions that make paid calls without a name, which claim them.
    """
    sys.path.insert(0, str(ROOT / "functions"))
    from tests.unit.crashes import asking_once, dying  # noqa: PLC0415 - need the functions
    from tests.unit.crashes.scenarios import NAMELESS, SCENARIOS  # noqa: PLC0415

    begun, wrong = time.monotonic(), []
    calls = deaths = failed = 0
    repeated: dict[str, int] = {}
    tried: Mapping[str, Sequence[Any]] = NAMELESS if asked_once else SCENARIOS
    kill: Callable[[Any], dying.Figures] = (
        asking_once.kill_everywhere if asked_once else dying.kill_everywhere
    )
    for function, scenarios in tried.items():
        for make in scenarios:
            try:
                figures = kill(make)
            except AssertionError as error:
                wrong.append(f"{function}: {str(error).splitlines()[0]}")
                continue
            calls += figures.calls
            deaths += figures.deaths
            failed += figures.failed
            repeated[function] = max(repeated.get(function, 0), figures.repeated)
    return {
        "functions": len(tried),
        "scenarios": sum(map(len, tried.values())),
        "calls": calls,
        "faults_injected": deaths,
        "calls_repeated_by_one_death": {name: most for name, most in repeated.items() if most},
        **({"deaths_that_failed_a_feature": failed} if asked_once else {}),
        "seconds": round(time.monotonic() - begun),
        "wrong": wrong,
    }
