"""Rekognition's jobs on videos, over an engine that sees what the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.cloud import FakeCloud
from tests.fakes.service_model import model_violations
from tests.fakes.video_engine import FakeVideoEngine, FakeVideoHost
from tests.unit.rekognition.test_service import face
from windfall_local.api import CallContext, Principal, ServiceError
from windfall_local.engines import EngineDiedError, EngineUnavailableError, InvalidMediaError
from windfall_local.engines.vision.results import Box, Line, Thing, Word
from windfall_local.services.rekognition import RekognitionService

VIDEO = {"S3Object": {"Bucket": "films", "Name": "a b/film.mp4"}}
TOPIC = "arn:aws:sns:us-east-1:000000000000:AmazonRekognitionEnds"
ROLE = "arn:aws:iam::000000000000:role/Publisher"
CHANNEL = {"SNSTopicArn": TOPIC, "RoleArn": ROLE}
CALLER = Principal.role("arn:aws:iam::000000000000:role/reader", "session")


class Cloud(FakeCloud):
    """A cloud whose objects have ETags, and whose roles can be assumed."""

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        if operation == "AssumeRole" and operation not in self.denied:
            self.callers.append(principal.arn)
            return {}
        answer = await super().call(service, operation, parameters, principal)
        if operation in ("HeadObject", "GetObject"):
            content = self.objects[parameters["Bucket"], parameters["Key"]]
            answer["ETag"] = f'"{hash(content)}"'
        return answer

    def credentials(self, principal: Principal) -> Any:
        raise AssertionError("Rekognition needs no keys")


class Rekognition:
    """The service; its answers are held against botocore's model."""

    def __init__(self, data_dir: Path, engine: FakeVideoEngine) -> None:
        self.cloud = Cloud(data_dir)
        self.cloud.objects["films", "a b/film.mp4"] = b"film"
        self.host = FakeVideoHost(engine)
        self.service = RekognitionService(self.cloud, self.host, self.locate)
        self.missing: set[str] = set()

    async def __call__(self, operation: str, **parameters: Any) -> Any:
        context = CallContext(self.cloud, CALLER, "request")
        answer = await self.service.call(operation, parameters, context)
        assert model_violations("rekognition", operation, answer) == []
        return answer

    def locate(self, name: str) -> Path:
        if name in self.missing:
            raise EngineUnavailableError(f"{name}: run `windfall models pull`")
        return Path(name)

    async def error(self, operation: str, **parameters: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await self(operation, **parameters)
        return caught.value

    async def done(self, what: str, asked: dict[str, Any] | None = None, **start: Any) -> Any:
        """A job that is begun, and the answer when it has ended."""
        job = (await self(f"Start{what}", **{"Video": VIDEO, **start}))["JobId"]
        return await self.ended(what, job, **(asked or {}))

    async def ended(self, what: str, job: str, **asked: Any) -> Any:
        while True:
            answer = await self(f"Get{what}", JobId=job, **asked)
            if answer["JobStatus"] != "IN_PROGRESS":
                return answer
            await asyncio.sleep(0.001)

    @property
    def messages(self) -> list[Any]:
        return [json.loads(message["Message"]) for message in self.cloud.messages]


@pytest.fixture
def engine() -> FakeVideoEngine:
    return FakeVideoEngine()


@pytest.fixture
async def rekognition(tmp_path: Path, engine: FakeVideoEngine) -> Any:
    service = Rekognition(tmp_path, engine)
    await service.service.start()
    yield service
    await service.service.stop()


def thing(name: str, left: float = 0.1, score: float = 0.8) -> Thing:
    return Thing(name, score, Box(left, 0.2, 0.2, 0.4))


# --- Jobs ---------------------------------------------------------------------------------------


async def test_a_job_tells_what_its_video_is(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    answer = await rekognition.done("LabelDetection", JobTag="tag:1")
    assert len(answer["JobId"]) == 64
    assert (answer["JobStatus"], answer["JobTag"], answer["Video"]) == (
        "SUCCEEDED",
        "tag:1",
        VIDEO,
    )
    assert answer["VideoMetadata"] == {
        "Codec": "h264",
        "DurationMillis": 3000,
        "Format": "QuickTime / MOV",
        "FrameRate": 25.0,
        "FrameHeight": 360,
        "FrameWidth": 640,
        "ColorRange": "LIMITED",
    }
    assert engine.contents == {b"film"}


async def test_a_job_in_progress_has_no_results_yet(rekognition: Rekognition) -> None:
    rekognition.host.gate.clear()
    job = (await rekognition("StartFaceDetection", Video=VIDEO))["JobId"]
    answer = await rekognition("GetFaceDetection", JobId=job)
    assert (answer["JobStatus"], answer["Faces"]) == ("IN_PROGRESS", [])
    rekognition.host.gate.set()
    assert (await rekognition.ended("FaceDetection", job))["JobStatus"] == "SUCCEEDED"


async def test_an_id_is_good_for_its_own_operation_only(rekognition: Rekognition) -> None:
    job = (await rekognition("StartFaceDetection", Video=VIDEO))["JobId"]
    for operation, id_ in (("GetTextDetection", job), ("GetFaceDetection", "0" * 64)):
        error = await rekognition.error(operation, JobId=id_)
        assert error.code == "ResourceNotFoundException"


async def test_a_job_is_forgotten_after_a_week(
    rekognition: Rekognition, engine: FakeVideoEngine, tmp_path: Path
) -> None:
    job = (await rekognition.done("FaceDetection", ClientRequestToken="t"))["JobId"]
    (record,) = tmp_path.rglob("job.json")
    kept = json.loads(record.read_text())
    kept["created"] = (datetime.now(UTC) - timedelta(days=7, seconds=1)).isoformat()
    record.write_text(json.dumps(kept))
    later = Rekognition(tmp_path, engine)
    await later.service.start()
    assert (await later.error("GetFaceDetection", JobId=job)).code == "ResourceNotFoundException"
    assert not record.exists()
    assert (await later.done("FaceDetection", ClientRequestToken="t"))["JobId"] != job


async def test_the_twenty_first_job_is_refused_until_one_has_ended(
    rekognition: Rekognition,
) -> None:
    rekognition.host.gate.clear()
    kinds = ("StartLabelDetection", "StartTextDetection")
    jobs = [(await rekognition(kinds[n % 2], Video=VIDEO))["JobId"] for n in range(20)]
    error = await rekognition.error("StartFaceDetection", Video=VIDEO)
    assert (error.code, error.status) == ("LimitExceededException", 400)
    rekognition.host.gate.set()
    await rekognition.ended("LabelDetection", jobs[0])
    assert await rekognition("StartFaceDetection", Video=VIDEO)


# --- Tokens -------------------------------------------------------------------------------------


async def test_a_token_stands_for_one_job_and_one_message(rekognition: Rekognition) -> None:
    asked = {"Video": VIDEO, "ClientRequestToken": "once", "NotificationChannel": CHANNEL}
    begun = await asyncio.gather(*(rekognition("StartLabelDetection", **asked) for _ in range(5)))
    (job,) = {answer["JobId"] for answer in begun}
    await rekognition.ended("LabelDetection", job)
    assert (await rekognition("StartLabelDetection", **asked))["JobId"] == job
    assert [message["JobId"] for message in rekognition.messages] == [job]


async def test_a_token_with_other_parameters_is_a_mismatch(rekognition: Rekognition) -> None:
    await rekognition("StartLabelDetection", Video=VIDEO, ClientRequestToken="t", MinConfidence=50)
    for changed in ({"MinConfidence": 51}, {"JobTag": "other"}, {}):
        error = await rekognition.error(
            "StartLabelDetection", Video=VIDEO, ClientRequestToken="t", **changed
        )
        assert error.code == "IdempotentParameterMismatchException"


async def test_another_operation_may_use_the_token_too(rekognition: Rekognition) -> None:
    one = await rekognition("StartLabelDetection", Video=VIDEO, ClientRequestToken="t")
    other = await rekognition("StartFaceDetection", Video=VIDEO, ClientRequestToken="t")
    assert one["JobId"] != other["JobId"]


# --- Messages -----------------------------------------------------------------------------------

EVERY: dict[str, dict[str, Any]] = {
    "LabelDetection": {},
    "FaceDetection": {},
    "TextDetection": {},
    "SegmentDetection": {"SegmentTypes": ["SHOT"]},
    "FaceSearch": {"CollectionId": "people"},
    "CelebrityRecognition": {},
}


@pytest.mark.parametrize("what", EVERY)
async def test_an_end_is_told_as_rekognition_tells_it(rekognition: Rekognition, what: str) -> None:
    await rekognition("CreateCollection", CollectionId="people")
    answer = await rekognition.done(what, NotificationChannel=CHANNEL, **EVERY[what])
    (message,) = rekognition.messages
    assert abs(message.pop("Timestamp") / 1000 - datetime.now(UTC).timestamp()) < 100
    assert message == {
        "JobId": answer["JobId"],
        "Status": "SUCCEEDED",
        "API": f"Start{what}",
        "Video": {"S3ObjectName": "a b/film.mp4", "S3Bucket": "films"},
    }
    assert rekognition.cloud.messages[0]["TopicArn"] == TOPIC


async def test_messages_come_by_the_role_and_rekognition_assumes_it(
    rekognition: Rekognition,
) -> None:
    await rekognition.done("LabelDetection", NotificationChannel=CHANNEL)
    assert rekognition.cloud.callers[-2:] == [
        "rekognition.amazonaws.com",
        "arn:aws:sts::000000000000:assumed-role/Publisher/RekognitionVideo",
    ]


@pytest.mark.parametrize("missing", ["AssumeRole", "Publish"])
async def test_a_role_that_may_not_publish_leaves_the_job_as_it_is(
    rekognition: Rekognition, missing: str, caplog: pytest.LogCaptureFixture
) -> None:
    rekognition.cloud.denied.add(missing)
    answer = await rekognition.done("LabelDetection", NotificationChannel=CHANNEL)
    assert (answer["JobStatus"], rekognition.messages) == ("SUCCEEDED", [])
    assert "must trust rekognition.amazonaws.com" in caplog.text


async def test_a_failure_is_told_too(rekognition: Rekognition, engine: FakeVideoEngine) -> None:
    engine.info = replace(engine.info, codec="hevc")
    answer = await rekognition.done(
        "LabelDetection", NotificationChannel=CHANNEL, JobTag="x", ClientRequestToken="t"
    )
    assert answer["JobStatus"] == "FAILED"
    (message,) = rekognition.messages
    assert (message["Status"], message["JobTag"]) == ("FAILED", "x")


# --- What is refused, and what fails ------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"Video": {}},
        {"Video": {"S3Object": {"Bucket": "films"}}},
        {"JobTag": "no spaces"},
        {"ClientRequestToken": "a" * 65},
        {"ClientRequestToken": "ä"},
        {"NotificationChannel": {**CHANNEL, "RoleArn": "Publisher"}},
        {"NotificationChannel": {**CHANNEL, "SNSTopicArn": TOPIC.replace("us-east", "eu-west")}},
        {"MinConfidence": 100.5},
        {"Features": ["IMAGE_PROPERTIES"]},
    ],
    ids="-".join,
)
async def test_wrong_parameters_are_refused(
    rekognition: Rekognition, wrong: dict[str, Any]
) -> None:
    error = await rekognition.error("StartLabelDetection", **{"Video": VIDEO, **wrong})
    assert error.code == "InvalidParameterException"


