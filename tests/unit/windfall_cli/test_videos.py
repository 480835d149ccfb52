"""How a video's findings look: in a terminal, and as a picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.console import Console, RenderableType

from windfall_cli.timeline_pictures import WIDTH, draw_timeline
from windfall_cli.videos import (
    LANE_WIDTH,
    lane,
    show_findings,
    show_segments,
    show_timeline,
    spelled,
    things_of,
)

SHOTS = [
    {"kind": "shot", "value": "shot 1", "start": 0, "end": 4_000, "confidence": 100.0},
    {"kind": "shot", "value": "shot 2", "start": 4_000, "end": 10_000, "confidence": 99.0},
]
DOG = {
    "kind": "label",
    "value": "Dog",
    "start": 1_000,
    "end": 3_000,
    "confidence": 91.0,
    "boxes": [{"time": 2_000, "left": 0.25, "top": 0.25, "width": 0.5, "height": 0.5}],
}
FACE = {
    "kind": "face",
    "value": "face",
    "start": 4_000,
    "end": 9_000,
    "confidence": 97.0,
    "details": {"age": [26, 37], "gender": "Female", "emotion": "HAPPY"},
}
SAID = {"kind": "speech", "value": "Good dog.", "start": 500, "end": 1_500, "speaker": "spk_1"}
TIMELINE = {
    "version": 1,
    "duration": 10_000,
    "intervals": [*SHOTS, SAID, DOG, FACE],
    "thumbnails": [{"time": 2_000, "name": "thumbnails/a.jpg"}],
}


def text(content: RenderableType) -> str:
    console = Console(width=100, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(content)
    return capture.get()


def test_things_are_shown_with_their_times_the_longest_first() -> None:
    shown = text(show_findings({"intervals": [DOG, FACE]}, False)).splitlines()
    assert shown[0].split("  ")[0] == "female, 26-37, happy"
    assert "5.0 s" in shown[0]
    assert "0:04.0-0:09.0" in shown[0]
    assert "Dog" in shown[1]
    assert "91 %" in shown[1]


def test_a_thing_with_many_intervals_tells_how_many_more() -> None:
    often = [{**DOG, "start": start, "end": start + 500} for start in range(0, 9_000, 1_000)]
    assert "… 6 more" in text(show_findings({"intervals": often}, False))


def test_what_does_not_fit_is_told_and_shown_on_demand() -> None:
    many = [{**DOG, "value": f"Thing {number}"} for number in range(20)]
    assert "and 8 more (--all)" in text(show_findings({"intervals": many}, False))
    assert "Thing 19" in text(show_findings({"intervals": many}, True))


def test_nothing_is_shown_as_such() -> None:
    assert text(show_findings({"intervals": []}, False)).strip() == "none"
    assert text(show_segments({"intervals": []}, False)).strip() == "none"


def test_shots_are_shown_in_order() -> None:
    shown = text(show_segments({"intervals": SHOTS}, False)).splitlines()
    assert "0:00.0 to 0:04.0" in shown[0]
    assert "0:04.0 to 0:10.0" in shown[1]


def test_a_timeline_has_lanes_and_what_is_said() -> None:
    shown = text(show_timeline(TIMELINE, False))
    assert "0:10.0" in shown
    for name in ("shots", "speech", "face", "Dog"):
        assert name in shown
    shots = next(line for line in shown.splitlines() if "shots" in line)
    assert (shots.count("█"), shots.count("▒")) == (24, 36)
    said = next(line for line in shown.splitlines() if "Good dog." in line)
    assert "0:00.5" in said
    assert "spk_1" in said


def test_terms_of_a_file_do_not_reach_the_terminal_as_commands() -> None:
    nasty = {**DOG, "value": "[red]Dog[/]\x1b[2J"}
    assert "\x1b" not in text(show_findings({"intervals": [nasty]}, False))
    assert "[red]Dog" in text(show_timeline({**TIMELINE, "intervals": [nasty]}, False))


spans = st.tuples(st.integers(0, 12_000), st.integers(1, 12_000))


@given(st.lists(spans, max_size=8), st.integers(1, 10_000))
def test_a_lane_is_as_wide_as_any_and_shows_every_interval(
    found: list[tuple[int, int]], duration: int
) -> None:
    drawn = lane([{"start": start, "end": start + length} for start, length in found], duration)
    assert len(drawn) == LANE_WIDTH
    assert ("█" in drawn) == bool(found)


def test_things_are_counted_over_their_intervals() -> None:
    (dog,) = things_of([DOG, {**DOG, "start": 5_000, "end": 6_000, "confidence": None}])
    assert (dog.seconds, dog.confidence) == (3.0, 91.0)


@pytest.mark.parametrize(("time", "words"), [(0, "0:00.0"), (3_723_500, "1:02:03.5")])
def test_times_are_written_as_players_do(time: int, words: str) -> None:
    assert spelled(time) == words


def jpeg() -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (480, 270), "#204060").save(body, "JPEG")
    return body.getvalue()


def drawn(timeline: dict[str, Any], **thumbnails: bytes) -> Any:
    named = {f"thumbnails/{name}.jpg": body for name, body in thumbnails.items()}
    return np.asarray(Image.open(io.BytesIO(draw_timeline(timeline, named))))


def test_the_picture_has_the_shots_with_boxes_and_the_lanes() -> None:
    picture = drawn(TIMELINE, a=jpeg())
    assert picture.shape[1] == WIDTH
    pixels = picture.reshape(-1, 3)
    for colour in ("204060", "0072B2", "56B4E9", "E69F00", "D55E00"):
        wanted = np.array([int(colour[place : place + 2], 16) for place in (0, 2, 4)])
        assert (np.abs(pixels.astype(int) - wanted).max(axis=1) < 12).any(), colour


def test_a_box_that_was_seen_long_before_is_not_drawn() -> None:
    late = {**DOG, "end": 9_000}
    thumbnails = [{"time": 8_000, "name": "thumbnails/a.jpg"}]
    seen = drawn({**TIMELINE, "intervals": [DOG]}, a=jpeg())
    gone = drawn({**TIMELINE, "intervals": [late], "thumbnails": thumbnails}, a=jpeg())
    top = slice(0, 190)
    assert len(np.unique(gone[top].reshape(-1, 3), axis=0)) < len(
        np.unique(seen[top].reshape(-1, 3), axis=0)
    )


def test_a_video_without_thumbnails_has_its_lanes() -> None:
    assert drawn(TIMELINE).shape[1] == WIDTH
