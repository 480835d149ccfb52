"""The local cloud ended by Ctrl-C in the middle of its work, and started again."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import Deployment, unique, until
from tests.e2e.local import LocalProcess

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(AWS_STACK), reason="nobody ends AWS by Ctrl-C"),
]

TEXTS = 8
LETTER = (
    "Dear Anna, the Harbour View Hotel in Lisbon was wonderful. We paid 180 euros on 7 May 2026."
)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[LocalProcess]:
    with LocalProcess(tmp_path) as process:
        process.start()
        yield process


def test_ctrl_c_loses_nothing_and_nothing_is_bought_twice(process: LocalProcess) -> None:
    before = Deployment(process.stack())
    files = [before.drop(f"letter {n}.txt", unique(LETTER)) for n in range(TEXTS)]
    machine = "AnalyzeTextMachineArn"
    until(lambda: len(before.executions(machine)) > TEXTS // 4, "work to be in the middle of")
    before.close()
    assert process.end(signal.SIGINT) == 0, process.log.read_text()
    assert "Traceback" not in process.log.read_text()

    process.start()
    after = Deployment(process.stack())
    manifests = after.wait(*files)

    assert [manifest.status for manifest in manifests] == ["analyzed"] * TEXTS
    assert len(after.executions(machine)) == TEXTS
    for manifest in manifests:
        written = after.versions(f"results/{manifest.file_id}/outcomes/")
        bought = [one.feature for one in manifest.outcomes if one.status == "ok"]
        assert len(written) == len(bought)
        assert set(written.values()) == {1}, "every feature was finished once"
    after.close()
