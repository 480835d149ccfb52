"""Sightings become intervals: sorted, inside the video, each sighting in one of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect_video_feature.joining import joined
from collect_video_feature.sightings import Place, Sighting, turned
from windfall.contracts.timeline import Interval

DURATION = 60_000
HERE, THERE = Place(0.1, 0.1, 0.2, 0.2), Place(0.7, 0.6, 0.2, 0.2)


def seen(*times: int, value: str = "Dog") -> list[Sighting]:
    return [Sighting(time, "label", value, 80.0) for time in times]


def faces(place: Place, *times: int) -> list[Sighting]:
    return [Sighting(time, "face", "face", 90.0, (place,)) for time in times]


def spans(intervals: list[Interval]) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in intervals]


places = st.builds(Place, *[st.floats(0, 0.5) for _ in range(2)], *[st.floats(0.1, 0.5)] * 2)
sightings = st.lists(
    st.builds(
        Sighting,
        st.integers(0, DURATION + 500),
        st.sampled_from(["label", "face", "text", "celebrity"]),
        st.sampled_from(["a", "b"]),
        st.floats(0, 100),
        st.lists(places, max_size=2).map(tuple),
        st.just({}),
    ),
    max_size=40,
)


@given(sightings, st.none() | st.integers(1, DURATION))
def test_intervals_are_sorted_inside_the_video_and_nothing_is_lost(
    found: list[Sighting], duration: int | None
) -> None:
    intervals = joined(found, duration)
    order = [(one.start, one.end, one.kind, one.value) for one in intervals]
    assert order == sorted(order)
    for one in intervals:
        assert 0 <= one.start < one.end
        assert duration is None or one.end <= duration
    for sighting in found:
        time = sighting.time if duration is None else min(sighting.time, duration - 1)
        assert any(
            (one.kind, one.value) == (sighting.kind, sighting.value)
            and one.start <= time < one.end
            and (one.confidence or 0) >= min(100, sighting.confidence) - 0.01
            for one in intervals
        ), sighting


@given(sightings)
def test_the_order_in_which_they_come_does_not_matter(found: list[Sighting]) -> None:
    assert spans(joined(found, None)) == spans(joined(found[::-1], None))


@given(sightings.filter(lambda found: all(one.kind != "face" for one in found)))
def test_intervals_of_one_name_do_not_overlap(found: list[Sighting]) -> None:
    ends: dict[tuple[str, str], int] = {}
    for one in joined(found, None):
        assert one.start >= ends.get((one.kind, one.value), 0)
        ends[one.kind, one.value] = one.end


def test_what_is_seen_again_and_again_is_one_interval_a_step_longer() -> None:
    assert spans(joined(seen(0, 500, 1_000, 1_500), DURATION)) == [(0, 2_000)]


def test_one_look_that_missed_it_does_not_end_it_and_two_do() -> None:
    others = seen(*range(0, 8_000, 500), value="Tree")
    dogs = joined([*others, *seen(0, 500, 1_500, 3_500)], DURATION)
    assert spans([one for one in dogs if one.value == "Dog"]) == [(0, 2_000), (3_500, 4_000)]


def test_an_interval_ends_with_the_video() -> None:
    assert spans(joined(seen(9_000, 9_500, 10_000), 9_800)) == [(9_000, 9_800)]


def test_two_faces_at_once_are_two_and_go_on_where_they_were() -> None:
    found = [*faces(HERE, 0, 500, 1_000), *faces(THERE, 500, 1_000, 1_500)]
    intervals = joined(found, DURATION)
    assert spans(intervals) == [(0, 1_500), (500, 2_000)]
    assert {box.left for box in intervals[0].boxes} == {HERE.left}


def test_equal_faces_in_one_place_are_not_lost() -> None:
    assert len(joined([*faces(HERE, 0), *faces(HERE, 0)], DURATION)) == 2


def test_a_text_that_stands_twice_in_a_picture_is_one_interval_with_both_boxes() -> None:
    found = [Sighting(0, "text", "EXIT", 99.0, (place,)) for place in (HERE, THERE)]
    (interval,) = joined(found, DURATION)
    assert [(box.time, box.left) for box in interval.boxes] == [(0, 0.1), (0, 0.7)]


def test_details_are_those_that_most_sightings_tell() -> None:
    told = ["HAPPY", "CALM", "HAPPY"]
    found = [
        Sighting(500 * place, "face", "face", 90.0, (HERE,), {"emotion": emotion})
        for place, emotion in enumerate(told)
    ]
    (interval,) = joined(found, DURATION)
    assert interval.details == {"emotion": "HAPPY"}


def test_boxes_of_a_long_interval_are_thinned() -> None:
    (interval,) = joined(faces(HERE, *range(0, 50_000, 500)), DURATION)
    assert len(interval.boxes) == 24
    assert interval.boxes[0].time == 0


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@given(place=places)
def test_turning_on_until_it_is_upright_again_changes_nothing(degrees: int, place: Place) -> None:
    there = turned(place, degrees)
    assert there.width * there.height == pytest.approx(place.width * place.height)
    assert turned(there, (360 - degrees) % 360) == pytest.approx(place)


def test_a_corner_goes_where_a_turn_to_the_right_takes_it() -> None:
    assert turned(Place(0, 0, 0.2, 0.1), 90) == pytest.approx((0.9, 0, 0.1, 0.2))