@pytest.mark.parametrize(
    "wrong",
    [
        {"SegmentTypes": []},
        {"SegmentTypes": ["CREDITS"]},
        {"Filters": {"ShotFilter": {"MinSegmentConfidence": 49}}},
        {"Filters": {"TechnicalCueFilter": {"BlackFrame": {"MaxPixelThreshold": 1.5}}}},
    ],
)
async def test_wrong_segments_are_refused(rekognition: Rekognition, wrong: dict[str, Any]) -> None:
    asked = {"Video": VIDEO, "SegmentTypes": ["SHOT"], **wrong}
    error = await rekognition.error("StartSegmentDetection", **asked)
    assert error.code == "InvalidParameterException"


async def test_a_collection_must_be_there(rekognition: Rekognition) -> None:
    error = await rekognition.error("StartFaceSearch", Video=VIDEO, CollectionId="nobody")
    assert error.code == "ResourceNotFoundException"


async def test_a_video_that_the_caller_can_not_read_is_refused(rekognition: Rekognition) -> None:
    rekognition.cloud.denied.add("HeadObject")
    error = await rekognition.error("StartLabelDetection", Video=VIDEO)
    assert error.code == "InvalidS3ObjectException"
    assert set(rekognition.cloud.callers) == {CALLER.arn}


