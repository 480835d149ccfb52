"""Executions that broke off are redriven: their files end well, and nothing is paid for twice."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from bench.chaos.figures import repeated, sales, started_twice
from bench.chaos.lives import Cloud
from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import NO_LANGUAGES, Deployment, Dropped, unique, until
from tests.e2e.test_permissions import denied
from tests.fakes.films import BLUE, RED, film
from tests.fakes.recordings import tone
from windfall.contracts.manifest import Manifest
from windfall.ports.insights import FileRow

SPEECH = Path(__file__).parents[2] / "demo/speech.flac"

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(bool(AWS_STACK), reason="AWS shows no list of what it sold"),
    pytest.mark.skipif(
        bool(MISSING_MODELS), reason=f"models are missing: {MISSING_MODELS}; make models"
    ),
]


class Operator:
    """Who stops executions, redrives them, and looks at the bill."""

    def __init__(self, deployment: Deployment, home: Path) -> None:
        self.deployment = deployment
        self._home = home
        self._before = len(sales(home))

    def bought(self) -> Counter[str]:
        """Paid calls by operation."""
        sold = sales(self._home)[self._before :]
        assert started_twice(sold) == []
        assert not +repeated(sold)
        return Counter(one["operation"] for one in sold)

    def analysis(self, file: Dropped) -> str:
        """The analysis of a file, as soon as it was admitted."""
        return str(until(lambda: self._row(file), f"the admission of {file.key}").analysis_id)

    def _row(self, file: Dropped) -> FileRow | None:
        row = self.deployment.reader.files([file.file_id]).get(file.file_id)
        return row if row is not None and row.analysis_id else None

    def execution(self, machine: str, name: str) -> str:
        """An execution's ARN."""

        def begun() -> str | None:
            found = self.deployment.executions(machine, name.rpartition("-")[0])
            return next((one for one in found if one.endswith(f":{name}")), None)

        return until(begun, f"the execution {name}")

    def stands_at(self, execution: str, state: str) -> None:
        """Wait until an execution waits in a state with its token."""

        def is_there() -> bool:
            events = self.deployment.history(execution)
            entered = [one for one in events if one["type"] == "TaskStateEntered"]
            waits = events[-1]["type"] == "TaskSubmitted"
            return bool(waits and entered[-1]["stateEnteredEventDetails"]["name"] == state)

        until(is_there, f"{state} of {execution}")

    def stop(self, execution: str, file: Dropped) -> Manifest:
        """Stop an execution; the manifest that its file ends with."""
        self.deployment.client("stepfunctions").stop_execution(executionArn=execution)
        (manifest,) = self.deployment.wait(file)
        assert manifest.status == "failed"
        return manifest

    def redrive(self, execution: str) -> None:
        """Have an execution go on."""
        self.deployment.client("stepfunctions").redrive_execution(executionArn=execution)

    def ended(self, execution: str) -> str:
        """How an execution ended."""

        def status() -> str | None:
            machines = self.deployment.client("stepfunctions")
            found = str(machines.describe_execution(executionArn=execution)["status"])
            return None if found == "RUNNING" else found

        return until(status, f"the end of {execution}")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    cloud = Cloud(tmp_path_factory.mktemp("redrives"))
    cloud.start()
    cloud.wait_until_ready()
    yield cloud
    cloud.end()


@pytest.fixture
def operator(cloud: Cloud) -> Iterator[Operator]:
    deployment = Deployment(cloud.stack())
    yield Operator(deployment, cloud.folder)
    deployment.close()


def spoken(begin: int, seconds: int) -> bytes:
    """A part of the speech, as a file that nothing else drops."""
    samples, rate = soundfile.read(SPEECH, start=begin, frames=seconds * 16_000, dtype="int16")
    made = io.BytesIO()
    soundfile.write(made, samples, rate, format="FLAC")
    return made.getvalue()


def test_a_text_whose_record_failed_is_recorded_by_a_redrive(operator: Operator) -> None:
    deployment = operator.deployment
    with denied(deployment, "RecordInsightsRole", "dynamodb:BatchWriteItem"):
        file = deployment.drop_cheap("redriven.txt", unique())
        (broken,) = deployment.wait(file)
    assert broken.status == "failed"
    assert [one.feature for one in broken.outcomes] == ["language", "sentiment"]
    bought = operator.bought()

    execution = operator.execution("AnalyzeTextMachineArn", f"{broken.analysis_id}-1")
    operator.redrive(execution)
    assert operator.ended(execution) == "SUCCEEDED"
    (mended,) = deployment.wait(file)
    assert (mended.status, mended.attempt, mended.reason) == ("analyzed", 1, None)
    assert [line.status for line in mended.history] == ["analyzed"]
    assert operator.bought() == bought == {"DetectDominantLanguage": 1, "DetectSentiment": 1}


