"""Transcribe through boto3, the gateway, the engines' processes and real recordings."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fakes.service_model import model_violations

SAMPLES = Path(__file__).parents[3] / "../shared/samples/audio"
if not SAMPLES.exists():
    SAMPLES = Path(__file__).parents[4] / "shared/samples/audio"
needs_samples = pytest.mark.skipif(
    not SAMPLES.exists(), reason="the sample recordings are not here"
)


@pytest.fixture
def bucket(client: Callable[..., Any]) -> str:
    client("s3").create_bucket(Bucket="recordings")
    return "recordings"


def wait(transcribe: Any, name: str) -> dict[str, Any]:
    """The job when it has ended."""
    until = time.monotonic() + 110
    while time.monotonic() < until:
        answer = transcribe.get_transcription_job(TranscriptionJobName=name)
        answer.pop("ResponseMetadata")
        assert model_violations("transcribe", "GetTranscriptionJob", answer) == []
        job: dict[str, Any] = answer["TranscriptionJob"]
        if job["TranscriptionJobStatus"] in ("COMPLETED", "FAILED"):
            return job
        time.sleep(0.2)
    raise AssertionError(f"{name} has not ended")


@needs_samples
def test_a_recording_becomes_a_transcript_and_subtitles(
    client: Callable[..., Any], bucket: str
) -> None:
    s3, transcribe = client("s3"), client("transcribe")
    s3.put_object(Bucket=bucket, Key="a.wav", Body=(SAMPLES / "lv-0880.wav").read_bytes())
    request = {
        "TranscriptionJobName": "first",
        "LanguageCode": "en-US",
        "Media": {"MediaFileUri": f"s3://{bucket}/a.wav"},
        "OutputBucketName": bucket,
        "OutputKey": "out/",
        "Subtitles": {"Formats": ["vtt", "srt"], "OutputStartIndex": 1},
    }
    answer = transcribe.start_transcription_job(**request)
    answer.pop("ResponseMetadata")
    assert model_violations("transcribe", "StartTranscriptionJob", answer) == []
    with pytest.raises(ClientError) as caught:
        transcribe.start_transcription_job(**request)
    assert caught.value.response["Error"]["Code"] == "ConflictException"

    job = wait(transcribe, "first")
    assert job["TranscriptionJobStatus"] == "COMPLETED", job
    assert job["MediaFormat"] == "wav"
    assert job["Transcript"]["TranscriptFileUri"].endswith(f"/{bucket}/out/first.json")
    document = json.loads(s3.get_object(Bucket=bucket, Key="out/first.json")["Body"].read())
    assert "not" in document["results"]["transcripts"][0]["transcript"]
    assert document["status"] == "COMPLETED"
    subtitles = s3.get_object(Bucket=bucket, Key="out/first.vtt")["Body"].read().decode()
    assert subtitles.startswith("WEBVTT\n\n1\n00:00:0")
    s3.head_object(Bucket=bucket, Key="out/first.srt")
