"""Ending an analysis with every file that is attached to it, and taking it up again.

An execution that broke off can be redriven for two weeks: it keeps its name and goes on where it
stood. What `record_failure` had ended then runs again, unless somebody has asked for the files
meanwhile: a newer attempt stays. The row counts the redrives that are known, so that the word of an
end that lies before the last of them, however late it comes, ends nothing.
"""

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


def reopen_analysis(
    index: InsightsIndex, analysis_id: str, attempt: int, redrives: int
) -> int | None:
    """Let an attempt run again whose execution was redriven; its failed files wait for it again.

    Whoever hears of a redrive first does so: Step Functions' word that it runs may be lost or late.
    The same again is harmless, and ends what a crash has left.

    Args:
        index: Where it stands.
        analysis_id: The analysis.
        attempt: The execution's.
        redrives: How often it was redriven; with 0 nothing is done.

    Returns:
        How many files were attached; None when it has moved on, or ended after that redrive.

    Raises:
        TransientError: Somebody else changes the analysis at this moment; try again.
    """
    seen = index.analysis(analysis_id) if redrives else None
    if seen is None or seen.attempt != attempt or seen.state is AnalysisState.RECORDED:
        return None
    if seen.redrives < redrives:
        try:
            index.reopen(seen, redrives)
        except ConflictError as error:
            raise TransientError("The analysis changes at this moment; try again.") from error
    elif seen.redrives > redrives or seen.state is AnalysisState.FAILED:
        return None
    attachments = index.attachments(analysis_id, attempt)
    for attachment in attachments:
        index.wait_again(attachment)
    return len(attachments)
