"""What the functions that read a dataset are told of it."""

from __future__ import annotations

from windfall.contracts.subject import AnalysisSubject
from windfall.contracts.table import TableLayout
from windfall.contracts.training import TrainProfile


class DatasetAnalysis(AnalysisSubject):
    """An `AnalysisInput`, as far as reading its table needs it."""

    layout: TableLayout | None = None
    training: TrainProfile | None = None
