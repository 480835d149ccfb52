"""The input of the machines, one for each kind of file, and of their tasks."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from windfall.contracts.audio import AudioPlan, MediaFacts
from windfall.contracts.base import Contract
from windfall.contracts.features import PlannedFeature, PlannedTextFeature
from windfall.contracts.languages import LanguagePlan
from windfall.contracts.subject import AnalysisSubject
from windfall.contracts.table import TableLayout, TablePlan
from windfall.contracts.training import TrainProfile
from windfall.contracts.video import VideoPlan


class TextPlan(Contract):
    """What to do with the text of a file, or with the text found in an image."""

    features: list[PlannedTextFeature] = Field(default_factory=list)
    languages: list[LanguagePlan] = Field(default_factory=list)


class AnalysisInput(AnalysisSubject):
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

    model_config = ConfigDict(extra="forbid")

    features: list[PlannedFeature] = Field(default_factory=list)
    text: TextPlan | None = None
    audio: AudioPlan | None = None
    video: VideoPlan | None = None
    media: MediaFacts | None = None
    table: TablePlan | None = None
    layout: TableLayout | None = None
    training: TrainProfile | None = None
    nested: bool = False
