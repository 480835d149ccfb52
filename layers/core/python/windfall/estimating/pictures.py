"""How much text a picture shows, by its look: a page has even lines of ink on even ground.

A photograph has none as a rule; what stands on a sign or a shirt is too little to matter. Letters
are not read, only measured: the height of a line tells how wide its letters are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageChops, ImageFilter, ImageOps

from windfall.errors import InvalidInputError
from windfall.estimating.rates import PHOTOGRAPH
from windfall.preflight.images import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from windfall.preflight.snapshot import Snapshot

_SIDE = 1_000
"""Pixels of the longer side that is looked at."""
_CONTRAST = 28
"""Grey levels, of 256, by which ink is darker than what is around it."""
_GROUND = 0.55
"""Share of a page that is neither ink nor anything else."""
_LEAST_INK = 0.02
"""Share of a row's pixels from which on it belongs to a line."""
_LINE_HEIGHTS = range(4, 120)
_LEAST_LINES = 3
_WIDTH = 0.52
"""Widths of a letter, space included, for each height of a line from its highest to its lowest
ink: of Times, Helvetica and Courier's own widths for English, 0.45 to 0.6."""


class Shown(NamedTuple):
    """Text in a picture."""

    characters: int
    basis: str


def shown_text(snapshot: Snapshot) -> Shown:
    """How many characters a picture seems to show."""
    try:
        grey = _small_and_grey(snapshot)
    except InvalidInputError:
        # The beginning of a PNG may be whole and its middle not; Rekognition will say so.
        return Shown(0, "it can not be decoded")
    around = grey.filter(ImageFilter.BoxBlur(max(4, _SIDE // 60)))
    darker = ImageChops.subtract(around, grey)
    ink = darker.point(lambda level: 255 if level > _CONTRAST else 0)
    if _share(ImageChops.difference(around, grey), _CONTRAST) < _GROUND:
        return Shown(0, PHOTOGRAPH.basis)
    lines = _alike(list(_lines(ink)))
    if len(lines) < _LEAST_LINES:
        return Shown(0, PHOTOGRAPH.basis)
    characters = round(sum(_characters(ink, top, bottom) for top, bottom in lines))
    return Shown(characters, "its lines and their heights were measured, not read")


def _small_and_grey(snapshot: Snapshot) -> Image.Image:
    snapshot.stream.seek(0)
    with reading("picture"), Image.open(snapshot.stream) as picture:
        picture.draft("L", (_SIDE, _SIDE))
        # Small first, for memory's sake; a palette's numbers are no colours to be averaged.
        whole = picture.convert("L") if picture.mode in {"P", "1"} else picture
        whole.thumbnail((_SIDE, _SIDE))
        return ImageOps.exif_transpose(whole).convert("L")


def _share(difference: Image.Image, below: int) -> float:
    """The share of pixels whose difference is below a level."""
    counts = difference.histogram()
    return sum(counts[:below]) / max(1, sum(counts))


def _lines(ink: Image.Image) -> Iterator[tuple[int, int]]:
    """Rows from the top to before the bottom of each line of text."""
    rows = ink.resize((1, ink.height), Image.Resampling.BOX).tobytes()
    begin = None
    for row, level in enumerate([*rows, 0]):
        if level / 255 >= _LEAST_INK:
            begin = row if begin is None else begin
        elif begin is not None:
            if row - begin in _LINE_HEIGHTS:
                yield begin, row
            begin = None


def _alike(lines: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The lines that are about as high as most of them."""
    heights = sorted(bottom - top for top, bottom in lines)
    if not heights:
        return []
    usual = heights[len(heights) // 2]
    return [(top, bottom) for top, bottom in lines if usual / 2 <= bottom - top <= usual * 2]


def _characters(ink: Image.Image, top: int, bottom: int) -> float:
    box = ink.crop((0, top, ink.width, bottom)).getbbox()
    return 0.0 if box is None else (box[2] - box[0]) / (_WIDTH * (bottom - top))
