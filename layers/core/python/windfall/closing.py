"""Ending an analysis with every file that is attached to it, whenever it attached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from windfall.errors import ConflictError, TransientError
from windfall.ports.insights import AnalysisState, Attachment, InsightsIndex

if TYPE_CHECKING:
    from windfall.contracts.outcome import Outcome

_TRIES = 20
"""Each lost try had one more file attached, and equal files rarely come in such crowds at once."""


def close_analysis(
    index: InsightsIndex,
    analysis_id: str,
    attempt: int,
    *,
    state: AnalysisState,
    outcomes: Sequence[Outcome],
    end_file: Callable[[Attachment], object],
) -> int:
    """End every attached file, then the attempt; the answer says how many files there were.

    A file that attaches meanwhile makes the closing fail and is ended in the next round; one that
    comes later finds the attempt closed.

    Raises:
        TransientError: Files attach faster than they can be ended; try again.
    """
    ended: set[tuple[str, int]] = set()
    for _ in range(_TRIES):
        attachments = index.attachments(analysis_id, attempt)
        for attachment in attachments:
            identity = (attachment.file.file_id, attachment.revision)
            if identity not in ended:
                end_file(attachment)
                ended.add(identity)
        try:
            index.close(analysis_id, attempt, len(attachments), state, outcomes)
        except ConflictError:
            row = index.analysis(analysis_id)
            if row is None or row.attempt != attempt or row.state is not AnalysisState.RUNNING:
                return len(ended)
        else:
            return len(ended)
    raise TransientError("Files attach to the analysis faster than they can be recorded.")