async def test_a_video_of_more_than_ten_gigabytes_is_refused(rekognition: Rekognition) -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 10 * 1024**3 + 1

    rekognition.cloud.objects["films", "a b/film.mp4"] = Huge()
    error = await rekognition.error("StartLabelDetection", Video=VIDEO)
    assert error.code == "VideoTooLargeException"


async def test_missing_models_are_named_before_a_job_is_made(rekognition: Rekognition) -> None:
    rekognition.missing.add("centernet")
    error = await rekognition.error("StartLabelDetection", Video=VIDEO)
    assert (error.status, error.message) == (501, "centernet: run `windfall models pull`")
    assert await rekognition("StartTextDetection", Video=VIDEO)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"codec": "vp9"}, "Unsupported codec/format. The video is vp9; H.264 is taken."),
        ({"codec": None}, "Unsupported codec/format. The file has no video track."),
        (
            {"format": "webm"},
            "Unsupported codec/format. The file is webm; MP4 and MOV are taken.",
        ),
        ({"seconds": 21_601.0}, "The video has 21,601 seconds of at most 21,600."),
    ],
)
async def test_a_video_that_rekognition_does_not_take_fails_with_the_reason(
    rekognition: Rekognition, engine: FakeVideoEngine, change: dict[str, Any], reason: str
) -> None:
    engine.info = replace(engine.info, **change)
    answer = await rekognition.done("LabelDetection")
    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", reason)


