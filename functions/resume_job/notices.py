"""What the services say when a job ends: by EventBridge to the whole account, by SNS to us.

A service that tells by EventBridge has a reader in `_EVENTS`, by its source; one that tells by SNS
has a reader in `_MESSAGES`, that answers None when the message is not its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from windfall import identity
from windfall.adapters.sagemaker_runtime import SERVICE, Handle
from windfall.addresses import object_at
from windfall.contracts.aws import (
    EndpointEvent,
    InferenceNotice,
    SpeechTaskNotice,
    TopicEvent,
    TranscriptionJobEvent,
    TranslationJobEvent,
    VideoJobMessage,
)
from windfall.contracts.jobs import JobId
from windfall.errors import InvalidInputError


class Notice(NamedTuple):
    """A job ended; `handle` is what its service calls it, where that is not its name."""

    job: JobId
    handle: str | None = None


def notices_of(event: dict[str, Any], bucket: str, prefix: str) -> list[Notice]:
    """The jobs of this stack that ended, as an event of EventBridge or SNS says.

    Args:
        event: As Lambda gets it.
        bucket: The results bucket; jobs of most services are named after it.
        prefix: What the names of this stack's models and endpoints begin with.

    Raises:
        InvalidInputError: Nobody here knows such an event.
        pydantic.ValidationError: The event is not as its service sends it.
    """
    if "Records" in event:
        messages = [record.sns.message for record in TopicEvent.model_validate(event).records]
        found = [notice for message in messages if (notice := _of_message(message)) is not None]
        # An endpoint's topic hears of every request to it, whosever it is.
        mark = identity.stack_mark(bucket)
        return [
            notice
            for notice in found
            if notice.job.service != SERVICE or notice.job.name.startswith(f"{mark}-")
        ]
    read = _EVENTS.get(str(event.get("source")))
    if read is None:
        raise InvalidInputError(f"No job ends by an event of {event.get('source')!r}.")
    notice = read(event)
    # EventBridge tells of all jobs of the account; other stacks see to theirs.
    owned = (f"{bucket}-", f"{prefix}-")
    if notice is None or not (
        notice.job.name.startswith(owned) or notice.job.service in _NAMED_BY_THEIR_SERVICE
    ):
        return []
    return [notice]


_NAMED_BY_THEIR_SERVICE = frozenset({"translate"})
"""Whose events tell an id of the service's own only; the service is asked whose job it is."""


def _of_message(message: str) -> Notice | None:
    document = json.loads(message)
    for read in _MESSAGES:
        notice = read(document)
        if notice is not None:
            return notice
    raise InvalidInputError("No job ends by such a message.")


def _transcription(event: dict[str, Any]) -> Notice | None:
    detail = TranscriptionJobEvent.model_validate(event).detail
    if detail.status not in {"COMPLETED", "FAILED"}:
        return None
    return Notice(JobId("transcribe", detail.name))


def _translation(event: dict[str, Any]) -> Notice:
    return Notice(JobId("translate", TranslationJobEvent.model_validate(event).detail.job_id))


def _narration(document: dict[str, Any]) -> Notice | None:
    if "taskId" not in document:
        return None
    notice = SpeechTaskNotice.model_validate(document)
    # Polly writes under the name that the task was submitted with, and adds the task's id.
    name, _, _ = object_at(notice.output).key.partition(f".{notice.task}.")
    return Notice(JobId("polly", name), notice.task)


def _inference(document: dict[str, Any]) -> Notice | None:
    if document.get("eventSource") != "aws:sagemaker":
        return None
    told = InferenceNotice.model_validate(document)
    if told.status == "Completed":
        handle = Handle(output=told.answer.output_location)
    else:
        reason = told.failure_reason or "SageMaker gave no reason."
        handle = Handle(failure=told.failure_location, reason=reason)
    return Notice(JobId(SERVICE, told.inference_id), handle.text())


def _video(document: dict[str, Any]) -> Notice | None:
    if not {"JobId", "API", "Video"} <= document.keys():
        return None
    told = VideoJobMessage.model_validate(document)
    return Notice(JobId("rekognition", told.tag), told.job_id)


def _endpoint(event: dict[str, Any]) -> Notice | None:
    """A deployment is called as the configuration; its handle is the endpoint."""
    detail = EndpointEvent.model_validate(event).detail
    if detail.status not in {"IN_SERVICE", "FAILED", "OUT_OF_SERVICE"}:
        return None
    return Notice(JobId("sagemaker-endpoint", detail.configuration), detail.endpoint)


_EVENTS: Mapping[str, Callable[[dict[str, Any]], Notice | None]] = {
    "aws.sagemaker": _endpoint,
    "aws.transcribe": _transcription,
    "aws.translate": _translation,
}
_MESSAGES: Sequence[Callable[[dict[str, Any]], Notice | None]] = (_narration, _inference, _video)
