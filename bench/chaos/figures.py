"""What became of it all: files and their manifests, sales, tokens, dead letters."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.chaos.cloud import SOLD
from bench.chaos.jobs import jobs, still_running
from windfall import identity, keys
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.contracts.manifest import Manifest
from windfall.insights_reader import InsightsReader
from windfall.ports.insights import ANALYZING
from windfall.quotas import JOB_QUOTAS
from windfall_cli.dead_letters import QUEUES, DeadLetters
from windfall_cli.stack import Stack

MACHINES = (
    *("AnalyzeImageMachineArn", "AnalyzeTextMachineArn", "AnalyzeAudioMachineArn"),
    *("AnalyzeVideoMachineArn", "ScoreTableMachineArn", "TrainModelMachineArn"),
    "TranslateFolderMachineArn",
)


@dataclass(frozen=True)
class Version:
    """An object of the inbox."""

    key: str
    version_id: str
    file_id: str


class Aftermath:
    """Looks at a stack.

    Args:
        stack: The stack, alive.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._clients: dict[str, Any] = {}
        self._letters = DeadLetters(stack)
        self.given_back = 0
        """Dead letters that were redriven."""
        self._reader = InsightsReader(self.client("dynamodb"), stack.output("InsightsTableName"))

    def client(self, service: str) -> Any:
        """A client, kept."""
        if service not in self._clients:
            self._clients[service] = self._stack.client(service)
        return self._clients[service]

    def close(self) -> None:
        """Close every client."""
        for client in self._clients.values():
            client.close()

    def dropped(self) -> list[Version]:
        """Everything in the inbox, acknowledged or not."""
        bucket = self._stack.output("InboxBucketName")
        pages = self.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket)
        return [
            Version(
                one["Key"],
                one["VersionId"],
                identity.file_id(bucket, one["Key"], one["VersionId"]),
            )
            for page in pages
            for one in page.get("Versions", ())
        ]

    def wait_until_quiet(self, seconds: float) -> list[Version]:
        """The files that have not ended when nothing is on its way any more.

        Dead letters are given back meanwhile, as `windfall redrive` does. One look is not enough:
        a message may have become an execution after one looked for these and before one looked for
        messages.
        """
        deadline, was_quiet = time.monotonic() + seconds, False
        while True:
            self.given_back += self._give_back()
            left = self._not_ended()
            is_quiet = not (left or self._is_busy())
            if (is_quiet and was_quiet) or time.monotonic() > deadline:
                return left
            was_quiet = is_quiet
            time.sleep(1)

    def _is_busy(self) -> bool:
        """Whether anything goes on; jobs that were told to stop do, for a while."""
        looks = (self.running, self.parked, self.messages, self.slots)
        return any(look() for look in looks) or bool(still_running(jobs(self._stack)))

    def _not_ended(self) -> list[Version]:
        dropped = self.dropped()
        rows = self._reader.files(one.file_id for one in dropped)
        ended = {file_id for file_id, row in rows.items() if row.status != ANALYZING}
        return [one for one in dropped if one.file_id not in ended]

    def _give_back(self) -> int:
        """Redrive what stands in the dead-letter queues; how many letters there were."""
        given = 0
        for queue in QUEUES:
            for letter in self._letters.receive(queue):
                if letter.target is not None:
                    self._letters.give_back(letter)
                    given += 1
        return given

    def manifests(self, dropped: list[Version]) -> dict[str, Manifest]:
        """Manifests by file id; one that is not there is missing."""
        bucket, s3 = self._stack.output("ResultsBucketName"), self.client("s3")
        found = {}
        for one in dropped:
            key = keys.manifest_key(one.file_id)
            try:
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            except s3.exceptions.NoSuchKey:
                continue
            found[one.file_id] = Manifest.model_validate_json(body)
        return found

    def outcomes_written_twice(self) -> list[str]:
        """Outcomes of features that were finished more than once.

        But the timeline's: it costs nothing, and each attempt makes it of what is there by then.
        """
        bucket = self._stack.output("ResultsBucketName")
        pages = self.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket)
        written = Counter(
            one["Key"]
            for page in pages
            for one in page.get("Versions", ())
            if "/outcomes/" in one["Key"] and not one["Key"].endswith("/timeline.json")
        )
        return [key for key, times in written.items() if times > 1]

    def running(self) -> list[str]:
        """Executions that have not ended."""
        pages = self.client("stepfunctions").get_paginator("list_executions")
        return [
            one["name"]
            for machine in MACHINES
            for page in pages.paginate(
                stateMachineArn=self._stack.output(machine), statusFilter="RUNNING"
            )
            for one in page["executions"]
        ]

    def parked(self) -> list[str]:
        """Jobs that still hold a task token."""
        asked = {
            "TableName": self._stack.output("InsightsTableName"),
            "IndexName": keys.RECENT_INDEX,
            "KeyConditionExpression": "recent_pk = :jobs",
            "ExpressionAttributeValues": {":jobs": {"S": keys.PARKED_JOBS}},
        }
        return [item["pk"]["S"] for item in self.client("dynamodb").query(**asked)["Items"]]

    def slots(self) -> list[str]:
        """Jobs that hold a slot of a service, or wait for one."""
        table = DynamoLeaseTable(self._stack.output("InsightsTableName"), self.client("dynamodb"))
        holders: list[str] = []
        for service in JOB_QUOTAS:
            room = table.look(service)
            holders += [lease.holder for lease in room.leases]
            holders += [waiter.holder for waiter in room.waiters]
        return holders

    def messages(self) -> dict[str, int]:
        """Messages in every queue of the stack that has any."""
        sqs, found = self.client("sqs"), {}
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        for url in sqs.list_queues().get("QueueUrls", ()):
            answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))
            count = sum(int(answer["Attributes"][name]) for name in names)
            if count:
                found[url.rpartition("/")[2]] = count
        return found


def sales(folder: Path) -> list[dict[str, Any]]:
    """Every paid call that was answered; a last line that a kill cut short is none.

    Who asks for a job again by its token is told of the job that is there, which is no sale.
    """
    lines = (folder / SOLD).read_text().splitlines()
    told = [json.loads(line) for line in lines if line.endswith("}")]
    first = {one["id"]: number for number, one in reversed([*enumerate(told)]) if one.get("id")}
    return [one for number, one in enumerate(told) if first.get(one.get("id"), number) == number]


def started_twice(sold: list[dict[str, Any]]) -> list[str]:
    """Jobs with a name that were sold more than once under it."""
    named = [one for one in sold if one["job"]]
    names = Counter(f"{one['service']} {one['operation']} {one['job']}" for one in named)
    return [name for name, times in names.items() if times > 1]


def repeated(sold: list[dict[str, Any]]) -> Counter[str]:
    """Calls without a name that were answered again for the same content, by operation."""
    calls = Counter(
        (f"{one['service']} {one['operation']}", one["content"]) for one in sold if not one["job"]
    )
    found: Counter[str] = Counter()
    for (operation, _), times in calls.items():
        found[operation] += times - 1
    return +found
