"""Batches of SQS messages as Lambda hands them to functions, and what functions answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from windfall_local.events.patterns import Pattern, compile_pattern

Message = Mapping[str, Any]


def make_record(message: Message, queue_arn: str) -> dict[str, Any]:
    """A message as it stands in `Records`."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes") or {}),
        "messageAttributes": {
            name: _attribute(value)
            for name, value in (message.get("MessageAttributes") or {}).items()
        },
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    if value.get("StringValue") is not None:
        record["stringValue"] = value["StringValue"]
    if value.get("BinaryValue") is not None:
        record["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    record["dataType"] = value["DataType"]
    return record


def failed_ids(payload: bytes, sent: Iterable[str]) -> set[str]:
    """Which messages a function reports as failed, with ReportBatchItemFailures.

    All of them when the answer is malformed: no JSON, no object, an identifier that is missing,
    null, empty or not of this batch. None for an empty answer, null, or no list.
    """
    everything = set(sent)
    try:
        answer = json.loads(payload) if payload else None
    except ValueError:
        return everything
    if answer is None:
        return set()
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else [None]
    if failures is None:
        return set()
    named = {_identifier(failure) for failure in failures} if isinstance(failures, list) else {""}
    return named if named <= everything else everything


def _identifier(failure: Any) -> str:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    return identifier if isinstance(identifier, str) else ""


class BatchFilter:
    """A mapping's filter criteria.

    Args:
        criteria: As the API has them: `{"Filters": [{"Pattern": "…"}]}`.

    Raises:
        InvalidPatternError: A pattern is not valid.
    """

    def __init__(self, criteria: Mapping[str, Any] | None) -> None:
        filters = (criteria or {}).get("Filters") or ()
        self._patterns = [_Filter(item["Pattern"]) for item in filters if item.get("Pattern")]

    def takes(self, record: dict[str, Any]) -> bool:
        """Whether a record goes to the function; the others are deleted from the queue."""
        if not self._patterns:
            return True
        try:
            body = json.loads(record["body"])
        except ValueError:
            body = None
        parsed = body if isinstance(body, dict | list) else None
        return any(pattern.takes(record, parsed) for pattern in self._patterns)


class _Filter:
    """One pattern. A body as JSON and a filter for text, or the reverse, never match."""

    def __init__(self, text: str) -> None:
        self._pattern: Pattern = compile_pattern(text)
        self._wants_json: bool | None = None
        document = json.loads(text)
        if "body" in document:
            self._wants_json = isinstance(document["body"], dict)

    def takes(self, record: dict[str, Any], parsed: Any) -> bool:
        if self._wants_json is None:
            return self._pattern.matches(record)
        if self._wants_json != (parsed is not None):
            return False
        return self._pattern.matches(
            {**record, "body": parsed if self._wants_json else record["body"]}
        )
