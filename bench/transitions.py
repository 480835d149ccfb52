"""What a photo, a recording and a video cost: state transitions and Lambda invocations.

The project's own template on a local cloud that has done nothing else. Transitions are counted in
the executions' histories as AWS bills them: the start, every state entered, every retry.
Invocations are the REPORT lines in the functions' logs, which AWS writes one per invocation.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from bench.asked import AskedStack
from bench.results import write_result
from windfall import keys

ROOT = Path(__file__).parents[1]
FILES = {
    "photo": ROOT / "demo/portrait.jpg",
    "recording": ROOT / "demo/speech.flac",
    "video": ROOT / "demo/clip.mp4",
}
BARS = {"photo": {"transitions": 12, "invocations": 7}, "recording": {"transitions": 30}}
PEERS = {"photo": "Media2Cloud: 33 states", "recording": "Media2Cloud: 47 states"}
"""Counted in their published definitions; of a video there is no count."""
MACHINES = (
    "AnalyzeImageMachineArn",
    "AnalyzeTextMachineArn",
    "AnalyzeAudioMachineArn",
    "AnalyzeVideoMachineArn",
)
SCHEDULED = {"ReconcileJobs"}
"""Runs every five minutes, whatever is dropped."""
PATIENCE = 600
PAUSE = 0.1
LOG_PATIENCE = 2
"""Seconds without a further REPORT line after which there will be none; logs are shipped twice a
second."""


async def measure() -> dict[str, Any]:
    """The counts of each file, and the states and functions they are made of."""
    async with _Counted.fresh() as counted:
        return {name: await _one(counted, name, path) for name, path in FILES.items()}


async def _one(counted: _Counted, name: str, path: Path) -> dict[str, Any]:
    states_before, transitions_before = await counted.transitions()
    invocations_before = await counted.reports()
    status, outcomes = await asyncio.wait_for(counted.analyze(path), PATIENCE)
    states, transitions = await counted.transitions()
    invocations = await counted.invocations() - invocations_before
    return {
        "file": path.relative_to(ROOT).as_posix(),
        "status": status,
        "outcomes": outcomes,
        "transitions": transitions - transitions_before,
        "states_entered": dict(states - states_before),
        "invocations": invocations.total(),
        "invocations_by_function": dict(invocations),
        "bars": BARS.get(name, {}),
        "beside_it": PEERS.get(name),
    }


class _Counted(AskedStack):
    """What its executions and functions did."""

    async def analyze(self, path: Path) -> tuple[str, int]:
        """Drop a file and wait for its end; its status and how many outcomes it has."""
        file_id = await self.drop(path.name, path)
        row: dict[str, Any] = {}
        while row.get("status", {}).get("S", "analyzing") == "analyzing":
            await asyncio.sleep(PAUSE)
            row = await self._row(file_id)
        results = self.output("ResultsBucketName")
        prefix = f"{keys.results_prefix(file_id)}outcomes/"
        listed = await self.call("s3", "ListObjectsV2", Bucket=results, Prefix=prefix)
        return row["status"]["S"], listed["KeyCount"]

    async def transitions(self) -> tuple[Counter[str], int]:
        """The states that were entered, and all transitions with the starts and retries."""
        states: Counter[str] = Counter()
        total = 0
        for name in MACHINES:
            machine = self.output(name)
            listed = await self.call("stepfunctions", "ListExecutions", stateMachineArn=machine)
            for execution in listed["executions"]:
                events = await self._history(execution["executionArn"])
                kinds = Counter(event["type"] for event in events)
                entered = [
                    event["stateEnteredEventDetails"]["name"]
                    for event in events
                    if event["type"].endswith("StateEntered")
                ]
                states.update(entered)
                total += 1 + len(entered) + kinds["TaskScheduled"] - kinds["TaskStateEntered"]
        return states, total

    async def invocations(self) -> Counter[str]:
        """REPORT lines by function, once no more of them come."""
        counted = await self.reports()
        while True:
            await asyncio.sleep(LOG_PATIENCE)
            again = await self.reports()
            if again == counted and counted:
                return counted
            counted = again

    async def reports(self) -> Counter[str]:
        """REPORT lines by function, as far as they are there."""
        counted: Counter[str] = Counter()
        for logical_id, resource in self._stack.resources.items():
            if resource.type != "AWS::Logs::LogGroup":
                continue
            found = await self.call("logs", "FilterLogEvents", logGroupName=resource.physical_id)
            reports = sum(one["message"].startswith("REPORT") for one in found["events"])
            function = logical_id.removesuffix("LogGroup")
            if reports and function not in SCHEDULED:
                counted[function] = reports
        return counted

    async def _history(self, execution: str) -> list[dict[str, Any]]:
        answer = await self.call(
            "stepfunctions", "GetExecutionHistory", executionArn=execution, maxResults=1000
        )
        events: list[dict[str, Any]] = answer["events"]
        return events

    async def _row(self, file_id: str) -> dict[str, Any]:
        answer = await self.call(
            "dynamodb",
            "GetItem",
            TableName=self.output("InsightsTableName"),
            Key={"pk": {"S": keys.file_pk(file_id)}, "sk": {"S": keys.FILE_SK}},
        )
        row: dict[str, Any] = answer.get("Item", {})
        return row


if __name__ == "__main__":
    write_result("transitions", asyncio.run(measure()))
