"""Transcribe's operations and jobs over engines that hear what the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.fakes.cloud import FakeCloud
from tests.fakes.service_model import model_violations
from windfall_local.api import CallContext, Cloud, Principal, ServiceError
from windfall_local.engines import EngineDiedError, EngineUnavailableError, InvalidMediaError
from windfall_local.engines.host import EngineHost
from windfall_local.engines.language.personal import contacts
from windfall_local.engines.media import Decoded, MediaInfo
from windfall_local.engines.speech import SpeechModel, Stretch, Word
from windfall_local.services.transcribe import TranscribeService, listening, service
from windfall_local.services.transcribe.orders import read_uri

ROLE = Principal.role("arn:aws:iam::000000000000:role/worker", "test")
TEXT = "Hello my number is five five five one two three four."


def words(text: str, start: float = 1.0) -> list[Word]:
    """A word every half second; the last has the mark."""
    heard = [
        Word(word, start + number / 2, start + number / 2 + 0.4, 0.9)
        for number, word in enumerate(text.removesuffix(".").split())
    ]
    return [*heard[:-1], replace(heard[-1], mark=".")] if heard else []


class FakeHost(EngineHost):
    """Engines by the book; `gate` holds the hearing back until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.info = MediaInfo("wav", "pcm_s16le", 1, 16_000, 10.0)
        self.seconds = 10.0
        self.texts: dict[str, list[str]] = {"ch_0": [TEXT]}
        self.model = SpeechModel("tiny-low-accuracy", ("en",), tells=False)
        self.spoken: list[tuple[str, float]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures: list[Exception] = []
        self.asked: list[str] = []
        self.speakers: list[int] | Exception = []
        self.bytes: list[int] = []

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        self.asked.append(method)
        answer: Callable[..., Any] = getattr(self, f"_{method}")
        if method == "recognize":
            await self.gate.wait()
            if self.failures:
                raise self.failures.pop(0)
        return answer(*arguments)

    def _model(self) -> SpeechModel:
        return self.model

    def _probe(self, path: Path) -> MediaInfo:
        self.bytes.append(path.stat().st_size)
        if not path.stat().st_size:
            raise InvalidMediaError("The file is in none of the formats wav.")
        return self.info

    def _decode(self, path: Path, folder: Path, apart: bool, longest: float) -> Decoded:
        files = [
            folder / f"ch_{number}.pcm" for number in range(self.info.channels if apart else 1)
        ]
        for file in files:
            file.write_bytes(b"")
        return Decoded(files, self.seconds)

    def _stretches(self, path: Path) -> list[Stretch]:
        return [Stretch(number * 5.0, number * 5.0 + 4) for number in range(len(self._of(path)))]

    def _recognize(self, path: Path, stretch: Stretch, language: str) -> list[Word]:
        return words(self._of(path)[int(stretch.start // 5)], stretch.start + 1)

    def _identify(self, path: Path, stretch: Stretch) -> list[tuple[str, float]]:
        return self.spoken

    def _speakers(self, path: Path, spoken: list[tuple[float, float]], most: int) -> list[int]:
        if isinstance(self.speakers, Exception):
            raise self.speakers
        assert path.name == "ch_0.pcm"
        assert [times[0] for times in spoken] == sorted(times[0] for times in spoken)
        return [min(label, most - 1) for label in self.speakers]

    def _personal_data(self, text: str, language: str) -> Any:
        return list(contacts.phones(text, language))

    def _of(self, path: Path) -> list[str]:
        return self.texts.get(path.stem, [])


class Transcribe:
    """The service, its cloud and its engines."""

    def __init__(self, data_dir: Path) -> None:
        self.cloud = FakeCloud(data_dir)
        self.cloud.objects["in", "call.wav"] = b"x" * 100
        self.host = FakeHost()
        self.service = self.make()

    def make(self) -> TranscribeService:
        """As a new process would."""
        return TranscribeService(cast(Cloud, self.cloud), self.host)

    async def call(self, operation: str, **parameters: Any) -> Any:
        context = CallContext(cast(Cloud, self.cloud), ROLE, "request")
        answer = await self.service.call(operation, parameters, context)
        assert model_violations_or_none(operation, answer) == []
        return answer

    async def start(self, name: str = "job", **parameters: Any) -> Any:
        request: dict[str, Any] = {
            "TranscriptionJobName": name,
            "Media": {"MediaFileUri": "s3://in/call.wav"},
            "OutputBucketName": "out",
            **parameters,
        }
        if not request.get("IdentifyLanguage"):
            request.setdefault("LanguageCode", "en-US")
        return await self.call("StartTranscriptionJob", **request)

    async def ended(self, name: str = "job") -> Any:
        """The job when it has ended and was announced."""
        while True:
            job = await self.call("GetTranscriptionJob", TranscriptionJobName=name)
            job = job["TranscriptionJob"]
            told = [detail for _, _, detail in self.cloud.events if name in detail.values()]
            if job["TranscriptionJobStatus"] in ("COMPLETED", "FAILED") and told:
                return job
            await asyncio.sleep(0.001)

    async def transcript(self, key: str = "job.json") -> Any:
        await self.ended()
        return json.loads(self.cloud.objects["out", key])

    async def refusal(self, operation: str = "", **parameters: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await (self.call(operation, **parameters) if operation else self.start(**parameters))
        return caught.value


def model_violations_or_none(operation: str, answer: Any) -> list[str]:
    """Operations without an answer have no model of it."""
    if operation.startswith("Delete"):
        return [] if answer == {} else ["not empty"]
    return model_violations("transcribe", operation, answer)


@pytest.fixture
async def transcribe(tmp_path: Path) -> AsyncIterator[Transcribe]:
    made = Transcribe(tmp_path)
    await made.service.start()
    yield made
    await made.service.stop()


# --- A job --------------------------------------------------------------------------------------


async def test_a_job_goes_from_in_progress_to_completed_and_tells_the_bus(
    transcribe: Transcribe,
) -> None:
    transcribe.host.gate.clear()
    job = (await transcribe.start())["TranscriptionJob"]
    assert job["TranscriptionJobStatus"] == "IN_PROGRESS"
    assert "Transcript" not in job
    assert transcribe.cloud.events == []
    transcribe.host.gate.set()
    job = await transcribe.ended()
    assert job["TranscriptionJobStatus"] == "COMPLETED"
    assert job["Transcript"] == {"TranscriptFileUri": "http://127.0.0.1:4566/out/job.json"}
    assert job["ModelSettings"] == {"LanguageModelName": "tiny-low-accuracy"}
    assert transcribe.cloud.events == [
        (
            "aws.transcribe",
            "Transcribe Job State Change",
            {"TranscriptionJobName": "job", "TranscriptionJobStatus": "COMPLETED"},
        )
    ]
    assert set(transcribe.cloud.callers) == {ROLE.arn}
    assert transcribe.cloud.metadata["out", "job.json"] == {"windfall-engine": "tiny-low-accuracy"}


async def test_the_transcript_has_the_shape_that_aws_writes(transcribe: Transcribe) -> None:
    transcribe.host.texts = {"ch_0": ["Hello you.", "Bye."]}
    await transcribe.start()
    document = await transcribe.transcript()
    spoken = {"type": "pronunciation"}
    stop = {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "."}]}

    def said(content: str) -> dict[str, Any]:
        return {**spoken, "alternatives": [{"confidence": "0.9", "content": content}]}

    assert document == {
        "jobName": "job",
        "accountId": "000000000000",
        "results": {
            "transcripts": [{"transcript": "Hello you. Bye."}],
            "items": [
                {"id": 0, **said("Hello"), "start_time": "1.0", "end_time": "1.4"},
                {"id": 1, **said("you"), "start_time": "1.5", "end_time": "1.9"},
                {"id": 2, **stop},
                {"id": 3, **said("Bye"), "start_time": "6.0", "end_time": "6.4"},
                {"id": 4, **stop},
            ],
            "audio_segments": [
                {
                    "id": 0,
                    "transcript": "Hello you.",
                    "start_time": "1.0",
                    "end_time": "1.9",
                    "items": [0, 1, 2],
                },
                {
                    "id": 1,
                    "transcript": "Bye.",
                    "start_time": "6.0",
                    "end_time": "6.4",
                    "items": [3, 4],
                },
            ],
        },
        "status": "COMPLETED",
    }


@pytest.mark.parametrize("texts", [[], [""]])
async def test_silence_and_song_give_an_empty_transcript(
    transcribe: Transcribe, texts: list[str]
) -> None:
    transcribe.host.texts = {"ch_0": texts}
    await transcribe.start(Subtitles={"Formats": ["vtt", "srt"]})
    results = (await transcribe.transcript())["results"]
    assert results == {"transcripts": [{"transcript": ""}], "items": [], "audio_segments": []}
    assert transcribe.cloud.objects["out", "job.vtt"] == b"WEBVTT\n"
    assert transcribe.cloud.objects["out", "job.srt"] == b""


async def test_channels_are_transcribed_apart_and_put_in_the_order_of_speech(
    transcribe: Transcribe,
) -> None:
    transcribe.host.info = replace(transcribe.host.info, channels=2)
    transcribe.host.texts = {"ch_0": ["I hold.", "Thanks."], "ch_1": ["Sorry.", ""]}
    await transcribe.start(Settings={"ChannelIdentification": True})
    results = (await transcribe.transcript())["results"]
    assert results["transcripts"][0]["transcript"] == "I hold. Sorry. Thanks."
    labels = results["channel_labels"]
    assert labels["number_of_channels"] == 2
    first, second = labels["channels"]
    assert [item["alternatives"][0]["content"] for item in second["items"]] == ["Sorry", "."]
    assert {item["channel_label"] for item in first["items"]} == {"ch_0"}
    assert [one["channel_label"] for one in results["audio_segments"]] == ["ch_0", "ch_1", "ch_0"]


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (None, "job.json"),
        ("a.json", "a.json"),
        ("folder/", "folder/job.json"),
        ("folder/x", "folder/x/job.json"),
        ("folder/a.json", "folder/a.json"),
    ],
)
async def test_the_output_key_is_a_key_or_a_folder(
    transcribe: Transcribe, given: str | None, key: str
) -> None:
    await transcribe.start(**({} if given is None else {"OutputKey": given}))
    await transcribe.ended()
    assert ("out", key) in transcribe.cloud.objects


async def test_personal_data_is_taken_out_by_kind(transcribe: Transcribe) -> None:
    transcribe.host.texts = {
        "ch_0": ["Call me at two zero two five five five zero one four three."]
    }
    await transcribe.start(
        ContentRedaction={"RedactionType": "PII", "RedactionOutput": "redacted_and_unredacted"},
        Subtitles={"Formats": ["srt"]},
    )
    document = await transcribe.transcript("redacted-job.json")
    assert document["isRedacted"] is True
    assert document["results"]["transcripts"] == [{"transcript": "Call me at [PII]."}]
    hidden = document["results"]["items"][3]
    (redaction,) = hidden["alternatives"][0]["redactions"]
    assert (redaction["type"], redaction["category"]) == ("PHONE", "PII")
    assert (hidden["start_time"], hidden["end_time"]) == ("2.5", "7.4")
    plain = json.loads(transcribe.cloud.objects["out", "job.json"])
    assert plain["isRedacted"] is False
    assert "zero" in plain["results"]["transcripts"][0]["transcript"]
    assert b"[PII]" in transcribe.cloud.objects["out", "job.srt"]


async def test_redaction_alone_leaves_no_plain_transcript(transcribe: Transcribe) -> None:
    await transcribe.start(
        ContentRedaction={
            "RedactionType": "PII",
            "RedactionOutput": "redacted",
            "PiiEntityTypes": ["EMAIL"],
        }
    )
    job = await transcribe.ended()
    assert set(job["Transcript"]) == {"RedactedTranscriptFileUri"}
    written = [key for bucket, key in transcribe.cloud.objects if bucket == "out"]
    assert written == ["redacted-job.json"]


@pytest.mark.parametrize(
    ("method", "text"),
    [("mask", "Hello *** number."), ("remove", "Hello number."), ("tag", "Hello dear number.")],
)
async def test_a_vocabulary_filter_is_applied(
    transcribe: Transcribe, method: str, text: str
) -> None:
    await transcribe.call(
        "CreateVocabularyFilter",
        VocabularyFilterName="polite",
        LanguageCode="en-US",
        Words=["Dear"],
    )
    transcribe.host.texts = {"ch_0": ["Hello dear number."]}
    await transcribe.start(
        Settings={"VocabularyFilterName": "polite", "VocabularyFilterMethod": method}
    )
    results = (await transcribe.transcript())["results"]
    assert results["transcripts"][0]["transcript"] == text
    tagged = [item for item in results["items"] if item.get("vocabularyFilterMatch")]
    assert len(tagged) == (method == "tag")


async def test_a_recording_is_fetched_in_pieces_and_whole(transcribe: Transcribe) -> None:
    size = 20 * 1024**2 + 1
    transcribe.cloud.objects["in", "call.wav"] = bytes(size)
    await transcribe.start()
    await transcribe.ended()
    assert transcribe.host.bytes == [size]


# --- Languages ----------------------------------------------------------------------------------


async def test_another_language_fails_and_names_the_engine_and_the_remedy(
    transcribe: Transcribe,
) -> None:
    await transcribe.start(LanguageCode="es-ES")
    job = await transcribe.ended()
    assert job["TranscriptionJobStatus"] == "FAILED"
    assert "tiny-low-accuracy hears en only, not es-ES" in job["FailureReason"]
    assert "WINDFALL_WHISPER_DIR" in job["FailureReason"]
    assert transcribe.cloud.events[0][2]["FailureReason"] == job["FailureReason"]
    assert "recognize" not in transcribe.host.asked


async def test_an_engine_that_tells_languages_identifies_one(transcribe: Transcribe) -> None:
    transcribe.host.model = SpeechModel("large", (), tells=True)
    transcribe.host.spoken = [("es", 0.9), ("en", 0.1)]
    await transcribe.start(IdentifyLanguage=True, LanguageOptions=["en-US", "es-US"])
    results = (await transcribe.transcript())["results"]
    assert results["language_code"] == "es-US"
    assert results["language_identification"][0] == {"score": "0.9", "code": "es-US"}
    job = await transcribe.ended()
    assert (job["LanguageCode"], job["IdentifiedLanguageScore"]) == ("es-US", 0.9)
    assert [kind for _, kind, _ in transcribe.cloud.events] == [
        "Language Identification State Change",
        "Transcribe Job State Change",
    ]


async def test_an_engine_of_one_language_claims_no_score(transcribe: Transcribe) -> None:
    await transcribe.start(IdentifyLanguage=True)
    job = await transcribe.ended()
    assert (job["LanguageCode"], job["IdentifiedLanguageScore"]) == ("en-US", 0.0)
    await transcribe.start("other", IdentifyLanguage=True, LanguageOptions=["fr-FR", "de-DE"])
    assert "not fr-FR, de-DE" in (await transcribe.ended("other"))["FailureReason"]


# --- What can't be done -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "parameters", "reason"),
    [
        ({"codec": None}, {}, "no sound track"),
        ({}, {"MediaFormat": "mp3"}, "does not match the detected media format"),
        ({}, {"MediaSampleRateHertz": 8_000}, "does not match the detected sample rate"),
        ({"channels": 3}, {"Settings": {"ChannelIdentification": True}}, "number of channels"),
        ({"seconds": 30_000.0}, {}, "Invalid media length"),
    ],
)
async def test_what_the_recording_is_can_fail_a_job(
    transcribe: Transcribe, change: dict[str, Any], parameters: dict[str, Any], reason: str
) -> None:
    transcribe.host.info = replace(transcribe.host.info, **change)
    await transcribe.start(**parameters)
    assert reason in (await transcribe.ended())["FailureReason"]


