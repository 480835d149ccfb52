"""One thing is one track, from sample to sample."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from windfall_local.engines.video.tracks import Mark, Tracker, same_people
from windfall_local.engines.vision.results import Box


def mark(x: float, y: float = 0.4, kind: str = "person", **more: Any) -> Mark:
    return Mark(kind, Box(x, y, 0.1, 0.2), **more)


def described(degrees: float) -> Any:
    """Descriptors whose cosine is the cosine of the angle between them."""
    return np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


def test_things_keep_their_numbers_while_they_pass_each_other() -> None:
    tracker = Tracker(gap=1)
    seen = [tracker.place(n, [mark(0.1 + 0.15 * n), mark(0.6 - 0.15 * n)]) for n in range(5)]
    assert seen == [[0, 1]] * 5


def test_two_that_come_in_another_order_are_not_exchanged() -> None:
    tracker = Tracker(gap=1)
    assert tracker.place(0, [mark(0.1), mark(0.7)]) == [0, 1]
    assert tracker.place(1, [mark(0.71), mark(0.11)]) == [1, 0]


def test_a_thing_that_was_missed_once_goes_on_and_one_that_left_does_not() -> None:
    tracker = Tracker(gap=1)
    assert tracker.place(0, [mark(0.1)]) == [0]
    assert tracker.place(1, []) == []
    assert tracker.place(2, [mark(0.1)]) == [0]
    assert tracker.place(5, [mark(0.1)]) == [1]


@pytest.mark.parametrize(
    "other",
    [
        mark(0.1, kind="dog"),
        mark(0.8),
        Mark("person", Box(0.1, 0.1, 0.6, 0.9)),
    ],
    ids=["another kind", "another place", "another size"],
)
def test_what_is_another_thing_begins_a_track(other: Mark) -> None:
    tracker = Tracker(gap=1)
    tracker.place(0, [mark(0.1)])
    assert tracker.place(1, [other]) == [1]


def test_a_face_is_known_again_where_it_was_not_expected() -> None:
    tracker = Tracker(gap=1)
    tracker.place(0, [mark(0.1, descriptor=described(0))])
    assert tracker.place(1, [mark(0.8, descriptor=described(20))]) == [0]


def test_another_face_in_the_same_place_is_another_track() -> None:
    tracker = Tracker(gap=1)
    tracker.place(0, [mark(0.1, descriptor=described(0))])
    assert tracker.place(1, [mark(0.1, descriptor=described(80))]) == [1]


def test_of_two_candidates_the_nearer_goes_on() -> None:
    tracker = Tracker(gap=1)
    tracker.place(0, [mark(0.3)])
    assert tracker.place(1, [mark(0.4), mark(0.31)]) == [1, 0]


def test_tracks_of_one_face_are_one_person_unless_they_are_seen_at_once() -> None:
    tracks = [described(0) * 4, described(80), described(10), described(3), described(84)]
    times = [(0, 3), (0, 3), (2, 5), (8, 9), (6, 9)]
    assert same_people(tracks, times) == [0, 1, 2, 0, 1]


def test_nobody_is_nobody() -> None:
    assert same_people([], []) == []
