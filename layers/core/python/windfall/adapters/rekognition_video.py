"""Amazon Rekognition's operations on stored videos."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.contracts.features import VideoFeature
from windfall.contracts.jobs import Completion
from windfall.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from windfall.ports.video_analysis import VideoRequest

_MOST_RESULTS = 1_000
"""Items of a page; the most that Rekognition gives."""

_ANALYSES = {
    VideoFeature.LABELS: "label_detection",
    VideoFeature.FACES: "face_detection",
    VideoFeature.TEXT: "text_detection",
    VideoFeature.SEGMENTS: "segment_detection",
    VideoFeature.CELEBRITIES: "celebrity_recognition",
    VideoFeature.KNOWN_FACES: "face_search",
    VideoFeature.MODERATION: "content_moderation",
}
_BY_TIME: dict[VideoFeature, dict[str, str]] = {
    VideoFeature.LABELS: {"SortBy": "TIMESTAMP", "AggregateBy": "TIMESTAMPS"},
    VideoFeature.CELEBRITIES: {"SortBy": "TIMESTAMP"},
    VideoFeature.KNOWN_FACES: {"SortBy": "TIMESTAMP"},
    VideoFeature.MODERATION: {"SortBy": "TIMESTAMP", "AggregateBy": "TIMESTAMPS"},
}


class Channel(NamedTuple):
    """Where Rekognition tells of a job's end, and as whom."""

    topic_arn: str
    role_arn: str


class RekognitionVideo:
    """Starts jobs, tells how they ended and reads what they found.

    Rekognition reads the video with the permissions of who starts the job.

    Args:
        channel: Where the end is told; only who starts jobs needs it.
    """

    def __init__(self, channel: Channel | None = None) -> None:
        self._channel = channel

    def submit(self, request: VideoRequest) -> str:
        """Start a job; the same request again answers with the job that is there, for a week."""
        start = f"start_{_ANALYSES[request.feature.feature]}"
        with translated_errors():
            answer = getattr(ai_client("rekognition"), start)(**request_of(request, self._channel))
        return str(answer["JobId"])

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """How a job ended; None while it runs."""
        vanished = Completion(error=NotFoundError.__name__, reason="The video job vanished.")
        if handle is None:
            return vanished
        feature = VideoFeature(name.rpartition(".")[2])
        try:
            answer = self._get(feature, JobId=handle, MaxResults=1)
        except NotFoundError:
            return vanished
        return completion_of(answer, handle)

    def page(self, feature: VideoFeature, handle: str, token: str | None) -> dict[str, Any]:
        """A page of a job's answer."""
        more = {} if token is None else {"NextToken": token}
        options = {**_BY_TIME.get(feature, {}), **more}
        return self._get(feature, JobId=handle, MaxResults=_MOST_RESULTS, **options)

    def _get(self, feature: VideoFeature, **parameters: Any) -> dict[str, Any]:
        with translated_errors():
            get = getattr(ai_client("rekognition"), f"get_{_ANALYSES[feature]}")
            answer: dict[str, Any] = get(**parameters)
        answer.pop("ResponseMetadata", None)
        return answer


def request_of(request: VideoRequest, channel: Channel | None) -> dict[str, Any]:
    """What a Start operation is asked.

    The token is made of all that is asked: what is asked again is found and not paid for again,
    and nothing else is ever taken for it.
    """
    location = {"Bucket": request.source.bucket, "Name": request.source.key}
    if request.source.version_id is not None:
        location["Version"] = request.source.version_id
    asked: dict[str, Any] = {
        "Video": {"S3Object": location},
        "JobTag": request.name,
        **_options(request),
    }
    if channel is not None:
        asked["NotificationChannel"] = {
            "SNSTopicArn": channel.topic_arn,
            "RoleArn": channel.role_arn,
        }
    token = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return {**asked, "ClientRequestToken": token}


def _options(request: VideoRequest) -> dict[str, Any]:
    confidence = request.feature.min_confidence
    match request.feature.feature:
        case VideoFeature.LABELS | VideoFeature.MODERATION if confidence is not None:
            return {"MinConfidence": confidence}
        case VideoFeature.FACES:
            return {"FaceAttributes": "ALL"}
        case VideoFeature.KNOWN_FACES:
            return {"CollectionId": request.feature.collection}
        case VideoFeature.SEGMENTS:
            return {"SegmentTypes": ["SHOT", "TECHNICAL_CUE"]}
    return {}


def completion_of(answer: dict[str, Any], handle: str) -> Completion | None:
    """How a job of Rekognition's ended."""
    match answer["JobStatus"]:
        case "SUCCEEDED":
            return Completion(result={"job": handle, "status": "SUCCEEDED"})
        case "FAILED":
            reason = answer.get("StatusMessage") or "Rekognition gave no reason."
            return Completion(error=InvalidInputError.__name__, reason=reason)
    return None
