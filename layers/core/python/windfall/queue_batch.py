"""A batch of queue messages of which some may fail.

Powertools has the same as `utilities.batch`, but importing it brings the data classes of every
stream AWS has: 100 ms of the 150 that a cold start may cost here. The contract is four lines long
(`ReportBatchItemFailures`), so it is kept here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from windfall.observability import logger


class FailedItem(TypedDict):
    """A message to be delivered again."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """What Lambda tells the queue: everything else may be deleted."""

    batchItemFailures: list[FailedItem]


def process_batch(
    event: dict[str, Any], process: Callable[[dict[str, Any]], object]
) -> BatchResponse:
    """Process every message of an SQS event, whatever becomes of the others.

    A message whose processing raises anything at all, a bug included, is logged and reported: the
    queue delivers it again and, in the end, moves it to the dead letters.
    """
    failures: list[FailedItem] = []
    for record in event["Records"]:
        try:
            process(record)
        except Exception:
            logger.exception("A message failed", message_id=record["messageId"])
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def was_delivered_before(record: dict[str, Any]) -> bool:
    """Whether the queue delivered a message before, as far as it knows."""
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", "1")) > 1
