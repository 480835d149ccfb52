"""What split_table is given and what it answers."""

from __future__ import annotations

from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import Contract
from windfall.contracts.training import SpecPointer


class SplitTableTask(Contract):
    """A table that was profiled."""

    analysis: AnalysisInput
    training: SpecPointer
