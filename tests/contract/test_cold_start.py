"""What a function's cold start may load: a module that it has no use for would cost every one.

The bench (`python -m bench.cold_start`) times what this test keeps from growing back.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cold_start import environment_of_functions

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))

# Needed for some files only, and imported there; or for nobody.
NEVER = {
    "aws_lambda_powertools.utilities.batch",
    "aws_lambda_powertools.utilities.data_classes",
    "aws_lambda_powertools.utilities.parser",
    "aws_xray_sdk",
    "defusedxml",
    "docx",
    "markdown_it",
    "numpy",
    "pillow_heif",
    "puremagic",
    "pydantic.type_adapter",
    "pypdf",
    "statistics",
    "tinytag",
    "windfall.estimating.files",
    "xml.sax",
}
RECORDING = {"admit_file", "record_failure", "record_insights"}
SCORING = {"prepare_table", "submit_inference", "score_rows", "join_predictions"}
TRAINING = {
    "create_model",
    "deploy_model",
    "evaluate_model",
    "profile_table",
    "publish_model",
    "split_table",
}
# A contract with many shapes, and the functions that read or write them.
ONLY_FOR = {
    "PIL": {"extract_thumbnails"},
    "av": {"convert_media", "extract_thumbnails"},
    "windfall.contracts.analysis": {"admit_file"},
    "windfall.contracts.arrivals": {"admit_file"},
    "windfall.contracts.audio": {
        "admit_file",
        "merge_timeline",
        "transcribe_audio",
        "write_captions",
    },
    "windfall.contracts.aws": {"resume_job"},
    "windfall.contracts.bus": {"record_translations", *RECORDING},
    "windfall.contracts.executions": {"reconcile_jobs", "record_failure"},
    "windfall.contracts.manifest": RECORDING,
    "windfall.contracts.profile": {"admit_file"},
    "windfall.contracts.table": {
        "admit_file",
        "profile_table",
        "publish_model",
        "split_table",
        *SCORING,
    },
    "windfall.contracts.training": {"admit_file", *SCORING, *TRAINING},
    "windfall.terms": RECORDING,
}
# Each handler is imported in a fork of its own, behind the boto3 that Lambda has loaded by then.
SCRIPT = """
import importlib, json, os, sys
import boto3
before = set(sys.modules)
for name in sys.argv[1:]:
    if os.fork() == 0:
        importlib.import_module(f"{name}.handler")
        print(json.dumps({name: sorted(set(sys.modules) - before)}), flush=True)
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"{name} can not be imported")
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """What each handler's import loads beyond boto3, in an environment as the template has it."""
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT, *FUNCTIONS],
        env=environment_of_functions(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    documents = [json.loads(line) for line in answer.stdout.splitlines()]
    return {name: set(modules) for found in documents for name, modules in found.items()}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_cold_start_loads_nothing_that_the_function_has_no_use_for(
    function: str, loaded: dict[str, set[str]]
) -> None:
    foreign = {module for module, owners in ONLY_FOR.items() if function not in owners}
    assert loaded[function] & (NEVER | foreign) == set()


def test_each_limit_names_functions_that_need_what_it_limits(loaded: dict[str, set[str]]) -> None:
    """Else a renamed module would go unwatched."""
    unused = {
        f"{function} does not load {module}"
        for module, owners in ONLY_FOR.items()
        for function in owners
        if module not in loaded[function]
    }
    assert unused == set()
