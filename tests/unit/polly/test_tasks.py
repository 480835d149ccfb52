"""Speech synthesis tasks over an engine that writes what the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.fakes.cloud import FakeCloud
from tests.fakes.service_model import model_violations
from windfall_local.api import CallContext, Cloud, Principal, ServiceError
from windfall_local.engines import EngineDiedError, EngineUnavailableError
from windfall_local.engines.host import EngineHost
from windfall_local.engines.voice import InvalidSsmlError, Mark, Narration
from windfall_local.engines.voice.engine import EspeakEngine
from windfall_local.services.polly import PollyService, tasks

ROLE = Principal.role("arn:aws:iam::000000000000:role/speaker", "test")
TOPIC = "arn:aws:sns:us-east-1:000000000000:spoken"


class FakeHost(EngineHost):
    """Writes `sound`; `gate` holds it back until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.sound = b"sound"
        self.failures: list[Exception] = []
        self.spoken: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        if method == "count_characters":
            return EspeakEngine().count_characters(*arguments)
        request, audio, _rate, path = arguments
        self.spoken.append(request.text)
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        path.write_bytes(self.sound if audio else b"")
        return Narration([Mark(0, "word", "Hé", 0, 3), Mark(3, "viseme", "k")], 1.0)


class Polly:
    """The service, its cloud and its engine."""

    def __init__(self, data_dir: Path) -> None:
        self.cloud = FakeCloud(data_dir)
        self.host = FakeHost()
        self.service = self.make()

    def make(self) -> PollyService:
        """As a new process would."""
        return PollyService(cast(Cloud, self.cloud), self.host)

    async def call(self, operation: str, **parameters: Any) -> Any:
        context = CallContext(cast(Cloud, self.cloud), ROLE, "request")
        answer = await self.service.call(operation, parameters, context)
        assert model_violations("polly", operation, answer) == []
        return answer

    async def begin(self, **parameters: Any) -> Any:
        plain = {"Text": "Hello", "VoiceId": "Joanna", "OutputFormat": "mp3"}
        asked = {"OutputS3BucketName": "out", **plain, **parameters}
        return (await self.call("StartSpeechSynthesisTask", **asked))["SynthesisTask"]

    async def state(self, task: dict[str, Any]) -> Any:
        answer = await self.call("GetSpeechSynthesisTask", TaskId=task["TaskId"])
        return answer["SynthesisTask"]

    async def ended(self, task: dict[str, Any]) -> Any:
        async for _ in turns():
            found = await self.state(task)
            if found["TaskStatus"] in ("completed", "failed"):
                break
        return found

    async def spoken(self) -> None:
        """The engine has begun."""
        async for _ in turns():
            if self.host.spoken:
                return

    async def told(self, count: int = 1) -> list[dict[str, Any]]:
        """What SNS was told, once there are so many messages."""
        async for _ in turns():
            if len(self.cloud.messages) >= count:
                break
        return [json.loads(message["Message"]) for message in self.cloud.messages]


async def turns() -> AsyncIterator[None]:
    """Let others work, and look again."""
    while True:
        yield
        await asyncio.sleep(0.001)


@pytest.fixture
async def polly(tmp_path: Path) -> AsyncIterator[Polly]:
    polly = Polly(tmp_path)
    yield polly
    await polly.service.stop()


@pytest.mark.parametrize(
    ("prefix", "output", "key"),
    [
        (None, "mp3", "{id}.mp3"),
        ("a/speech", "mp3", "a/speech.{id}.mp3"),
        ("a/", "ogg_vorbis", "a/.{id}.ogg"),
        ("a", "pcm", "a.{id}.pcm"),
    ],
)
async def test_speech_is_written_as_its_caller_where_the_answer_says(
    polly: Polly, prefix: str | None, output: str, key: str
) -> None:
    named = {"OutputS3KeyPrefix": prefix} if prefix else {}
    begun = await polly.begin(OutputFormat=output, **named)
    assert begun["TaskStatus"] == "scheduled"
    task = await polly.ended(begun)
    key = key.format(id=task["TaskId"])
    assert task["TaskStatus"] == "completed"
    assert task["OutputUri"] == f"https://s3.us-east-1.amazonaws.com/out/{key}"
    assert polly.cloud.objects == {("out", key): b"sound"}
    assert set(polly.cloud.callers) == {ROLE.arn}


