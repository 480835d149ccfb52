"""Amazon Polly's synthesis tasks: long texts spoken into S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.addresses import object_at
from windfall.contracts.jobs import Completion
from windfall.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from windfall.contracts.base import S3Pointer
    from windfall.ports.jobs import NarrationRequest

_MOST_LISTED = 100


class PollySpeechTasks:
    """Starts tasks and tells how they ended; Polly writes, and tells SNS, with this role.

    Args:
        topic: The ARN of the topic that is told when a task ends; only who starts needs it.
    """

    def __init__(self, topic: str | None = None) -> None:
        self._topic = topic

    def start(self, request: NarrationRequest) -> str:
        """Start a task; answers with its id."""
        asked = request_of(request)
        if self._topic is not None:
            asked["SnsTopicArn"] = self._topic
        with translated_errors():
            answer = ai_client("polly").start_speech_synthesis_task(**asked)
        return str(answer["SynthesisTask"]["TaskId"])

    def find(self, output: S3Pointer) -> str | None:
        """The id of a task that writes there, the latest one; Polly knows them for 72 hours."""
        pages = ai_client("polly").get_paginator("list_speech_synthesis_tasks")
        with translated_errors():
            for page in pages.paginate(PaginationConfig={"PageSize": _MOST_LISTED}):
                for task in page["SynthesisTasks"]:
                    written = object_at(task["OutputUri"])
                    if written.bucket == output.bucket and written.key.startswith(
                        f"{output.key}.{task['TaskId']}."
                    ):
                        return str(task["TaskId"])
        return None

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """How a task ended; None while it is scheduled or in progress."""
        with translated_errors():
            try:
                answer = ai_client("polly").get_speech_synthesis_task(TaskId=handle)
            except ClientError as error:
                if error.response["Error"]["Code"] == "SynthesisTaskNotFoundException":
                    return Completion(
                        error=NotFoundError.__name__, reason="The speech synthesis task vanished."
                    )
                raise
        return completion_of(answer["SynthesisTask"])


def request_of(request: NarrationRequest) -> dict[str, Any]:
    """What StartSpeechSynthesisTask is asked; the engine is always named, as it has a default."""
    asked: dict[str, Any] = {
        "Text": request.ssml,
        "TextType": "ssml",
        "VoiceId": request.voice,
        "Engine": request.engine,
        "OutputFormat": "mp3",
        "OutputS3BucketName": request.output.bucket,
        "OutputS3KeyPrefix": request.output.key,
    }
    if request.kind == "marks":
        asked |= {"OutputFormat": "json", "SpeechMarkTypes": ["sentence", "word"]}
    if request.lexicons:
        asked["LexiconNames"] = list(request.lexicons)
    return asked


def completion_of(task: dict[str, Any]) -> Completion | None:
    """How a task of Polly's ended."""
    if task["TaskStatus"] == "completed":
        output = object_at(task["OutputUri"]).model_dump(mode="json")
        return Completion(result={"task": task["TaskId"], "output": output})
    if task["TaskStatus"] == "failed":
        reason = task.get("TaskStatusReason") or "Polly gave no reason."
        return Completion(error=InvalidInputError.__name__, reason=reason)
    return None
