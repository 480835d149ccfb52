"""What score_rows is given, and what it answers."""

from __future__ import annotations

from windfall.contracts.base import Contract
from windfall.contracts.scoring import ScoredPayload, TableAnalysis


class ScoreRowsTask(Contract):
    """The payloads of a table."""

    analysis: TableAnalysis
    payloads: list[int]


class ScoredRows(Contract):
    """The payloads that failed; of the others the answers lie beside them."""

    scored: list[ScoredPayload]
