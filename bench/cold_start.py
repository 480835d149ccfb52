"""How much each function's import takes above bare `import boto3`: the cold start that is ours.

Every import runs in a new interpreter, with bytecode and the template's environment, and with the
X-Ray daemon's address, as Lambda always has it: until November 2026 this was left out here, and
what tracing costs with it. X-Ray's own SDK, which read that address then, is measured beside ours
(ADR 27). The bare import is timed in the same process: a busy machine slows both alike, so on a
shared machine the ratio of the two tells more than the milliseconds.
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
LIBRARIES = {
    "aws_lambda_powertools": "import aws_lambda_powertools",
    "pydantic": "from pydantic import BaseModel, Field, StringConstraints",
    "both": (
        "import aws_lambda_powertools;from pydantic import BaseModel, Field, StringConstraints"
    ),
}
"""What every function imports and we did not write: the floor."""
TRACERS = {
    "ours": "from windfall.tracing import tracer",
    "x_ray_sdk": (
        "from aws_lambda_powertools.tracing import Tracer; Tracer(patch_modules=('botocore',))"
    ),
}
SCRIPT = (
    "import time; start = time.perf_counter(); import boto3; middle = time.perf_counter();"
    "{statement}; end = time.perf_counter(); print(middle - start, end - middle)"
)


def measure() -> dict[str, Any]:
    """Milliseconds per function above bare boto3, as spreads, and the ratio to it."""
    names = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))
    statements = LIBRARIES | TRACERS | {name: f"import {name}.handler" for name in names}
    rounds = _timed(statements)
    ratios = {
        name: round(statistics.median(own / bare for bare, own in pairs), 3)
        for name, pairs in rounds.items()
    }
    above = {name: spread([own for _, own in pairs]) for name, pairs in rounds.items()}
    return {
        "unit": "ms",
        "rounds": ROUNDS,
        "bare_boto3": spread([bare for pairs in rounds.values() for bare, _ in pairs]),
        "above_bare_boto3": {name: above[name] for name in names},
        "bar": BAR_MS,
        "worst_p50": max(above[name]["p50"] for name in names),
        "ratio_to_boto3_p50": {name: ratios[name] for name in names},
        "worst_ratio_p50": max(ratios[name] for name in names),
        "libraries_ratio_p50": {name: ratios[name] for name in LIBRARIES},
        "tracers": {name: above[name] for name in TRACERS},
        "without_bytecode": spread(_compiling(names)),
    }


def _compiling(names: list[str]) -> list[float]:
    """Milliseconds above bare boto3 where only boto3 has bytecode, as in an unprepared package."""
    taken = []
    for name in names:
        with tempfile.TemporaryDirectory() as bytecode:
            environment = {**environment_of_functions(), "PYTHONPYCACHEPREFIX": bytecode}
            _import("import boto3", environment)
            taken.append(_import(f"import {name}.handler", environment)[1])
    return taken


def _timed(statements: dict[str, str]) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of bare boto3 and of each statement behind it, round by round."""
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {**environment_of_functions(), "PYTHONPYCACHEPREFIX": bytecode}
        for statement in statements.values():
            _import(statement, environment)
        rounds = [
            {name: _import(statement, environment) for name, statement in statements.items()}
            for _ in range(ROUNDS)
        ]
    return {name: [timed[name] for timed in rounds] for name in statements}


def _import(statement: str, environment: dict[str, str]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(statement=statement)],
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
            env=environment,
        )
    bare, own = answer.stdout.split()[-2:]
    return float(bare) * 1000, float(own) * 1000


def environment_of_functions() -> dict[str, str]:
    """What a function finds on Lambda; names instead of real resources."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    variables: dict[str, Any] = dict(template["Globals"]["Function"]["Environment"]["Variables"])
    for resource in template["Resources"].values():
        variables |= resource.get("Properties", {}).get("Environment", {}).get("Variables", {})
    constants = {name: value for name, value in variables.items() if isinstance(value, str)}
    chosen = {
        name: str(template["Parameters"][value["Ref"]]["Default"])
        for name, value in variables.items()
        if isinstance(value, dict) and value.get("Ref") in template["Parameters"]
    }
    return {
        **dict.fromkeys(sorted(variables), "bench"),
        **constants,
        **chosen,
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'functions'}:{ROOT / 'layers/core/python'}",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "LAMBDA_TASK_ROOT": str(ROOT / "functions"),
    }


if __name__ == "__main__":
    write_result("cold_start", measure())
