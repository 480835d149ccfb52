"""Random use of the stores, and what must be there after it.

A workload says what to ask next, learns what was answered, and can then check by asking that all
that was acknowledged is there. It draws from a seed, and does no I/O of its own.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Ask = Callable[[str, str, dict[str, Any]], Any]
"""Service, operation, parameters; the response as boto3 has it, bodies as bytes."""

BUCKET, PLAIN, TABLE, TOPIC = "kept", "plain", "rows", "news"
PART = 5 * 1024**2
"""Bytes; the least that S3 assembles."""
SIZES = (0, 1, 700, 20_000, 70_000)


@dataclass(frozen=True)
class Call:
    """What to ask."""

    service: str
    operation: str
    parameters: dict[str, Any] = field(repr=False)


@dataclass
class Messages:
    """A queue's messages by id.

    Attributes:
        sent: Bodies of those whose sending was acknowledged.
        received: Bodies of all that were ever received.
        held: Receipt handles of those that can be deleted.
        deleted: Those whose deletion was acknowledged.
    """

    sent: dict[str, str] = field(default_factory=dict)
    received: dict[str, str] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)


class Workload:
    """One user of the stores.

    Args:
        seed: Equal seeds ask for equal things, as far as equal things are answered.
    """

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._number = 0
        self.queue = ""
        self.versions: dict[str, dict[str, bytes]] = {}
        self.objects: dict[str, bytes | None] = {}
        self.rows: dict[str, dict[str, Any] | None] = {}
        self.parameters: dict[str, str] = {}
        self.messages = Messages()
        self.published: set[str] = set()
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.unsure: set[str] = set()
        """Keys of objects and rows, ids of messages: what an unanswered call was about."""

    # --- What to ask ----------------------------------------------------------------------------

    def prepare(self, ask: Ask) -> None:
        """Make what the calls use."""
        for bucket in (BUCKET, PLAIN):
            ask("s3", "CreateBucket", {"Bucket": bucket})
        enabled = {"Status": "Enabled"}
        ask("s3", "PutBucketVersioning", {"Bucket": BUCKET, "VersioningConfiguration": enabled})
        ask(
            "dynamodb",
            "CreateTable",
            {
                "TableName": TABLE,
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        )
        self.queue = ask("sqs", "CreateQueue", {"QueueName": "work"})["QueueUrl"]
        topic = ask("sns", "CreateTopic", {"Name": TOPIC})["TopicArn"]
        self._topic = topic
        arn = ":".join((*topic.replace("sns", "sqs").split(":")[:5], "work"))
        subscribed = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn}
        raw = {"Attributes": {"RawMessageDelivery": "true"}}
        ask("sns", "Subscribe", {**subscribed, **raw})

    def moved(self, ask: Ask) -> None:
        """The cloud may have another address now, and queue URLs show it."""
        self.queue = ask("sqs", "GetQueueUrl", {"QueueName": "work"})["QueueUrl"]

    def next(self) -> Call:
        """What to ask next."""
        self._number += 1
        kinds: list[tuple[int, Callable[[], Call]]] = [
            (4, self._put_object),
            (2, self._put_plain_object),
            (1, self._copy_object),
            (1, self._delete_object),
            (2, self._upload),
            (4, self._put_row),
            (2, self._update_row),
            (1, self._delete_row),
            (1, self._write_rows),
            (4, self._send),
            (3, self._receive),
            (2, self._delete_message),
            (2, self._put_parameter),
            (2, self._publish),
        ]
        weights = [weight for weight, _ in kinds]
        return self._draw.choices([make for _, make in kinds], weights)[0]()

    def _body(self) -> bytes:
        size = self._draw.choice(SIZES)
        return hashlib.sha256(f"{self._number}".encode()).digest() * (size // 32) + b"x" * (
            size % 32
        )

    def _put_object(self) -> Call:
        key = f"v/{self._draw.randrange(6)}"
        return Call("s3", "PutObject", {"Bucket": BUCKET, "Key": key, "Body": self._body()})

    def _put_plain_object(self) -> Call:
        key = f"p/{self._draw.randrange(6)}"
        return Call("s3", "PutObject", {"Bucket": PLAIN, "Key": key, "Body": self._body()})

    def _copy_object(self) -> Call:
        there = [
            key
            for key, body in self.objects.items()
            if body and key.startswith("p/") and key not in self.unsure
        ]
        if not there:
            return self._put_plain_object()
        source = f"{PLAIN}/{self._draw.choice(there)}"
        key = f"c/{self._draw.randrange(6)}"
        return Call("s3", "CopyObject", {"Bucket": PLAIN, "Key": key, "CopySource": source})

    def _delete_object(self) -> Call:
        key = f"p/{self._draw.randrange(6)}"
        return Call("s3", "DeleteObject", {"Bucket": PLAIN, "Key": key})

    def _upload(self) -> Call:
        upload = next(iter(self.uploads), None)
        if upload is None:
            return Call("s3", "CreateMultipartUpload", {"Bucket": BUCKET, "Key": "assembled"})
        asked = {"Bucket": BUCKET, "Key": "assembled", "UploadId": upload}
        parts = self.uploads[upload]
        if len(parts) < 2:
            number = len(parts) + 1
            body = self._body() + (b"p" * PART if number == 1 else b"")
            return Call("s3", "UploadPart", {**asked, "PartNumber": number, "Body": body})
        etags = [
            {"PartNumber": number, "ETag": hashlib.md5(body).hexdigest()}
            for number, body in parts.items()
        ]
        return Call("s3", "CompleteMultipartUpload", {**asked, "MultipartUpload": {"Parts": etags}})

    def _put_row(self) -> Call:
        item = {"pk": {"S": f"{self._draw.randrange(8)}"}, "n": {"N": f"{self._number}"}}
        return Call("dynamodb", "PutItem", {"TableName": TABLE, "Item": item})

    def _update_row(self) -> Call:
        return Call(
            "dynamodb",
            "UpdateItem",
            {
                "TableName": TABLE,
                "Key": {"pk": {"S": f"{self._draw.randrange(8)}"}},
                "UpdateExpression": "SET m = :m ADD c :one",
                "ExpressionAttributeValues": {
                    ":m": {"L": [{"S": f"{self._number}"}, {"B": b"\x00\xff"}]},
                    ":one": {"N": "1"},
                },
                "ReturnValues": "ALL_NEW",
            },
        )

    def _delete_row(self) -> Call:
        key = {"pk": {"S": f"{self._draw.randrange(8)}"}}
        return Call("dynamodb", "DeleteItem", {"TableName": TABLE, "Key": key})

    def _write_rows(self) -> Call:
        items = [
            {"pk": {"S": f"{row}"}, "t": {"N": f"{self._number}"}}
            for row in self._draw.sample(range(8), 3)
        ]
        puts = [{"Put": {"TableName": TABLE, "Item": item}} for item in items]
        return Call("dynamodb", "TransactWriteItems", {"TransactItems": puts})

    def _send(self) -> Call:
        asked = {"QueueUrl": self.queue, "MessageBody": f"message {self._number}"}
        return Call("sqs", "SendMessage", asked)

    def _receive(self) -> Call:
        asked = {"QueueUrl": self.queue, "MaxNumberOfMessages": 2, "VisibilityTimeout": 600}
        return Call("sqs", "ReceiveMessage", asked)

    def _delete_message(self) -> Call:
        held = self.messages.held
        if not held:
            return self._receive()
        handle = held[self._draw.choice(sorted(held))]
        return Call("sqs", "DeleteMessage", {"QueueUrl": self.queue, "ReceiptHandle": handle})

    def _put_parameter(self) -> Call:
        asked = {"Value": f"{self._number}", "Type": "String", "Overwrite": True}
        return Call("ssm", "PutParameter", {"Name": f"/p/{self._draw.randrange(4)}", **asked})

    def _publish(self) -> Call:
        asked = {"TopicArn": self._topic, "Message": f"news {self._number}"}
        return Call("sns", "Publish", asked)

    # --- What was answered ----------------------------------------------------------------------

    def unanswered(self, call: Call) -> None:
        """A call that may have taken effect, or not."""
        self.unsure.update(_things(call))
        match call.operation:
            case "CompleteMultipartUpload":
                self.uploads.clear()
            case "DeleteMessage":
                self.unsure.add(self._held_by(call))

    def _held_by(self, call: Call) -> str:
        handle = call.parameters["ReceiptHandle"]
        (name,) = [name for name, held in self.messages.held.items() if held == handle]
        return name

    def acknowledged(self, call: Call, response: Any) -> None:
        """A call that took effect."""
        self.unsure.difference_update(_things(call))
        learn = {
            "s3": self._learn_object,
            "dynamodb": self._learn_row,
            "sqs": self._learn_message,
        }.get(call.service)
        if learn is not None:
            learn(call, response)
        elif call.operation == "PutParameter":
            self.parameters[call.parameters["Name"]] = call.parameters["Value"]
        elif call.operation == "Publish":
            self.published.add(call.parameters["Message"])

    def _learn_object(self, call: Call, response: Any) -> None:
        asked = call.parameters
        match call.operation:
            case "PutObject" if asked["Bucket"] == BUCKET:
                self.versions.setdefault(asked["Key"], {})[response["VersionId"]] = asked["Body"]
            case "PutObject":
                self.objects[asked["Key"]] = asked["Body"]
            case "CopyObject":
                self.objects[asked["Key"]] = self.objects[asked["CopySource"].partition("/")[2]]
            case "DeleteObject":
                self.objects[asked["Key"]] = None
            case "CreateMultipartUpload":
                self.uploads[response["UploadId"]] = {}
            case "UploadPart":
                self.uploads[asked["UploadId"]][asked["PartNumber"]] = asked["Body"]
            case "CompleteMultipartUpload":
                body = b"".join(self.uploads.pop(asked["UploadId"]).values())
                self.versions.setdefault("assembled", {})[response["VersionId"]] = body

    def _learn_row(self, call: Call, response: Any) -> None:
        asked = call.parameters
        match call.operation:
            case "PutItem":
                self.rows[asked["Item"]["pk"]["S"]] = asked["Item"]
            case "UpdateItem":
                self.rows[asked["Key"]["pk"]["S"]] = response["Attributes"]
            case "DeleteItem":
                self.rows[asked["Key"]["pk"]["S"]] = None
            case "TransactWriteItems":
                items = [put["Put"]["Item"] for put in asked["TransactItems"]]
                self.rows |= {item["pk"]["S"]: item for item in items}

    def _learn_message(self, call: Call, response: Any) -> None:
        match call.operation:
            case "SendMessage":
                self.messages.sent[response["MessageId"]] = call.parameters["MessageBody"]
            case "ReceiveMessage":
                for message in response.get("Messages", ()):
                    self.messages.held[message["MessageId"]] = message["ReceiptHandle"]
                    self.messages.received[message["MessageId"]] = message["Body"]
            case "DeleteMessage":
                name = self._held_by(call)
                del self.messages.held[name]
                self.messages.deleted.add(name)

    # --- What must be there ---------------------------------------------------------------------

    def check(self, ask: Ask) -> None:
        """Ask for everything that was acknowledged; received messages are received for good."""
        self._check_objects(ask)
        for row, item in self.rows.items():
            if row not in self.unsure:
                key = {"pk": {"S": row}}
                asked = {"TableName": TABLE, "Key": key, "ConsistentRead": True}
                assert ask("dynamodb", "GetItem", asked).get("Item") == item
        for name, value in self.parameters.items():
            if name not in self.unsure:
                assert ask("ssm", "GetParameter", {"Name": name})["Parameter"]["Value"] == value
        self._check_messages(ask)

    def _check_objects(self, ask: Ask) -> None:
        for key, versions in self.versions.items():
            for version, body in versions.items():
                asked = {"Bucket": BUCKET, "Key": key, "VersionId": version}
                assert ask("s3", "GetObject", asked)["Body"] == body, (key, version)
        listed = ask("s3", "ListObjectsV2", {"Bucket": PLAIN}).get("Contents", [])
        there = {one["Key"] for one in listed} - self.unsure
        assert (
            there == {key for key, body in self.objects.items() if body is not None} - self.unsure
        )
        for key in there:
            found = ask("s3", "GetObject", {"Bucket": PLAIN, "Key": key})["Body"]
            assert found == self.objects[key], key
        for upload, parts in self.uploads.items():
            asked = {"Bucket": BUCKET, "Key": "assembled", "UploadId": upload}
            listed = ask("s3", "ListParts", asked).get("Parts", []) if parts else []
            sizes = {part["PartNumber"]: part["Size"] for part in listed}
            assert sizes.items() >= {n: len(body) for n, body in parts.items()}.items()

    def _check_messages(self, ask: Ask) -> None:
        """Every message that was not deleted can be received, whoever had received it."""
        asked = {"QueueUrl": self.queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600}
        found: dict[str, str] = {}
        while messages := ask("sqs", "ReceiveMessage", asked).get("Messages"):
            found |= {message["MessageId"]: message["Body"] for message in messages}
        self.messages.held.clear()
        expected = self.messages.sent.keys() - self.messages.deleted - self.unsure
        assert expected <= found.keys(), "messages are lost"
        assert not found.keys() & self.messages.deleted, "a deleted message came again"
        assert all(found[name] == self.messages.sent[name] for name in expected)
        gone = (self.messages.deleted | self.unsure) & self.messages.received.keys()
        known = {self.messages.received[name] for name in gone} | set(found.values())
        assert self.published <= known, "published messages are lost"


def _things(call: Call) -> set[str]:
    """What a call is about, by the names that this workload has for it."""
    asked = call.parameters
    match call.operation:
        case "PutObject" | "CopyObject" | "DeleteObject" if asked["Bucket"] == PLAIN:
            return {asked["Key"]}
        case "PutItem":
            return {asked["Item"]["pk"]["S"]}
        case "UpdateItem" | "DeleteItem":
            return {asked["Key"]["pk"]["S"]}
        case "TransactWriteItems":
            return {put["Put"]["Item"]["pk"]["S"] for put in asked["TransactItems"]}
        case "PutParameter":
            return {asked["Name"]}
        case _:
            return set()


def described(call: Call) -> str:
    """A call in one line, for messages."""
    return f"{call.service} {call.operation} {json.dumps(call.parameters, default=len)}"
