"""Images: whether they are whole, and a working copy of those that Rekognition does not take.

Rekognition takes PNG and JPEG to 15 MB and 10,000 pixels a side, from 80 pixels a side.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING

from PIL import Image, ImageOps, UnidentifiedImageError

from windfall.contracts.subject import Kind
from windfall.errors import InvalidInputError
from windfall.preflight.inspection import Inspection, WorkingCopy

if TYPE_CHECKING:
    from windfall.preflight.snapshot import Snapshot

MOST_BYTES = 15_000_000
MOST_SIDE = 10_000
LEAST_SIDE = 80
LEAST_ENLARGED_SIDE = 32
"""An image with a side between this and `LEAST_SIDE` is enlarged; below, there is nothing to see.
"""
MOST_PIXELS = 150_000_000
"""Decoded, three bytes each: 450 MB. A small file that would unpack to more is a bomb."""

_MEDIA_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
    "heic": "image/heic",
    "avif": "image/avif",
}
_TAKEN_AS_IS = frozenset({"png", "jpeg"})
_SMALLER_SIDES = (MOST_SIDE, 8_000, 6_000, 4_096, 2_048)
_QUALITY = 92

# Pixels are limited here, before anything is decoded, with a reason that a person understands.
Image.MAX_IMAGE_PIXELS = None


def inspect_image(snapshot: Snapshot, image_format: str) -> Inspection:
    """Check an image whole, and say whether it needs a working copy.

    Raises:
        InvalidInputError: It is broken, too small, or too large to be decoded.
    """
    snapshot.stream.seek(0)
    with reading(image_format), _open(snapshot.stream, image_format) as image:
        width, height = image.size
        _check_pixels(width, height)
        _check_whole(image, image_format)
    as_is = (
        image_format in _TAKEN_AS_IS
        and snapshot.size <= MOST_BYTES
        and max(width, height) <= MOST_SIDE
        and min(width, height) >= LEAST_SIDE
    )
    convert = None if as_is else partial(working_copy, image_format=image_format)
    return Inspection(Kind.IMAGE, image_format, _MEDIA_TYPES[image_format], convert)


def working_copy(stream: IO[bytes], image_format: str) -> WorkingCopy:
    """A copy that Rekognition takes: its first frame, upright, without transparency.

    PNG where the original lost nothing and the copy is small enough, else JPEG.
    """
    stream.seek(0)
    with reading(image_format), _open(stream, image_format) as opened:
        upright = _upright(opened)
    if min(upright.size) < LEAST_SIDE:
        upright = ImageOps.scale(upright, LEAST_SIDE / min(upright.size), Image.Resampling.LANCZOS)
    if image_format in {"png", "gif", "bmp", "tiff"} and max(upright.size) <= _SMALLER_SIDES[-1]:
        body = _encoded(upright, "PNG")
        if len(body) <= MOST_BYTES:
            return WorkingCopy("png", "image/png", body)
    for side in _SMALLER_SIDES:
        upright.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        body = _encoded(upright, "JPEG", quality=_QUALITY)
        if len(body) <= MOST_BYTES:
            break
    return WorkingCopy("jpg", "image/jpeg", body)


def _open(stream: IO[bytes], image_format: str) -> Image.Image:
    if image_format in {"heic", "avif"}:
        import pillow_heif  # noqa: PLC0415 - a codec of its own, for these formats only

        pillow_heif.register_heif_opener()
        formats = ["HEIF", "AVIF"]
        registered = Image.registered_extensions().values()
        return Image.open(stream, formats=[name for name in formats if name in set(registered)])
    return Image.open(stream, formats=[image_format.upper()])


def _check_whole(image: Image.Image, image_format: str) -> None:
    """Read the image to its end: a cut-off file shows only then.

    PNG has checksums, so it need not be unpacked; a JPEG is decoded at an eighth of its size,
    which is several times faster.
    """
    if image_format == "png":
        image.verify()
        return
    if image_format == "jpeg":
        image.draft("RGB", (max(1, image.width // 8), max(1, image.height // 8)))
    image.load()


def _upright(image: Image.Image) -> Image.Image:
    """The first frame, turned as its EXIF says, on white where it is transparent, as RGB."""
    image.seek(0)
    if image.format == "JPEG":
        image.draft("RGB", (MOST_SIDE, MOST_SIDE))
    image.load()
    turned = ImageOps.exif_transpose(image)
    if turned.mode in {"I;16", "I;16B", "I"}:
        turned = turned.point(lambda value: value * (1 / 256)).convert("L")
    if turned.has_transparency_data:
        clear = turned.convert("RGBA")
        turned = Image.new("RGB", clear.size, "white")
        turned.paste(clear, mask=clear.getchannel("A"))
    return turned.convert("RGB") if turned.mode != "RGB" else turned


def _encoded(image: Image.Image, encoder: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, encoder, **options)
    return buffer.getvalue()


def _check_pixels(width: int, height: int) -> None:
    size = f"{width:,} x {height:,} pixels"
    if width * height > MOST_PIXELS:
        raise InvalidInputError(
            f"The image is too large: {size}, and {MOST_PIXELS / 1e6:.0f} million at most can be"
            " decoded."
        )
    if min(width, height) < LEAST_ENLARGED_SIDE:
        raise InvalidInputError(
            f"The image is too small: {size}, and {LEAST_ENLARGED_SIDE} a side are the least in"
            " which anything can be seen."
        )
    # Enlarged or shrunk, one side would leave what Rekognition takes.
    if max(width, height) > MOST_SIDE / LEAST_SIDE * min(width, height):
        raise InvalidInputError(f"The image is too narrow: {size}.")


@contextmanager
def reading(image_format: str) -> Iterator[None]:
    """Turn what Pillow raises on broken files into a reason."""
    try:
        with warnings.catch_warnings():
            # Odd EXIF and palettes are not worth a line in the log.
            warnings.simplefilter("ignore")
            yield
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, TypeError) as error:
        raise InvalidInputError(
            f"The image is broken or cut off ({image_format.upper()})."
        ) from error
