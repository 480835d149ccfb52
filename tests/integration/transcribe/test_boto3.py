"""Transcribe through boto3, the gateway, the engines' processes and real sound."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from tests.fakes.recordings import RATE, encode, silence, song
from tests.fakes.service_model import model_violations
from windfall_local.api import Credentials
from windfall_local.engines.voice import Speaker, SpeechRequest
from windfall_local.engines.voice.engine import EspeakEngine

BUCKET = "recordings"
Client = Callable[..., Any]


@pytest.fixture(scope="module")
def voice() -> Any:
    """A synthetic voice, as samples."""
    request = SpeechRequest("The weather will be good tomorrow.", False, Speaker("en-us", "male"))
    sound = np.frombuffer(EspeakEngine().speak(request, "pcm", RATE).audio, np.int16)
    return np.concatenate([silence(0.5), sound, silence(0.5)])


class Jobs:
    """Starts jobs and waits for their ends."""

    def __init__(self, client: Client, credentials: Credentials | None = None) -> None:
        self._client = client
        self.transcribe = client("transcribe", credentials)

    @property
    def s3(self) -> Any:
        """A new client: a connection that idles while a job runs may be closed when it is used."""
        return self._client("s3")

    def start(self, name: str, content: bytes, key: str, **parameters: Any) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        answer = self.transcribe.start_transcription_job(
            **{
                "TranscriptionJobName": name,
                "LanguageCode": "en-US",
                "Media": {"MediaFileUri": f"s3://{BUCKET}/{key}"},
                "OutputBucketName": BUCKET,
                "OutputKey": "out/",
                **parameters,
            }
        )
        answer.pop("ResponseMetadata")
        assert model_violations("transcribe", "StartTranscriptionJob", answer) == []

    def wait(self, name: str) -> dict[str, Any]:
        until = time.monotonic() + 110
        while time.monotonic() < until:
            answer = self.transcribe.get_transcription_job(TranscriptionJobName=name)
            answer.pop("ResponseMetadata")
            assert model_violations("transcribe", "GetTranscriptionJob", answer) == []
            job: dict[str, Any] = answer["TranscriptionJob"]
            if job["TranscriptionJobStatus"] in ("COMPLETED", "FAILED"):
                return job
            time.sleep(0.1)
        raise AssertionError(f"{name} has not ended")

    def results(self, name: str) -> dict[str, Any]:
        job = self.wait(name)
        assert job["TranscriptionJobStatus"] == "COMPLETED", job
        body = self.s3.get_object(Bucket=BUCKET, Key=f"out/{name}.json")["Body"].read()
        found: dict[str, Any] = json.loads(body)["results"]
        return found


@pytest.fixture
def jobs(client: Client) -> Jobs:
    made = Jobs(client)
    made.s3.create_bucket(Bucket=BUCKET)
    return made


def text_of(results: dict[str, Any]) -> str:
    return str(results["transcripts"][0]["transcript"])


def test_a_voice_memo_becomes_a_transcript_and_subtitles(jobs: Jobs, voice: Any) -> None:
    memo = encode("m4a", voice, rate=44_100)
    subtitles = {"Formats": ["vtt", "srt"], "OutputStartIndex": 1}
    jobs.start("memo", memo, "memo.m4a", Subtitles=subtitles)
    with pytest.raises(ClientError) as caught:
        jobs.start("memo", memo, "memo.m4a")
    assert caught.value.response["Error"]["Code"] == "ConflictException"
    results = jobs.results("memo")
    # The engine is not sure of a synthetic voice.
    assert {"weather", "tomorrow"} & set(text_of(results).lower().strip(".").split())
    assert 0.3 < float(results["items"][0]["start_time"]) < 1.2
    job = jobs.wait("memo")
    assert job["MediaFormat"] == "m4a"
    assert job["ModelSettings"]["LanguageModelName"].endswith("low-accuracy")
    names = [uri.rpartition("/")[2] for uri in job["Subtitles"]["SubtitleFileUris"]]
    assert names == ["memo.vtt", "memo.srt"]
    captions = jobs.s3.get_object(Bucket=BUCKET, Key="out/memo.vtt")["Body"].read().decode()
    assert captions.startswith("WEBVTT\n\n1\n00:00:00.")


def test_a_stereo_call_has_a_transcript_for_each_channel(jobs: Jobs, voice: Any) -> None:
    quiet = silence(len(voice) / RATE)
    agent, customer = np.concatenate([voice, quiet]), np.concatenate([quiet, voice])
    call = encode("wav", agent, customer, rate=8_000)
    jobs.start("call", call, "call:1.wav", Settings={"ChannelIdentification": True})
    results = jobs.results("call")
    labels = [segment["channel_label"] for segment in results["audio_segments"]]
    assert labels == ["ch_0", "ch_1"]
    first, second = results["channel_labels"]["channels"]
    half = len(voice) / RATE
    assert all(float(item["end_time"]) < half for item in first["items"] if "end_time" in item)
    assert all(float(item["start_time"]) > half for item in second["items"] if "end_time" in item)


@pytest.mark.parametrize(("name", "sound"), [("silence", silence(10)), ("song", song(4))])
def test_where_nobody_speaks_the_transcript_is_empty(jobs: Jobs, name: str, sound: Any) -> None:
    jobs.start(name, encode("mp3", sound), f"{name}.mp3", IdentifyLanguage=False)
    results = jobs.results(name)
    assert (text_of(results), results["items"]) == ("", [])


def test_a_truncated_mp3_that_is_named_wav_gives_what_is_left(jobs: Jobs, voice: Any) -> None:
    whole = encode("mp3", np.concatenate([voice, voice]))
    jobs.start("cut", whole[: len(whole) * 2 // 3], "cut.wav")
    ends = [float(item["end_time"]) for item in jobs.results("cut")["items"] if "end_time" in item]
    assert len(ends) > 3
    assert max(ends) < len(voice) / RATE * 4 / 3 + 0.2
    assert jobs.wait("cut")["MediaFormat"] == "mp3"


def test_a_truncated_m4a_and_a_text_fail_with_a_reason(jobs: Jobs, voice: Any) -> None:
    memo = encode("m4a", voice)
    jobs.start("half", memo[: len(memo) // 2], "half.m4a")
    jobs.start("text", b"no sound at all", "text.mp3")
    assert "can't be read" in jobs.wait("half")["FailureReason"]
    assert "none of the formats" in jobs.wait("text")["FailureReason"]


def test_a_role_needs_the_job_the_recording_and_the_bucket(
    jobs: Jobs, client: Client, role: Callable[..., Credentials], voice: Any
) -> None:
    def allow(action: str, resource: str = "*") -> dict[str, str]:
        return {"Effect": "Allow", "Action": action, "Resource": resource}

    read, write = allow("s3:GetObject"), allow("s3:PutObject")
    start, get = allow("transcribe:StartTranscriptionJob"), allow("transcribe:GetTranscriptionJob")
    content = encode("wav", silence(1))
    for statements, code in (
        ([read, write, get], "AccessDeniedException"),
        ([start, write, get], "BadRequestException"),
    ):
        with pytest.raises(ClientError) as caught:
            Jobs(client, role(*statements)).start("denied", content, "a.wav")
        assert caught.value.response["Error"]["Code"] == code
    unable = Jobs(client, role(start, get, read))
    unable.start("unwritable", content, "a.wav")
    assert "write permission" in unable.wait("unwritable")["FailureReason"]
    able = Jobs(client, role(start, get, read, write))
    able.start("able", content, "a.wav")
    assert able.wait("able")["TranscriptionJobStatus"] == "COMPLETED"
