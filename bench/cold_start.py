"""How much each function's import takes above bare `import boto3`: the cold start that is ours.

Every import runs in a new interpreter, with bytecode and the template's environment. The bare
import is timed in the same process: a busy machine slows both alike, so on a shared machine the
ratio of the two tells more than the milliseconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from bench.results import spread, write_result

ROOT = Path(__file__).parents[1]
ROUNDS = 15
BAR_MS = 150
SCRIPT = (
    "import time; start = time.perf_counter(); import boto3; middle = time.perf_counter();"
    "import {module}; end = time.perf_counter(); print(middle - start, end - middle)"
)


def measure() -> dict[str, Any]:
    """Milliseconds per function above bare boto3, as spreads."""
    names = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))
    above: dict[str, list[float]] = {name: [] for name in names}
    bare: list[float] = []
    ratios: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {**environment_of_functions(), "PYTHONPYCACHEPREFIX": bytecode}
        for name in names:
            _import(name, environment)
        for _ in range(ROUNDS):
            for name in names:
                boto3_seconds, own_seconds = _import(name, environment)
                bare.append(boto3_seconds * 1000)
                above[name].append(own_seconds * 1000)
                ratios[name].append(own_seconds / boto3_seconds)
    return {
        "unit": "ms",
        "rounds": ROUNDS,
        "bare_boto3": spread(bare),
        "above_bare_boto3": {name: spread(values) for name, values in above.items()},
        "bar": BAR_MS,
        "worst_p50": round(max(statistics.median(values) for values in above.values()), 2),
        "ratio_to_boto3_p50": {
            name: round(statistics.median(values), 3) for name, values in ratios.items()
        },
        "worst_ratio_p50": round(max(statistics.median(values) for values in ratios.values()), 3),
    }


def _import(name: str, environment: dict[str, str]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(module=f"{name}.handler")],
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
            env=environment,
        )
    boto3_seconds, own_seconds = answer.stdout.split()[-2:]
    return float(boto3_seconds), float(own_seconds)


def environment_of_functions() -> dict[str, str]:
    """What a function finds on Lambda, tracing included; names instead of real resources."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    variables: dict[str, Any] = dict(template["Globals"]["Function"]["Environment"]["Variables"])
    for resource in template["Resources"].values():
        variables |= resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
    constants = {name: value for name, value in variables.items() if isinstance(value, str)}
    return {
        **dict.fromkeys(sorted(variables), "bench"),
        **constants,
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'functions'}:{ROOT / 'layers/core/python'}",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "LAMBDA_TASK_ROOT": str(ROOT / "functions"),
    }


if __name__ == "__main__":
    write_result("cold_start", measure())
