"""Bytes to upright pixels of a bounded size."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from windfall_local.engines import InvalidMediaError
from windfall_local.engines.vision.picture import read_picture


def encoded(image: Image.Image, kind: str = "png", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_colors_come_as_red_green_blue() -> None:
    picture = read_picture(encoded(Image.new("RGB", (90, 80), (200, 100, 50))), 500)
    assert picture.pixels.shape == (80, 90, 3)
    assert picture.pixels[0, 0].tolist() == [200, 100, 50]


def test_a_rotated_jpeg_is_turned_upright() -> None:
    image = Image.new("RGB", (120, 80), "white")
    image.paste("black", (0, 0, 60, 80))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = read_picture(encoded(image, "jpeg", exif=exif), 500)
    assert (picture.width, picture.height) == (80, 120)
    assert picture.pixels[:50].mean() < 10
    assert picture.pixels[-50:].mean() > 245


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_large_picture_is_shrunk_and_knows_its_size(kind: str) -> None:
    picture = read_picture(encoded(Image.new("RGB", (3000, 1500), "red"), kind), 300)
    assert picture.pixels.shape == (150, 300, 3)
    assert (picture.width, picture.height) == (3000, 1500)


def test_a_small_picture_stays_as_it_is() -> None:
    assert read_picture(encoded(Image.new("RGB", (90, 80))), 300).pixels.shape == (80, 90, 3)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_parts_become_white(mode: str) -> None:
    picture = read_picture(encoded(Image.new(mode, (90, 90), 0)), 300)
    assert picture.pixels.min() == 255


@pytest.mark.parametrize("mode", ["L", "1", "P", "I;16", "CMYK"])
def test_every_kind_of_pixel_becomes_rgb(mode: str) -> None:
    kind = "jpeg" if mode == "CMYK" else "png"
    pixels = read_picture(encoded(Image.new(mode, (90, 80)), kind), 300).pixels
    assert pixels.shape == (80, 90, 3)
    assert pixels.dtype == np.uint8


def test_broken_pixels_are_refused() -> None:
    content = encoded(Image.new("RGB", (90, 80)))
    with pytest.raises(InvalidMediaError):
        read_picture(content[:40] + bytes(10), 300)


def test_more_pixels_than_allowed_are_refused_before_they_are_decoded() -> None:
    content = bytearray(encoded(Image.new("RGB", (90, 80))))
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(InvalidMediaError, match="60000 x 60000"):
        read_picture(bytes(content), 300)
