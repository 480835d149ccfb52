"""What an analysis is of: all that those read who record it and do not carry it out."""

from __future__ import annotations

from enum import StrEnum

from pydantic import ConfigDict, Field

from windfall.contracts.base import Contract, HexId, OutputLocation, S3Pointer, Sha256, Timestamp


class Kind(StrEnum):
    """What a file is, and so which machine takes it.

    A dataset is a table that a model is to learn from.
    """

    IMAGE = "image"
    TEXT = "text"
    AUDIO = "audio"
    TABLE = "table"
    DATASET = "dataset"
    VIDEO = "video"


class Why(StrEnum):
    """Why a file was analyzed.

    dropped: it appeared in the inbox; requested: somebody asked for it on the bus;
    settings_changed: somebody asked, and other settings hold than before; rerun: somebody asked for
    what failed or was skipped; forced: somebody asked for everything anew.
    """

    DROPPED = "dropped"
    REQUESTED = "requested"
    SETTINGS_CHANGED = "settings_changed"
    RERUN = "rerun"
    FORCED = "forced"


class Asked(Contract):
    """What a request asked for instead of what the profile says; null where it says nothing."""

    profile: str | None = None
    features: list[str] | None = None
    targets: list[str] | None = None


class FileIdentity(Contract):
    """The dropped file: where it lies and what its bytes are."""

    file_id: HexId
    bucket: str
    key: str
    version_id: str | None = None
    size: int = Field(ge=0)
    format: str
    media_type: str
    content_sha256: Sha256


class SkippedFeature(Contract):
    """A feature that admission knows can't be found in the file, and why."""

    feature: str
    reason: str


class AnalysisSubject(Contract):
    """The part of an `AnalysisInput` that is the same for every kind; its plans are left out.

    Attributes:
        attempt: Grows when the analysis is started again after it failed.
        source: The file itself, or its converted working copy.
        skipped: What can't be found in this file; the record tells of it.
        reused: Features that were finished when the attempt began; nothing is paid for them.
        revision: Of the file that began the attempt; other files may attach to it.
        reserved: US dollars that are set aside of its profile's budget until the costs are known;
            null where there is no budget for a day or month.
        forced: Everything is to be paid for anew.
        trace_id: Of the X-Ray trace of the file that began the attempt; null when it has none.
    """

    model_config = ConfigDict(extra="ignore")

    analysis_id: HexId
    attempt: int = Field(ge=1)
    kind: Kind
    profile: str
    received: Timestamp
    file: FileIdentity
    source: S3Pointer
    output: OutputLocation
    skipped: list[SkippedFeature] = Field(default_factory=list)
    reused: list[str] = Field(default_factory=list)
    revision: int = Field(default=1, ge=1)
    reserved: float | None = Field(default=None, ge=0)
    forced: bool = False
    trace_id: str | None = None
