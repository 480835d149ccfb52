"""Videos through boto3: jobs of real engines, their ends by SNS, and who may do what."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.service_model import model_violations
from tests.fakes.videos import encode, pan, still, title
from tests.integration.conftest import ClientFactory
from windfall_local.api import Credentials

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "rekognition.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came to that")


class Topic:
    """A topic with a queue behind it, and a role that may publish to it."""

    def __init__(self, client: ClientFactory, name: str, *, may_publish: bool = True) -> None:
        self._sqs = client("sqs")
        self.arn = client("sns").create_topic(Name=name)["TopicArn"]
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        asked = {"QueueUrl": self._queue, "AttributeNames": ["QueueArn"]}
        queue = self._sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
        client("sns").subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue)
        iam = client("iam")
        self.role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))[
            "Role"
        ]["Arn"]
        if may_publish:
            statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": self.arn}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_role_policy(RoleName=name, PolicyName="publish", PolicyDocument=policy)

    @property
    def channel(self) -> dict[str, str]:
        return {"SNSTopicArn": self.arn, "RoleArn": self.role}

    def messages(self, wait: int = 0) -> list[dict[str, Any]]:
        asked = {"QueueUrl": self._queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait}
        received = self._sqs.receive_message(**asked).get("Messages", [])
        return [json.loads(json.loads(one["Body"])["Message"]) for one in received]


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


@pytest.fixture
def bucket(client: ClientFactory, video: bytes) -> str:
    s3 = client("s3")
    s3.create_bucket(Bucket="videos")
    s3.put_object(Bucket="videos", Key="trip/airport.mp4", Body=video)
    return "videos"


VIDEO = {"S3Object": {"Bucket": "videos", "Name": "trip/airport.mp4"}}


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
    topic = Topic(client, "AmazonRekognitionText")

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


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return str(raised.value.response["Error"]["Code"])


def test_a_role_needs_the_video_and_the_passing_of_the_role(
    client: ClientFactory, bucket: str, role: Any
) -> None:
    topic = Topic(client, "AmazonRekognitionRoles")
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
    topic = Topic(client, "AmazonRekognitionMute", may_publish=False)
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
