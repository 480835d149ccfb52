"""SageMaker in memory: endpoints that add up each row, and what they are asked."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from typing import Any

from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.input_contract import ContentType, InputContract
from windfall.contracts.jobs import Completion
from windfall.contracts.scoring import TableAnalysis
from windfall.errors import NotFoundError, WindfallError
from windfall.ports.scoring import (
    AsynchronousScoring,
    BrokenModelError,
    InferenceRequest,
    ScoringModels,
    SynchronousScoring,
)
from windfall.tables.sniffing import sniff_csv

RESULTS = "windfall-results"
Answer = Callable[[bytes], bytes]


def row_sums(body: bytes) -> bytes:
    """A model: the sum of each row's numbers, a line a row."""
    rows = csv.reader(io.StringIO(body.decode(), newline=""))
    return "".join(f"{sum(map(float, row)):g}\n" for row in rows).encode()


class FakeScoringModels:
    """Endpoints and models by name, and their versions; some that break."""

    def __init__(self) -> None:
        self.endpoints: dict[str, str | WindfallError] = {"churn": "churn-config-1"}
        self.models: dict[str, str | WindfallError] = {"churn-model": "arn/churn-model 1"}

    def endpoint_version(self, endpoint: str, *, asynchronous: bool) -> str:
        """What it serves."""
        return self._known(self.endpoints, endpoint)

    def model_version(self, model: str) -> str:
        """What it is."""
        return self._known(self.models, model)

    def _known(self, known: dict[str, str | WindfallError], name: str) -> str:
        found = known.get(name, NotFoundError(f"there is no endpoint named {name!r} in SageMaker"))
        if isinstance(found, WindfallError):
            raise found
        return found


class FakeAsynchronousScoring:
    """Keeps requests; each one that is made is paid for."""

    def __init__(self) -> None:
        self.requests: list[InferenceRequest] = []
        self.refusal: WindfallError | None = None
        self.endings: dict[str, Completion] = {}

    def submit(self, request: InferenceRequest) -> str:
        """Another request, whatever its name."""
        if self.refusal is not None:
            raise self.refusal
        self.requests.append(request)
        return f"handle-{len(self.requests)}"

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """What the test wrote."""
        return self.endings.get(name)


class FakeSynchronousScoring:
    """Answers by a function; errors in `broken` are raised first, one a call."""

    def __init__(self, answer: Answer = row_sums) -> None:
        self.answer = answer
        self.broken: list[WindfallError | BrokenModelError] = []
        self.bodies: list[bytes] = []

    def score(self, endpoint: str, body: bytes, content_type: ContentType) -> bytes:
        """The answer."""
        self.bodies.append(body)
        if self.broken:
            raise self.broken.pop(0)
        return self.answer(body)


def scoring_analysis(
    store: FakeObjectStore,
    body: bytes,
    file_format: str = "csv",
    contract: InputContract | None = None,
    **profile: Any,
) -> TableAnalysis:
    """The analysis of a table that lies in the inbox, and of whose model the contract is known."""
    source = store.drop("inbox", f"churn/customers.{file_format}", body)
    plan: dict[str, Any] = {"endpoint": "churn", "model_version": "churn-config-1", **profile}
    if contract is not None:
        document = contract.model_dump_json().encode()
        store.drop("models", "churn/contract.json", document)
        plan |= {"contract": "s3://models/churn/contract.json", "contract_sha256": _sha(document)}
        plan |= {"content_type": contract.content_type, "header": contract.header}
    layout: dict[str, Any] = {}
    if file_format == "csv":
        layout = sniff_csv(body, whole=True).layout.model_dump(mode="json")
    document_of: dict[str, Any] = {
        "analysis_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        "attempt": 1,
        "kind": "table",
        "profile": "churn",
        "received": "2026-11-23T14:00:00.000Z",
        "file": {
            "file_id": "1" * 40,
            "bucket": "inbox",
            "key": source.key,
            "size": len(body),
            "format": file_format,
            "media_type": "text/csv",
            "content_sha256": "2" * 64,
        },
        "source": source.model_dump(mode="json"),
        "output": {"bucket": RESULTS, "prefix": f"results/{'1' * 40}/"},
        "table": plan,
        "layout": layout,
    }
    return TableAnalysis.model_validate(document_of)


def result(store: FakeObjectStore, name: str) -> bytes:
    """A file among the results."""
    return store.read(S3Pointer(bucket=RESULTS, key=f"results/{'1' * 40}/{name}"))


def table_of(body: bytes) -> list[list[str]]:
    """CSV as rows."""
    return list(csv.reader(io.StringIO(body.decode(), newline="")))


def _sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def as_ports(
    models: FakeScoringModels,
    asynchronous: FakeAsynchronousScoring,
    synchronous: FakeSynchronousScoring,
) -> tuple[ScoringModels, AsynchronousScoring, SynchronousScoring]:
    """Type-checked: the fakes fulfil the ports."""
    return models, asynchronous, synchronous
