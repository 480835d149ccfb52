"""The input of the machines, one for each kind of file, and of their tasks."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from windfall.contracts.audio import AudioPlan, MediaFacts
from windfall.contracts.base import Contract, HexId, OutputLocation, S3Pointer, Sha256, Timestamp
from windfall.contracts.features import PlannedFeature, PlannedTextFeature
from windfall.contracts.languages import LanguagePlan
from windfall.contracts.outcome import Outcome
from windfall.contracts.table import TableLayout, TablePlan
from windfall.contracts.training import TrainProfile
from windfall.contracts.video import VideoPlan


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


class TextPlan(Contract):
    """What to do with the text of a file, or with the text found in an image."""

    features: list[PlannedTextFeature] = Field(default_factory=list)
    languages: list[LanguagePlan] = Field(default_factory=list)


class SkippedFeature(Contract):
    """A feature that admission knows can't be found in the file, and why."""

    feature: str
    reason: str


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


class AnalysisInput(Contract):
    """What a machine is started with.

    Attributes:
        attempt: Grows when the analysis is started again after it failed.
        source: The file itself, or its converted working copy.
        features: Of an image.
        text: What to do with text; null when the text of an image is not to be read on.
        audio: How to transcribe a recording, or the sound of a video; null when there is none.
        video: What to do with the pictures of a video; null for other kinds.
        media: What is known of a recording or a video; null for other kinds.
        table: How to score a table; null for other kinds, as is `layout`.
        training: What to train on a dataset; null for other kinds.
        skipped: What can't be found in this file; the record tells of it.
        nested: True when what was found in a file (a text in an image, the sound of a video) is
            analyzed inside the file's own analysis.
    """

    analysis_id: HexId
    attempt: int = Field(ge=1)
    kind: Kind
    profile: str
    received: Timestamp
    file: FileIdentity
    source: S3Pointer
    output: OutputLocation
    features: list[PlannedFeature] = Field(default_factory=list)
    text: TextPlan | None = None
    audio: AudioPlan | None = None
    video: VideoPlan | None = None
    media: MediaFacts | None = None
    table: TablePlan | None = None
    layout: TableLayout | None = None
    training: TrainProfile | None = None
    skipped: list[SkippedFeature] = Field(default_factory=list)
    nested: bool = False


class RecordRequest(Contract):
    """The input of record_insights."""

    analysis: AnalysisInput
    outcomes: list[Outcome]


class RecordResult(Contract):
    """The answer of record_insights: how many files were recorded, and how the analysis ended."""

    manifests: int
    status: Literal["analyzed", "partial"]
