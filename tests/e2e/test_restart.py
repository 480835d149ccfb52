"""The local cloud ended in the middle of its work, by Ctrl-C or `kill -9`, and started again."""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import Deployment, Dropped, unique, until
from tests.e2e.local import LocalProcess
from windfall.contracts.manifest import Manifest

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(AWS_STACK), reason="nobody ends AWS by Ctrl-C"),
]

TEXTS = 8
LETTER = (
    "Dear Anna, the Harbour View Hotel in Lisbon was wonderful. We paid 180 euros on 7 May 2026."
)
SPEECH = Path(__file__).parents[2] / "demo" / "speech.flac"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[LocalProcess]:
    with LocalProcess(tmp_path) as process:
        process.start()
        yield process


def test_ctrl_c_loses_nothing_and_nothing_is_bought_twice(process: LocalProcess) -> None:
    before = Deployment(process.stack())
    files = drop_letters(before)
    before.close()
    assert process.end(signal.SIGINT) == 0, process.log.read_text()
    assert "Traceback" not in process.log.read_text()

    process.start()
    after = Deployment(process.stack())
    manifests = after.wait(*files)

    assert [manifest.status for manifest in manifests] == ["analyzed"] * TEXTS
    assert len(after.executions("AnalyzeTextMachineArn")) == TEXTS
    for manifest in manifests:
        assert_every_feature_was_finished_once(after, manifest)
    after.close()


def test_kill_9_loses_nothing_and_no_job_is_bought_twice(process: LocalProcess) -> None:
    before = Deployment(process.stack())
    recording = before.drop("call.flac", SPEECH.read_bytes(), features="", targets="")
    photo = before.drop("photo.png", picture(), features="properties")
    until(lambda: jobs(before), "a job to be in the middle of")
    files = [recording, photo, *drop_letters(before)]
    before.close()
    process.end(signal.SIGKILL)

    process.start()
    after = Deployment(process.stack())
    manifests = after.wait(*files)

    assert [manifest.status for manifest in manifests] == ["analyzed"] * len(files)
    assert len(after.executions("AnalyzeTextMachineArn")) == TEXTS
    assert len(after.executions("AnalyzeImageMachineArn")) == 1
    assert len(after.executions("AnalyzeAudioMachineArn")) == 1
    assert len(jobs(after, Status="COMPLETED")) == 1
    assert len(jobs(after)) == 1
    for manifest in manifests:
        assert_every_feature_was_finished_once(after, manifest)
    after.close()


def drop_letters(deployment: Deployment) -> list[Dropped]:
    """Drop texts, and return when some of them are under way."""
    files = [deployment.drop(f"letter {n}.txt", unique(LETTER)) for n in range(TEXTS)]
    machine = "AnalyzeTextMachineArn"
    until(lambda: len(deployment.executions(machine)) > TEXTS // 4, "work to be in the middle of")
    return files


def jobs(deployment: Deployment, **wanted: str) -> list[str]:
    answer = deployment.client("transcribe").list_transcription_jobs(**wanted)
    return [job["TranscriptionJobName"] for job in answer["TranscriptionJobSummaries"]]


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (200, 100), (120, 60, 30)).save(made, "PNG")
    return made.getvalue()


def assert_every_feature_was_finished_once(deployment: Deployment, manifest: Manifest) -> None:
    written = deployment.versions(f"results/{manifest.file_id}/outcomes/")
    bought = [one.feature for one in manifest.outcomes if one.status == "ok"]
    assert len(written) == len(bought)
    assert set(written.values()) == {1}
