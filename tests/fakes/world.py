"""The three functions around one in-memory world, as the template wires them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from admit_file.budgets import Budgets
from admit_file.logic import Admitter
from record_failure.logic import FailureRecorder
from record_insights.logic import InsightsRecorder
from record_insights.models import RecordRequest, RecordResult
from tests.fakes.collaborators import (
    FakeBus,
    FakeMeasurements,
    FakeProfiles,
    FakeTraces,
    FakeWorkflows,
)
from tests.fakes.hooks import Hook
from tests.fakes.insights import FakeInsightsIndex
from tests.fakes.jobs import FakeTokens
from tests.fakes.leases import FakeLeaseTable
from tests.fakes.scoring import FakeScoringModels
from tests.fakes.spending import FakeBudgets, FakeSpending
from tests.fakes.storage import FakeObjectStore
from windfall import keys
from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import S3Pointer
from windfall.contracts.executions import ExecutionStatusEvent
from windfall.contracts.manifest import Manifest
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.contracts.translations import FolderTranslationRequested
from windfall.folder_recording import FolderRecorder
from windfall.governor import Governor
from windfall.planning.files import FilePlanner
from windfall.pricing import PriceList
from windfall.recording import Recorder

INBOX, RESULTS = "inbox", "results"
FOLDER_MACHINE = "arn:aws:states:us-east-1:111122223333:stateMachine:translate-folder"
NOW = datetime(2026, 11, 23, 14, 0, 10, tzinfo=UTC)
RECEIVED = "2026-11-23T14:00:00Z"


class World:
    """Everything that admission and recording touch."""

    def __init__(self) -> None:
        self.store = FakeObjectStore()
        self.budgets = FakeBudgets()
        self.index = FakeInsightsIndex(budgets=self.budgets)
        self.spending = FakeSpending(self.budgets)
        self.workflows = FakeWorkflows()
        self.profiles = FakeProfiles()
        self.models = FakeScoringModels()
        self.bus = FakeBus()
        self.traces = FakeTraces()
        self.measurements = FakeMeasurements()
        self.recorder = Recorder(
            self.store, self.index, self.bus, self.measurements, RESULTS, clock=lambda: NOW
        )
        self.admitter = Admitter(
            self.store,
            self.index,
            self.workflows,
            FilePlanner(self.store, self.profiles, self.models),
            self.recorder,
            RESULTS,
            Budgets(self.spending, "us-east-1"),
            self.traces,
        )
        prices = PriceList.of_region("us-east-1")
        self.insights_recorder = InsightsRecorder(
            self.index, self.recorder, self.measurements, prices, self.spending
        )
        self.failure_recorder = FailureRecorder(
            self.store,
            self.index,
            self.recorder,
            prices,
            self.spending,
            Governor(FakeLeaseTable(), FakeTokens()),
            FolderRecorder(self.store, self.bus, RESULTS),
            FOLDER_MACHINE,
        )

    def hook(self, hook: Hook) -> None:
        """Let a hook see every operation from now on."""
        self.store.hook = self.index.hook = self.workflows.hook = self.bus.hook = hook
        self.spending.hook = hook

    def drop(
        self, key: str, body: bytes, metadata: dict[str, str] | None = None, bucket: str = INBOX
    ) -> str:
        """Drop a file; the answer is the message that tells of it."""
        pointer = self.store.drop(bucket, key, body, metadata)
        return object_created(key, pointer.version_id, len(body), bucket)

    def admit_all(self, *messages: str, redelivered: bool = False) -> list[str]:
        """Admit files one after the other."""
        return [self.admitter.admit(message, redelivered=redelivered) for message in messages]

    def finish(self, plan: AnalysisInput, *failed: str) -> RecordResult:
        """Let an execution end: results in S3, then record_insights."""
        outcomes = [self.outcome(plan, feature.feature, failed) for feature in plan.features]
        if not plan.features:
            outcomes = [self.outcome(plan, "sentiment", failed)]
        return self.insights_recorder.record(RecordRequest(analysis=plan, outcomes=outcomes))

    def finish_all(self, *failed: str) -> None:
        """Let every execution end."""
        for plan in list(self.workflows.started.values()):
            self.finish(plan, *failed)

    def outcome(self, plan: AnalysisInput, feature: str, failed: tuple[str, ...] = ()) -> Outcome:
        """One feature's outcome, with its raw result where it lies on AWS too."""
        if feature in failed:
            return Outcome(feature=feature, status=OutcomeStatus.FAILED, reason="It broke.")
        key = f"{plan.output.prefix}{feature}.json"
        self.store.drop(plan.output.bucket, key, json.dumps(RAW.get(feature, {})).encode())
        return Outcome(
            feature=feature,
            status=OutcomeStatus.OK,
            result=S3Pointer(bucket=plan.output.bucket, key=key),
            calls=[ServiceCall(service="s", operation="Detect", count=1, units=1)],
        )

    def break_off(self, name: str, status: str = "FAILED", **detail: Any) -> str:
        """Let Step Functions tell that an execution ended badly."""
        return self.failure_recorder.record(execution_changed(name, status, **detail))

    def break_off_folder(self, request: FolderTranslationRequested, status: str) -> str:
        """Let Step Functions tell that the translation of a folder ended badly."""
        asked = {"stateMachineArn": FOLDER_MACHINE, "input": request.model_dump_json()}
        return self.break_off("0c9d4e5f_1a2b3c4d", status, **asked)

    def manifest(self, file_id: str) -> Manifest:
        """A file's manifest."""
        key = keys.manifest_key(file_id)
        return Manifest.model_validate_json(self.store.read(S3Pointer(bucket=RESULTS, key=key)))

    def only_manifest(self) -> Manifest:
        """The manifest of the one file there is."""
        (file_id,) = self.index.files
        return self.manifest(file_id)


