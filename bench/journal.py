"""What it costs that every write survives `kill -9`, and how soon the stores are back.

Each kind of write goes by turns to stores without a mirror and to stores with one, in one process,
so that both see the same machine. The waits for the disk are what is *not* done for each write.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.results import write_result
from windfall_local.mirror.mirror import Mirror
from windfall_local.stores.stores import Stores

REGION = "us-east-1"
ROUNDS = 1_000
LARGE_ROUNDS = 100
REPLAYED = 5_000
SYNCS = 50


def put_row(number: int) -> tuple[str, str, dict[str, Any]]:
    """A row of 300 bytes."""
    item = {"pk": {"S": f"{number}"}, "text": {"S": "x" * 280}}
    return "dynamodb", "PutItem", {"TableName": "rows", "Item": item}


def put_object(number: int) -> tuple[str, str, dict[str, Any]]:
    """A result of 2 kB."""
    return "s3", "PutObject", {"Bucket": "kept", "Key": f"{number}", "Body": b"x" * 2_000}


def put_photo(number: int) -> tuple[str, str, dict[str, Any]]:
    """A photo of 900 kB, just answered in the loop."""
    return "s3", "PutObject", {"Bucket": "kept", "Key": f"p{number}", "Body": b"x" * 900_000}


def send(number: int) -> tuple[str, str, dict[str, Any]]:
    """A message of 500 bytes."""
    return "sqs", "SendMessage", {"QueueUrl": "http://h/0/work", "MessageBody": "x" * 500}


WRITES: tuple[tuple[Callable[[int], tuple[str, str, dict[str, Any]]], int], ...] = (
    (put_row, ROUNDS),
    (put_object, ROUNDS),
    (put_photo, LARGE_ROUNDS),
    (send, ROUNDS // 2),
)


async def measure(folder: Path) -> dict[str, Any]:
    """All figures."""
    mirror = Mirror(folder / "state")
    plain, kept = Stores(REGION, "h"), Stores(REGION, "h", mirror)
    mirror.open(kept)
    for stores in (plain, kept):
        await _prepare(stores)
    writes = {make.__name__: await _write(make, rounds, plain, kept) for make, rounds in WRITES}
    for number in range(REPLAYED):
        await kept.call(*put_row(number))
    kept.close()
    plain.close()
    return {
        "microseconds_p50": writes,
        "restart": await _restart(folder / "state"),
        "waiting_for_the_disk_ms_p50": _sync(folder),
    }


async def _prepare(stores: Stores) -> None:
    await stores.call("s3", "CreateBucket", {"Bucket": "kept"})
    await stores.call("sqs", "CreateQueue", {"QueueName": "work"})
    await stores.call(
        "dynamodb",
        "CreateTable",
        {
            "TableName": "rows",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )


async def _write(make: Callable[[int], Any], rounds: int, plain: Stores, kept: Stores) -> Any:
    took: dict[str, list[float]] = {"in_memory": [], "kept": []}
    for number in range(rounds):
        for name, stores in (("in_memory", plain), ("kept", kept)):
            start = time.perf_counter()
            await stores.call(*make(number))
            took[name].append((time.perf_counter() - start) * 1e6)
    found = {name: round(statistics.median(times)) for name, times in took.items()}
    return {**found, "cost": found["kept"] - found["in_memory"]}


async def _restart(folder: Path) -> dict[str, Any]:
    replayed = Mirror(folder)
    stores = Stores(REGION, "h", replayed)
    start = time.perf_counter()
    replayed.open(stores)
    seconds = time.perf_counter() - start
    found = {"entries": replayed.behind, "replay_seconds": round(seconds, 2)}
    start = time.perf_counter()
    assert await replayed.compact(stores.turn, REGION)
    found["compaction_beside_seconds"] = round(time.perf_counter() - start, 2)
    stores.close()
    again = Mirror(folder)
    stores = Stores(REGION, "h", again)
    start = time.perf_counter()
    again.open(stores)
    found["snapshot_seconds"] = round(time.perf_counter() - start, 2)
    stores.close()
    return found


def _sync(folder: Path) -> float:
    """How long it takes that 500 bytes lie on the disk; an fsync for each write would add this."""
    descriptor = os.open(folder / "synced", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times = []
    for _ in range(SYNCS):
        os.write(descriptor, b"x" * 500)
        start = time.perf_counter()
        os.fdatasync(descriptor)
        times.append((time.perf_counter() - start) * 1e3)
    os.close(descriptor)
    return round(statistics.median(times), 2)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as made:
        write_result("journal", asyncio.run(measure(Path(made))))
