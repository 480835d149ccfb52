"""Small pictures: upright, small, and none of what is no picture or would unpack to too much."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from windfall_cli.browse.thumbnails import SIDE, made_small


def encoded(picture: Image.Image, file_format: str, **options: object) -> bytes:
    body = BytesIO()
    picture.save(body, file_format, **options)
    return body.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK"])
def test_a_picture_of_any_mode_becomes_a_small_one(mode: str) -> None:
    file_format = "JPEG" if mode == "CMYK" else "PNG"
    small = made_small(encoded(Image.new(mode, (960, 480)), file_format))
    assert small is not None
    with Image.open(BytesIO(small)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (SIDE, SIDE // 2))


def test_a_picture_that_lies_on_its_side_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: a quarter turn
    small = made_small(encoded(Image.new("RGB", (800, 400)), "JPEG", exif=exif))
    assert small is not None
    with Image.open(BytesIO(small)) as picture:
        assert picture.size == (SIDE // 2, SIDE)


def test_a_picture_that_would_unpack_to_too_much_is_left() -> None:
    assert made_small(encoded(Image.new("1", (10_000, 7_000)), "PNG")) is None
    assert made_small(encoded(Image.new("1", (20_000, 20_000)), "PNG")) is None


@given(st.binary(max_size=200), st.integers(0, 400))
def test_what_is_no_picture_has_none(tail: bytes, kept: int) -> None:
    whole = encoded(Image.new("RGB", (20, 20), "red"), "JPEG")
    assert made_small(tail) is None
    made_small(whole[:kept] + tail)
