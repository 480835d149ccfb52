"""More recordings than may be transcribed at a time: each waits for its turn, and all end."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import NO_LANGUAGES, Deployment, Dropped, until
from tests.fakes.recordings import encode
from windfall import identity
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall_local.engines.models import ModelStore

SPEECH = Path(__file__).parents[2] / "demo/speech.flac"
MISSING = [state.model.name for state in ModelStore().states() if state.status != "installed"]
RECORDINGS = 4

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.models,
    pytest.mark.skipif(
        bool(MISSING and not AWS_STACK), reason=f"models are missing: {MISSING}; make models"
    ),
]


@pytest.fixture
def slots(deployment: Deployment) -> DynamoLeaseTable:
    return DynamoLeaseTable(deployment.output("InsightsTableName"), deployment.client("dynamodb"))


def dropped(deployment: Deployment) -> list[Dropped]:
    samples, _ = soundfile.read(SPEECH, dtype="int16")
    return [
        deployment.drop(
            f"turn-{number}.flac",
            encode("flac", samples[number * 8_000 :][:16_000]),
            features="sentiment",
            targets=NO_LANGUAGES,
        )
        for number in range(RECORDINGS)
    ]


def test_recordings_are_transcribed_one_after_the_other(
    deployment: Deployment, slots: DynamoLeaseTable
) -> None:
    with deployment.limit("transcribe", 1):
        assert slots.look("transcribe").limit == 1
        manifests = deployment.wait(*dropped(deployment), seconds=240)
    assert slots.look("transcribe").limit > 1
    assert {manifest.status.value for manifest in manifests} == {"analyzed"}

    jobs, waited = [], 0
    for manifest in manifests:
        execution = identity.execution_name(str(manifest.analysis_id), manifest.attempt or 0)
        jobs.append(job_of(deployment, execution))
        (arn,) = deployment.executions("AnalyzeAudioMachineArn", manifest.analysis_id)
        waited += deployment.transitions(arn).entered["AwaitSlot"]
    assert waited == RECORDINGS - 1, "each but the first waits, once"
    jobs.sort()
    for (_, ended), (begun, _) in itertools.pairwise(jobs):
        assert begun >= ended, "two ran at the same time"

    def all_given_back() -> bool:
        room = slots.look("transcribe")
        return not room.leases and not room.waiters

    until(all_given_back, "every slot is given back")


def job_of(deployment: Deployment, execution: str) -> tuple[Any, Any]:
    name = f"{deployment.output('ResultsBucketName')}-{execution}"
    answer = deployment.client("transcribe").get_transcription_job(TranscriptionJobName=name)
    job = answer["TranscriptionJob"]
    return job["CreationTime"], job["CompletionTime"]
