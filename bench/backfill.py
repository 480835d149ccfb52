"""The back-fill of a million objects: the machine as it is, against a fake clock, S3 and SQS.

    python -m bench.backfill [KEYS] [RATE]

The state machine's definition runs in the interpreter of the local cloud; S3's listing has a
million keys, SQS takes what it is sent, and time passes as fast as there is something to do. It is
stopped on the way and started again, as who resumes it does. Of the requests a sample goes through
admission, to see what is begun. A million keys take some eight minutes of one core.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.results import write_result
from tests.unit.workflows.stage import JumpingLoop, Stage, StageCloud

ROOT = Path(__file__).parents[1]
DEFINITION = ROOT / "statemachines/backfill_bucket.asl.json"
CHANGED = datetime(2026, 11, 1, tzinfo=UTC)
PAGE = 1_000
"""Keys of a listing's page (S3 user guide)."""
ONE_IN = 997
"""How rare a request is looked at by admission."""
MOST_MESSAGES = 10
"""Of a SendMessageBatch (SQS developer guide)."""


class Places:
    """S3 with so many keys, and SQS: what a back-fill sees of the world.

    Args:
        keys: How many there are.
        refused: One key in so many is never taken by SQS; 0 for none.
    """

    def __init__(self, keys: int, refused: int = 0) -> None:
        self._keys = keys
        self._refused = refused
        self.cloud = _Cloud(
            services={
                "s3.ListObjectsV2": self.list,
                "s3.PutObject": self.put,
                "sqs.SendMessageBatch": self.send,
            }
        )
        self.asked = bytearray(keys)
        self.pages = self.batches = self.requests = self.written = 0
        self.a_second: dict[int, int] = {}
        self.sample: list[str] = []

    def list(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """A page."""
        self.pages += 1
        first = int(parameters.get("ContinuationToken", 0))
        last = min(first + PAGE, self._keys)
        found = [
            {"Key": f"in/{number:07}.jpg", "Size": 1, "ETag": '"e"', "LastModified": CHANGED}
            for number in range(first, last)
        ]
        more = {"NextContinuationToken": str(last)} if last < self._keys else {}
        return {"Contents": found, "IsTruncated": bool(more), **more}

    def put(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """What the run wrote."""
        self.written += len(parameters["Body"])
        return {}

    def send(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Take messages, and keep a sample of them."""
        entries = parameters["Entries"]
        assert len(entries) <= MOST_MESSAGES
        self.batches += 1
        taken, failed = [], []
        for entry in entries:
            number = int(re.search(r"in/(\d{7})\.jpg", entry["MessageBody"])[1])  # type: ignore[index]
            if self._refused and number % self._refused == 0:
                failed.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
                continue
            self.requests += 1
            self.asked[number] = min(255, self.asked[number] + 1)
            second = int(asyncio.get_running_loop().time())
            self.a_second[second] = self.a_second.get(second, 0) + 1
            if number % ONE_IN == 0:
                self.sample.append(entry["MessageBody"])
            taken.append({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "0" * 32})
        return {"Successful": taken, "Failed": failed}


class _Cloud(StageCloud):
    """Keeps no calls: there are hundreds of thousands."""

    async def call(self, service: str, operation: str, parameters: Any, principal: Any) -> Any:
        self.calls.clear()
        return await super().call(service, operation, parameters, principal)


def backfill(keys: int, rate: int) -> dict[str, Any]:
    """All of it, stopped when a tenth was asked for and run again."""
    places = Places(keys)
    begun = time.monotonic()
    first = _run(places, rate, stop_after=keys // 10)
    asked = places.requests
    second = _run(places, rate)
    begun_by_admission, looked_at = _admitted(places.sample)
    return {
        "keys": keys,
        "rate": rate,
        "first_run": {**first, "requests": asked},
        "second_run": {**second, "requests": places.requests - asked},
        "requests": places.requests,
        "batches": places.batches,
        "listing_pages": places.pages,
        "keys_never_asked_for": places.asked.count(0),
        "keys_asked_for_twice": sum(count > 1 for count in places.asked),
        "sample_sent": looked_at,
        "sample_keys": len({json.loads(one)["detail"]["key"] for one in places.sample}),
        "sample_executions_begun": begun_by_admission,
        "bytes_of_results": places.written,
        "seconds": round(time.monotonic() - begun, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
    }


def threshold(keys: int, rate: int) -> dict[str, Any]:
    """SQS never takes one key in fifty; one per cent of the keys may fail."""
    places = Places(keys, refused=50)
    ended = _run(places, rate, tolerated=1)
    return {"keys": keys, "tolerated_per_cent": 1, **ended, "requests": places.requests}


def _run(
    places: Places, rate: int, *, stop_after: int | None = None, tolerated: int = 0
) -> dict[str, Any]:
    order = {
        "bucket": "media",
        "prefix": "in/",
        "rate": rate,
        "tolerated_failure_percentage": tolerated,
    }
    places.a_second.clear()
    before = places.requests

    async def scene() -> dict[str, Any]:
        stage = Stage(places.cloud)
        await stage.service.start()
        machine = await stage.create(
            json.loads(re.sub(r"\$\{(\w+)\}", r"\1", DEFINITION.read_text()))
        )
        execution = await stage.begin(machine, order)
        if stop_after is not None:
            while places.requests - before < stop_after:
                await asyncio.sleep(1)
            await stage.call("StopExecution", executionArn=execution)
        ended = await stage.end(execution)
        figures = {
            "status": ended["status"],
            "simulated_seconds": round(asyncio.get_running_loop().time()),
            "history_events": len(await stage.events(execution)),
            "most_a_second": max(places.a_second.values()),
        }
        await stage.service.stop()
        return figures

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(scene())


def _admitted(messages: list[str]) -> tuple[int, int]:
    """Executions that admission begins for messages, and how many messages there were."""
    sys.path.insert(0, str(ROOT / "functions"))
    from tests.fakes.world import World  # noqa: PLC0415 - the functions are no package of ours

    world, keys = World(), set[str]()
    for message in messages:
        key = json.loads(message)["detail"]["key"]
        if key not in keys:
            keys.add(key)
            world.store.drop("media", key, f"A text named {key}.".encode())
        world.admitter.admit(message, redelivered=False)
    return len(world.workflows.started), len(messages)


if __name__ == "__main__":
    chosen = [int(one) for one in sys.argv[1:]]
    keys, rate = (*chosen, *(1_000_000, 1_000)[len(chosen) :])
    write_result("backfill", {**backfill(keys, rate), "threshold": threshold(keys // 50, rate)})
