"""The machine backfill_bucket in the local interpreter: what it asks for, and how it goes on."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.workflows.stage import play
from tests.unit.workflows.test_distribution import Bucket

DEFINITION = (Path(__file__).parents[3] / "statemachines/backfill_bucket.asl.json").read_text()
ORDER = {"bucket": "media", "prefix": "in/", "rate": 50, "tolerated_failure_percentage": 0}


def machine() -> Any:
    return json.loads(re.sub(r"\$\{(\w+)\}", r"\1", DEFINITION))


class Queue:
    """SQS as far as the machine uses it; it refuses what `refused` names, so many times."""

    def __init__(self, bucket: Bucket, refused: dict[str, int] | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.refused = refused or {}
        bucket.cloud.services["sqs.SendMessageBatch"] = self.send

    def send(self, parameters: dict[str, Any]) -> dict[str, Any]:
        taken, failed = [], []
        assert len(parameters["Entries"]) <= 10
        for entry in parameters["Entries"]:
            message = json.loads(entry["MessageBody"])
            key = message["detail"]["key"]
            if self.refused.get(key, 0) > 0:
                self.refused[key] -= 1
                failed.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
            else:
                self.messages.append(message)
                taken.append({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "0" * 32})
        return {"Successful": taken, "Failed": failed}

    @property
    def keys(self) -> list[str]:
        return [message["detail"]["key"] for message in self.messages]


def test_every_object_below_the_prefix_is_asked_for_once() -> None:
    keys = [f"in/{number:02}.txt" for number in range(23)]
    bucket = Bucket(dict.fromkeys(keys, b"x") | {"in/folder/": b"", "other.txt": b"x"})
    queue = Queue(bucket)
    played = play(machine(), {**ORDER, "profile": "receipts"}, bucket.cloud)
    assert played.status == "SUCCEEDED", played.description
    assert sorted(queue.keys) == keys
    first = queue.messages[0]
    assert first["detail-type"] == "AnalysisRequested"
    assert first["detail"] == {
        "version": "1", "bucket": "media", "key": queue.keys[0], "profile": "receipts",
    }  # fmt: skip
    assert len({message["id"] for message in queue.messages}) == 23


def test_the_requests_are_those_that_admission_reads() -> None:
    from admit_file.models import Arrival, arrival_of

    bucket = Bucket({"in/größe ü.txt": b"x"})
    queue = Queue(bucket)
    play(machine(), ORDER, bucket.cloud)
    arrival = arrival_of(json.dumps(queue.messages[0]))
    assert isinstance(arrival, Arrival)
    assert (arrival.bucket, arrival.key, arrival.requested) == ("media", "in/größe ü.txt", True)
    assert arrival.overrides.profile is None


def test_a_request_that_is_not_taken_is_made_again_alone() -> None:
    bucket = Bucket({f"in/{number}": b"x" for number in range(3)})
    queue = Queue(bucket, {"in/1": 2})
    assert play(machine(), ORDER, bucket.cloud).status == "SUCCEEDED"
    assert sorted(queue.keys) == ["in/0", "in/1", "in/2"]


def test_what_is_never_taken_is_told_and_the_rest_is_asked_for() -> None:
    bucket = Bucket({f"in/{number:02}": b"x" for number in range(30)})
    queue = Queue(bucket, {"in/05": 99})
    order = {**ORDER, "tolerated_failure_percentage": 50}
    played = play(machine(), order, bucket.cloud)
    assert played.status == "SUCCEEDED"
    assert len(queue.keys) == 29
    manifest = bucket.json(played.output["ResultWriterDetails"]["Key"])
    (failed,) = manifest["ResultFiles"]["FAILED"]
    assert b"did not take 1 requests in five tries" in bucket.objects[failed["Key"]]


def test_too_many_refusals_end_it() -> None:
    bucket = Bucket({"in/0": b"x"})
    Queue(bucket, {"in/0": 99})
    assert play(machine(), ORDER, bucket.cloud).error == "States.ExceedToleratedFailureThreshold"


@pytest.mark.parametrize(("rate", "seconds"), [(10, 4), (20, 2), (1, 4)])
def test_the_rate_is_kept(rate: int, seconds: int) -> None:
    bucket = Bucket({f"in/{number:02}": b"x" for number in range(40)})
    Queue(bucket)
    played = play(machine(), {**ORDER, "rate": rate}, bucket.cloud)
    assert played.seconds == pytest.approx(seconds, abs=0.6)


def test_an_inventory_is_taken_as_well() -> None:
    manifest = {
        "destinationBucket": "arn:aws:s3:::inventories",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "1.csv.gz"}],
    }
    bucket = Bucket(
        {
            "m.json": json.dumps(manifest).encode(),
            "1.csv.gz": gzip.compress(b'"media","in/a%20b.txt","5"\n"media","in/f/","0"\n'),
        }
    )
    queue = Queue(bucket)
    order = {**ORDER, "inventory": {"bucket": "inventories", "key": "m.json"}}
    assert play(machine(), order, bucket.cloud).status == "SUCCEEDED"
    assert queue.keys == ["in/a b.txt"]
