"""What is measured on pixels, and the order in which text is read."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.engines.vision.quality import dominant_colors, image_properties, quality_of
from windfall_local.engines.vision.reading_order import reading_order
from windfall_local.engines.vision.results import Box
from windfall_local.engines.vision.text import is_legible

NOISE = np.random.default_rng(3).integers(0, 255, (64, 64, 3), np.uint8)


def test_blur_lowers_sharpness_and_dark_lowers_brightness() -> None:
    blurred = [quality_of(cv2.GaussianBlur(NOISE, (0, 0), s)).sharpness for s in (0.4, 1, 3)]
    assert blurred == sorted(blurred, reverse=True)
    dark = [quality_of(NOISE // part).brightness for part in (1, 2, 8)]
    assert dark == sorted(dark, reverse=True)


@pytest.mark.parametrize("value", [0, 255])
def test_a_plain_picture_has_bounded_quality(value: int) -> None:
    quality = quality_of(np.full((90, 90, 3), value, np.uint8), contrast=True)
    assert (quality.sharpness, quality.contrast) == (0, 0)
    assert quality.brightness == pytest.approx(value / 255 * 100)


def test_dominant_colors_are_those_of_the_picture_by_their_area() -> None:
    pixels: Any = np.zeros((100, 100, 3), np.uint8)
    pixels[:] = 250, 10, 10
    pixels[:25] = 10, 10, 250
    red, blue = dominant_colors(pixels, 10)
    assert (red.red, red.green, red.blue) == pytest.approx((250, 10, 10), abs=4)
    assert red.share == pytest.approx(0.75, abs=0.02)
    assert (blue.red, blue.green, blue.blue) == pytest.approx((10, 10, 250), abs=4)


def test_colors_repeat_are_limited_and_sum_up() -> None:
    first, second = (image_properties(NOISE, 4).colors for _ in range(2))
    assert first == second
    assert len(first) <= 4
    assert sum(color.share for color in first) == pytest.approx(1)


def row(top: float, left: float = 0.1, width: float = 0.3) -> Box:
    return Box(left, top, width, 0.02)


def test_two_columns_are_read_one_after_the_other() -> None:
    boxes = [row(0.2 + 0.03 * line, left) for line in range(5) for left in (0.1, 0.6)]
    assert reading_order(boxes) == [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]


def test_a_heading_comes_before_the_columns_below_it() -> None:
    heading = row(0.05, 0.1, 0.8)
    columns = [row(0.2 + 0.03 * line, left) for line in range(4) for left in (0.1, 0.6)]
    order = reading_order([*columns, heading])
    assert order == [8, 0, 2, 4, 6, 1, 3, 5, 7]


def test_a_form_is_read_in_rows() -> None:
    boxes = [row(0.1, 0.6), row(0.1), row(0.2, 0.6), row(0.2)]
    assert reading_order(boxes) == [1, 0, 3, 2]


def test_a_tilted_page_is_read_from_top_to_bottom() -> None:
    boxes = [Box(0.1, 0.1 + 0.025 * line, 0.8, 0.03) for line in (3, 0, 2, 1)]
    assert reading_order(boxes) == [1, 3, 2, 0]


ratios = st.floats(0, 1)


@given(st.lists(st.builds(Box, ratios, ratios, ratios, ratios), max_size=30), st.floats(0.2, 5))
def test_every_line_is_read_once(boxes: list[Box], aspect: float) -> None:
    assert sorted(reading_order(boxes, aspect)) == list(range(len(boxes)))


@pytest.mark.parametrize(
    ("text", "score", "legible"),
    [
        ("hello", 0.7, True),
        ("hello", 0.6, False),
        ("p", 0.8, False),
        ("p", 0.9, True),
        ("-", 1, False),
    ],
)
def test_guesses_at_leaves_and_fur_are_not_text(text: str, score: float, legible: bool) -> None:
    assert is_legible(text, score) is legible
