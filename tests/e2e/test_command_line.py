"""The commands of the README, each as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import Deployment, unique, until

pytestmark = pytest.mark.timeout(300)


def windfall(
    deployment: Deployment, request: pytest.FixtureRequest, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a command against the stack under test."""
    environment = dict(os.environ)
    stack = ("--stack", deployment.stack.name) if AWS_STACK else ()
    if not AWS_STACK:
        environment["WINDFALL_HOME"] = str(request.getfixturevalue("process").home)
    return subprocess.run(
        [sys.executable, "-m", "windfall_cli", *arguments, *stack],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_drop_show_and_status(
    deployment: Deployment, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    letter = tmp_path / "a letter & a + sign é.txt"
    letter.write_bytes(unique("The hotel was wonderful."))
    empty = tmp_path / "empty.txt"
    empty.touch()

    drop = ("drop", str(letter), str(empty), "--wait", "--features", "sentiment", "--targets", "")
    dropped = windfall(deployment, request, *drop, "--json")
    assert dropped.returncode == 0, dropped.stderr
    first, second = json.loads(dropped.stdout)
    assert (first["key"], first["status"]) == (letter.name, "analyzed")
    assert (second["status"], second["reason"]) == ("rejected", "The file is empty.")

    shown = windfall(deployment, request, "show", str(letter))
    assert "positive" in shown.stdout
    document: Any = json.loads(windfall(deployment, request, "show", str(letter), "--json").stdout)
    assert document["manifest"]["file_id"] == first["file_id"]
    assert document["results"]["sentiment"]["Sentiment"] == "POSITIVE"

    listed = windfall(deployment, request, "status")
    assert "empty.txt" in listed.stdout


def test_a_file_that_is_not_there_is_named(
    deployment: Deployment, request: pytest.FixtureRequest
) -> None:
    answer = windfall(deployment, request, "drop", "/no/such/file")
    assert answer.returncode == 1
    assert "There is no file /no/such/file" in answer.stderr


def test_what_is_held_is_told_with_the_way_on(
    deployment: Deployment, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with deployment.profile('{"budget": {"per_file": 0}}') as name:
        letter = tmp_path / f"{name}.txt"
        letter.write_bytes(unique())
        dropped = windfall(deployment, request, "drop", str(letter), "--wait", "--profile", name)
        assert dropped.returncode == 3, dropped.stderr
        assert f"windfall approve {letter.name}" in dropped.stdout
        refused = windfall(deployment, request, "reject", str(letter), "--reason", "Too dear.")
        assert refused.returncode == 0, refused.stderr

        def approved_in_vain() -> bool:
            return "it is rejected" in windfall(deployment, request, "approve", letter.name).stderr

        until(approved_in_vain, "the rejection")
