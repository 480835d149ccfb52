"""The commands of the README, each as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import PATIENCE_SECONDS, Deployment, unique, until
from tests.e2e.models import HEADER, Models, as_csv, rows
from tests.fakes.models import boosted

pytestmark = pytest.mark.timeout(900)


def windfall(
    deployment: Deployment,
    request: pytest.FixtureRequest,
    *arguments: str,
    answers: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command against the stack under test; what somebody types is `answers`."""
    environment = dict(os.environ)
    stack = ("--stack", deployment.stack.name) if AWS_STACK else ()
    if not AWS_STACK:
        environment["WINDFALL_HOME"] = str(request.getfixturevalue("process").home)
    return subprocess.run(
        [sys.executable, "-m", "windfall_cli", *arguments, *stack],
        env=environment,
        input=answers,
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


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_page_is_there_until_it_is_ended(
    deployment: Deployment, request: pytest.FixtureRequest, ending: signal.Signals
) -> None:
    environment = dict(os.environ)
    stack = ("--stack", deployment.stack.name) if AWS_STACK else ()
    if not AWS_STACK:
        environment["WINDFALL_HOME"] = str(request.getfixturevalue("process").home)
    command = [sys.executable, "-m", "windfall_cli", "browse", "--no-open", *stack]
    with (
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process,
        ExitStack() as at_last,
    ):
        at_last.callback(process.kill)
        assert process.stdout is not None
        address = process.stdout.readline().rpartition(" ")[2].strip()
        with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as answer:
            assert b"<title>Files" in answer.read()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address.rpartition("/")[0] + "x/", timeout=PATIENCE_SECONDS)
        refused.value.close()
        assert refused.value.code == 403
        process.send_signal(ending)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0


@pytest.mark.skipif(bool(AWS_STACK), reason="models on AWS are not trained for a test")
def test_what_a_model_is_least_sure_of_is_labelled_and_learnt_from(
    deployment: Deployment, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    models = Models(deployment)
    table = {"endpoint": models.endpoint(models.model(boosted())), "contract": models.contract()}
    new, known = tmp_path / "new.csv", tmp_path / "known.csv"
    new.write_bytes(as_csv(rows(200)))
    first = [[*row, "yes" if float(row[1]) > 0.5 else "no"] for row in rows(90)]
    known.write_bytes(as_csv(first, [*HEADER, "left"]))
    unsure, labelled = tmp_path / "unsure.manifest", tmp_path / "unsure.labelled.manifest"

    def run(*arguments: str, answers: str | None = None) -> str:
        done = windfall(deployment, request, *arguments, answers=answers)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with deployment.profile(json.dumps({"table": table})) as name:
        run("drop", str(new), "--profile", name, "--wait")
    run("label", "export", str(new), "--most", "20", "--output", str(unsure))
    # Somebody answers, mistypes, puts one off, goes back, and leaves; and goes on another day.
    items = ("label", "items", str(unsure), "--classes", "no,yes")
    assert "2 of 20 are labelled" in run(*items, answers="1\nmaybe\ns\n2\nb\nyes\nq\n")
    assert "20 of 20 are labelled" in run(*items, answers="2\n" * 18)
    run("label", "import", str(labelled), str(known), "--target", "left")
    longer = tmp_path / "known-labelled.csv"
    assert len(longer.read_text().splitlines()) == 1 + 90 + 20

    training = {"train": {"name": "e2e-labelled", "deploy": {"mode": "none"}}}
    with deployment.profile(json.dumps({"table": training})) as name:
        run("drop", str(longer), "--profile", name, "--wait")
    document = json.loads(run("show", str(longer), "--json"))
    assert document["manifest"]["status"] == "analyzed"
    assert document["results"]["profile"]["rows"] == 110