RAW: dict[str, dict[str, Any]] = {
    "labels": {"Labels": [{"Name": "Dog", "Confidence": 98.5, "Parents": [{"Name": "Animal"}]}]},
    "sentiment": {"Sentiment": "POSITIVE", "SentimentScore": {"Positive": 0.9}},
}


def object_created(
    key: str,
    version_id: str | None = "v1",
    size: int = 5,
    bucket: str = INBOX,
    sequencer: str = "617f08299329d189",
) -> str:
    """S3's event as the queue's message."""
    found: dict[str, Any] = {"key": key, "size": size, "etag": "e", "sequencer": sequencer}
    if version_id is not None:
        found["version-id"] = version_id
    return _event("aws.s3", "Object Created", {"bucket": {"name": bucket}, "object": found})


def analysis_requested(event_id: str = "request-1", **detail: Any) -> str:
    """A request as the queue's message."""
    return _event("windfall", "AnalysisRequested", {"version": "1", **detail}, event_id)


def execution_changed(name: str, status: str, **detail: Any) -> ExecutionStatusEvent:
    """Step Functions' event."""
    arn = f"arn:aws:states:us-east-1:111122223333:execution:analyze-image:{name}"
    known = {"executionArn": arn, "stateMachineArn": arn, "name": name, "status": status}
    return ExecutionStatusEvent.model_validate_json(
        _event("aws.states", "Step Functions Execution Status Change", {**known, **detail})
    )


def event_of(detail_type: str, detail: dict[str, Any]) -> str:
    """Any event of the bus as the queue's message."""
    return _event("tests", detail_type, detail)


def _event(source: str, detail_type: str, detail: dict[str, Any], event_id: str = "event-1") -> str:
    return json.dumps(
        {
            "version": "0",
            "id": event_id,
            "source": source,
            "detail-type": detail_type,
            "account": "111122223333",
            "time": RECEIVED,
            "region": "us-east-1",
            "resources": [],
            "detail": detail,
        }
    )
