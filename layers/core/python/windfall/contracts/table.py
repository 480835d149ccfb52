"""Tables: how they are scored, and how their files are read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from windfall.contracts.base import Contract, Sha256
from windfall.contracts.input_contract import ContentType
from windfall.contracts.training import TrainProfile

EndpointName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")]
"""An endpoint or a model as Amazon SageMaker names it."""

S3Uri = Annotated[str, StringConstraints(pattern=r"^s3://[^/]+/.+$")]


class ScoringMode(StrEnum):
    """How SageMaker scores rows: `async` by default, queued and without a server while idle."""

    ASYNC = "async"
    REAL_TIME = "real_time"
    SERVERLESS = "serverless"
    BATCH_TRANSFORM = "batch_transform"


class TableProfile(Contract):
    """How to score a table, or what to train on it.

    Attributes:
        endpoint: Who scores; for `batch_transform` it is `model`.
        contract: The model's input contract (`contract.json`, an `InputContract`). Without one the
            cells are sent as they stand.
        columns: Without a contract, what is sent, in this order; all but `id_column` when empty.
        header: Without a contract, whether the payload begins with the names of its columns.
        id_column: Tells the rows apart; never sent.
        threshold: From which score on a row is of the second class; instead of the contract's.
        keep: Which columns of the table stand beside the predictions.
        most_rejected: Percent of the rows that may be rejected; with more the table is not scored.
        payload_megabytes: What is sent at once at most; the model's container must take so much.
        request_seconds: How long a request may wait in the endpoint's queue.
        invocation_seconds: How long the model may take for a request.
        instance_type: What a batch transform runs on, as is `instance_count`.
        train: What to train on tables of this profile; then nobody scores them.
    """

    endpoint: EndpointName | None = None
    model: EndpointName | None = None
    mode: ScoringMode = ScoringMode.ASYNC
    contract: S3Uri | None = None
    content_type: ContentType = "text/csv"
    columns: list[str] = Field(default=[], max_length=10_000)
    header: bool = False
    id_column: str | None = None
    threshold: float | None = Field(default=None, ge=0, le=1)
    keep: Literal["all", "id"] = "all"
    most_rejected: float = Field(default=10, ge=0, le=100)
    payload_megabytes: int = Field(default=5, ge=1, le=100)
    request_seconds: int = Field(default=21_600, ge=60, le=21_600)
    invocation_seconds: int = Field(default=900, ge=1, le=3_600)
    instance_type: Annotated[str, StringConstraints(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")] = (
        "ml.m5.large"
    )
    instance_count: int = Field(default=1, ge=1, le=100)
    train: TrainProfile | None = None

    @model_validator(mode="after")
    def _somebody_scores(self) -> Self:
        if self.train is not None:
            if self.endpoint is not None or self.model is not None:
                raise ValueError("train goes with neither endpoint nor model")
            return self
        wanted = "model" if self.mode is ScoringMode.BATCH_TRANSFORM else "endpoint"
        other = "endpoint" if wanted == "model" else "model"
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise ValueError(f"{self.mode.value} needs {wanted}, and no {other}")
        return self


class TablePlan(TableProfile):
    """How to score a table: the profile, and which version of the model it meant at admission.

    Attributes:
        model_version: Changes with what the endpoint serves, so that a table that is dropped again
            is scored again.
        contract_sha256: Of the input contract's bytes.
    """

    model_version: str
    contract_sha256: Sha256 | None = None


class TableLayout(Contract):
    """How a table's file is to be read, as admission found out from its beginning.

    Attributes:
        columns: How many there are; null where the beginning does not tell (Parquet).
        encoding: As Python names it; null for Parquet.
        delimiter: Between the cells of CSV; null for other formats.
        decimal: The mark before a number's fraction: some semicolon files have a comma there.
    """

    columns: int | None = Field(default=None, ge=1)
    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
