"""What is known of distributed Maps that run or ran: the API's Map Runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from windfall_local.workflows.answers import moment

_COUNTED = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}


@dataclass(slots=True, eq=False)
class MapRun:
    """One run of a distributed Map.

    Attributes:
        arn: Its ARN.
        execution: The ARN of the execution that it belongs to.
        machine: The ARN that its child executions have as their machine's.
        limit: How many children run at once at most; `UpdateMapRun` may change it.
        tolerated_count: Failed items that it tolerates; None for no such bound.
        tolerated_percentage: The same in percent.
        batches: Items in each child execution, in their order.
        redrives: How often it was redriven.
        redriven: When it was last, in seconds of the epoch.
        awaits: Of its children, by their place, those that did not succeed and wait to be redriven.
        lost: Likewise, those that did not succeed and can not be redriven.
    """

    arn: str
    execution: str
    machine: str
    started: float
    limit: int
    tolerated_count: int | None
    tolerated_percentage: float | None
    batches: list[int] = field(default_factory=list)
    status: str = "RUNNING"
    stopped: float | None = None
    running: int = 0
    running_items: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    ended_items: Counter[str] = field(default_factory=Counter)
    written: int = 0
    redrives: int = 0
    redriven: float | None = None
    awaits: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)

    @property
    def failed_items(self) -> int:
        """Items whose child execution did not succeed."""
        return sum(n for status, n in self.ended_items.items() if status != "SUCCEEDED")

    def tolerates(self) -> bool:
        """Whether as few items failed as may."""
        failed, total = self.failed_items, max(1, sum(self.batches))
        count, share = self.tolerated_count, self.tolerated_percentage
        if count is None and share is None:
            return failed == 0
        return (count is None or failed <= count) and (
            share is None or failed * 100 / total <= share
        )

    def summary(self) -> dict[str, Any]:
        """An entry of `ListMapRuns`."""
        summary = {
            "executionArn": self.execution,
            "mapRunArn": self.arn,
            "stateMachineArn": self.machine,
            "startDate": moment(self.started),
        }
        return summary if self.stopped is None else {**summary, "stopDate": moment(self.stopped)}

    def details(self) -> dict[str, Any]:
        """The answer of `DescribeMapRun`."""
        details: dict[str, Any] = {
            "mapRunArn": self.arn,
            "executionArn": self.execution,
            "status": self.status,
            "startDate": moment(self.started),
            "maxConcurrency": self.limit,
            "toleratedFailurePercentage": self.tolerated_percentage or 0.0,
            "toleratedFailureCount": self.tolerated_count or 0,
            "itemCounts": {
                **self._counts(sum(self.batches), self.running_items, self.ended_items),
                "pendingRedrive": sum(self.batches[index] for index in self.awaits),
                "failuresNotRedrivable": sum(self.batches[index] for index in self.lost),
            },
            "executionCounts": {
                **self._counts(len(self.batches), self.running, self.ended),
                "pendingRedrive": len(self.awaits),
                "failuresNotRedrivable": len(self.lost),
            },
            "redriveCount": self.redrives,
        }
        if self.redriven is not None:
            details["redriveDate"] = moment(self.redriven)
        return details if self.stopped is None else {**details, "stopDate": moment(self.stopped)}

    def _counts(self, total: int, running: int, ended: Counter[str]) -> dict[str, int]:
        return {
            "pending": total - running - sum(ended.values()),
            "running": running,
            **{name: ended[status] for status, name in _COUNTED.items()},
            "total": total,
            "resultsWritten": self.written,
        }


class MapRuns:
    """The map runs since this process started; after a restart, those of executions that go on."""

    def __init__(self) -> None:
        self._runs: dict[str, MapRun] = {}

    def add(self, run: MapRun) -> None:
        """Take in a run."""
        self._runs[run.arn] = run

    def get(self, arn: str) -> MapRun | None:
        """The run of an ARN, if it is known."""
        return self._runs.get(arn)

    def of_execution(self, arn: str) -> list[MapRun]:
        """The runs of an execution, the newest first."""
        return [run for run in reversed(self._runs.values()) if run.execution == arn]

    def forget_execution(self, arn: str) -> None:
        """Forget the runs of an execution that is forgotten."""
        for run in self.of_execution(arn):
            del self._runs[run.arn]
