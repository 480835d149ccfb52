"""Records, answers and filters of SQS batches."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.events.doubles import queue_arn
from windfall_local.events.batches import BatchFilter, failed_ids, make_record

ALL = {"1", "2", "3"}


def test_a_record_has_lambdas_shape() -> None:
    message = {
        "MessageId": "1",
        "ReceiptHandle": "r",
        "Body": "text",
        "MD5OfBody": "m",
        "Attributes": {"ApproximateReceiveCount": "1"},
        "MessageAttributes": {
            "s": {"DataType": "String", "StringValue": "v"},
            "b": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    }
    assert make_record(message, queue_arn("q")) == {
        "messageId": "1",
        "receiptHandle": "r",
        "body": "text",
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {
            "s": {
                "stringValue": "v",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            },
            "b": {
                "binaryValue": "AAE=",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary",
            },
        },
        "md5OfBody": "m",
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn("q"),
        "awsRegion": "us-east-1",
    }


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"batchItemFailures": [{"itemIdentifier": "2"}]}, {"2"}),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({}, set()),
        (None, set()),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, ALL),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, ALL),
        ({"batchItemFailures": [{"identifier": "2"}]}, ALL),
        ({"batchItemFailures": [{"itemIdentifier": "9"}]}, ALL),
        ({"batchItemFailures": ["2"]}, ALL),
        ({"batchItemFailures": "2"}, ALL),
        ("done", ALL),
        ([], ALL),
    ],
)
def test_what_a_function_reports_as_failed(answer: Any, expected: set[str]) -> None:
    assert failed_ids(json.dumps(answer).encode(), ALL) == expected


def test_an_empty_answer_is_success_and_a_broken_one_failure() -> None:
    assert failed_ids(b"", ALL) == set()
    assert failed_ids(b"{not json", ALL) == ALL


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_is_answered_only_messages_of_the_batch_fail(payload: bytes) -> None:
    assert failed_ids(payload, ALL) <= ALL


@pytest.mark.parametrize(
    ("pattern", "body", "expected"),
    [
        ({"body": {"code": ["B"]}}, '{"code": "B"}', True),
        ({"body": {"code": ["B"]}}, '{"code": "A"}', False),
        ({"body": {"code": ["B"]}}, "plain", False),
        ({"body": [{"prefix": "pl"}]}, "plain", True),
        ({"body": [{"prefix": "{"}]}, '{"code": "B"}', False),
        ({"messageId": ["1"]}, "plain", True),
        ({"messageId": ["1"]}, '{"code": "B"}', True),
        ({"messageId": ["2"]}, '{"code": "B"}', False),
    ],
)
def test_a_filter_takes_bodies_of_its_own_format(
    pattern: dict[str, Any], body: str, expected: bool
) -> None:
    criteria = {"Filters": [{"Pattern": json.dumps(pattern)}]}
    assert BatchFilter(criteria).takes({"messageId": "1", "body": body}) is expected


def test_without_filters_everything_is_taken_and_any_filter_suffices() -> None:
    record = {"messageId": "1", "body": "b"}
    assert BatchFilter(None).takes(record)
    assert BatchFilter({"Filters": []}).takes(record)
    filters = [{"Pattern": '{"messageId": ["2"]}'}, {"Pattern": '{"messageId": ["1"]}'}]
    assert BatchFilter({"Filters": filters}).takes(record)
