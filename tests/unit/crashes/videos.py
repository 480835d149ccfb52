"""Functions on videos, killed at each step."""

from __future__ import annotations

from tests.fakes.films import film
from tests.unit.collect_video_feature.test_collecting import Stage as CollectingStage
from tests.unit.crashes.dying import Scenario
from tests.unit.detect_video_feature.test_detection import Stage as DetectingStage
from tests.unit.detect_video_feature.test_detection import task as video_task
from tests.unit.extract_thumbnails.test_thumbnails import SCENES, shots
from tests.unit.extract_thumbnails.test_thumbnails import Stage as ExtractingStage
from tests.unit.merge_timeline.test_merging import Stage as MergingStage


def detect_video_feature() -> Scenario:
    """A job that the same request finds again, and a slot."""
    stage = DetectingStage(slots=1)
    return Scenario(
        run=lambda _: stage.detector.begin(video_task()),
        world=[stage.table, stage.tokens, stage.store, stage.analysis, stage.leases],
        paid=lambda: list(stage.analysis.requests),
        seen=lambda: (
            stage.table.rows,
            stage.table.due,
            [lease.holder for lease in stage.leases.look("rekognition").leases],
        ),
    )


def collect_video_feature() -> Scenario:
    """Pages of an answer, each of which is kept."""
    stage = CollectingStage()
    return Scenario(run=lambda _: stage.collect(), world=[stage.store, stage.analysis])


def extract_thumbnails() -> Scenario:
    """A picture of each shot."""
    stage = ExtractingStage(film(SCENES), shots((0, 2_000), (2_000, 3_000)))
    return Scenario(
        run=lambda _: stage.extract(),
        world=[stage.store],
        unwatched=frozenset({"read_range"}),
    )


def merge_timeline() -> Scenario:
    """Everything on one line."""
    stage = MergingStage()
    return Scenario(run=lambda _: stage.merger.merge(stage.task), world=[stage.store])


SCENARIOS = {
    "detect_video_feature": [detect_video_feature],
    "collect_video_feature": [collect_video_feature],
    "extract_thumbnails": [extract_thumbnails],
    "merge_timeline": [merge_timeline],
}
