"""The three handlers as Lambda calls them, against the local cloud."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from windfall.adapters.clients import store_client

EVENTS = Path(__file__).parents[3] / "events"
INBOX = "windfall-inbox"
Handler = Callable[[dict[str, Any], Any], Any]


@dataclass
class Context:
    """What Lambda tells of an invocation."""

    function_name: str = "function"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:111122223333:function:function"
    aws_request_id: str = "request"


@pytest.fixture
def handlers(
    table: Any,
    bucket: str,
    bus: str,
    machine: str,
    make_bucket: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Handler]:
    """The handlers in an environment as the template gives it."""
    make_bucket(INBOX)
    environment = {
        "RESULTS_BUCKET": bucket,
        "INSIGHTS_TABLE": "insights",
        "EVENT_BUS": bus,
        "PROFILES_PATH": "/stack/profiles",
        "ANALYZE_IMAGE_MACHINE_ARN": machine,
        "ANALYZE_TEXT_MACHINE_ARN": machine,
        "ANALYZE_AUDIO_MACHINE_ARN": machine,
        "SCORE_TABLE_MACHINE_ARN": machine,
        "ANALYZE_VIDEO_MACHINE_ARN": machine,
        "TRAIN_MODEL_MACHINE_ARN": machine,
        "TRANSLATE_FOLDER_MACHINE_ARN": f"{machine}-of-folders",
        "TRACED_FILES_PERCENT": "100",
        "AWS_REGION": "us-east-1",
        "POWERTOOLS_SERVICE_NAME": "windfall",
        "POWERTOOLS_METRICS_NAMESPACE": "Windfall",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found: dict[str, Handler] = {}
    for function in ("admit_file", "record_insights", "record_failure"):
        monkeypatch.delitem(sys.modules, f"{function}.handler", raising=False)
        found[function] = importlib.import_module(f"{function}.handler").lambda_handler
    return found


def message(body: dict[str, Any], number: int = 0) -> dict[str, Any]:
    return {
        "messageId": str(number),
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
    }


def dropped(key: str, body: bytes) -> dict[str, Any]:
    """Drop an object; the answer is S3's event."""
    version = store_client("s3").put_object(Bucket=INBOX, Key=key, Body=body)["VersionId"]
    example = json.loads((EVENTS / "admit_file/object_created.json").read_text("utf-8"))
    event: dict[str, Any] = json.loads(example["Records"][0]["body"])
    event["detail"]["bucket"]["name"] = INBOX
    event["detail"]["object"].update({"key": key, "version-id": version, "size": len(body)})
    return event


def results(bucket: str, suffix: str) -> list[dict[str, Any]]:
    client = store_client("s3")
    listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
    return [
        json.loads(client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read())
        for entry in listed
        if entry["Key"].endswith(suffix)
    ]


def started(machine: str) -> list[dict[str, Any]]:
    client = store_client("stepfunctions")
    executions = client.list_executions(stateMachineArn=machine)["executions"]
    arns = [execution["executionArn"] for execution in executions]
    return [json.loads(client.describe_execution(executionArn=arn)["input"]) for arn in arns]


def test_a_batch_is_admitted_and_only_what_failed_comes_again(
    handlers: dict[str, Handler], bucket: str, machine: str
) -> None:
    records = [
        message(dropped("a.txt", b"Windfall reads this letter."), 0),
        message({"not": "an event"}, 1),
        message(dropped("b.txt", b""), 2),
    ]
    answer = handlers["admit_file"]({"Records": records}, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert [plan["file"]["key"] for plan in started(machine)] == ["a.txt"]
    assert [manifest["status"] for manifest in results(bucket, "manifest.json")] == ["rejected"]


def test_the_outcomes_of_an_analysis_are_recorded(
    handlers: dict[str, Handler], bucket: str, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers["admit_file"]({"Records": [message(dropped("a.txt", b"A secret letter."))]}, Context())
    (plan,) = started(machine)
    outcome = {"feature": "sentiment", "status": "failed", "reason": "It broke."}
    event = {"analysis": plan, "outcomes": [outcome]}
    answer = handlers["record_insights"](event, Context())
    assert handlers["record_insights"](event, Context()) == answer

    assert answer == {"manifests": 1, "status": "partial"}
    (manifest,) = results(bucket, "manifest.json")
    assert (manifest["status"], manifest["key"]) == ("partial", "a.txt")
    written = capsys.readouterr().out
    assert "secret" not in written
    for metric in ('"Files"', '"Features"', '"SecondsToInsight"'):
        assert metric in written


def test_a_failed_execution_fails_its_files(
    handlers: dict[str, Handler], bucket: str, machine: str
) -> None:
    handlers["admit_file"]({"Records": [message(dropped("a.txt", b"A letter."))]}, Context())
    (plan,) = started(machine)
    event = json.loads((EVENTS / "record_failure/timed_out.json").read_text("utf-8"))
    event["detail"]["name"] = f"{plan['analysis_id']}-1"
    handlers["record_failure"](event, Context())

    (manifest,) = results(bucket, "manifest.json")
    assert manifest["status"] == "failed"