async def test_a_broken_file_fails_in_rekognitions_words(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.errors["probe"] = InvalidMediaError("The mp4 file can't be read: moov atom not found")
    answer = await rekognition.done("TextDetection")
    assert answer["StatusMessage"].startswith("Unsupported codec/format. The mp4 file")


async def test_a_video_that_was_replaced_meanwhile_is_not_taken_for_the_old_one(
    rekognition: Rekognition,
) -> None:
    job = (await rekognition("StartLabelDetection", Video=VIDEO))["JobId"]
    rekognition.cloud.objects["films", "a b/film.mp4"] = b"new!"
    answer = await rekognition.ended("LabelDetection", job)
    assert answer["StatusMessage"] == "The video was replaced before it was read."


async def test_a_job_survives_the_death_of_its_engine_and_not_three(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.errors["things"] = EngineDiedError("it died")
    assert (await rekognition.done("LabelDetection"))["JobStatus"] == "SUCCEEDED"

    class Mortal(dict[str, Exception]):
        def pop(self, key: str, *_: Any) -> Any:
            return EngineDiedError("it died") if key == "things" else None

    engine.errors = Mortal()
    answer = await rekognition.done("LabelDetection")
    assert (answer["JobStatus"], answer["StatusMessage"]) == ("FAILED", "it died")


async def test_a_bug_ends_its_job_only(rekognition: Rekognition, engine: FakeVideoEngine) -> None:
    engine.errors["things"] = ZeroDivisionError()
    answer = await rekognition.done("LabelDetection")
    assert answer["StatusMessage"] == "Internal failure: ZeroDivisionError"
    assert (await rekognition.done("LabelDetection"))["JobStatus"] == "SUCCEEDED"


# --- Films --------------------------------------------------------------------------------------


async def test_a_video_is_fetched_once_for_all_its_jobs_and_removed_after_them(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    rekognition.host.gate.clear()
    jobs = {}
    for what in ("LabelDetection", "FaceDetection", "TextDetection"):
        jobs[what] = (await rekognition(f"Start{what}", Video=VIDEO))["JobId"]
    rekognition.host.gate.set()
    for what, job in jobs.items():
        await rekognition.ended(what, job)
    (path,) = engine.paths
    assert not path.exists()
    # Looked at once for each job, and read once.
    assert rekognition.cloud.callers == [CALLER.arn] * 4


# --- After a stop -------------------------------------------------------------------------------


async def test_a_job_goes_on_where_it_was_and_tells_its_end_once(tmp_path: Path) -> None:
    first = Rekognition(tmp_path, FakeVideoEngine(60.0, {0: [thing("clock")]}))
    first.host.looks = 3
    asked = {"Video": VIDEO, "NotificationChannel": CHANNEL, "ClientRequestToken": "t"}
    job = (await first("StartLabelDetection", **asked))["JobId"]
    await first.host.stuck.wait()
    await first.service.stop()
    assert (await first("GetLabelDetection", JobId=job))["JobStatus"] == "IN_PROGRESS"
    # The process ended while it wrote a line.
    (seen,) = tmp_path.rglob("seen.jsonl")
    done = len(seen.read_text().splitlines())
    assert 0 < done < 120
    with seen.open("a") as file:
        file.write('[99999, [["clo')

    engine = FakeVideoEngine(seconds=60.0, seen={0: [thing("clock")]})
    later = Rekognition(tmp_path, engine)
    await later.service.start()
    answer = await later.ended("LabelDetection", job)

    assert engine.spans[0].first == done
    assert [one["Timestamp"] for one in answer["Labels"]] == [500 * n for n in range(120)]
    assert (await later("StartLabelDetection", **asked))["JobId"] == job
    assert first.messages == []
    assert [message["JobId"] for message in later.messages] == [job]
    # The video is read again only where its copy is lost.
    assert later.cloud.callers[0] == "rekognition.amazonaws.com"


async def test_shots_go_on_where_they_were(tmp_path: Path, engine: FakeVideoEngine) -> None:
    engine.levels = [50] * 500 + [150] * 500
    first = Rekognition(tmp_path, engine)
    first.host.looks = 2
    asked = {"Video": VIDEO, "SegmentTypes": ["SHOT"]}
    job = (await first("StartSegmentDetection", **asked))["JobId"]
    await first.host.stuck.wait()
    await first.service.stop()
    (path,) = tmp_path.rglob("signatures")
    with path.open("ab") as file:
        file.write(b"half a record")
    later = Rekognition(tmp_path, engine)
    await later.service.start()
    answer = await later.ended("SegmentDetection", job)
    found = [(one["StartFrameNumber"], one["EndFrameNumber"]) for one in answer["Segments"]]
    assert found == [(0, 499), (500, 999)]


async def test_an_end_that_was_not_told_is_told_at_the_next_start(
    tmp_path: Path, engine: FakeVideoEngine
) -> None:
    first = Rekognition(tmp_path, engine)
    job = (await first.done("LabelDetection", NotificationChannel=CHANNEL))["JobId"]
    (record,) = tmp_path.rglob("job.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "told": False}))
    for told in ([job], []):
        later = Rekognition(tmp_path, engine)
        await later.service.start()
        assert [message["JobId"] for message in later.messages] == told


# --- Labels -------------------------------------------------------------------------------------


async def test_labels_come_for_each_sample_with_their_ancestors(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.seen = {0: [thing("dog")], 1: [], 2: [thing("dog"), thing("car", 0.6)]}
    answer = await rekognition.done("LabelDetection")
    found = [(one["Timestamp"], one["Label"]["Name"]) for one in answer["Labels"]]
    dog = ["Animal", "Canine", "Dog", "Mammal", "Pet"]
    both = ["Animal", "Canine", "Car", "Dog", "Mammal", "Pet", "Transportation", "Vehicle"]
    assert found == [
        *((at, name) for at in (0, 500) for name in dog),
        *((at, name) for at in (2000, 2500) for name in both),
    ]


async def test_labels_by_name_are_the_surest_first(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.seen = {0: [thing("clock", score=0.5)], 1: [thing("clock", score=0.9), thing("bottle")]}
    answer = await rekognition.done("LabelDetection", {"SortBy": "NAME"})
    names = [one["Label"]["Name"] for one in answer["Labels"]]
    assert names == ["Bottle"] * 4 + ["Clock"] * 6
    sure = [one["Label"]["Confidence"] for one in answer["Labels"][4:]]
    assert sure == sorted(sure, reverse=True)


async def test_labels_by_segments_say_from_when_to_when(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.seen = {
        0: [thing("clock")],
        1: [],
        2: [thing("clock", score=0.6)],
        2.5: [thing("clock", score=0.9), thing("bottle", 0.6)],
    }
    answer = await rekognition.done("LabelDetection", {"AggregateBy": "SEGMENTS"})
    found = [
        (
            one["Label"]["Name"],
            one["Timestamp"],
            one["StartTimestampMillis"],
            one["EndTimestampMillis"],
            one["DurationMillis"],
        )
        for one in answer["Labels"]
    ]
    assert found == [
        ("Clock", 0, 0, 1000, 1000),
        ("Clock", 2000, 2000, 3000, 1000),
        ("Bottle", 2500, 2500, 3000, 500),
    ]
    assert all(one["Label"]["Instances"] == [] for one in answer["Labels"])


async def test_a_thing_that_one_sample_misses_has_not_been_away(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.seen = {0: [thing("dog")], 1: [], 1.5: [thing("dog", 0.15)], 2: []}
    answer = await rekognition.done("LabelDetection", {"AggregateBy": "SEGMENTS"})
    found = [(one["StartTimestampMillis"], one["EndTimestampMillis"]) for one in answer["Labels"]]
    assert found == [(0, 2000)] * 5
    engine.seen = {0: [thing("dog")], 1: [], 1.5: [thing("dog", 0.75)], 2: []}
    answer = await rekognition.done("LabelDetection", {"AggregateBy": "SEGMENTS"})
    found = [(one["StartTimestampMillis"], one["EndTimestampMillis"]) for one in answer["Labels"]]
    assert sorted(set(found)) == [(0, 1000), (1500, 2000)]


async def test_labels_are_filtered(rekognition: Rekognition, engine: FakeVideoEngine) -> None:
    engine.seen = {0: [thing("dog"), thing("car", 0.6), thing("book", score=0.2)]}
    general = {"LabelInclusionFilters": ["Dog", "Car", "Book"], "LabelExclusionFilters": ["Car"]}
    settings = {"GeneralLabels": general}
    answer = await rekognition.done("LabelDetection", Settings=settings)
    assert {one["Label"]["Name"] for one in answer["Labels"]} == {"Dog"}
    answer = await rekognition.done("LabelDetection", Settings=settings, MinConfidence=10)
    assert {one["Label"]["Name"] for one in answer["Labels"]} == {"Dog", "Book"}


@pytest.mark.parametrize("wrong", [{"SortBy": "SIZE"}, {"AggregateBy": "SHOTS"}])
async def test_an_order_that_there_is_not_is_refused(
    rekognition: Rekognition, wrong: dict[str, str]
) -> None:
    job = (await rekognition.done("LabelDetection"))["JobId"]
    error = await rekognition.error("GetLabelDetection", JobId=job, **wrong)
    assert error.code == "InvalidParameterException"


# --- Pages --------------------------------------------------------------------------------------


async def pages(get: Callable[..., Any], **asked: Any) -> list[Any]:
    found: list[Any] = []
    token: dict[str, str] = {}
    while True:
        answer = await get(**asked, **token)
        found.append(answer["Labels"])
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


@pytest.mark.parametrize("order", ["TIMESTAMP", "NAME"])
@pytest.mark.parametrize("most", [1, 7, 1000])
async def test_pages_are_the_whole_in_order(
    rekognition: Rekognition, engine: FakeVideoEngine, most: int, order: str
) -> None:
    engine.seen = {0: [thing("dog"), thing("car", 0.6)]}
    job = (await rekognition.done("LabelDetection"))["JobId"]

    async def get(**asked: Any) -> Any:
        return await rekognition("GetLabelDetection", JobId=job, SortBy=order, **asked)

    (whole,) = await pages(get)
    found = await pages(get, MaxResults=most)
    assert [one for page in found for one in page] == whole
    assert all(len(page) == most for page in found[:-1])


async def test_at_most_a_thousand_come_at_once(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.info = replace(engine.info, seconds=501.0)
    engine.seen = {0: [thing("clock")]}
    answer = await rekognition.done("LabelDetection", {"MaxResults": 5000})
    assert len(answer["Labels"]) == 1000
    rest = await rekognition(
        "GetLabelDetection", JobId=answer["JobId"], NextToken=answer["NextToken"]
    )
    assert [one["Timestamp"] for one in rest["Labels"]] == [500_000, 500_500]


async def test_a_token_is_good_for_its_own_list_only(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.seen = {0: [thing("clock")]}
    answer = await rekognition.done("LabelDetection", {"MaxResults": 1})
    job, token = answer["JobId"], answer["NextToken"]
    other = (await rekognition.done("LabelDetection"))["JobId"]
    for asked in (
        {"JobId": job, "NextToken": token, "SortBy": "NAME"},
        {"JobId": job, "NextToken": token, "AggregateBy": "SEGMENTS"},
        {"JobId": other, "NextToken": token},
        {"JobId": job, "NextToken": "nonsense"},
        {"JobId": job, "NextToken": "MQ=="},
    ):
        error = await rekognition.error("GetLabelDetection", **asked)
        assert error.code == "InvalidPaginationTokenException"


# --- Faces and text -----------------------------------------------------------------------------


async def test_faces_come_for_each_sample(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.seen = {0: [], 2: [face(), face(0.1)]}
    answer = await rekognition.done("FaceDetection")
    assert [one["Timestamp"] for one in answer["Faces"]] == [2000, 2000, 2500, 2500]
    assert "AgeRange" not in answer["Faces"][0]["Face"]
    answer = await rekognition.done("FaceDetection", FaceAttributes="ALL")
    assert answer["Faces"][0]["Face"]["AgeRange"] == {"Low": 25, "High": 35}


def line(text: str, score: float = 0.95) -> Line:
    corners = ((0.1, 0.1), (0.5, 0.1), (0.5, 0.2), (0.1, 0.2))
    words = tuple(Word(word, score, corners) for word in text.split())
    return Line(text, score, corners, words)


async def test_text_comes_for_each_sample_filtered(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.seen = {0: [line("NO ENTRY")], 2: [line("faint", 0.7)]}
    filters = {"WordFilter": {"MinConfidence": 80}}
    answer = await rekognition.done("TextDetection", Filters=filters)
    found = [
        (one["Timestamp"], one["TextDetection"]["Type"], one["TextDetection"]["DetectedText"])
        for one in answer["TextDetections"]
    ]
    words = [("LINE", "NO ENTRY"), ("WORD", "NO"), ("WORD", "ENTRY")]
    assert found == [(at, *word) for at in (0, 1000) for word in words]


# --- Segments -----------------------------------------------------------------------------------

LEVELS = [100] * 50 + [0] * 25 + [200] * 75
"""Two seconds of grey, one of black, three of white."""


async def test_shots_have_times_frames_and_timecodes(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.levels = LEVELS
    answer = await rekognition.done("SegmentDetection", SegmentTypes=["SHOT"])
    first, _, last = answer["Segments"]
    assert first == {
        "Type": "SHOT",
        "StartTimestampMillis": 0,
        "EndTimestampMillis": 1960,
        "DurationMillis": 1960,
        "StartTimecodeSMPTE": "00:00:00:00",
        "EndTimecodeSMPTE": "00:00:01:24",
        "DurationSMPTE": "00:00:01:24",
        "StartFrameNumber": 0,
        "EndFrameNumber": 49,
        "DurationFrames": 49,
        "ShotSegment": {"Index": 0, "Confidence": 100.0},
    }
    assert (last["ShotSegment"]["Index"], last["StartFrameNumber"]) == (2, 75)
    assert answer["SelectedSegmentTypes"] == [{"Type": "SHOT", "ModelVersion": "windfall-shots-1"}]
    assert [one["Codec"] for one in answer["VideoMetadata"]] == ["h264"]
    assert answer["AudioMetadata"] == []


async def test_segments_come_type_by_type_as_they_were_asked_for(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.levels = LEVELS
    for types in (["TECHNICAL_CUE", "SHOT"], ["SHOT", "TECHNICAL_CUE"]):
        answer = await rekognition.done("SegmentDetection", SegmentTypes=types)
        found = [one["Type"] for one in answer["Segments"]]
        assert found == sorted(found, key=types.index)
        cues = [one for one in answer["Segments"] if one["Type"] == "TECHNICAL_CUE"]
        assert [
            (one["TechnicalCueSegment"]["Type"], one["StartFrameNumber"], one["EndFrameNumber"])
            for one in cues
        ] == [("BlackFrames", 50, 74)]


async def test_black_with_sound_is_content(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.levels = LEVELS
    engine.with_sound()
    answer = await rekognition.done("SegmentDetection", SegmentTypes=["TECHNICAL_CUE"])
    assert len(answer["Segments"]) == 1
    assert answer["AudioMetadata"] == [
        {"Codec": "aac", "DurationMillis": 3000, "SampleRate": 44_100, "NumberOfChannels": 2}
    ]
    engine.loud = 0.1
    answer = await rekognition.done("SegmentDetection", SegmentTypes=["TECHNICAL_CUE"])
    assert answer["Segments"] == []


async def test_unsure_segments_are_filtered(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.levels = [100] * 50 + [120] * 50
    for least, count in ((50, 2), (99, 0)):
        filters = {"ShotFilter": {"MinSegmentConfidence": least}}
        answer = await rekognition.done("SegmentDetection", SegmentTypes=["SHOT"], Filters=filters)
        assert len(answer["Segments"]) == count


async def test_a_video_without_frames_has_no_segments(rekognition: Rekognition) -> None:
    answer = await rekognition.done("SegmentDetection", SegmentTypes=["SHOT", "TECHNICAL_CUE"])
    assert (answer["JobStatus"], answer["Segments"]) == ("SUCCEEDED", [])


# --- People -------------------------------------------------------------------------------------


async def test_people_are_followed_and_found_in_a_collection(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    known, stranger = face(0.3, 0), replace(face(0.3, 1), box=Box(0.6, 0.2, 0.3, 0.3))
    service: Any = rekognition.service
    await rekognition("CreateCollection", CollectionId="people")
    stored = {"FaceId": "11111111-1111-1111-1111-111111111111", "Confidence": 99.0}
    service._collections.add("people", [(stored, known.descriptor or ())])
    engine.seen = {0: [known], 1: [stranger, known], 2: [known]}

    answer = await rekognition.done("FaceSearch", CollectionId="people")

    found = [
        (
            one["Timestamp"],
            one["Person"]["Index"],
            [m["Face"]["FaceId"] for m in one["FaceMatches"]],
        )
        for one in answer["Persons"]
    ]
    id_ = stored["FaceId"]
    assert found == [
        (0, 0, [id_]),
        (500, 0, [id_]),
        (1000, 1, []),
        (1000, 0, [id_]),
        (1500, 1, []),
        (1500, 0, [id_]),
        (2000, 0, [id_]),
        (2500, 0, [id_]),
    ]
    answer = await rekognition("GetFaceSearch", JobId=answer["JobId"], SortBy="INDEX")
    assert [one["Person"]["Index"] for one in answer["Persons"]] == [0] * 6 + [1] * 2


async def test_a_collection_that_is_deleted_meanwhile_fails_the_search(
    rekognition: Rekognition,
) -> None:
    await rekognition("CreateCollection", CollectionId="people")
    rekognition.host.gate.clear()
    job = (await rekognition("StartFaceSearch", Video=VIDEO, CollectionId="people"))["JobId"]
    await rekognition("DeleteCollection", CollectionId="people")
    rekognition.host.gate.set()
    answer = await rekognition.ended("FaceSearch", job)
    assert answer["StatusMessage"] == "The collection id: people does not exist"


async def test_the_gallery_names_who_is_known(
    rekognition: Rekognition, engine: FakeVideoEngine, tmp_path: Path
) -> None:
    folder = tmp_path / "gallery" / "Ada_Lovelace"
    folder.mkdir(parents=True)
    (folder / "portrait.png").write_bytes(b"picture")
    (folder / "about.json").write_text('{"urls": ["example.org"], "gender": "Female"}')
    rekognition.host.pictures = [face(0.5, 0)]
    engine.seen = {0: [face(0.3, 0), replace(face(0.3, 1), box=Box(0.6, 0.2, 0.3, 0.3))]}
    for order in ("TIMESTAMP", "ID"):
        answer = await rekognition.done("CelebrityRecognition", {"SortBy": order})
        assert [one["Timestamp"] for one in answer["Celebrities"]] == [500 * n for n in range(6)]
    celebrity = answer["Celebrities"][0]["Celebrity"]
    assert (celebrity["Name"], celebrity["Urls"]) == ("Ada Lovelace", ["example.org"])
    assert celebrity["KnownGender"] == {"Type": "Female"}
    assert celebrity["Confidence"] > 99


async def test_a_person_who_comes_again_is_the_same_one(
    rekognition: Rekognition, engine: FakeVideoEngine
) -> None:
    engine.info = replace(engine.info, seconds=8.0)
    await rekognition("CreateCollection", CollectionId="people")
    engine.seen = {0: [face(0.3, 0)], 1: [face(0.3, 1)], 2: [], 6: [face(0.3, 0)]}
    answer = await rekognition.done("FaceSearch", CollectionId="people")
    people = [(one["Timestamp"], one["Person"]["Index"]) for one in answer["Persons"]]
    assert people == [
        *((at, 0) for at in (0, 500)),
        *((at, 1) for at in (1000, 1500)),
        *((at, 0) for at in (6000, 6500, 7000, 7500)),
    ]