async def test_a_recording_above_the_limit_is_not_fetched(
    transcribe: Transcribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LARGEST", 99)
    await transcribe.start()
    assert "file size too large" in (await transcribe.ended())["FailureReason"]
    assert transcribe.host.asked == ["model"]


async def test_too_short_unreadable_and_unwritable_fail_with_a_reason(
    transcribe: Transcribe,
) -> None:
    transcribe.host.seconds = 0.3
    await transcribe.start("short")
    assert "0.30 seconds" in (await transcribe.ended("short"))["FailureReason"]
    transcribe.host.seconds = 3
    transcribe.cloud.objects["in", "empty"] = b""
    await transcribe.start("empty", Media={"MediaFileUri": "s3://in/empty"})
    assert "none of the formats" in (await transcribe.ended("empty"))["FailureReason"]
    transcribe.cloud.denied.add("PutObject")
    await transcribe.start("write")
    assert "s3://out/write.json" in (await transcribe.ended("write"))["FailureReason"]


async def test_an_engine_that_dies_is_tried_again_where_it_was(transcribe: Transcribe) -> None:
    transcribe.host.texts = {"ch_0": ["One.", "Two."]}
    transcribe.host.failures = [EngineUnavailableError("died")]
    await transcribe.start()
    assert (await transcribe.ended())["TranscriptionJobStatus"] == "COMPLETED"
    assert transcribe.host.asked.count("decode") == 1
    transcribe.host.failures = [EngineUnavailableError("died again")] * 3
    await transcribe.start("other")
    assert "died again" in (await transcribe.ended("other"))["FailureReason"]


async def test_a_bug_ends_one_job_and_not_the_service(
    transcribe: Transcribe, caplog: pytest.LogCaptureFixture
) -> None:
    transcribe.host.failures = [ZeroDivisionError()]
    await transcribe.start()
    assert (await transcribe.ended())["FailureReason"] == "Internal failure: ZeroDivisionError"
    await transcribe.start("next")
    assert (await transcribe.ended("next"))["TranscriptionJobStatus"] == "COMPLETED"


@pytest.mark.parametrize(
    "parameters",
    [
        {"name": "white space"},
        {"name": ".." + "/up"},
        {"LanguageCode": "en-XX"},
        {"LanguageCode": "en-US", "IdentifyLanguage": True},
        {"LanguageOptions": ["en-US", "es-US"]},
        {"IdentifyLanguage": True, "LanguageOptions": ["en-US"]},
        {"Media": {}},
        {"Media": {"MediaFileUri": "s3://in"}},
        {"Media": {"MediaFileUri": "https://example.com/in/call.wav"}},
        {"Media": {"MediaFileUri": "s3://in/absent"}},
        {"Settings": {"ShowSpeakerLabels": True}},
        {"Settings": {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 31}},
        {"MediaSampleRateHertz": 4_000},
        {"OutputKey": "a key"},
        {"JobExecutionSettings": {"AllowDeferredExecution": True}},
        {
            "LanguageCode": "en-GB",
            "ContentRedaction": {"RedactionType": "PII", "RedactionOutput": "redacted"},
        },
    ],
)
async def test_what_aws_refuses_is_refused(
    transcribe: Transcribe, parameters: dict[str, Any]
) -> None:
    assert (await transcribe.refusal(**parameters)).code == "BadRequestException"
    assert (await transcribe.call("ListTranscriptionJobs"))["TranscriptionJobSummaries"] == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"OutputBucketName": None},
        {"ToxicityDetection": [{"ToxicityCategories": ["ALL"]}]},
        {"ModelSettings": {"LanguageModelName": "mine"}},
    ],
)
async def test_what_works_on_aws_only_is_refused_by_name(
    transcribe: Transcribe, parameters: dict[str, Any]
) -> None:
    error = await transcribe.refusal(**parameters)
    assert (error.code, error.status) == ("NotImplementedException", 501)


