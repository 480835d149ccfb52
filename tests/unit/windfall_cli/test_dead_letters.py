"""Whom a dead letter is for, by what it carries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windfall_cli.dead_letters import _letter


def letter(queue: str, body: Any, **attributes: str) -> Any:
    message = {
        "Body": body if isinstance(body, str) else json.dumps(body),
        "ReceiptHandle": "r",
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
    return _letter(queue, message)


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"source": "aws.states", "detail": {}}, "RecordFailureFunction"),
        ({"source": "aws.transcribe", "detail": {}}, "ResumeJobFunction"),
        ({"source": "aws.events", "detail-type": "Scheduled Event"}, "ReconcileJobsFunction"),
        ({"Records": [{"Sns": {"Message": "{}"}}]}, "ResumeJobFunction"),
        ({"source": "my.shop"}, None),
        ("no json", None),
        ([1], None),
    ],
)
def test_an_event_of_lambdas_says_whose_it_was(body: Any, target: str | None) -> None:
    assert letter("EventDeadLetterQueue", body).target == target


def test_a_rule_says_where_it_wanted_to_go() -> None:
    arn = "arn:aws:lambda:us-east-1:111122223333:function:f"
    found = letter("EventDeadLetterQueue", {"x": 1}, TARGET_ARN=arn, ERROR_CODE="NO_PERMISSIONS")
    assert (found.target, found.reason) == (arn, "NO_PERMISSIONS")


def test_a_message_of_sns_is_put_back_into_its_envelope() -> None:
    found = letter("EventDeadLetterQueue", {"Type": "Notification", "Message": "{}"})
    assert found.target == "ResumeJobFunction"
    assert json.loads(found.body)["Records"][0]["Sns"]["Message"] == "{}"


def test_what_admission_failed_on_goes_back_to_admission() -> None:
    found = letter("AdmissionDeadLetterQueue", "anything")
    assert (found.target, found.body) == ("AdmissionQueue", "anything")
