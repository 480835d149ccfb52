"""Videos through boto3: jobs of real engines, their ends by SNS, and who may do what."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from tests.fakes.service_model import model_violations
from tests.fakes.videos import encode, pan, scene, still, title
from tests.integration.conftest import ClientFactory
from tests.integration.rekognition.topic import Topic, until
from windfall_local.api import Credentials
from windfall_local.engines.models import ModelStore


@pytest.fixture(scope="module")
def video() -> bytes:
    """Two titles and a moving camera, with hard cuts between them."""
    return encode(
        itertools.chain(
            still(title("DEPARTURES", (640, 360), 60), 50),
            pan(4, 50, size=(640, 360)),
            still(title("ARRIVALS", (640, 360), 60), 50),
        )
    )


@pytest.fixture(scope="module")
def portrait() -> bytes:
    """Somebody who goes from the left to the right, and comes back after a while."""
    with Image.open(DEMO / "portrait.jpg") as image:
        face = np.asarray(image.convert("RGB").resize((220, 276)))

    def walking(frames: int) -> Iterator[Any]:
        for frame in range(frames):
            picture = scene(7, (640, 360)).copy()
            left = 400 * frame // frames
            picture[50:326, left : left + 220] = face
            yield picture

    return encode(itertools.chain(walking(50), still(scene(3, (640, 360)), 50), walking(50)))


@pytest.fixture
def bucket(client: ClientFactory, video: bytes, portrait: bytes) -> str:
    s3 = client("s3")
    s3.create_bucket(Bucket="videos")
    s3.put_object(Bucket="videos", Key="trip/airport.mp4", Body=video)
    s3.put_object(Bucket="videos", Key="portrait.mp4", Body=portrait)
    return "videos"


VIDEO = {"S3Object": {"Bucket": "videos", "Name": "trip/airport.mp4"}}
PORTRAIT = {"S3Object": {"Bucket": "videos", "Name": "portrait.mp4"}}
DEMO = Path(__file__).parents[3] / "demo"
MISSING = [
    state.model.name
    for state in ModelStore().states()
    if state.model.source == "npm" and state.status != "installed"
]
with_models = pytest.mark.skipif(
    bool(MISSING), reason=f"models are missing: {MISSING}; make models"
)


def ended(get: Callable[..., Any], job: str, **asked: Any) -> dict[str, Any]:
    """The answer of a job that has ended, held against the model."""

    def answer() -> Any:
        found = get(JobId=job, **asked)
        return found if found["JobStatus"] != "IN_PROGRESS" else None

    found: dict[str, Any] = until(answer)
    metadata = found.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    return found


def test_text_is_read_and_its_end_is_told(client: ClientFactory, bucket: str) -> None:
    rekognition = client("rekognition")
    topic = Topic.create(client, "AmazonRekognitionText")

    started = rekognition.start_text_detection(
        Video=VIDEO, NotificationChannel=topic.channel, JobTag="signs", ClientRequestToken="t1"
    )
    again = rekognition.start_text_detection(
        Video=VIDEO, NotificationChannel=topic.channel, JobTag="signs", ClientRequestToken="t1"
    )
    assert again["JobId"] == started["JobId"]

    (message,) = until(lambda: topic.messages(wait=20))
    assert message.pop("Timestamp") == pytest.approx(time.time() * 1000, abs=100_000)
    assert message == {
        "JobId": started["JobId"],
        "Status": "SUCCEEDED",
        "API": "StartTextDetection",
        "JobTag": "signs",
        "Video": {"S3ObjectName": "trip/airport.mp4", "S3Bucket": "videos"},
    }
    answer = ended(rekognition.get_text_detection, started["JobId"])
    assert model_violations("rekognition", "GetTextDetection", answer) == []
    lines = [
        (one["Timestamp"], one["TextDetection"]["DetectedText"])
        for one in answer["TextDetections"]
        if one["TextDetection"]["Type"] == "LINE"
    ]
    assert lines == [
        (0, "DEPARTURES"),
        (1000, "DEPARTURES"),
        (4000, "ARRIVALS"),
        (5000, "ARRIVALS"),
    ]
    assert answer["VideoMetadata"] == {
        "Codec": "h264",
        "DurationMillis": 6000,
        "Format": "QuickTime / MOV",
        "FrameRate": 25.0,
        "FrameHeight": 360,
        "FrameWidth": 640,
        "ColorRange": "LIMITED",
    }
    assert topic.messages() == []


@pytest.mark.models
@with_models
def test_shots_are_exact_and_labels_and_faces_have_aws_shapes(
    client: ClientFactory, bucket: str
) -> None:
    rekognition = client("rekognition")
    segments = rekognition.start_segment_detection(
        Video=VIDEO, SegmentTypes=["TECHNICAL_CUE", "SHOT"]
    )
    labels = rekognition.start_label_detection(Video=VIDEO, MinConfidence=30)
    faces = rekognition.start_face_detection(Video=VIDEO, FaceAttributes="ALL")

    answer = ended(rekognition.get_segment_detection, segments["JobId"])
    assert model_violations("rekognition", "GetSegmentDetection", answer) == []
    assert [
        (one["Type"], one["StartFrameNumber"], one["EndFrameNumber"]) for one in answer["Segments"]
    ] == [("SHOT", 0, 49), ("SHOT", 50, 99), ("SHOT", 100, 149)]
    assert [one["Type"] for one in answer["SelectedSegmentTypes"]] == ["TECHNICAL_CUE", "SHOT"]
    for aggregate, order in itertools.product(("TIMESTAMPS", "SEGMENTS"), ("TIMESTAMP", "NAME")):
        answer = ended(
            rekognition.get_label_detection,
            labels["JobId"],
            AggregateBy=aggregate,
            SortBy=order,
        )
        assert model_violations("rekognition", "GetLabelDetection", answer) == []
        assert answer["GetRequestMetadata"] == {"SortBy": order, "AggregateBy": aggregate}
    answer = ended(rekognition.get_face_detection, faces["JobId"])
    assert model_violations("rekognition", "GetFaceDetection", answer) == []
    assert answer["Faces"] == []


@pytest.mark.models
@with_models
def test_somebody_is_followed_and_found_in_a_collection(client: ClientFactory, bucket: str) -> None:
    rekognition = client("rekognition")
    rekognition.create_collection(CollectionId="crew")
    rekognition.index_faces(
        CollectionId="crew",
        Image={"Bytes": (DEMO / "portrait.jpg").read_bytes()},
        ExternalImageId="eileen",
    )
    searched = rekognition.start_face_search(Video=PORTRAIT, CollectionId="crew")
    labelled = rekognition.start_label_detection(Video=PORTRAIT)

    answer = ended(rekognition.get_face_search, searched["JobId"])
    assert model_violations("rekognition", "GetFaceSearch", answer) == []
    there = [0, 500, 1000, 1500, 4000, 4500, 5000, 5500]
    assert [one["Timestamp"] for one in answer["Persons"]] == there
    # One person, who moves to the right.
    assert {one["Person"]["Index"] for one in answer["Persons"]} == {0}
    left = [one["Person"]["Face"]["BoundingBox"]["Left"] for one in answer["Persons"]]
    assert left[:4] == sorted(left[:4])
    matches = [one["FaceMatches"][0]["Face"]["ExternalImageId"] for one in answer["Persons"]]
    assert set(matches) == {"eileen"}

    answer = ended(rekognition.get_label_detection, labelled["JobId"], AggregateBy="SEGMENTS")
    people = [
        (one["StartTimestampMillis"], one["EndTimestampMillis"])
        for one in answer["Labels"]
        if one["Label"]["Name"] == "Person"
    ]
    assert people == [(0, 2000), (4000, 6000)]


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return str(raised.value.response["Error"]["Code"])


def test_a_role_needs_the_video_and_the_passing_of_the_role(
    client: ClientFactory, bucket: str, role: Any
) -> None:
    topic = Topic.create(client, "AmazonRekognitionRoles")
    start = {"Effect": "Allow", "Action": "rekognition:StartSegmentDetection", "Resource": "*"}
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::videos/*"}
    hand = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": topic.role,
        "Condition": {"StringEquals": {"iam:PassedToService": "rekognition.amazonaws.com"}},
    }
    asked = {"Video": VIDEO, "SegmentTypes": ["SHOT"], "NotificationChannel": topic.channel}

    def begin(credentials: Credentials) -> Callable[..., Any]:
        call: Callable[..., Any] = client("rekognition", credentials).start_segment_detection
        return call

    assert refusal(begin(role(start, read)), **asked) == "AccessDeniedException"
    assert refusal(begin(role(start, hand)), **asked) == "InvalidS3ObjectException"
    assert refusal(begin(role(read, hand)), **asked) == "AccessDeniedException"
    assert begin(role(start, read, hand))(**asked)["JobId"]
    (message,) = until(lambda: topic.messages(wait=20))
    assert (message["Status"], message["API"]) == ("SUCCEEDED", "StartSegmentDetection")


def test_what_the_role_may_not_publish_does_not_come(client: ClientFactory, bucket: str) -> None:
    rekognition = client("rekognition")
    topic = Topic.create(client, "AmazonRekognitionMute", may_publish=False)
    started = rekognition.start_segment_detection(
        Video=VIDEO, SegmentTypes=["SHOT"], NotificationChannel=topic.channel
    )
    answer = ended(rekognition.get_segment_detection, started["JobId"])
    assert answer["JobStatus"] == "SUCCEEDED"
    assert topic.messages() == []


@pytest.mark.parametrize("what", ["content_moderation", "person_tracking"])
def test_what_no_engine_does_is_refused_by_name(client: ClientFactory, what: str) -> None:
    rekognition = client("rekognition")
    for call, asked in (
        (getattr(rekognition, f"start_{what}"), {"Video": VIDEO}),
        (getattr(rekognition, f"get_{what}"), {"JobId": "0" * 64}),
    ):
        assert refusal(call, **asked) == "NotImplementedException"
