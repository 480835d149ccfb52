"""One speech synthesis task: its record, and what the API and SNS tell of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from windfall_local.api import Principal, ServiceError
from windfall_local.wire.models import operation_model

Status = Literal["scheduled", "inProgress", "completed", "failed"]

_SUFFIXES = {"ogg_vorbis": "ogg", "ogg_opus": "ogg", "json": "marks"}
"""Of files, where they are not the format's name."""

_ECHOED = (
    "Engine",
    "LanguageCode",
    "LexiconNames",
    "OutputFormat",
    "SampleRate",
    "SnsTopicArn",
    "SpeechMarkTypes",
    "VoiceId",
)


@dataclass(slots=True)
class Task:
    """A task, as it is kept.

    Attributes:
        number: In the order in which tasks were accepted.
        name: Its id.
        request: The parameters of StartSpeechSynthesisTask.
        caller: As whom speech is written and SNS is told.
        status: Where it stands.
        created: When it was accepted.
        billed: Characters that are billed.
        reason: Why it failed.
        announced: Whether its end has been told.
    """

    number: int
    name: str
    request: dict[str, Any]
    caller: dict[str, Any]
    status: Status
    created: str
    billed: int
    reason: str | None = None
    announced: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change it any more."""
        return self.status in ("completed", "failed")

    @property
    def principal(self) -> Principal:
        """As whom it works."""
        return Principal(**self.caller)

    @property
    def bucket(self) -> str:
        """Where the speech goes."""
        return str(self.request["OutputS3BucketName"])

    @property
    def key(self) -> str:
        """What the speech is called there."""
        prefix, output = self.request.get("OutputS3KeyPrefix"), str(self.request["OutputFormat"])
        file = f"{self.name}.{_SUFFIXES.get(output, output)}"
        return f"{prefix}.{file}" if prefix else file


def check_destination(parameters: dict[str, Any], region: str) -> None:
    """Refuse names of buckets, keys and topics as Polly does.

    Raises:
        ServiceError: With its code.
    """
    members = operation_model("polly", "StartSpeechSynthesisTask").input_shape.members
    for member, code, message in (
        ("OutputS3BucketName", "InvalidS3BucketException", "The S3 bucket name is invalid."),
        ("OutputS3KeyPrefix", "InvalidS3KeyException", "The S3 key prefix is invalid."),
        ("SnsTopicArn", "InvalidSnsTopicArnException", "The SNS topic ARN is invalid."),
    ):
        given = parameters.get(member)
        pattern = members[member].metadata["pattern"]
        if given is not None and not re.fullmatch(pattern, given):
            raise ServiceError(code, message)
    topic = parameters.get("SnsTopicArn")
    if topic and topic.split(":")[3] != region:
        raise ServiceError(
            "InvalidSnsTopicArnException", f"The SNS topic must be in the Region {region}."
        )


def shown(task: Task, region: str) -> dict[str, Any]:
    """What the API tells of a task."""
    answer: dict[str, Any] = {
        "TaskId": task.name,
        "TaskStatus": task.status,
        "OutputUri": f"https://s3.{region}.amazonaws.com/{task.bucket}/{task.key}",
        "CreationTime": datetime.fromisoformat(task.created),
        "RequestCharacters": task.billed,
        "TextType": task.request.get("TextType") or "text",
    }
    if task.reason:
        answer["TaskStatusReason"] = task.reason
    return answer | {name: task.request[name] for name in _ECHOED if task.request.get(name)}


def notice(task: Task) -> dict[str, str]:
    """The subject and message by which SNS tells the end of a task.

    AWS documents neither; this is what a recorded notice has, whose words are not spelled as the
    API spells them.
    """
    request, status = task.request, task.status.upper()
    message: dict[str, Any] = {"taskId": task.name, "taskStatus": status}
    if task.reason:
        message["taskStatusReason"] = task.reason
    message |= {
        "outputUri": f"s3://{task.bucket}/{task.key}",
        "creationTime": _milliseconds(task.created),
        "requestCharacters": task.billed,
        "snsTopicArn": request["SnsTopicArn"],
    }
    if request.get("LexiconNames"):
        message["lexiconNames"] = request["LexiconNames"]
    message["outputFormat"] = _word(request["OutputFormat"])
    if request.get("SampleRate"):
        message["sampleRate"] = request["SampleRate"]
    if request.get("SpeechMarkTypes"):
        message["speechMarkTypes"] = [_word(kind) for kind in request["SpeechMarkTypes"]]
    message |= {"textType": _word(request.get("TextType") or "text"), "voiceId": request["VoiceId"]}
    return {
        "Subject": f"SynthesisTaskNotification {{ TaskId: {task.name}, Status: {status} }}",
        "Message": json.dumps(message, separators=(",", ":")),
    }


def _word(value: str) -> str:
    return "".join(part.capitalize() for part in value.split("_"))


def _milliseconds(time: str) -> str:
    return f"{datetime.fromisoformat(time):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
