"""What profile_table is given and what it answers."""

from __future__ import annotations

from windfall.contracts.base import Contract
from windfall.contracts.dataset import DatasetAnalysis
from windfall.contracts.outcome import Outcome
from windfall.contracts.training import SpecPointer


class ProfileTableTask(Contract):
    """A table that a model is to learn from."""

    analysis: DatasetAnalysis


class ProfiledTable(Contract):
    """The outcome; `training` is null when nothing can be trained."""

    outcomes: list[Outcome]
    training: SpecPointer | None = None
