"""Labels and colours by Rekognition's names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.engines.vision.objects import NAMES
from windfall_local.services.rekognition.labels import confidence_of, score_of
from windfall_local.services.rekognition.palette import CSS_COLORS, css_color, simplified_color
from windfall_local.services.rekognition.similarity import similarity
from windfall_local.services.rekognition.taxonomy import LABELS


def test_every_class_of_the_engine_has_a_label_of_its_own() -> None:
    assert set(LABELS) == set(NAMES)
    assert len({entry.name for entry in LABELS.values()}) == len(NAMES)


def test_no_label_is_its_own_ancestor() -> None:
    for entry in LABELS.values():
        assert entry.name not in entry.parents
        assert len(set(entry.parents)) == len(entry.parents)


@given(st.floats(0, 1))
def test_confidence_grows_with_the_score_and_leads_back(score: float) -> None:
    assert 0 <= confidence_of(score) <= 100
    assert score_of(confidence_of(score)) == pytest.approx(score)


def test_similarity_says_nothing_where_the_measurements_do_not() -> None:
    assert similarity(0.53) == pytest.approx(50)
    assert similarity(0.36) < 5
    assert similarity(0.60) == pytest.approx(80, abs=1)
    assert 99 < similarity(1.0) <= 100


@pytest.mark.parametrize("name", ["red", "steelblue", "white", "black", "tomato", "olive"])
def test_a_css_color_is_its_own_nearest(name: str) -> None:
    red, green, blue = CSS_COLORS[name]
    assert css_color(red, green, blue) == name


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((220, 20, 20), "red"),
        ((250, 140, 0), "orange"),
        ((240, 230, 20), "yellow"),
        ((30, 160, 40), "green"),
        ((30, 60, 200), "blue"),
        ((120, 30, 160), "purple"),
        ((250, 150, 200), "pink"),
        ((110, 70, 40), "brown"),
    ],
)
def test_plain_names_are_what_a_person_would_say(rgb: tuple[int, int, int], name: str) -> None:
    assert simplified_color(*rgb) == name
