"""A handful of the kills of `make chaos`, which does a hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.chaos.looking import failures
from bench.chaos.run import run
from tests.e2e.conftest import AWS_STACK

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(AWS_STACK), reason="nobody kills AWS"),
]


def test_nothing_is_lost_and_no_job_bought_twice(tmp_path: Path) -> None:
    figures = run(tmp_path, kills=2, seed=3, files_a_kill=3)

    assert figures["files_accepted"] > 0
    assert failures(figures) == []
