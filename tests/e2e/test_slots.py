"""More jobs than may run at a time: each waits for its turn, and all end."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import NO_LANGUAGES, Deployment, Dropped, until
from tests.fakes.films import BLUE, film
from tests.fakes.recordings import encode
from windfall import identity
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall_local.engines.models import ModelStore

SPEECH = Path(__file__).parents[2] / "demo/speech.flac"
MISSING = [state.model.name for state in ModelStore().states() if state.status != "installed"]
RECORDINGS, VIDEOS = 4, 2

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
    until(lambda: is_empty(slots, "transcribe"), "every slot is given back")


def test_features_of_videos_are_found_one_after_the_other(
    deployment: Deployment, slots: DynamoLeaseTable
) -> None:
    shades = [(40 * number, random.randrange(256), 90) for number in range(1, VIDEOS + 1)]
    with deployment.limit("rekognition", 1):
        files = [
            deployment.drop(
                f"turn-{number}.mp4",
                film(((shade, 1.0), (BLUE, 1.0))),
                features="segments,text",
                targets=NO_LANGUAGES,
            )
            for number, shade in enumerate(shades)
        ]
        manifests = deployment.wait(*files, seconds=240)
    assert {manifest.status.value for manifest in manifests} == {"analyzed"}

    jobs, waited = [], 0
    for manifest in manifests:
        (arn,) = deployment.executions("AnalyzeVideoMachineArn", manifest.analysis_id)
        waited += deployment.transitions(arn).entered["AwaitSlot"]
        jobs += times_of_jobs(deployment.history(arn))
    assert len(jobs) == 2 * VIDEOS
    assert waited == 2 * VIDEOS - 1, "each but the first waits, once"
    jobs.sort()
    for (_, ended), (begun, _) in itertools.pairwise(jobs):
        assert begun >= ended, "two ran at the same time"
    until(lambda: is_empty(slots, "rekognition"), "every slot is given back")


def times_of_jobs(history: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    """When the task that begins each job was entered at last, and when it was told the end."""
    entered: dict[int, Any] = {}
    times = []
    for event in history:
        before = event.get("previousEventId", 0)
        if event["type"] == "TaskStateEntered":
            name = event["stateEnteredEventDetails"]["name"]
            entered[event["id"]] = event["timestamp"] if name == "DetectVideoFeature" else None
        else:
            entered[event["id"]] = entered.get(before)
        begun = entered[event["id"]]
        if event["type"] == "TaskSucceeded" and begun is not None:
            times.append((begun, event["timestamp"]))
    return times


def is_empty(slots: DynamoLeaseTable, service: str) -> bool:
    """Whether nobody holds a slot, and nobody waits for one."""
    room = slots.look(service)
    return not room.leases and not room.waiters


def job_of(deployment: Deployment, execution: str) -> tuple[Any, Any]:
    name = f"{deployment.output('ResultsBucketName')}-{execution}"
    answer = deployment.client("transcribe").get_transcription_job(TranscriptionJobName=name)
    job = answer["TranscriptionJob"]
    return job["CreationTime"], job["CompletionTime"]
