"""Speech synthesis tasks through boto3, the gateway, the real synthesiser, S3 and SNS."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import soundfile

SENTENCE = "The quick brown fox jumps over the lazy dog. "
SPOKEN = {"VoiceId": "Joanna", "Engine": "neural", "OutputS3BucketName": "polly-tasks"}


@pytest.fixture
def bucket(client: Callable[..., Any]) -> Iterator[Any]:
    s3 = client("s3")
    s3.create_bucket(Bucket="polly-tasks")
    yield s3
    for found in s3.list_objects_v2(Bucket="polly-tasks").get("Contents", []):
        s3.delete_object(Bucket="polly-tasks", Key=found["Key"])
    s3.delete_bucket(Bucket="polly-tasks")


@pytest.fixture
def inbox(client: Callable[..., Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """A topic, and what waits for the next message that it sends."""
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="spoken")["TopicArn"]
    queue = sqs.create_queue(QueueName="spoken")["QueueUrl"]
    asked = {"QueueUrl": queue, "AttributeNames": ["QueueArn"]}
    arn = sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def message() -> Any:
        for _ in range(5):
            asked = {"QueueUrl": queue, "WaitTimeSeconds": 20}
            for received in sqs.receive_message(**asked).get("Messages", []):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=received["ReceiptHandle"])
                return json.loads(received["Body"])
        raise AssertionError("nothing was told")

    yield topic, message
    sns.delete_topic(TopicArn=topic)
    sqs.delete_queue(QueueUrl=queue)


def ended(polly: Any, task: dict[str, Any]) -> Any:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        found = polly.get_speech_synthesis_task(TaskId=task["TaskId"])["SynthesisTask"]
        if found["TaskStatus"] in ("completed", "failed"):
            return found
        time.sleep(0.02)
    raise AssertionError(f"{task} has not ended")


def test_a_long_text_is_spoken_into_s3_and_sns_tells(
    client: Callable[..., Any], bucket: Any, inbox: tuple[str, Callable[[], Any]]
) -> None:
    polly = client("polly")
    topic, message = inbox
    text = SENTENCE * 70  # more than SynthesizeSpeech takes
    task = polly.start_speech_synthesis_task(
        Text=text, OutputFormat="mp3", OutputS3KeyPrefix="a/b", SnsTopicArn=topic, **SPOKEN
    )["SynthesisTask"]
    told = json.loads(message()["Message"])
    assert (told["taskId"], told["taskStatus"]) == (task["TaskId"], "COMPLETED")
    key = f"a/b.{task['TaskId']}.mp3"
    assert task["OutputUri"].endswith(f"/polly-tasks/{key}")
    body = bucket.get_object(Bucket="polly-tasks", Key=key)
    assert body["ContentType"] == "audio/mpeg"
    sound = soundfile.info(io.BytesIO(body["Body"].read()))
    assert (sound.samplerate, sound.channels) == (24000, 1)
    # People speak 2 to 5 words a second.
    assert len(text.split()) / 5 < sound.duration < len(text.split()) / 1.5


def test_marks_of_a_long_text_stand_at_its_bytes(client: Callable[..., Any], bucket: Any) -> None:
    polly = client("polly")
    text = "¿Qué tal, niño? " * 300
    asked = {"OutputFormat": "json", "SpeechMarkTypes": ["sentence"], **SPOKEN, "VoiceId": "Lupe"}
    task = polly.start_speech_synthesis_task(Text=text, **asked)["SynthesisTask"]
    assert ended(polly, task)["TaskStatus"] == "completed"
    body = bucket.get_object(Bucket="polly-tasks", Key=f"{task['TaskId']}.marks")["Body"].read()
    marks = [json.loads(line) for line in body.splitlines()]
    assert len(marks) == 300
    content = text.encode()
    assert {content[mark["start"] : mark["end"]].decode() for mark in marks} == {"¿Qué tal, niño?"}


def test_a_role_writes_where_it_may_only(
    client: Callable[..., Any], bucket: Any, role: Callable[..., Any]
) -> None:
    speak = {
        "Effect": "Allow",
        "Action": ["polly:StartSpeechSynthesisTask", "polly:GetSpeechSynthesisTask"],
        "Resource": "*",
    }
    write = {
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::polly-tasks/mine/*",
    }
    polly = client("polly", role(speak, write))
    asked = {"Text": "Hello", "OutputFormat": "mp3", **SPOKEN}
    for prefix, status in (("mine/a", "completed"), ("other/a", "failed")):
        task = polly.start_speech_synthesis_task(OutputS3KeyPrefix=prefix, **asked)
        assert ended(polly, task["SynthesisTask"])["TaskStatus"] == status
    with pytest.raises(polly.exceptions.ClientError, match="not authorized"):
        polly.list_speech_synthesis_tasks()