async def test_a_task_tells_what_was_asked_for(polly: Polly) -> None:
    asked = {
        "Engine": "neural",
        "LanguageCode": "en-US",
        "SampleRate": "16000",
        "SnsTopicArn": TOPIC,
        "Text": "<speak>Hé &amp; you</speak>",
        "TextType": "ssml",
    }
    task = await polly.begin(**asked)
    assert {name: task[name] for name in asked if name != "Text"} == {
        name: value for name, value in asked.items() if name != "Text"
    }
    assert (task["VoiceId"], task["OutputFormat"]) == ("Joanna", "mp3")
    assert task["RequestCharacters"] == len("Hé & you")


async def test_marks_are_written_as_lines(polly: Polly) -> None:
    task = await polly.begin(
        OutputFormat="json", SpeechMarkTypes=["word"], OutputS3KeyPrefix="marks"
    )
    await polly.ended(task)
    lines = polly.cloud.objects["out", f"marks.{task['TaskId']}.marks"]
    assert lines.decode() == '{"time":0,"type":"word","start":0,"end":3,"value":"Hé"}\n'


async def test_a_long_sound_is_written_in_parts(polly: Polly) -> None:
    polly.host.sound = bytes(range(256)) * (tasks._PART // 128) + b"end"
    task = await polly.ended(await polly.begin())
    assert polly.cloud.objects["out", f"{task['TaskId']}.mp3"] == polly.host.sound


async def test_sns_is_told_of_the_end_in_its_own_spelling(polly: Polly) -> None:
    task = await polly.begin(SnsTopicArn=TOPIC, OutputFormat="ogg_vorbis", OutputS3KeyPrefix="a")
    (message,) = await polly.told()
    published = polly.cloud.messages[0]
    subject = f"SynthesisTaskNotification {{ TaskId: {task['TaskId']}, Status: COMPLETED }}"
    assert (published["TopicArn"], published["Subject"]) == (TOPIC, subject)
    assert message.pop("creationTime").endswith("Z")
    assert message == {
        "taskId": task["TaskId"],
        "taskStatus": "COMPLETED",
        "outputUri": f"s3://out/a.{task['TaskId']}.ogg",
        "requestCharacters": 5,
        "snsTopicArn": TOPIC,
        "outputFormat": "OggVorbis",
        "textType": "Text",
        "voiceId": "Joanna",
    }


async def test_what_can_not_be_written_fails_with_the_reason_and_is_told(polly: Polly) -> None:
    polly.cloud.denied = {"PutObject"}
    task = await polly.ended(await polly.begin(SnsTopicArn=TOPIC))
    assert task["TaskStatus"] == "failed"
    assert "upload" in task["TaskStatusReason"]
    (message,) = await polly.told()
    assert (message["taskStatus"], message["taskStatusReason"]) == (
        "FAILED",
        task["TaskStatusReason"],
    )


async def test_a_topic_that_refuses_does_not_fail_the_task(polly: Polly) -> None:
    polly.cloud.denied = {"Publish"}
    task = await polly.ended(await polly.begin(SnsTopicArn=TOPIC))
    assert task["TaskStatus"] == "completed"


async def test_an_engine_that_died_is_asked_again_and_then_given_up(polly: Polly) -> None:
    polly.host.failures = [EngineDiedError("died")] * 2
    assert (await polly.ended(await polly.begin()))["TaskStatus"] == "completed"
    polly.host.failures = [EngineDiedError("died")] * 3
    assert (await polly.ended(await polly.begin()))["TaskStatusReason"] == "died"


@pytest.mark.parametrize(
    "failure", [InvalidSsmlError("<x> is not supported"), EngineUnavailableError("Install it.")]
)
async def test_what_the_engine_does_not_speak_fails_at_once(
    polly: Polly, failure: Exception
) -> None:
    polly.host.failures = [failure]
    task = await polly.ended(await polly.begin())
    assert str(failure) in task["TaskStatusReason"]
    assert len(polly.host.spoken) == 1


async def test_a_bug_fails_its_task_only(polly: Polly) -> None:
    polly.host.failures = [KeyError("oops")]
    first, second = await polly.begin(), await polly.begin()
    assert (await polly.ended(first))["TaskStatusReason"] == "Internal failure: KeyError"
    assert (await polly.ended(second))["TaskStatus"] == "completed"


async def test_tasks_wait_for_their_turn_in_order(polly: Polly) -> None:
    polly.host.gate.clear()
    first, second = await polly.begin(Text="one"), await polly.begin(Text="two")
    await polly.spoken()
    states = [await polly.state(task) for task in (first, second)]
    assert [state["TaskStatus"] for state in states] == ["inProgress", "scheduled"]
    polly.host.gate.set()
    await polly.ended(second)
    assert polly.host.spoken == ["one", "two"]


async def test_tasks_go_on_in_the_next_process_and_are_told_once(polly: Polly) -> None:
    polly.host.gate.clear()
    tasks_begun = [await polly.begin(Text=text, SnsTopicArn=TOPIC) for text in ("one", "two")]
    await polly.spoken()
    await polly.service.stop()
    polly.host.gate.set()
    polly.service = polly.make()
    await polly.service.start()
    for task in tasks_begun:
        assert (await polly.ended(task))["TaskStatus"] == "completed"
    assert len(await polly.told(2)) == 2
    assert polly.host.spoken == ["one", "one", "two"]


async def test_an_end_that_nobody_was_told_of_is_told_by_the_next_process(polly: Polly) -> None:
    await polly.ended(await polly.begin(SnsTopicArn=TOPIC))
    await polly.told()
    (record,) = (polly.cloud.data_dir / "polly/tasks").glob("*/job.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), "announced": False}))
    for _ in range(2):
        await polly.make().start()
    assert len(polly.cloud.messages) == 2


async def test_tasks_are_known_for_three_days(polly: Polly) -> None:
    task = await polly.ended(await polly.begin())
    (record,) = (polly.cloud.data_dir / "polly/tasks").glob("*/job.json")
    old = {**json.loads(record.read_text()), "created": "2001-01-01T00:00:00+00:00"}
    record.write_text(json.dumps(old))
    polly.service = polly.make()
    await polly.service.start()
    with pytest.raises(ServiceError) as caught:
        await polly.call("GetSpeechSynthesisTask", TaskId=task["TaskId"])
    assert caught.value.code == "SynthesisTaskNotFoundException"


async def test_tasks_are_listed_the_latest_first_by_pages_and_status(polly: Polly) -> None:
    polly.host.gate.clear()
    begun = [(await polly.begin())["TaskId"] for _ in range(5)]
    page = await polly.call("ListSpeechSynthesisTasks", MaxResults=2)
    await polly.begin()
    following = await polly.call("ListSpeechSynthesisTasks", NextToken=page["NextToken"])
    listed = [task["TaskId"] for task in page["SynthesisTasks"] + following["SynthesisTasks"]]
    assert listed == begun[::-1]
    assert "NextToken" not in following
    none = await polly.call("ListSpeechSynthesisTasks", Status="completed")
    assert none == {"SynthesisTasks": []}


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Text": "é" * 100_001}, "TextLengthExceededException"),
        ({"Text": f"<speak>{'<s></s>' * 28_570}</speak>", "TextType": "ssml"}, "TextLength"),
        ({"Text": "<speak>", "TextType": "ssml"}, "InvalidSsmlException"),
        ({"OutputS3BucketName": "Out"}, "InvalidS3BucketException"),
        ({"OutputS3KeyPrefix": "a b"}, "InvalidS3KeyException"),
        ({"OutputS3KeyPrefix": "a" * 801}, "InvalidS3KeyException"),
        ({"SnsTopicArn": "spoken"}, "InvalidSnsTopicArnException"),
        ({"SnsTopicArn": TOPIC.replace("us-east-1", "eu-west-1")}, "InvalidSnsTopicArnException"),
        ({"SampleRate": "48000"}, "InvalidSampleRateException"),
        ({"LexiconNames": ["none"]}, "LexiconNotFoundException"),
        ({"VoiceId": "Ruth"}, "EngineNotSupportedException"),
        ({"SpeechMarkTypes": ["word"]}, "MarksNotSupportedForFormatException"),
    ],
)
async def test_what_polly_refuses_is_refused_before_there_is_a_task(
    polly: Polly, parameters: dict[str, Any], code: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        await polly.begin(**parameters)
    assert caught.value.code.startswith(code)
    assert (await polly.call("ListSpeechSynthesisTasks"))["SynthesisTasks"] == []


async def test_a_task_takes_a_hundred_thousand_characters(polly: Polly) -> None:
    task = await polly.ended(await polly.begin(Text="é" * 100_000))
    assert (task["TaskStatus"], task["RequestCharacters"]) == ("completed", 100_000)


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("GetSpeechSynthesisTask", {"TaskId": "../x"}, "InvalidTaskIdException"),
        ("GetSpeechSynthesisTask", {"TaskId": "x"}, "SynthesisTaskNotFoundException"),
        ("ListSpeechSynthesisTasks", {"NextToken": "x"}, "InvalidNextTokenException"),
    ],
)
async def test_what_is_not_there_is_said_to_be_missing(
    polly: Polly, operation: str, parameters: dict[str, Any], code: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        await polly.call(operation, **parameters)
    assert caught.value.code == code
