"""Calls are throttled, functions die, executions are stopped; every file ends all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.chaos import faulted
from tests.e2e.conftest import AWS_STACK
from windfall_local.engines.models import ModelStore

MISSING = [state.model.name for state in ModelStore().states() if state.status != "installed"]

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.models,
    pytest.mark.skipif(bool(AWS_STACK), reason="AWS is not asked to fail"),
    pytest.mark.skipif(bool(MISSING), reason=f"models are missing: {MISSING}; make models"),
]


@pytest.mark.parametrize(
    ("name", "files"),
    [("throttled", 5), ("crashed at each step", 5), ("stopped at each function", 4)],
)
def test_every_file_ends_and_nothing_named_is_bought_twice(
    tmp_path: Path, name: str, files: int
) -> None:
    figures = faulted.run(tmp_path, faulted.TRIALS[name], seed=1, files=files)

    assert figures["files_accepted"] == files
    assert figures["faults_injected"] >= files
    assert figures["wrong"] == []
    if name == "throttled":
        assert figures["calls_repeated"] == {}, "what was refused was not done"
