"""collect_video_feature: raw pages into S3 one by one, and what they say together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collect_video_feature.logic import VideoFeatureCollector
from collect_video_feature.models import CollectVideoFeatureTask
from tests.fakes.hooks import CrashAfter, CrashError
from tests.fakes.storage import FakeObjectStore
from tests.fakes.video_analysis import METADATA, FakeVideoAnalysis
from windfall.contracts.base import S3Pointer
from windfall.contracts.features import VideoFeature
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.contracts.timeline import Findings
from windfall.contracts.video import PictureFacts
from windfall.errors import WorkContinuesError

EVENT = Path(__file__).parents[3] / "events/collect_video_feature/labels.json"
PREFIX = "results/5f0c1d2e3a4b5c6d7e8f90112233445566778899/"
BOX = {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}
PLENTY = 900_000


def label(time: int, name: str, confidence: float = 90.0) -> dict[str, Any]:
    found = {
        "Name": name,
        "Confidence": confidence,
        "Parents": [{"Name": "Animal"}],
        "Aliases": [],
        "Instances": [{"BoundingBox": BOX, "Confidence": confidence}],
    }
    return {"Timestamp": time, "Label": found}


PAGES = [
    {"Labels": [label(0, "Dog"), label(500, "Dog")]},
    {"Labels": [label(1_000, "Dog", 95.0), label(1_000, "Cat")]},
    {"Labels": [label(4_000, "Dog")]},
]


class Stage:
    """The function in memory."""

    def __init__(self, *pages: dict[str, Any], feature: VideoFeature = VideoFeature.LABELS) -> None:
        self.store, self.analysis = FakeObjectStore(), FakeVideoAnalysis(pages or PAGES)
        self.task = CollectVideoFeatureTask.model_validate_json(EVENT.read_text()).model_copy(
            update={"feature": feature, "pictures": PictureFacts()}
        )
        self.collector = VideoFeatureCollector(self.analysis, self.store)

    def collect(self, left: int = PLENTY) -> Outcome:
        return self.collector.collect(self.task, lambda: left)

    def findings(self) -> Findings:
        outcome = self.collect()
        assert outcome.status is OutcomeStatus.OK, outcome.reason
        assert outcome.result is not None
        return Findings.model_validate_json(self.store.read(outcome.result))

    def names(self) -> list[str]:
        keys = self.store.list("windfall-results", PREFIX)
        return [key.removeprefix(PREFIX) for key in keys]

    def turn(self, width: int, height: int) -> None:
        frame = {"FrameWidth": width, "FrameHeight": height}
        for page in self.analysis.pages:
            page["VideoMetadata"] = {**METADATA, **frame}


def test_each_page_lies_in_s3_as_it_came() -> None:
    stage = Stage()
    stage.collect()
    pages = [name for name in stage.names() if name.startswith("labels/")]
    assert pages == [f"labels/page-{number:06}.json" for number in (1, 2, 3)]
    key = PREFIX + pages[1]
    page = json.loads(stage.store.read(S3Pointer(bucket="windfall-results", key=key)))
    assert page["Labels"] == PAGES[1]["Labels"]
    assert page["NextToken"] == "2"


def test_labels_become_intervals_over_the_pages() -> None:
    found = Stage().findings()
    assert (found.feature, found.duration) == ("labels", 10_000)
    assert [(one.value, one.start, one.end, one.confidence) for one in found.intervals] == [
        ("Dog", 0, 1_500, 95.0),
        ("Cat", 1_000, 1_500, 90.0),
        ("Dog", 4_000, 4_500, 90.0),
    ]
    first = found.intervals[0]
    assert first.details == {"parents": ["Animal"]}
    assert (first.boxes[0].left, first.boxes[0].height) == (0.1, 0.4)


def test_the_outcome_says_in_brief_what_was_found_and_what_it_cost() -> None:
    outcome = Stage().collect()
    assert outcome.summary["count"] == 2
    assert outcome.summary["longest"][0] == {"name": "Dog", "seconds": 2.0, "confidence": 95.0}
    (call,) = outcome.calls
    assert (call.operation, call.count, call.units) == ("StartLabelDetection", 1, 10.0)


@pytest.mark.parametrize("operations", range(1, 7))
def test_a_crash_costs_no_page_twice(operations: int) -> None:
    stage = Stage()
    whole = Stage().findings()
    stage.store.hook = CrashAfter(operations)
    for _ in range(2):
        try:
            stage.collect()
        except CrashError:
            continue
    assert stage.findings() == whole
    assert len(stage.analysis.asked) == 3


def test_pages_are_collected_in_several_invocations() -> None:
    stage = Stage()
    tries = 0
    while True:
        tries += 1
        try:
            outcome = stage.collect(left=10_000)
        except WorkContinuesError:
            continue
        break
    assert tries == 3
    assert outcome.status is OutcomeStatus.OK
    assert stage.analysis.asked == [None, "1", "2"]


def test_a_token_that_is_too_old_begins_anew() -> None:
    stage = Stage()
    with pytest.raises(WorkContinuesError):
        stage.collect(left=10_000)
    stage.analysis.forgotten_tokens = {"1"}
    stage.analysis.asked.clear()
    with pytest.raises(WorkContinuesError):
        stage.collect(left=10_000)
    assert stage.analysis.asked == ["1", None]
    stage.analysis.forgotten_tokens = set()
    assert stage.collect().status is OutcomeStatus.OK


def test_pages_of_an_earlier_attempt_are_not_taken_for_this_ones() -> None:
    stage = Stage()
    with pytest.raises(WorkContinuesError):
        stage.collect(left=10_000)
    stage.task = stage.task.model_copy(update={"job": "ANOTHER"})
    stage.analysis.asked.clear()
    stage.collect()
    assert stage.analysis.asked == [None, "1", "2"]


def test_a_feature_that_was_finished_needs_no_job() -> None:
    stage = Stage()
    first = stage.collect()
    stage.task = stage.task.model_copy(update={"job": None})
    assert stage.collect() == first


def test_segments_are_told_as_they_come_and_last_to_the_end_of_their_last_frame() -> None:
    shot = {"Index": 1, "Confidence": 88.0}
    found = Stage(
        {
            "Segments": [
                {
                    "Type": "SHOT",
                    "StartTimestampMillis": 4_000,
                    "EndTimestampMillis": 9_960,
                    "ShotSegment": shot,
                },
                {
                    "Type": "TECHNICAL_CUE",
                    "StartTimestampMillis": 9_960,
                    "EndTimestampMillis": 9_999,
                    "TechnicalCueSegment": {"Type": "BlackFrames", "Confidence": 99.0},
                },
            ]
        },
        feature=VideoFeature.SEGMENTS,
    ).findings()
    assert [(one.kind, one.value, one.start, one.end) for one in found.intervals] == [
        ("shot", "shot 2", 4_000, 10_000),
        ("technical_cue", "BlackFrames", 9_960, 10_000),
    ]


def test_both_types_of_segments_are_paid_for() -> None:
    (call,) = Stage({"Segments": []}, feature=VideoFeature.SEGMENTS).collect().calls
    assert (call.operation, call.units) == ("StartSegmentDetection", 20.0)


FACE = {
    "BoundingBox": BOX,
    "Confidence": 97.0,
    "AgeRange": {"Low": 20, "High": 30},
    "Gender": {"Value": "Female", "Confidence": 99.0},
    "Emotions": [{"Type": "CALM", "Confidence": 10.0}, {"Type": "HAPPY", "Confidence": 80.0}],
}
TEXT = {
    "DetectedText": "  No   Exit ",
    "Type": "LINE",
    "Confidence": 91.0,
    "Geometry": {"BoundingBox": BOX},
}
OTHERS: dict[VideoFeature, tuple[dict[str, Any], str, dict[str, Any]]] = {
    VideoFeature.FACES: (
        {"Faces": [{"Timestamp": 0, "Face": FACE}]},
        "face",
        {"age": [20, 30], "gender": "Female", "emotion": "HAPPY"},
    ),
    VideoFeature.TEXT: (
        {
            "TextDetections": [
                {"Timestamp": 0, "TextDetection": TEXT},
                {"Timestamp": 0, "TextDetection": {**TEXT, "Type": "WORD"}},
            ]
        },
        "No Exit",
        {},
    ),
    VideoFeature.CELEBRITIES: (
        {
            "Celebrities": [
                {
                    "Timestamp": 0,
                    "Celebrity": {
                        "Name": "Ada",
                        "Id": "1a",
                        "Confidence": 99.0,
                        "Face": {"BoundingBox": BOX},
                    },
                }
            ]
        },
        "Ada",
        {"id": "1a"},
    ),
    VideoFeature.KNOWN_FACES: (
        {
            "Persons": [
                {"Timestamp": 0, "Person": {"Index": 0}, "FaceMatches": []},
                {
                    "Timestamp": 0,
                    "Person": {"Index": 1, "Face": {"BoundingBox": BOX}},
                    "FaceMatches": [
                        {"Similarity": 84.0, "Face": {"FaceId": "f", "ExternalImageId": "Bob"}},
                        {"Similarity": 97.0, "Face": {"FaceId": "g", "ExternalImageId": "Ada"}},
                    ],
                },
            ]
        },
        "Ada",
        {},
    ),
    VideoFeature.MODERATION: (
        {
            "ModerationLabels": [
                {
                    "Timestamp": 0,
                    "ModerationLabel": {
                        "Name": "Weapons",
                        "ParentName": "Violence",
                        "Confidence": 80.0,
                    },
                }
            ]
        },
        "Weapons",
        {"parents": ["Violence"]},
    ),
}


@pytest.mark.parametrize("feature", OTHERS)
def test_every_other_feature_is_read(feature: VideoFeature) -> None:
    page, value, details = OTHERS[feature]
    stage = Stage(page, feature=feature)
    (interval,) = stage.findings().intervals
    assert (interval.value, interval.details) == (value, details)
    assert interval.confidence
    assert stage.collect().summary


@pytest.mark.parametrize(
    ("width", "height", "left"),
    [(1920, 1080, 0.4), (1080, 1920, 0.1), (500, 500, 0.1)],
    ids=["as it is stored", "as it is shown", "nobody knows"],
)
def test_boxes_fit_the_upright_picture_whichever_way_rekognition_saw_it(
    width: int, height: int, left: float
) -> None:
    stage = Stage({"Faces": [{"Timestamp": 0, "Face": FACE}]}, feature=VideoFeature.FACES)
    pictures = PictureFacts(width=1920, height=1080, rotation=90)
    stage.task = stage.task.model_copy(update={"pictures": pictures})
    stage.turn(width, height)
    (interval,) = stage.findings().intervals
    assert interval.boxes[0].left == pytest.approx(left)


def test_a_crowd_fits_into_the_state() -> None:
    page = {"Labels": [label(time, f"Thing {time}" * 20) for time in range(0, 900_000, 500)]}
    assert len(Stage(page).collect().model_dump_json()) < 4_000
