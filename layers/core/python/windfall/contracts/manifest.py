"""A file's whole story, as `results/<file_id>/manifest.json` tells it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract, HexId, Sha256, Timestamp
from windfall.contracts.hold import Hold
from windfall.contracts.outcome import Outcome
from windfall.contracts.subject import Asked, Kind, Why


class FileStatus(StrEnum):
    """How a file ended.

    analyzed: every feature is ok or skipped; partial: some features failed; rejected: no service
    takes the file, or somebody does not want it paid for; failed: the analysis broke off; held: it
    waits to be approved, since it would go over its profile's budget.
    """

    ANALYZED = "analyzed"
    PARTIAL = "partial"
    REJECTED = "rejected"
    FAILED = "failed"
    HELD = "held"


class ResultFile(Contract):
    """A file that the analysis made."""

    name: str
    bucket: str
    key: str
    media_type: str


class Attempt(Contract):
    """One time that the file was analyzed, or turned away; a line of its history.

    Attributes:
        revision: Counts the times that the file was taken on.
        attempt: Of the analysis, which the file may share with others.
        ok: How many features ended so; as are `skipped` and `failed`.
        reused: How many of the `ok` ones were there before, and so cost nothing this time.
    """

    revision: int = Field(ge=1)
    why: Why
    received: Timestamp
    recorded: Timestamp
    profile: str | None = None
    settings_hash: Sha256 | None = None
    analysis_id: HexId | None = None
    attempt: int | None = Field(default=None, ge=1)
    status: FileStatus
    ok: int = Field(default=0, ge=0)
    skipped: int = Field(default=0, ge=0)
    failed: int = Field(default=0, ge=0)
    reused: int = Field(default=0, ge=0)


class Manifest(Contract):
    """The published record of one file.

    Attributes:
        size: Bytes; null when the object was gone before it could be read.
        format: What the bytes are (`png`, `pdf`, …), whatever the name says; null when unknown.
        reason: Why the file was rejected, failed or is held, for a person; null otherwise.
        seconds: From the event's time to this record.
        reused_from: The file whose folder holds the results, when it is another one.
        asked: What a request asked for instead of what the profile says; null when nothing was.
        trace_id: Of the X-Ray trace that the file's event began; null when it was not traced.
        analysis_trace_id: Of the trace in which its analysis ran, when another event began it.
        hold: Why it is held, and what it would cost; null otherwise.
        history: Every time that the file was analyzed, this one last; the latest fifty.
    """

    schema_version: Literal["1"] = "1"
    file_id: HexId
    bucket: str
    key: str
    version_id: str | None = None
    size: int | None = Field(default=None, ge=0)
    format: str | None = None
    media_type: str | None = None
    kind: Kind | None = None
    content_sha256: Sha256 | None = None
    profile: str | None = None
    settings_hash: Sha256 | None = None
    analysis_id: HexId | None = None
    attempt: int | None = Field(default=None, ge=1)
    status: FileStatus
    reason: str | None = None
    received: Timestamp
    recorded: Timestamp
    seconds: float = Field(ge=0)
    outcomes: list[Outcome] = Field(default_factory=list)
    files: list[ResultFile] = Field(default_factory=list)
    reused_from: HexId | None = None
    asked: Asked | None = None
    trace_id: str | None = None
    analysis_trace_id: str | None = None
    hold: Hold | None = None
    history: list[Attempt] = Field(default_factory=list)
