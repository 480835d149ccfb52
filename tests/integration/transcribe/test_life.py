"""Jobs outlive the process that accepted them, and their ends reach whoever waits for them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.fakes.recordings import RATE, encode, silence
from tests.integration.conftest import make_client
from windfall_local.cloud import LocalCloud
from windfall_local.engines.voice import Speaker, SpeechRequest
from windfall_local.engines.voice.engine import EspeakEngine
from windfall_local.threaded import cloud_in_thread

_ENDED = {
    "source": ["aws.transcribe"],
    "detail-type": ["Transcribe Job State Change"],
    "detail": {"TranscriptionJobStatus": ["COMPLETED", "FAILED"]},
}


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def call(cloud: LocalCloud, service: str, operation: str, **parameters: Any) -> Any:
    client = make_client(cloud, service)
    try:
        return getattr(client, operation)(**parameters)
    finally:
        client.close()


def listen_for_ends(cloud: LocalCloud) -> str:
    """A queue that a rule of EventBridge fills."""
    url = str(call(cloud, "sqs", "create_queue", QueueName="ends")["QueueUrl"])
    asked = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
    arn = call(cloud, "sqs", "get_queue_attributes", **asked)["Attributes"]["QueueArn"]
    pattern = json.dumps(_ENDED)
    rule = call(cloud, "events", "put_rule", Name="ends", EventPattern=pattern)["RuleArn"]
    call(cloud, "events", "put_targets", Rule="ends", Targets=[{"Id": "queue", "Arn": arn}])
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    call(cloud, "sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": policy})
    return url


def test_a_job_goes_on_after_a_stop_and_its_end_is_told_once(tmp_path: Path) -> None:
    request = SpeechRequest("Thank you for your help.", False, Speaker("en-us", "female"))
    voice = np.frombuffer(EspeakEngine().speak(request, "pcm", RATE).audio, np.int16)
    long = encode("flac", np.concatenate([voice, silence(2)] * 8))

    with cloud_in_thread(tmp_path) as cloud:
        listen_for_ends(cloud)
        call(cloud, "s3", "create_bucket", Bucket="media")
        call(cloud, "s3", "put_object", Bucket="media", Key="long.flac", Body=long)
        call(
            cloud,
            "transcribe",
            "start_transcription_job",
            TranscriptionJobName="long",
            LanguageCode="en-US",
            Media={"MediaFileUri": "s3://media/long.flac"},
            OutputBucketName="media",
        )
        (heard,) = until(lambda: list(tmp_path.rglob("words.jsonl")))
    before = heard.read_text().splitlines()
    assert 0 < len(before) < 8

    with cloud_in_thread(tmp_path) as cloud:
        url = call(cloud, "sqs", "get_queue_url", QueueName="ends")["QueueUrl"]
        asked = {"QueueUrl": url, "WaitTimeSeconds": 20, "MaxNumberOfMessages": 10}
        messages = until(lambda: call(cloud, "sqs", "receive_message", **asked).get("Messages"))
        (event,) = [json.loads(message["Body"]) for message in messages]
        assert event["detail"] == {
            "TranscriptionJobName": "long",
            "TranscriptionJobStatus": "COMPLETED",
        }
        body = call(cloud, "s3", "get_object", Bucket="media", Key="long.json")["Body"].read()
        segments = json.loads(body)["results"]["audio_segments"]
        assert len(segments) == 8
        # What was heard before the stop is in it.
        first = json.loads(before[0])[2][0]
        assert float(segments[0]["start_time"]) == first["start"]
    assert not heard.exists()
