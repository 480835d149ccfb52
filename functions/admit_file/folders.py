"""Where the results of an attempt go, so that none of another analysis passes for one of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from windfall import keys
from windfall.contracts.base import OutputLocation
from windfall.ports.insights import AnalysisState

if TYPE_CHECKING:
    from windfall.ports.insights import AnalysisRow
    from windfall.ports.storage import ObjectStore


class Folders(NamedTuple):
    """The folders of results.

    Attributes:
        bucket: The results bucket.
    """

    store: ObjectStore
    bucket: str

    def of_attempt(
        self,
        file_id: str,
        analysis_id: str,
        previous: AnalysisRow | None,
        *,
        anew: bool,
        is_first: bool,
    ) -> OutputLocation:
        """The folder of the attempt after the previous one.

        Args:
            file_id: The file that begins it.
            analysis_id: What it is an attempt at.
            previous: The attempt before; its folder is used on if all is there still.
            anew: Nothing that is there may be used.
            is_first: The file had no other analysis, and nothing is taken over from any.
        """
        if anew:
            return self._new(file_id, analysis_id, 1 if previous is None else previous.attempt + 1)
        if previous is None:
            own, other = keys.results_prefix(file_id), keys.reanalysis_prefix(file_id, analysis_id)
            return self._at(own if is_first else other)
        if previous.state is AnalysisState.FAILED or self.is_whole(previous):
            return previous.subject.output
        return self._new(file_id, analysis_id, previous.attempt + 1)

    def is_whole(self, analysis: AnalysisRow) -> bool:
        """Whether the results of a recorded analysis still lie where its outcomes say."""
        promised = {
            outcome.result.key
            for outcome in analysis.outcomes or []
            if outcome.result is not None and outcome.result.bucket == self.bucket
        }
        output = analysis.subject.output
        missing = promised - set(self.store.list(output.bucket, output.prefix))
        # What outlives an analysis, such as a model, lies elsewhere in the bucket.
        return all(key in self.store.list(output.bucket, key) for key in missing)

    def _new(self, file_id: str, analysis_id: str, number: int) -> OutputLocation:
        """A folder in which nothing lies."""
        while True:
            output = self._at(keys.reanalysis_prefix(file_id, analysis_id, number))
            if not any(self.store.list(self.bucket, output.prefix)):
                return output
            number += 1

    def _at(self, prefix: str) -> OutputLocation:
        return OutputLocation(bucket=self.bucket, prefix=prefix)
