"""Format and size from the first bytes, whatever they are."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from windfall_local.engines import InvalidMediaError
from windfall_local.engines.vision.header import read_header, without_color_profile


def encoded(kind: str, size: tuple[int, int], mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_size_and_format_are_read(kind: str) -> None:
    header = read_header(encoded(kind, (123, 45)))
    assert (header.format, header.width, header.height) == (kind, 123, 45)


def test_a_progressive_jpeg_with_exif_is_read() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description" * 50
    content = encoded("jpeg", (300, 200), progressive=True, exif=exif)
    assert (read_header(content).width, read_header(content).height) == (300, 200)


@pytest.mark.parametrize(("mode", "alpha"), [("RGBA", True), ("LA", True), ("RGB", False)])
def test_transparency_of_a_png_is_seen(mode: str, alpha: bool) -> None:
    assert read_header(encoded("png", (9, 9), mode)).alpha is alpha


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x02",
        b"\xff\xd8\xff\xda\x00\x02",
        encoded("png", (9, 9))[:20],
        encoded("png", (9, 9))[:16] + bytes(8),
    ],
)
def test_what_is_neither_or_ends_early_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidMediaError):
        read_header(content)


@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", encoded("jpeg", (9, 9))[:100]]),
    st.binary(max_size=200),
)
def test_any_bytes_are_read_or_refused(start: bytes, rest: bytes) -> None:
    try:
        header = read_header(start + rest)
    except InvalidMediaError:
        return
    assert header.width > 0
    assert header.height > 0


def test_a_color_profile_is_taken_out_and_nothing_else() -> None:
    plain = encoded("png", (9, 9))
    profiled = encoded("png", (9, 9), icc_profile=b"a profile")
    assert profiled != plain
    assert without_color_profile(profiled) == plain
    assert without_color_profile(plain) == plain
