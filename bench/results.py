"""Where figures are written down: with the machine, the date and the command."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"


def write_result(name: str, figures: dict[str, Any]) -> Path:
    """Write the figures of one bench, and print them."""
    document = {
        "bench": name,
        "command": f"python -m bench.{name}",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": describe_machine(),
        "figures": figures,
    }
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    text = json.dumps(document, indent=2) + "\n"
    path.write_text(text)
    sys.stdout.write(text)
    return path


def describe_machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gib": round(_memory() / 2**30),
        "python": platform.python_version(),
    }


def spread(values: Sequence[float], digits: int = 2) -> dict[str, float]:
    """The minimum, median, 95th percentile and maximum of some figures."""
    ordered = sorted(values)
    place = min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))
    return {
        "min": round(ordered[0], digits),
        "p50": round(statistics.median(ordered), digits),
        "p95": round(ordered[place], digits),
        "max": round(ordered[-1], digits),
    }


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
