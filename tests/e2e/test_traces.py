"""One dropped file is one trace: from the drop to each call that its manifest was paid for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import Deployment, unique, until
from tests.e2e.novelties import a_picture, a_recording
from tests.e2e.test_command_line import windfall
from windfall import keys
from windfall.contracts.manifest import Manifest

FILES = {
    "a letter.txt": (unique("Dear Anna, Lisbon was wonderful."), "sentiment,entities", "es"),
    "a page.png": (a_picture("PNG"), "labels,properties,text,sentiment", ""),
    "a speech.wav": (a_recording(9), "sentiment", ""),
}

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(
        bool(MISSING_MODELS and not AWS_STACK),
        reason=f"models are missing: {MISSING_MODELS}; make models",
    ),
]


def steps(trace: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Each step, and the function that it is part of."""
    found = []

    def below(step: dict[str, Any], function: dict[str, Any] | None) -> None:
        found.append((step, function))
        for part in step["steps"]:
            below(part, step if step["kind"] == "function" else function)

    for step in trace["steps"]:
        below(step, None)
    return found


@pytest.mark.parametrize("name", FILES)
def test_each_paid_call_is_in_the_trace_of_its_file_under_the_function_that_made_it(
    deployment: Deployment, request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    body, features, targets = FILES[name]
    dropped = tmp_path / name
    dropped.write_bytes(body)
    options = ("--features", features, "--targets", targets)
    done = windfall(deployment, request, "drop", str(dropped), "--wait", *options, "--json")
    assert done.returncode == 0, done.stderr
    file_id = json.loads(done.stdout)[0]["file_id"]
    manifest = Manifest.model_validate_json(deployment.read(keys.manifest_key(file_id)))
    assert manifest.trace_id is not None

    def whole() -> dict[str, Any] | None:
        """The trace, once all of it is there: X-Ray may take some seconds."""
        answer = windfall(deployment, request, "trace", file_id, "--json")
        found: dict[str, Any] = json.loads(answer.stdout) if answer.returncode == 0 else {}
        is_whole = found and not found["not_in_the_trace"] and "RecordInsights" in answer.stdout
        return found if is_whole else None

    trace = until(whole, f"the trace of {name}")
    assert trace["trace_ids"] == [manifest.trace_id]
    assert trace["began"] == manifest.received.replace("Z", "+00:00")
    assert (trace["steps"][0]["kind"], trace["steps"][0]["at"]) == ("admission", 0)

    payments = [(step, function) for step, function in steps(trace) if step["paid"]]
    assert all(function is not None for _, function in payments)
    for outcome in manifest.outcomes:
        for call in outcome.calls:
            name = f"{call.service}.{call.operation}"
            mine = [
                step
                for step, _ in payments
                if step["name"] == name and step["paid"]["feature"] == outcome.feature
            ]
            assert len(mine) == call.count
            units = sum(step["paid"]["units"] for step in mine)
            assert units == pytest.approx(call.units, rel=0.01)
    assert {step["paid"]["feature"] for step, _ in payments} == {
        outcome.feature for outcome in manifest.outcomes if outcome.calls
    }