def test_a_recording_that_was_stopped_in_the_queue_takes_its_turn_again(operator: Operator) -> None:
    deployment = operator.deployment
    with deployment.limit("transcribe", 0):
        file = deployment.drop(
            "queued.flac", spoken(16_000, 2), features="sentiment", targets=NO_LANGUAGES
        )
        execution = operator.execution("AnalyzeAudioMachineArn", f"{operator.analysis(file)}-1")
        operator.stands_at(execution, "AwaitSlot")
        operator.stop(execution, file)
        operator.redrive(execution)
        operator.stands_at(execution, "AwaitSlot")
    assert operator.ended(execution) == "SUCCEEDED"
    (mended,) = deployment.wait(file)
    assert (mended.status, mended.attempt) == ("analyzed", 1)
    assert operator.bought()["StartTranscriptionJob"] == 1


@pytest.mark.parametrize("job_has_ended", [False, True])
def test_a_recording_that_was_stopped_goes_on_with_the_job_that_it_had_begun(
    operator: Operator, *, job_has_ended: bool
) -> None:
    deployment = operator.deployment
    transcribe = deployment.client("transcribe")
    # Nobody tells the task of the job's end, so that it is stopped before it has gone on.
    with denied(deployment, "ResumeJobRole", "transcribe:GetTranscriptionJob"):
        file = deployment.drop(
            *("begun.flac", spoken(32_000 + job_has_ended, 6)),
            features="sentiment",
            targets=NO_LANGUAGES,
        )
        analysis = operator.analysis(file)

        def job() -> str | None:
            found = transcribe.list_transcription_jobs(JobNameContains=analysis)
            jobs = found["TranscriptionJobSummaries"]
            return jobs[0]["TranscriptionJobStatus"] if jobs else None

        until(job, "its transcription job")
        if job_has_ended:
            until(lambda: job() == "COMPLETED", "the end of its transcription job")
        execution = operator.execution("AnalyzeAudioMachineArn", f"{analysis}-1")
        operator.stands_at(execution, "TranscribeAudio")
        operator.stop(execution, file)
    operator.redrive(execution)
    assert operator.ended(execution) == "SUCCEEDED"
    (mended,) = deployment.wait(file)
    assert (mended.status, mended.attempt) == ("analyzed", 1)
    assert {"captions.en.vtt", "sentiment.json"} <= {one.name for one in mended.files}
    assert operator.bought()["StartTranscriptionJob"] == 1


def test_a_video_that_was_stopped_at_its_sound_has_its_sound_analyzed(operator: Operator) -> None:
    deployment = operator.deployment
    body = film(((BLUE, 1.0), (RED, 1.0)), codec="mpeg4", form="avi", sound=tone(2.0))
    with deployment.limit("transcribe", 0):
        file = deployment.drop("queued.avi", body, features="segments", targets=NO_LANGUAGES)
        analysis = operator.analysis(file)
        video = operator.execution("AnalyzeVideoMachineArn", f"{analysis}-1")

        def sound() -> str | None:
            found = deployment.executions("AnalyzeAudioMachineArn", analysis)
            return found[0] if found else None

        operator.stands_at(until(sound, "the analysis of its sound"), "AwaitSlot")
        operator.stop(video, file)
        operator.redrive(video)
    assert operator.ended(video) == "SUCCEEDED"
    (mended,) = deployment.wait(file)
    assert (mended.status, mended.attempt) == ("analyzed", 1), mended.outcomes
    names = {
        arn.rpartition(":")[2] for arn in deployment.executions("AnalyzeAudioMachineArn", analysis)
    }
    assert names == {f"{analysis}-1-sound", f"{analysis}-1-sound-1"}
    assert operator.bought() == {"StartSegmentDetection": 1, "StartTranscriptionJob": 1}


def test_a_redrive_of_what_was_asked_for_again_since_leaves_the_newer_attempt(
    operator: Operator,
) -> None:
    deployment = operator.deployment
    with deployment.limit("transcribe", 0):
        file = deployment.drop(
            "superseded.flac", spoken(64_000, 2), features="sentiment", targets=NO_LANGUAGES
        )
        analysis = operator.analysis(file)
        first = operator.execution("AnalyzeAudioMachineArn", f"{analysis}-1")
        operator.stands_at(first, "AwaitSlot")
        broken = operator.stop(first, file)
    deployment.request(
        bucket=file.bucket, key=file.key, version_id=file.version_id,
        revision=broken.history[-1].revision, rerun=True,
    )  # fmt: skip

    def again() -> Manifest | None:
        (now,) = deployment.wait(file)
        return now if now.attempt == 2 else None

    newer = until(again, "the second attempt")
    assert newer.status == "analyzed"
    bought = operator.bought()
    assert bought["StartTranscriptionJob"] == 1

    operator.redrive(first)
    assert operator.ended(first) == "SUCCEEDED"
    (manifest,) = deployment.wait(file)
    assert manifest == newer
    assert operator.bought() == bought
