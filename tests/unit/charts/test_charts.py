"""Pictures: well-formed whatever they show, and true to their figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from windfall.charts.axes import Axis, Plane
from windfall.charts.bars import Bar, draw_bars
from windfall.charts.histograms import draw_histogram
from windfall.charts.lines import Curve, draw_lines
from windfall.charts.matrices import draw_matrix

NAME = st.text(max_size=40)
_SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in fromstring(svg).iter(f"{_SVG}text")]


PICTURES: dict[str, Callable[[str], str]] = {
    "lines": lambda name: draw_lines(
        name, Axis(name, 0, 1), Axis(name, 0, 1), [Curve(name, [(0, 0), (1, 1)], True, [name])]
    ),
    "bars": lambda name: draw_bars(name, [Bar(name, 0.5, name), Bar("b", -0.1, "x")], name),
    "histogram": lambda name: draw_histogram(name, Axis(name, 0, 1), {name: [1, 2], "o": [0, 3]}),
    "matrix": lambda name: draw_matrix(name, [name, "other"], [[1, 2], [3, 4]]),
}


@pytest.mark.parametrize("picture", PICTURES)
@given(name=NAME)
def test_whatever_a_name_holds_the_picture_is_well_formed(picture: str, name: str) -> None:
    assert fromstring(PICTURES[picture](name)).get("role") == "img"


@pytest.mark.parametrize("picture", PICTURES)
def test_a_name_is_text_and_never_markup(picture: str) -> None:
    svg = PICTURES[picture]("<script>alert(1)</script>")
    assert "<script" not in svg
    assert any("<script>" in text for text in texts(svg)) or "&lt;scr" in svg


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_few_and_within_the_axis(low: float, span: float) -> None:
    axis = Axis("x", low, low + span)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 7
    tolerance = 1e-6 * max(1.0, abs(low), span)
    assert all(axis.low - tolerance <= tick <= axis.high + tolerance for tick in ticks)
    steps = [after - before for before, after in pairwise(ticks)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-6, abs_tol=tolerance) for step in steps)


def test_an_axis_of_a_single_value_has_a_tick() -> None:
    assert Axis("x", 3, 3).ticks() == [3]
    assert fromstring(draw_lines("t", Axis("x", 3, 3), Axis("y", 0, 0), [Curve("c", [(3, 0)])]))


def test_points_lie_where_their_numbers_say() -> None:
    plane = Plane(Axis("x", 0, 1), Axis("y", 0, 10), left=50, top=20, width=100, height=200)
    assert plane.at(0, 0) == (50, 220)
    assert plane.at(1, 10) == (150, 20)
    assert plane.at(0.5, 5) == (100, 120)


def test_ticks_are_written_for_people() -> None:
    assert Axis("x", 0, 1, percent=True).written(0.25) == "25%"
    assert Axis("x", 0, 1).written(0.2 + 0.1) == "0.3"
    assert Axis("x", 0, 1).written(12_500.0) == "12,500"


def test_a_matrix_shows_every_count() -> None:
    shown = texts(draw_matrix("t", ["no", "yes"], [[10_769, 167], [1_133, 288]]))
    assert {"10,769", "167", "1,133", "288", "98%", "20%"} <= set(shown)


def test_a_matrix_of_many_classes_says_its_counts_under_the_pointer() -> None:
    names = [f"class {number}" for number in range(30)]
    counts = [[row * 30 + column for column in range(30)] for row in range(30)]
    hints = [
        element.text for element in fromstring(draw_matrix("t", names, counts)).iter(f"{_SVG}title")
    ]
    assert "observed class 1, predicted class 2: 32 (2.4%)" in hints


def test_bars_are_as_long_as_their_values() -> None:
    svg = draw_bars("t", [Bar("a", 1.0, "1"), Bar("b", 0.5, "0.5"), Bar("c", 0.0, "0")])
    widths = [
        float(box.get("width", "0"))
        for box in fromstring(svg).iter(f"{_SVG}rect")
        if box.find(f"{_SVG}title") is not None
    ]
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.1)
    assert widths[2] == 0


def test_nothing_to_show_is_shown() -> None:
    assert fromstring(draw_bars("t", []))
    assert fromstring(draw_histogram("t", Axis("x", 0, 1), {}))
    assert fromstring(draw_matrix("t", [], []))
