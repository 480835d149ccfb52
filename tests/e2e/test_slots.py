"""More jobs than may run at a time: each waits for its turn, and all end."""

from __future__ import annotations

import itertools
import json
import random
import uuid
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import NO_LANGUAGES, Deployment, Dropped, until
from tests.fakes.films import BLUE, film
from tests.fakes.recordings import encode
from windfall import identity
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.ports.leases import Lease, Waiter
from windfall.quotas import JOB_QUOTAS

SPEECH = Path(__file__).parents[2] / "demo/speech.flac"
RECORDINGS, VIDEOS = 4, 2
LONG_AGO, FAR_OFF = "2026-01-01T00:00:00.000Z", "2126-01-01T00:00:00.000Z"

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(
        bool(MISSING_MODELS and not AWS_STACK),
        reason=f"models are missing: {MISSING_MODELS}; make models",
    ),
]


@pytest.fixture
def slots(deployment: Deployment) -> DynamoLeaseTable:
    """The slots, once nothing is left in them of what was stopped before."""
    slots = DynamoLeaseTable(deployment.output("InsightsTableName"), deployment.client("dynamodb"))

    def are_empty() -> bool:
        if all(is_empty(slots, service) for service in JOB_QUOTAS):
            return True
        deployment.reconcile()
        return False

    until(are_empty, "every slot is given back")
    return slots


def part_of_the_speech(begin: int) -> bytes:
    """A second of it, from a sample on."""
    samples, _ = soundfile.read(SPEECH, start=begin, frames=16_000, dtype="int16")
    return encode("flac", samples)


