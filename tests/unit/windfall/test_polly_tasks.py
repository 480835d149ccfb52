"""Polly's tasks as the adapter asks for them; botocore's model checks requests and answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from windfall.adapters.clients import ai_client
from windfall.adapters.polly_tasks import PollySpeechTasks, completion_of
from windfall.contracts.base import S3Pointer
from windfall.contracts.jobs import Completion
from windfall.errors import InvalidInputError, TransientError, UnsupportedError, WindfallError
from windfall.ports.jobs import NarrationRequest

TOPIC = "arn:aws:sns:us-east-1:111122223333:jobs"
OUTPUT = S3Pointer(bucket="results", key="results/f/parts/speech.es/000000.0-9.1.sound")
ENDS: dict[str, Any] = {"OutputS3BucketName": "results", "OutputS3KeyPrefix": OUTPUT.key}


@pytest.fixture
def polly(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    ai_client.cache_clear()
    with Stubber(ai_client("polly")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    ai_client.cache_clear()


def request(**changes: Any) -> NarrationRequest:
    plain: dict[str, Any] = {"output": OUTPUT, "ssml": "<speak>a</speak>", "kind": "sound"}
    return NarrationRequest(**{**plain, "voice": "Lupe", "engine": "neural", **changes})


def task(name: str, status: str = "completed", key: str = OUTPUT.key, **more: str) -> Any:
    uri = f"https://s3.us-east-1.amazonaws.com/results/{key}.{name}.mp3"
    return {"TaskId": name, "TaskStatus": status, "OutputUri": uri, **more}


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"lexicons": ["lex"]}, {"OutputFormat": "mp3", "LexiconNames": ["lex"]}),
        ({"kind": "marks"}, {"OutputFormat": "json", "SpeechMarkTypes": ["sentence", "word"]}),
    ],
)
def test_a_task_is_started_with_the_topic_to_tell(
    changes: dict[str, Any], asked: dict[str, Any], polly: Stubber
) -> None:
    expected = {"Text": "<speak>a</speak>", "TextType": "ssml", "VoiceId": "Lupe", **ENDS, **asked}
    polly.add_response(
        "start_speech_synthesis_task",
        {"SynthesisTask": task("one", "scheduled")},
        {**expected, "Engine": "neural", "SnsTopicArn": TOPIC},
    )
    assert PollySpeechTasks(TOPIC).start(request(**changes)) == "one"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("EngineNotSupportedException", UnsupportedError),
        ("InvalidSsmlException", InvalidInputError),
        ("TextLengthExceededException", InvalidInputError),
        ("ServiceFailureException", TransientError),
        ("ThrottlingException", TransientError),
    ],
)
def test_what_polly_refuses_is_an_error_of_ours(
    code: str, expected: type[WindfallError], polly: Stubber
) -> None:
    polly.add_client_error("start_speech_synthesis_task", code, "no")
    with pytest.raises(expected):
        PollySpeechTasks(TOPIC).start(request())


def test_a_task_is_found_by_what_it_writes_over_all_pages(polly: Stubber) -> None:
    others = [task("a", key="results/other"), task("b", key=f"{OUTPUT.key}x")]
    pages: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"SynthesisTasks": others, "NextToken": "t"}, {"MaxResults": 100}),
        (
            {"SynthesisTasks": [task("c", "inProgress"), task("d", "failed")]},
            {"MaxResults": 100, "NextToken": "t"},
        ),
    ]
    for answer, asked in pages:
        polly.add_response("list_speech_synthesis_tasks", answer, asked)
    assert PollySpeechTasks().find(OUTPUT) == "c"


def test_a_task_that_was_never_started_is_not_found(polly: Stubber) -> None:
    polly.add_response("list_speech_synthesis_tasks", {"SynthesisTasks": []}, {"MaxResults": 100})
    assert PollySpeechTasks().find(OUTPUT) is None


@pytest.mark.parametrize("status", ["scheduled", "inProgress"])
def test_a_task_that_is_not_done_has_not_ended(status: str) -> None:
    assert completion_of(task("one", status)) is None


def test_the_end_of_a_task_says_what_was_written_or_why_not(polly: Stubber) -> None:
    asked = {"TaskId": "one"}
    polly.add_response("get_speech_synthesis_task", {"SynthesisTask": task("one")}, asked)
    output = {"bucket": "results", "key": f"{OUTPUT.key}.one.mp3", "version_id": None}
    done = Completion(result={"task": "one", "output": output})
    assert PollySpeechTasks().ended(OUTPUT.key, "one") == done
    failed = task("one", "failed", TaskStatusReason="Access Denied")
    polly.add_response("get_speech_synthesis_task", {"SynthesisTask": failed}, asked)
    assert PollySpeechTasks().ended(OUTPUT.key, "one") == Completion(
        error="InvalidInputError", reason="Access Denied"
    )


def test_a_task_that_polly_forgot_has_vanished(polly: Stubber) -> None:
    code = "SynthesisTaskNotFoundException"
    polly.add_client_error("get_speech_synthesis_task", code, "no")
    ended = PollySpeechTasks().ended(OUTPUT.key, "one")
    assert (ended and ended.error, ended and ended.reason) == (
        "NotFoundError",
        "The speech synthesis task vanished.",
    )
