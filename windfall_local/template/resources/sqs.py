"""SQS queues and their policies."""

from __future__ import annotations

from typing import ClassVar

from windfall_local.template.resources.kinds import (
    ANY,
    Calls,
    Made,
    Shape,
    Wanted,
    as_text,
    document,
    tag_map,
)

_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)


class Queue:
    """A queue."""

    type = "AWS::SQS::Queue"
    attributes = frozenset({"Arn", "QueueName", "QueueUrl"})
    honours: ClassVar[Shape] = {"QueueName": ANY, "Tags": ANY} | dict.fromkeys(_ATTRIBUTES, ANY)

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Create the queue, or set its attributes."""
        properties = wanted.properties
        fifo = as_text(properties.get("FifoQueue", False)).lower() == "true"
        name = properties.get("QueueName") or wanted.name + (".fifo" if fifo else "")
        values = {
            attribute: as_text(properties[attribute])
            for attribute in _ATTRIBUTES
            if attribute in properties
        }
        # `QueueDoesNotExist` by the JSON protocol, `…NonExistentQueue` by the older one.
        found = await calls.find(
            "sqs", "GetQueueUrl", "QueueDoesNotExist", "NonExistentQueue", QueueName=name
        )
        if found is None:
            tags = tag_map(properties)
            found = await calls(
                "sqs", "CreateQueue", QueueName=name, Attributes=values or None, tags=tags
            )
        else:
            values.pop("FifoQueue", None)
            if values:
                await calls(
                    "sqs", "SetQueueAttributes", QueueUrl=found["QueueUrl"], Attributes=values
                )
        url = found["QueueUrl"]
        return Made(url, {"Arn": calls.arn("sqs", name), "QueueName": name, "QueueUrl": url})


class QueuePolicy:
    """One policy for several queues."""

    type = "AWS::SQS::QueuePolicy"
    attributes: frozenset[str] = frozenset()
    honours: ClassVar[Shape] = {"Queues": ANY, "PolicyDocument": ANY}

    async def ensure(self, wanted: Wanted, calls: Calls) -> Made:
        """Set it on each of them."""
        policy = {"Policy": document(wanted.properties["PolicyDocument"])}
        for url in wanted.properties["Queues"]:
            await calls("sqs", "SetQueueAttributes", QueueUrl=url, Attributes=policy)
        return Made(wanted.name)


KINDS = (Queue(), QueuePolicy())