def dropped(deployment: Deployment) -> list[Dropped]:
    return [
        deployment.drop(
            f"turn-{number}.flac",
            part_of_the_speech(number * 8_000),
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
        lease = taken_by_the_dead(deployment, slots, "transcribe")
        files = dropped(deployment)
        until(lambda: len(waiting(slots, "transcribe")) == RECORDINGS, "all of them wait")
        told_that_it_is_overdue(deployment, slots, "transcribe", lease)
        manifests = deployment.wait(*files)
    assert slots.look("transcribe").limit == quota_of(deployment, "transcribe")
    assert {manifest.status.value for manifest in manifests} == {"analyzed"}

    jobs, waited = [], 0
    for manifest in manifests:
        execution = identity.execution_name(str(manifest.analysis_id), manifest.attempt or 0)
        jobs.append(job_of(deployment, execution))
        (arn,) = deployment.executions("AnalyzeAudioMachineArn", manifest.analysis_id)
        waited += deployment.transitions(arn).entered["AwaitSlot"]
    assert waited == RECORDINGS, "each waits, once"
    jobs.sort()
    for (_, ended), (begun, _) in itertools.pairwise(jobs):
        assert begun >= ended, "two ran at the same time"
    until(lambda: is_empty(slots, "transcribe"), "every slot is given back")


def test_a_slot_whose_holder_died_goes_to_who_waits_and_was_not_stopped(
    deployment: Deployment, slots: DynamoLeaseTable
) -> None:
    states = deployment.client("stepfunctions")
    with deployment.limit("transcribe", 1):
        lease = taken_by_the_dead(deployment, slots, "transcribe")
        files = []
        for name, begin in (("stopped.flac", 40_000), ("heir.flac", 48_000)):
            body = part_of_the_speech(begin)
            files.append(deployment.drop(name, body, features="", targets=NO_LANGUAGES))
            until(lambda: len(waiting(slots, "transcribe")) == len(files), "somebody more waits")
        first = waiting(slots, "transcribe")[0]
        (arn,) = deployment.executions("AnalyzeAudioMachineArn", first.owner.rpartition("-")[0])
        states.stop_execution(executionArn=arn, cause="a test of what follows")
        told_that_it_is_overdue(deployment, slots, "transcribe", lease)
        stopped, heir = deployment.wait(*files)
    assert stopped.reason == "The analysis was stopped by somebody (a test of what follows)"
    assert heir.status.value == "analyzed"
    until(lambda: is_empty(slots, "transcribe"), "every slot is given back")


def test_a_job_that_somebody_starts_by_hand_is_drift(
    deployment: Deployment, slots: DynamoLeaseTable
) -> None:
    def looked_at_in_time() -> str | None:
        name = started_by_hand(deployment)
        deployment.reconcile()
        return name if is_heard(deployment, name) else None

    name = until(looked_at_in_time, "reconcile_jobs comes while a job runs")
    warning = until(lambda: logged(deployment, name), "its warning")
    assert (warning["quota"], warning["jobs"]) == ("transcribe", [name])
    measured = until(lambda: logged(deployment, '"SlotDrift":[1.0]'), "its metric")
    assert measured["service"] == "reconcile_jobs", "as the alarm has it"
    assert measured["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    until(lambda: not is_heard(deployment, name), "its end")


def started_by_hand(deployment: Deployment) -> str:
    """A transcription job that has no slot; its name."""
    bucket, transcribe = deployment.output("ResultsBucketName"), deployment.client("transcribe")
    name = f"{bucket}-by-hand-{uuid.uuid4().hex}"
    deployment.client("s3").put_object(Bucket=bucket, Key=name, Body=SPEECH.read_bytes())
    transcribe.start_transcription_job(
        TranscriptionJobName=name,
        LanguageCode="en-US",
        Media={"MediaFileUri": f"s3://{bucket}/{name}"},
        OutputBucketName=bucket,
        OutputKey=f"{name}.json",
    )
    return name


def is_heard(deployment: Deployment, name: str) -> bool:
    """Whether a transcription job runs still."""
    answer = deployment.client("transcribe").get_transcription_job(TranscriptionJobName=name)
    return answer["TranscriptionJob"]["TranscriptionJobStatus"] not in ("COMPLETED", "FAILED")


def logged(deployment: Deployment, part: str) -> dict[str, Any] | None:
    """A line of reconcile_jobs."""
    lines = (line for line in deployment.logs("ReconcileJobs") if part in line)
    return next((json.loads(line) for line in lines), None)


def taken_by_the_dead(deployment: Deployment, slots: DynamoLeaseTable, service: str) -> Lease:
    """A lease of the only slot, for a job that there never was."""
    dead = Waiter(f"{deployment.output('ResultsBucketName')}-dead", "nobody", "")
    lease = slots.take(service, 0, dead, FAR_OFF)
    assert lease is not None
    return lease


def told_that_it_is_overdue(
    deployment: Deployment, slots: DynamoLeaseTable, service: str, lease: Lease
) -> None:
    """Have a lease looked after."""
    assert slots.renew(service, lease, LONG_AGO, used=True)
    deployment.reconcile()


def waiting(slots: DynamoLeaseTable, service: str) -> tuple[Waiter, ...]:
    """Who waits for a job of a service, in order."""
    return slots.look(service).waiters


def quota_of(deployment: Deployment, service: str) -> int:
    """What Service Quotas says."""
    quota = JOB_QUOTAS[service]
    answer = deployment.client("service-quotas").get_service_quota(
        ServiceCode=quota.service_code, QuotaCode=quota.quota_code
    )
    return int(answer["Quota"]["Value"])


def test_features_of_videos_are_found_one_after_the_other(
    deployment: Deployment, slots: DynamoLeaseTable
) -> None:
    shades = [(40 * number, random.randrange(256), 90) for number in range(1, VIDEOS + 1)]
    with deployment.limit("rekognition", 1):
        lease = taken_by_the_dead(deployment, slots, "rekognition")
        files = [
            deployment.drop(
                f"turn-{number}.mp4",
                film(((shade, 1.0), (BLUE, 1.0))),
                features="segments,text",
                targets=NO_LANGUAGES,
            )
            for number, shade in enumerate(shades)
        ]
        until(lambda: len(waiting(slots, "rekognition")) == 2 * VIDEOS, "all of them wait")
        slots.free("rekognition", lease, unchanged=False)
        deployment.reconcile()
        manifests = deployment.wait(*files)
    assert {manifest.status.value for manifest in manifests} == {"analyzed"}

    jobs, waited = [], 0
    for manifest in manifests:
        (arn,) = deployment.executions("AnalyzeVideoMachineArn", manifest.analysis_id)
        waited += deployment.transitions(arn).entered["AwaitSlot"]
        jobs += times_of_jobs(deployment.history(arn))
    assert len(jobs) == 2 * VIDEOS
    assert waited == 2 * VIDEOS, "each waits, once"
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
