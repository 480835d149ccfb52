"""transcribe_audio: jobs by name, asked for as the plan says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.jobs import FakeJobTable, FakeTokens, FakeTranscription
from tests.fakes.leases import FakeLeaseTable
from tests.fakes.service_model import request_violations
from tests.fakes.storage import FakeObjectStore
from transcribe_audio.logic import AudioTranscriber
from transcribe_audio.models import TranscribeAudioTask
from windfall.adapters.transcribe import completion_of, request_of
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import (
    InvalidInputError,
    QuotaExceededError,
    TransientError,
    UnsupportedError,
    WindfallError,
)
from windfall.governor import Governor
from windfall.ports.jobs import TranscriptionRequest
from windfall.rendezvous import Rendezvous

EVENTS = Path(__file__).parents[3] / "events/transcribe_audio"
NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)


def task(name: str = "memo", **media: Any) -> TranscribeAudioTask:
    document = json.loads((EVENTS / f"{name}.json").read_text())
    document["analysis"]["media"].update(media)
    return TranscribeAudioTask.model_validate(document)


class Stage:
    """The function in memory."""

    def __init__(self) -> None:
        self.table, self.tokens = FakeJobTable(), FakeTokens()
        self.service = FakeTranscription()
        rendezvous = Rendezvous(self.table, self.tokens, clock=lambda: NOW)
        self.store = FakeObjectStore()
        self.transcriber = AudioTranscriber(
            self.service, rendezvous, self.store, "windfall-results"
        )

    def request(self, wanted: TranscribeAudioTask) -> TranscriptionRequest:
        assert self.transcriber.begin(wanted) == "parked"
        (request,) = self.service.requests.values()
        return request


def test_a_job_is_named_after_its_analysis_and_stack() -> None:
    stage = Stage()
    request = stage.request(task())
    assert request.name == "windfall-results-0a1b2c3d4e5f60718293a4b5c6d7e8f901234567-1"
    assert request.output.key.endswith("/transcript/transcribe.json")
    assert stage.table.due == {JobId("transcribe", request.name): "2026-11-23T14:10:07.100Z"}


def test_a_task_that_is_tried_again_pays_once_and_both_tokens_are_told() -> None:
    stage = Stage()
    first = task()
    stage.transcriber.begin(first)
    stage.transcriber.begin(first.model_copy(update={"token": "second"}))
    ((job, row),) = stage.table.rows.items()
    assert row.tokens == {first.token, "second"}
    assert list(stage.service.requests) == [job.name]


def test_a_job_that_ended_before_its_token_was_parked_is_told_at_once() -> None:
    stage = Stage()
    ended = Completion(result={"status": "COMPLETED"})
    name = "windfall-results-0a1b2c3d4e5f60718293a4b5c6d7e8f901234567-1"
    stage.table.complete(JobId("transcribe", name), ended)
    assert stage.transcriber.begin(task()) == "ended already"
    assert stage.tokens.told == {task().token: ended}
    assert not stage.table.due


@pytest.mark.parametrize(
    ("name", "written"), [("memo", "transcribe.json"), ("call", "redacted-transcribe.json")]
)
def test_a_transcript_that_is_there_is_told_and_not_paid_for_again(name: str, written: str) -> None:
    stage = Stage()
    wanted = attempt(2, task(name))
    output = wanted.analysis.output
    key = f"{output.prefix}transcript/{written}"
    stage.store.drop(output.bucket, key, b"{}")

    assert stage.transcriber.begin(wanted) == "transcribed before"
    assert stage.service.requests == {}
    (told,) = stage.tokens.told.values()
    assert told.result["transcript"] == {
        "bucket": output.bucket, "key": key, "version_id": None,
    }  # fmt: skip


def test_what_transcribe_writes_beside_a_transcript_is_none() -> None:
    stage = Stage()
    wanted = task("call")
    output = wanted.analysis.output
    for name in (".write_access_check_file.temp", "transcribe.json"):
        stage.store.drop(output.bucket, f"{output.prefix}transcript/{name}", b"{}")
    assert stage.transcriber.begin(wanted) == "parked"


def test_a_job_of_an_earlier_attempt_that_still_runs_is_waited_for() -> None:
    stage = Stage()
    stage.transcriber.begin(task())
    again = attempt(2, task().model_copy(update={"token": "second"}))

    assert stage.transcriber.begin(again) == "parked"
    ((job, row),) = stage.table.rows.items()
    assert row.tokens == {task().token, "second"}
    assert list(stage.service.requests) == [job.name]


def test_a_job_that_failed_is_begun_anew_by_the_next_attempt() -> None:
    stage = Stage()
    stage.transcriber.begin(task())
    (first,) = stage.table.rows
    stage.table.complete(first, Completion(error="InvalidInputError", reason="Bad sound."))

    assert stage.transcriber.begin(attempt(2, task())) == "parked"
    assert list(stage.service.requests) == [first.name, f"{first.name[:-1]}2"]


def attempt(number: int, wanted: TranscribeAudioTask) -> TranscribeAudioTask:
    analysis = wanted.analysis.model_copy(update={"attempt": number})
    return wanted.model_copy(update={"analysis": analysis})


@pytest.mark.parametrize(
    ("name", "media", "by_channel"),
    [
        ("memo", {}, False),
        ("call", {}, True),
        ("memo", {"channels": 2, "sample_rate": 8_000}, True),
        ("memo", {"channels": 2, "sample_rate": 44_100}, False),
        ("memo", {"channels": 6, "sample_rate": 8_000}, False),
        ("memo", {"channels": None}, False),
    ],
)
def test_only_calls_are_transcribed_channel_by_channel(
    name: str, media: dict[str, Any], by_channel: bool
) -> None:
    assert Stage().request(task(name, **media)).channels is by_channel


def test_what_transcribe_is_asked_fits_its_model() -> None:
    memo = request_of(Stage().request(task()))
    assert not request_violations("transcribe", "StartTranscriptionJob", memo)
    assert memo["IdentifyLanguage"] is True
    assert memo["Settings"] == {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 10}

    call = request_of(Stage().request(task("call")))
    assert not request_violations("transcribe", "StartTranscriptionJob", call)
    assert call["LanguageCode"] == "en-US"
    assert call["Settings"] == {
        "ChannelIdentification": True,
        "VocabularyName": "products",
        "VocabularyFilterName": "swearing",
        "VocabularyFilterMethod": "remove",
    }
    assert call["ContentRedaction"]["RedactionOutput"] == "redacted"


def job(**fields: Any) -> dict[str, Any]:
    return {"TranscriptionJobName": "j", "TranscriptionJobStatus": "COMPLETED", **fields}


@pytest.mark.parametrize(
    "uri", ["https://s3.us-east-1.amazonaws.com/results/a/t.json", "s3://results/a/t.json"]
)
def test_a_job_that_completed_has_a_transcript(uri: str) -> None:
    completion = completion_of(job(Transcript={"TranscriptFileUri": uri}))
    assert completion is not None
    pointer = {"bucket": "results", "key": "a/t.json", "version_id": None}
    assert completion.result == {"job": "j", "status": "COMPLETED", "transcript": pointer}


def test_a_redacted_transcript_goes_before_the_other() -> None:
    uris = {"TranscriptFileUri": "s3://r/a.json", "RedactedTranscriptFileUri": "s3://r/b.json"}
    completion = completion_of(job(Transcript=uris))
    assert completion is not None
    assert completion.result["transcript"]["key"] == "b.json"


def test_a_job_that_failed_says_why_and_one_that_runs_has_not_ended() -> None:
    failed = completion_of(job(TranscriptionJobStatus="FAILED", FailureReason="Bad sound."))
    assert failed == Completion(error="InvalidInputError", reason="Bad sound.")
    assert completion_of(job(TranscriptionJobStatus="IN_PROGRESS")) is None


def test_a_recording_that_finds_no_slot_is_told_to_wait_and_not_submitted() -> None:
    stage = Stage()
    leases = FakeLeaseTable(limit=1)
    governor = Governor(leases, stage.tokens, clock=lambda: NOW)
    rendezvous = Rendezvous(stage.table, stage.tokens, lambda: NOW, governor)
    transcriber = AudioTranscriber(stage.service, rendezvous, stage.store, "windfall-results")
    governor.take(JobId("transcribe", "another"), "", timedelta(minutes=10))
    wanted = task()

    assert transcriber.begin(wanted) == "no slot is free"
    assert stage.service.requests == {}
    name = "windfall-results-0a1b2c3d4e5f60718293a4b5c6d7e8f901234567-1"
    assert stage.tokens.told == {wanted.token: Completion(error="SlotAwaitedError", reason=name)}

    governor.release(JobId("transcribe", "another"))
    assert transcriber.begin(wanted.model_copy(update={"token": "again"})) == "parked"
    (lease,) = leases.look("transcribe").leases
    assert (lease.holder, lease.owner) == (name, name.removeprefix("windfall-results-"))

    stage.service.endings[name] = Completion()
    assert rendezvous.resume(JobId("transcribe", name), stage.service) == "completed"
    assert leases.look("transcribe").leases == ()


@pytest.mark.parametrize(
    ("error", "held"),
    [
        (InvalidInputError("It can not be read."), 0),
        (UnsupportedError("Not here."), 0),
        (TransientError("Later."), 1),
        (QuotaExceededError("Too many jobs run."), 1),
    ],
)
def test_a_recording_that_is_refused_for_good_gives_its_slot_to_the_next(
    error: WindfallError, held: int
) -> None:
    stage, leases = Stage(), FakeLeaseTable(limit=1)
    governor = Governor(leases, stage.tokens, clock=lambda: NOW)
    rendezvous = Rendezvous(stage.table, stage.tokens, lambda: NOW, governor)
    governor.take(JobId("transcribe", "first"), "", timedelta(minutes=10))
    governor.wait(JobId("transcribe", "next"), "", "2026-11-23T14:00:00.000Z", "next's")
    governor.wait(JobId("transcribe", "refused"), "", "2026-11-23T13:00:00.000Z", "refused's")
    governor.release(JobId("transcribe", "first"))

    def refuse() -> str:
        raise error

    with pytest.raises(type(error)):
        rendezvous.submit(JobId("transcribe", "refused"), "token", refuse, timedelta(minutes=10))
    told = {"refused's"} if held else {"refused's", "next's"}
    assert stage.tokens.told.keys() == told
    (lease,) = leases.look("transcribe").leases
    assert lease.holder == ("refused" if held else "next")
