"""merge_timeline: everything on one line of time, sorted, inside the video, nothing left out."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from merge_timeline.logic import TimelineMerger
from merge_timeline.merging import merged
from merge_timeline.models import MergeTimelineTask
from tests.fakes.storage import FakeObjectStore
from windfall.captions.cues import Cue, CueList
from windfall.contracts.audio import MediaFacts
from windfall.contracts.outcome import OutcomeStatus
from windfall.contracts.timeline import (
    Findings,
    Interval,
    Thumbnail,
    Thumbnails,
    Timeline,
    as_file,
)
from windfall.contracts.video import PictureFacts

EVENT = Path(__file__).parents[3] / "events/merge_timeline/everything.json"
LONGEST = 20_000

spans = st.tuples(st.integers(0, LONGEST), st.integers(1, 5_000))
kinds = st.sampled_from(["shot", "label", "face", "text", "known_face", "moderation"])


@st.composite
def findings(draw: st.DrawFn) -> Findings:
    found = draw(st.lists(st.tuples(kinds, st.sampled_from("abc"), spans), max_size=12))
    intervals = [
        Interval(kind=kind, value=value, start=start, end=start + length)
        for kind, value, (start, length) in found
    ]
    duration = draw(st.none() | st.integers(1, LONGEST))
    return Findings(feature="labels", duration=duration, intervals=intervals)


cues = st.lists(
    st.builds(lambda span: Cue(start=span[0], end=span[0] + span[1], text="said"), spans),
    max_size=8,
)
medias = st.builds(
    MediaFacts,
    seconds=st.none() | st.floats(0, LONGEST / 1000),
    wait_seconds=st.just(60),
    pictures=st.none() | st.just(PictureFacts(width=1920, height=1080, rotation=90)),
)


@given(st.lists(findings(), max_size=4), cues, medias)
def test_intervals_are_sorted_inside_the_video_and_none_is_lost(
    found: list[Findings], said: list[Cue], media: MediaFacts
) -> None:
    timeline = merged(found, said, [], media)
    order = [(one.start, one.end, one.kind, one.value) for one in timeline.intervals]
    assert order == sorted(order)
    assert all(0 <= one.start < one.end for one in timeline.intervals)
    if timeline.duration:
        assert all(one.end <= timeline.duration for one in timeline.intervals)
    expected = Counter((one.kind, one.value) for each in found for one in each.intervals)
    expected["speech", "said"] += len(said)
    assert Counter((one.kind, one.value) for one in timeline.intervals) == +expected


@given(st.lists(findings(), max_size=3), cues, medias)
def test_what_lies_inside_stays_as_it_is(
    found: list[Findings], said: list[Cue], media: MediaFacts
) -> None:
    timeline = merged(found, said, [], media)
    inside = [one for each in found for one in each.intervals if one.end <= timeline.duration]
    for one in inside:
        assert one in timeline.intervals


def test_a_video_that_is_turned_is_told_upright() -> None:
    pictures = PictureFacts(width=1920, height=1080, rotation=270, frame_rate=30, variable=True)
    media = MediaFacts(seconds=2, wait_seconds=60, pictures=pictures)
    timeline = merged([], [Cue(start=0, end=900, text="Hello.", speaker="spk_1")], [], media)
    assert (timeline.width, timeline.height) == (1080, 1920)
    assert (timeline.duration, timeline.frame_rate, timeline.variable_rate) == (2_000, 30, True)
    (speech,) = timeline.intervals
    assert (speech.kind, speech.value, speech.speaker) == ("speech", "Hello.", "spk_1")


class Stage:
    """The function over a store in memory, with what the example's features found."""

    def __init__(self) -> None:
        self.store = FakeObjectStore()
        self.task = MergeTimelineTask.model_validate_json(EVENT.read_text())
        self.write("labels.json", as_file(self.found("label", "Dog", 0, 4_000)))
        self.write("segments.json", as_file(self.found("shot", "shot 1", 0, 61_400)))
        cue = Cue(start=1_000, end=2_000, text="Good dog.", speaker="spk_0")
        self.write("cues.json", CueList(language="en", cues=[cue]).model_dump_json().encode())
        kept = Thumbnails(thumbnails=[Thumbnail(time=30_700, name="thumbnails/a.jpg")])
        self.write("thumbnails.json", kept.model_dump_json().encode())
        self.merger = TimelineMerger(self.store)

    @staticmethod
    def found(kind: str, value: str, start: int, end: int) -> Findings:
        interval = Interval.model_validate(
            {"kind": kind, "value": value, "start": start, "end": end, "confidence": 90}
        )
        return Findings(feature=kind, duration=61_400, intervals=[interval])

    def write(self, name: str, body: bytes) -> None:
        output = self.task.output
        self.store.drop(output.bucket, output.prefix + name, body)
        for outcome in self.task.outcomes:
            if outcome.result is not None and outcome.result.key.endswith(name):
                pointer = outcome.result.model_copy(update={"version_id": None})
                place = self.task.outcomes.index(outcome)
                self.task.outcomes[place] = outcome.model_copy(update={"result": pointer})

    def timeline(self, task: MergeTimelineTask | None = None) -> Timeline:
        outcome = self.merger.merge(task or self.task)
        assert outcome.status is OutcomeStatus.OK, outcome.reason
        assert outcome.result is not None
        return Timeline.model_validate_json(self.store.read(outcome.result))


def test_all_that_was_found_is_in_the_file() -> None:
    stage = Stage()
    timeline = stage.timeline()
    assert [one.value for one in timeline.intervals] == ["Dog", "shot 1", "Good dog."]
    assert [one.name for one in timeline.thumbnails] == ["thumbnails/a.jpg"]
    summary = stage.merger.merge(stage.task).summary
    assert summary == {"seconds": 61.4, "intervals": {"label": 1, "shot": 1, "speech": 1}}


def test_what_failed_is_left_out_and_a_later_attempt_adds_it() -> None:
    stage = Stage()
    outcomes = [
        one.model_copy(update={"status": OutcomeStatus.FAILED, "result": None})
        if one.feature == "labels"
        else one
        for one in stage.task.outcomes
    ]
    first = stage.timeline(stage.task.model_copy(update={"outcomes": outcomes}))
    assert [one.kind for one in first.intervals] == ["shot", "speech"]
    assert [one.kind for one in stage.timeline().intervals] == ["label", "shot", "speech"]


def test_a_video_of_which_nothing_was_found_has_no_timeline() -> None:
    stage = Stage()
    outcome = stage.merger.merge(stage.task.model_copy(update={"outcomes": []}))
    assert outcome.status is OutcomeStatus.SKIPPED
    assert outcome.reason == "Nothing was found that has a time."


def test_the_file_does_not_mention_what_an_interval_does_not_have() -> None:
    body = as_file(Stage.found("label", "Dog", 0, 1))
    assert json.loads(body) == {
        "version": 1,
        "feature": "label",
        "duration": 61_400,
        "intervals": [{"kind": "label", "value": "Dog", "start": 0, "end": 1, "confidence": 90}],
    }
