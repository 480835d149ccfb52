"""Puts everything that was seen and heard in a video on one line of time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from merge_timeline.merging import merged
from windfall.captions.cues import Cue, CueList
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.base import S3Pointer
from windfall.contracts.features import VideoFeature
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.contracts.timeline import Findings, Thumbnail, Thumbnails, as_file
from windfall.errors import UnsupportedError
from windfall.features import Finding, settle

if TYPE_CHECKING:
    from merge_timeline.models import MergeTimelineTask
    from windfall.ports.storage import ObjectStore

TIMELINE = "timeline.json"
_CUES, _THUMBNAILS = "cues.json", "thumbnails.json"
"""What write_captions and extract_thumbnails leave beside their results."""


class TimelineMerger:
    """Merges timelines."""

    def __init__(self, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def merge(self, task: MergeTimelineTask) -> Outcome:
        """Write `timeline.json` out of the features that were found.

        Raises:
            TransientError: S3 is busy.
        """
        checkpoints = Checkpoints(self._store, task.output, "timeline")
        return settle("timeline", checkpoints, self._clock, lambda: self._find(task), anew=True)

    def _find(self, task: MergeTimelineTask) -> Finding:
        ok = {one.feature: one for one in task.outcomes if one.status is OutcomeStatus.OK}
        findings = self._findings(ok)
        cues = self._cues(task) if "transcript" in ok else []
        if not findings and not cues:
            raise UnsupportedError("Nothing was found that has a time.")
        thumbnails = self._thumbnails(task) if "thumbnails" in ok else []
        timeline = merged(findings, cues, thumbnails, task.media)
        output = task.output
        key = output.prefix + TIMELINE
        result = self._store.write(output.bucket, key, as_file(timeline), "application/json")
        kinds = Counter(one.kind for one in timeline.intervals)
        return Finding(result, {"seconds": timeline.duration / 1000, "intervals": dict(kinds)})

    def _findings(self, ok: dict[str, Outcome]) -> list[Findings]:
        pointers = [
            outcome.result
            for feature in VideoFeature
            if (outcome := ok.get(feature)) is not None and outcome.result is not None
        ]
        bodies = self._store.read_many(pointers)
        return [Findings.model_validate_json(body) for body in bodies]

    def _cues(self, task: MergeTimelineTask) -> list[Cue]:
        return CueList.model_validate_json(self._read(task, _CUES)).cues

    def _thumbnails(self, task: MergeTimelineTask) -> list[Thumbnail]:
        return Thumbnails.model_validate_json(self._read(task, _THUMBNAILS)).thumbnails

    def _read(self, task: MergeTimelineTask, name: str) -> bytes:
        output = task.output
        return self._store.read(S3Pointer(bucket=output.bucket, key=output.prefix + name))
