"""Every call of the application fails one time in three, and every file ends as if none did."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.chaos import faulted
from bench.chaos.looking import failures
from tests.e2e.conftest import AWS_STACK
from windfall_local.engines.models import ModelStore

MISSING = [state.model.name for state in ModelStore().states() if state.status != "installed"]

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.models,
    pytest.mark.skipif(bool(AWS_STACK), reason="AWS is not asked to fail"),
    pytest.mark.skipif(bool(MISSING), reason=f"models are missing: {MISSING}; make models"),
]


@pytest.mark.parametrize("name", ["throttled", "crashed at each step"])
def test_every_file_ends_well_and_nothing_named_is_bought_twice(tmp_path: Path, name: str) -> None:
    figures = faulted.run(tmp_path, faulted.FAULTS[name], seed=1, files=5)

    assert figures["files_accepted"] == 5
    assert figures["faults_injected"] > 20
    assert failures(figures) == []
    if name == "throttled":
        assert figures["calls_repeated"] == {}, "what was refused was not done"
