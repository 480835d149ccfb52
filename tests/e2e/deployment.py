"""A deployed template as its users reach it: buckets, table, bus, queue and executions.

Nothing here knows whether it runs on this machine or on AWS; there is boto3 and nothing else.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from windfall import identity, keys
from windfall.contracts.arrivals import AnalysisRequested
from windfall.contracts.manifest import Manifest
from windfall.insights_reader import InsightsReader
from windfall.ports.insights import ANALYZING
from windfall_cli.stack import Stack

Found = TypeVar("Found")

PATIENCE_SECONDS = 600.0
"""A busy machine that starts every engine for the first time is slow; a stuck one never ends."""

NO_LANGUAGES = ""
"""As `targets`: nothing to translate or to speak, so nothing but the features asked for."""


def until(look: Callable[[], Found | None], what: str, seconds: float = PATIENCE_SECONDS) -> Found:
    """What a look finds at last; looking fails the test when it finds nothing for too long.

    Nothing is what is false: None, an empty list.
    """
    deadline = time.monotonic() + seconds
    pause = 0.02
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(pause)
        pause = min(1.0, pause * 1.3)


def unique(text: str = "Windfall reads this letter.") -> bytes:
    """A text that nobody dropped before: results of equal bytes would be used again."""
    return f"{text} {uuid.uuid4().hex}\n".encode()


@dataclass(frozen=True)
class Dropped:
    """A file in the inbox."""

    bucket: str
    key: str
    version_id: str

    @property
    def file_id(self) -> str:
        """Its identity, as admission makes it."""
        return identity.file_id(self.bucket, self.key, self.version_id)


@dataclass(frozen=True)
class Transitions:
    """What an analysis cost, by its executions' histories.

    Attributes:
        entered: States by name, how often they were entered.
        retried: Tasks that were tried again.
        functions: Invocations of functions, by name of the state.
    """

    entered: Counter[str] = field(default_factory=Counter)
    retried: int = 0
    functions: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """As they are billed: the start, every state entered, every retry."""
        return 1 + self.entered.total() + self.retried


class Deployment:
    """One stack.

    Args:
        stack: As the command line opens it.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    def client(self, service: str) -> Any:
        """A boto3 client, kept."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self.stack.client(service)
            return self._clients[service]

    def close(self) -> None:
        """Close every client."""
        for client in self._clients.values():
            client.close()

    def output(self, name: str) -> str:
        """One of the template's outputs."""
        return self.stack.output(name)

    @cached_property
    def resources(self) -> dict[str, str]:
        """Physical ids of the stack's resources by logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.stack.name)
            for one in page["StackResourceSummaries"]
        }

    @cached_property
    def reader(self) -> InsightsReader:
        """Reads the table as the command line does."""
        return InsightsReader(self.client("dynamodb"), self.output("InsightsTableName"))

    # --- Asking ---------------------------------------------------------------------------------

    def drop(self, key: str, body: bytes, **options: str) -> Dropped:
        """Put a file into the inbox; options are `profile`, `features` and `targets`."""
        bucket = self.output("InboxBucketName")
        metadata = {f"windfall-{name}": value for name, value in options.items()}
        answer = self.client("s3").put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata)
        return Dropped(bucket, key, answer["VersionId"])

    def drop_cheap(self, key: str, body: bytes) -> Dropped:
        """Put a text into the inbox of which only the sentiment is wanted."""
        return self.drop(key, body, features="sentiment", targets=NO_LANGUAGES)

    def request(self, **detail: Any) -> None:
        """Ask for an analysis over the bus."""
        AnalysisRequested.model_validate(detail)
        self.put_event("AnalysisRequested", detail)

    def put_event(self, detail_type: str, detail: dict[str, Any]) -> None:
        """Put any event on the application's bus."""
        answer = self.client("events").put_events(
            Entries=[
                {
                    "EventBusName": self.output("EventBusName"),
                    "Source": "e2e",
                    "DetailType": detail_type,
                    "Detail": json.dumps(detail),
                }
            ]
        )
        assert answer["FailedEntryCount"] == 0, answer

    @contextmanager
    def profile(self, document: str) -> Iterator[str]:
        """A profile of its own for a test; its name."""
        name = f"e2e-{uuid.uuid4().hex[:12]}"
        parameter = f"{self.output('ProfilesPath')}/{name}"
        self.client("ssm").put_parameter(Name=parameter, Value=document, Type="String")
        try:
            yield name
        finally:
            self.client("ssm").delete_parameter(Name=parameter)

    @contextmanager
    def limit(self, service: str, jobs: int) -> Iterator[None]:
        """The operator says how many jobs of a service may run at a time."""
        name = f"/{self.stack.name}/limits/{service}"
        self.client("ssm").put_parameter(Name=name, Value=str(jobs), Type="String")
        try:
            self.reconcile()
            yield
        finally:
            self.client("ssm").delete_parameter(Name=name)
            self.reconcile()

    def reconcile(self) -> Any:
        """Let reconcile_jobs come by, and what it answers."""
        answer = self.client("lambda").invoke(
            FunctionName=self.resources["ReconcileJobsFunction"], Payload=b"{}"
        )
        document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, document
        return document

    # --- What comes of it -----------------------------------------------------------------------

    def wait(self, *files: Dropped, seconds: float = PATIENCE_SECONDS) -> list[Manifest]:
        """The manifests of files, once all have ended."""
        waiting = {file.file_id for file in files}

        def all_ended() -> bool:
            rows = self.reader.files(waiting)
            waiting.difference_update(
                file_id for file_id, row in rows.items() if row.status != ANALYZING
            )
            return not waiting

        until(all_ended, f"the end of {[file.key for file in files]}", seconds)
        return [self.manifest(file) for file in files]

    def analyze(self, key: str, body: bytes, **options: str) -> Manifest:
        """Drop a file and wait for its end."""
        (manifest,) = self.wait(self.drop(key, body, **options))
        return manifest

    def manifest(self, file: Dropped) -> Manifest:
        """A file's manifest."""
        return Manifest.model_validate_json(self.read(keys.manifest_key(file.file_id)))

    def manifest_document(self, manifest: Manifest) -> Any:
        """A manifest as it lies in S3."""
        return json.loads(self.read(keys.manifest_key(manifest.file_id)))

    def read(self, key: str) -> bytes:
        """An object of the results bucket."""
        bucket = self.output("ResultsBucketName")
        return bytes(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def result(self, manifest: Manifest, name: str) -> bytes:
        """One of the files that an analysis made, by its name in the manifest."""
        (key,) = (file.key for file in manifest.files if file.name == name)
        return self.read(key)

    def result_json(self, manifest: Manifest, feature: str) -> Any:
        """A feature's raw result."""
        return json.loads(self.result(manifest, f"{feature}.json"))

    def versions(self, prefix: str) -> Counter[str]:
        """How often every object below a prefix of the results bucket was written."""
        pages = self.client("s3").get_paginator("list_object_versions")
        return Counter(
            one["Key"]
            for page in pages.paginate(Bucket=self.output("ResultsBucketName"), Prefix=prefix)
            for one in page.get("Versions", [])
        )

    # --- Executions and logs --------------------------------------------------------------------

    def executions(self, machine: str, analysis_id: str | None = None) -> list[str]:
        """Execution ARNs of a machine (its output's name), of one analysis or all."""
        pages = self.client("stepfunctions").get_paginator("list_executions")
        return [
            one["executionArn"]
            for page in pages.paginate(stateMachineArn=self.output(machine))
            for one in page["executions"]
            if analysis_id is None or one["name"].startswith(f"{analysis_id}-")
        ]

    def history(self, execution: str) -> list[dict[str, Any]]:
        """Everything that happened in an execution."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        return [
            event for page in pages.paginate(executionArn=execution) for event in page["events"]
        ]

    def transitions(self, execution: str) -> Transitions:
        """What an execution cost."""
        counted = Transitions()
        retried, state_of = 0, dict[int, str]()
        for event in self.history(execution):
            kind, number = event["type"], event["id"]
            state_of[number] = state_of.get(event.get("previousEventId", 0), "")
            if kind.endswith("StateEntered"):
                state_of[number] = event["stateEnteredEventDetails"]["name"]
                counted.entered[state_of[number]] += 1
            elif kind == "TaskScheduled":
                retried += 1
                details = event["taskScheduledEventDetails"]
                if details["resourceType"] == "lambda":
                    counted.functions[state_of[number]] += 1
            elif kind == "TaskStateExited":
                retried -= 1
        return Transitions(counted.entered, retried, counted.functions)

    def logs(self, function: str) -> list[str]:
        """Everything that a function logged, by the logical id of its log group."""
        pages = self.client("logs").get_paginator("filter_log_events")
        return [
            event["message"]
            for page in pages.paginate(logGroupName=self.resources[f"{function}LogGroup"])
            for event in page["events"]
        ]


def outcome_of(manifest: Manifest, feature: str) -> Any:
    """One outcome of a manifest."""
    (outcome,) = (one for one in manifest.outcomes if one.feature == feature)
    return outcome