async def test_lists_that_do_not_exist_are_not_found(transcribe: Transcribe) -> None:
    error = await transcribe.refusal(Settings={"VocabularyName": "absent"})
    assert (error.code, error.status) == ("NotFoundException", 404)


# --- Many jobs ----------------------------------------------------------------------------------


async def test_a_name_is_given_once_even_at_the_same_time(transcribe: Transcribe) -> None:
    results = await asyncio.gather(*[transcribe.start() for _ in range(5)], return_exceptions=True)
    refused = [error for error in results if isinstance(error, ServiceError)]
    assert [error.code for error in refused] == ["ConflictException"] * 4


async def test_the_job_above_the_limit_is_refused_or_waits(
    transcribe: Transcribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CONCURRENT", 3)
    transcribe.host.gate.clear()
    for number in range(3):
        await transcribe.start(f"job-{number}")
    error = await transcribe.refusal(name="one-more")
    assert (error.code, error.status) == ("LimitExceededException", 429)
    role = "arn:aws:iam::000000000000:role/transcribe"
    deferred = {"AllowDeferredExecution": True, "DataAccessRoleArn": role}
    job = (await transcribe.start("later", JobExecutionSettings=deferred))["TranscriptionJob"]
    assert job["TranscriptionJobStatus"] == "QUEUED"
    assert "StartTime" not in job
    transcribe.host.gate.set()
    assert (await transcribe.ended("later"))["TranscriptionJobStatus"] == "COMPLETED"


async def test_jobs_are_listed_in_pages_the_latest_first(transcribe: Transcribe) -> None:
    for number in range(7):
        await transcribe.start(f"job-{number}")
        await transcribe.ended(f"job-{number}")
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = await transcribe.call("ListTranscriptionJobs", MaxResults=3, **token)
        found += [job["TranscriptionJobName"] for job in page["TranscriptionJobSummaries"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [f"job-{number}" for number in range(6, -1, -1)]
    assert not (await transcribe.call("ListTranscriptionJobs", Status="FAILED"))[
        "TranscriptionJobSummaries"
    ]
    assert (await transcribe.refusal("ListTranscriptionJobs", NextToken="x")).status == 400


async def test_a_job_is_deleted_when_it_has_ended(transcribe: Transcribe) -> None:
    transcribe.host.gate.clear()
    await transcribe.start()
    error = await transcribe.refusal("DeleteTranscriptionJob", TranscriptionJobName="job")
    assert error.code == "BadRequestException"
    transcribe.host.gate.set()
    await transcribe.ended()
    await transcribe.call("DeleteTranscriptionJob", TranscriptionJobName="job")
    # As on AWS: 400, and not 404.
    error = await transcribe.refusal("GetTranscriptionJob", TranscriptionJobName="job")
    assert error.code == "BadRequestException"
    assert list((transcribe.cloud.data_dir / "transcribe/jobs").iterdir()) == []


# --- Restarts -----------------------------------------------------------------------------------


async def test_a_new_process_goes_on_where_the_last_one_was(transcribe: Transcribe) -> None:
    host = transcribe.host
    host.texts = {"ch_0": ["One.", "Two.", "Three."]}
    host.gate.clear()
    await transcribe.start()
    while "recognize" not in host.asked:
        await asyncio.sleep(0.001)
    await transcribe.service.stop()
    assert transcribe.cloud.events == []

    # As if the first two had been heard, and the process ended while it wrote the second.
    (work,) = (transcribe.cloud.data_dir / "transcribe/jobs").glob("*/work")
    heard = [vars_of(word) for word in words("One.", 1.0)]
    (work / "words.jsonl").write_text(json.dumps([0, 0, heard]) + '\n[0, 1, [{"te')
    host.asked.clear()
    host.gate.set()
    transcribe.service = transcribe.make()
    await transcribe.service.start()
    document = await transcribe.transcript()
    assert document["results"]["transcripts"] == [{"transcript": "One. Two. Three."}]
    assert host.asked.count("recognize") == 2
    assert "decode" not in host.asked
    assert not work.exists()


async def test_an_end_that_nobody_heard_of_is_told_by_the_next_process(
    transcribe: Transcribe,
) -> None:
    await transcribe.start()
    await transcribe.ended()
    (record,) = (transcribe.cloud.data_dir / "transcribe/jobs").glob("*/job.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "announced": False}))
    transcribe.cloud.events.clear()
    for _ in range(2):
        await transcribe.make().start()
    assert len(transcribe.cloud.events) == 1


async def test_jobs_of_more_than_ninety_days_ago_are_forgotten(transcribe: Transcribe) -> None:
    await transcribe.start()
    await transcribe.ended()
    (record,) = (transcribe.cloud.data_dir / "transcribe/jobs").glob("*/job.json")
    old = {**json.loads(record.read_text()), "created": "2001-01-01T00:00:00+00:00"}
    record.write_text(json.dumps(old))
    transcribe.service = transcribe.make()
    await transcribe.service.start()
    assert (await transcribe.call("ListTranscriptionJobs"))["TranscriptionJobSummaries"] == []


# --- Speakers -----------------------------------------------------------------------------------

APART = {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 2}


async def test_speakers_are_told_apart_by_word(transcribe: Transcribe) -> None:
    transcribe.host.texts = {"ch_0": ["Hello you.", "Bye."]}
    transcribe.host.speakers = [0, 1, 1]
    await transcribe.start(Settings=APART, Subtitles={"Formats": ["vtt"]})
    results = (await transcribe.transcript())["results"]
    assert [item.get("speaker_label") for item in results["items"]] == [
        "spk_0", "spk_1", "spk_1", "spk_1", "spk_1",
    ]  # fmt: skip
    assert results["speaker_labels"] == {
        "channel_label": "ch_0",
        "speakers": 2,
        "segments": [
            {
                "speaker_label": label,
                "start_time": start,
                "end_time": end,
                "items": [{"speaker_label": label, "start_time": start, "end_time": end}],
            }
            for label, start, end in (
                ("spk_0", "1.0", "1.4"),
                ("spk_1", "1.5", "1.9"),
                ("spk_1", "6.0", "6.4"),
            )
        ],
    }
    segments = [(one["speaker_label"], one["transcript"]) for one in results["audio_segments"]]
    assert segments == [("spk_0", "Hello"), ("spk_1", "you."), ("spk_1", "Bye.")]
    assert results["transcripts"] == [{"transcript": "Hello you. Bye."}]
    assert b"Hello\n" in transcribe.cloud.objects["out", "job.vtt"]


async def test_words_that_are_filtered_out_do_not_move_the_speakers(transcribe: Transcribe) -> None:
    transcribe.host.texts = {"ch_0": ["Hello bad you."]}
    transcribe.host.speakers = [0, 1, 1]
    await transcribe.call(
        "CreateVocabularyFilter", VocabularyFilterName="f", LanguageCode="en-US", Words=["bad"]
    )
    hidden = {"VocabularyFilterName": "f", "VocabularyFilterMethod": "remove"}
    await transcribe.start(Settings={**APART, **hidden})
    items = (await transcribe.transcript())["results"]["items"]
    assert [(i["alternatives"][0]["content"], i["speaker_label"]) for i in items] == [
        ("Hello", "spk_0"),
        ("you", "spk_1"),
        (".", "spk_1"),
    ]


@pytest.mark.parametrize("settings", [{}, {"ChannelIdentification": True, **APART}])
async def test_nobody_is_told_apart_who_was_not_to_be(
    transcribe: Transcribe, settings: dict[str, Any]
) -> None:
    transcribe.host.speakers = EngineUnavailableError("must not be asked")
    await transcribe.start(Settings=settings)
    assert "speaker_labels" not in (await transcribe.transcript())["results"]
    assert "speakers" not in transcribe.host.asked


async def test_without_the_model_the_transcript_has_no_speakers(transcribe: Transcribe) -> None:
    transcribe.host.speakers = EngineUnavailableError("run `windfall models pull`")
    await transcribe.start(Settings=APART)
    results = (await transcribe.transcript())["results"]
    assert "speaker_labels" not in results
    assert results["transcripts"] == [{"transcript": TEXT}]


async def test_an_engine_of_speakers_that_died_is_asked_again(transcribe: Transcribe) -> None:
    transcribe.host.speakers = EngineDiedError("died")
    await transcribe.start(Settings=APART)
    job = await transcribe.ended()
    assert (job["TranscriptionJobStatus"], job["FailureReason"]) == ("FAILED", "died")
    assert transcribe.host.asked.count("speakers") == 3
    # What was heard before is not heard again.
    assert transcribe.host.asked.count("recognize") == 1


# --- Vocabularies -------------------------------------------------------------------------------


async def test_a_vocabulary_is_kept_listed_and_forgotten(transcribe: Transcribe) -> None:
    named = {"VocabularyName": "names", "LanguageCode": "en-US"}
    made = await transcribe.call("CreateVocabulary", **named, Phrases=["Brixham", "Okafor"])
    assert made["VocabularyState"] == "PENDING"
    again = await transcribe.refusal("CreateVocabulary", **named, Phrases=["x"])
    assert again.code == "ConflictException"
    got = await transcribe.call("GetVocabulary", VocabularyName="names")
    assert got["VocabularyState"] == "READY"
    await transcribe.call("UpdateVocabulary", **named, Phrases=["Torquay"])
    listed = await transcribe.call("ListVocabularies", NameContains="NAM")
    assert [one["VocabularyName"] for one in listed["Vocabularies"]] == ["names"]
    await transcribe.call("DeleteVocabulary", VocabularyName="names")
    error = await transcribe.refusal("GetVocabulary", VocabularyName="names")
    assert error.code == "NotFoundException"


async def test_a_filter_can_come_from_a_file(transcribe: Transcribe) -> None:
    transcribe.cloud.objects["in", "words.txt"] = "\ufeffdamn\r\n\r\nheck\n".encode()
    named = {"VocabularyFilterName": "clean", "VocabularyFilterFileUri": "s3://in/words.txt"}
    await transcribe.call("CreateVocabularyFilter", LanguageCode="en-US", **named)
    await transcribe.call("UpdateVocabularyFilter", **named)
    await transcribe.call("GetVocabularyFilter", VocabularyFilterName="clean")
    listed = await transcribe.call("ListVocabularyFilters")
    assert [one["VocabularyFilterName"] for one in listed["VocabularyFilters"]] == ["clean"]
    await transcribe.call("DeleteVocabularyFilter", VocabularyFilterName="clean")


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"Phrases": []},
        {"Phrases": ["x" * 257]},
        {"Phrases": ["xy" * 100] * 300},
        {"Phrases": ["x"], "VocabularyFileUri": "s3://in/words.txt"},
        {"VocabularyFileUri": "s3://in/absent"},
        {"VocabularyFileUri": "s3://in/latin"},
    ],
)
async def test_a_vocabulary_that_aws_refuses_is_refused(
    transcribe: Transcribe, parameters: dict[str, Any]
) -> None:
    transcribe.cloud.objects["in", "latin"] = b"caf\xe9"
    named = {"VocabularyName": "names", "LanguageCode": "en-US"}
    error = await transcribe.refusal("CreateVocabulary", **named, **parameters)
    assert error.code == "BadRequestException"


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("s3://b/a key%20?#.wav", ("b", "a key%20?#.wav")),
        ("https://s3.us-east-1.amazonaws.com/b/k/a%20b.wav", ("b", "k/a b.wav")),
        ("https://s3-eu-west-1.amazonaws.com/b/k", ("b", "k")),
        ("https://my.bucket.s3.us-east-1.amazonaws.com/k/l", ("my.bucket", "k/l")),
        ("http://127.0.0.1:4566/b/k", ("b", "k")),
    ],
)
def test_media_are_named_in_every_style_of_aws(uri: str, place: tuple[str, str]) -> None:
    found = read_uri(uri, "http://127.0.0.1:4566")
    assert (found.bucket, found.key) == place


def vars_of(word: Word) -> dict[str, Any]:
    """Its fields."""
    return {name: getattr(word, name) for name in ("text", "start", "end", "confidence", "mark")}
