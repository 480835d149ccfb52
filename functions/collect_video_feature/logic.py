"""Collects what a job found: raw pages into S3 one by one, then when each thing is seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from collect_video_feature.joining import joined
from collect_video_feature.sightings import intervals_of, sightings_of
from collect_video_feature.summaries import summary_of
from windfall.checkpoints import RESERVE, Checkpoints, TimeLeft
from windfall.clock import Clock, utc_now
from windfall.contracts.base import S3Pointer
from windfall.contracts.features import VideoFeature
from windfall.contracts.timeline import Findings, Interval, as_file
from windfall.errors import InvalidInputError, WorkContinuesError
from windfall.features import Finding, settle
from windfall.metering import video_call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from collect_video_feature.models import CollectVideoFeatureTask
    from windfall.contracts.outcome import Outcome
    from windfall.ports.storage import ObjectStore
    from windfall.ports.video_analysis import VideoAnalysis

_JSON = "application/json"

Page = dict[str, Any]


class VideoFeatureCollector:
    """Collects the results of jobs."""

    def __init__(self, analysis: VideoAnalysis, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._analysis = analysis
        self._store = store
        self._clock = clock

    def collect(self, task: CollectVideoFeatureTask, time_left: TimeLeft) -> Outcome:
        """Write the pages and the intervals, and tell how the feature ended.

        Raises:
            TransientError: Rekognition or S3 is busy, or the work goes on in the next try.
            QuotaExceededError: A limit of the account is reached.
        """
        checkpoints = Checkpoints(self._store, task.output, task.feature)
        return settle(
            task.feature, checkpoints, self._clock, lambda: _Work(self, task, time_left).find()
        )


class _Work:
    """One feature of one video."""

    def __init__(
        self, collector: VideoFeatureCollector, task: CollectVideoFeatureTask, time_left: TimeLeft
    ) -> None:
        self._analysis, self._store = collector._analysis, collector._store
        self._task = task
        self._time_left = time_left
        self._prefix = f"{task.output.prefix}{task.feature}/"

    def find(self) -> Finding:
        """All pages, then what they say together."""
        count = self._collect_pages()
        first = self._page(1)
        duration = _duration(first, self._task.seconds)
        intervals = self._intervals(count, first, duration)
        found = Findings(feature=self._task.feature, duration=duration, intervals=intervals)
        output = self._task.output
        key = f"{output.prefix}{self._task.feature}.json"
        result = self._store.write(output.bucket, key, as_file(found), _JSON)
        call = video_call(self._task.feature, (duration or 0) / 1000)
        return Finding(result, summary_of(self._task.feature, intervals), [call])

    def _intervals(self, count: int, first: Page, duration: int | None) -> list[Interval]:
        pages = self._pages(count)
        if self._task.feature is VideoFeature.SEGMENTS:
            return intervals_of(pages, duration)
        seen = sightings_of(self._task.feature, pages, _turn(first, self._task))
        return joined(seen, duration)

    def _collect_pages(self) -> int:
        """Write the pages that are not there yet; how many there are."""
        if self._task.job is None:
            raise InvalidInputError("The outcome that was there before is gone.")
        count, token = self._saved()
        begun = False
        while count == 0 or token is not None:
            # One page at least, however little time there is, so that every try gets on.
            if begun and self._time_left() < RESERVE:
                raise WorkContinuesError(f"{count} pages are there; the next try goes on.")
            try:
                page = self._analysis.page(self._task.feature, self._task.job, token)
            except InvalidInputError:
                if not count:
                    raise
                count, token = 0, None  # a token lives a day: from the beginning again
                continue
            count, begun = count + 1, True
            self._write(count, page)
            token = page.get("NextToken")
        return count

    def _saved(self) -> tuple[int, str | None]:
        """How many pages of this job an earlier try wrote, and where the next one is."""
        listed = self._store.list(self._task.output.bucket, self._prefix)
        count = sum(1 for _ in listed)
        if not count:
            return 0, None
        last = self._page(count)
        # Pages of an earlier attempt of the analysis are those of another job.
        return (0, None) if last.get("JobId") != self._task.job else (count, last.get("NextToken"))

    def _pages(self, count: int) -> Iterator[Page]:
        return (self._page(number) for number in range(1, count + 1))

    def _page(self, number: int) -> Page:
        pointer = S3Pointer(bucket=self._task.output.bucket, key=self._key(number))
        page: Page = json.loads(self._store.read(pointer))
        return page

    def _write(self, number: int, page: Page) -> None:
        body = json.dumps(page, ensure_ascii=False).encode()
        self._store.write(self._task.output.bucket, self._key(number), body, _JSON)

    def _key(self, number: int) -> str:
        return f"{self._prefix}page-{number:06}.json"


def _metadata(page: Page) -> dict[str, Any]:
    """What Rekognition says of the video; of segments there is a list of it."""
    metadata = page.get("VideoMetadata") or {}
    if isinstance(metadata, list):
        metadata = metadata[0] if metadata else {}
    return dict(metadata)


def _duration(page: Page, seconds: float | None) -> int | None:
    told = _metadata(page).get("DurationMillis")
    if told:
        return int(told)
    return None if seconds is None else round(seconds * 1000)


def _turn(page: Page, task: CollectVideoFeatureTask) -> int:
    """Degrees clockwise that boxes are to be turned by to fit the upright picture.

    Amazon does not say whether Rekognition turns a video as its file asks players to. The size of
    the frames that it saw tells, where a quarter turn changes it.
    """
    pictures = task.pictures
    width, height = (_metadata(page).get(name) for name in ("FrameWidth", "FrameHeight"))
    if not pictures.rotation % 180 or not (width and height and pictures.width and pictures.height):
        return 0
    stored_wide = pictures.width > pictures.height
    return pictures.rotation if (width > height) == stored_wide and width != height else 0
