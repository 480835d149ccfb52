"""What is dropped: letters, photos, recordings and clips, no two of the same bytes."""

from __future__ import annotations

import io
import random
import zlib
from dataclasses import dataclass
from pathlib import Path

import soundfile

from tests.fakes.films import BLUE, film
from tests.fakes.recordings import tone

_DEMO = Path(__file__).parents[2] / "demo"
_SECONDS = 4
_SENTENCES = 80
"""Of a long text: more than Polly speaks at once."""
_TO_NO_LANGUAGE = {"windfall-targets": ""}


@dataclass(frozen=True)
class File:
    """Something to drop."""

    key: str
    body: bytes
    metadata: dict[str, str]


def make_file(number: int, kind: str, draw: random.Random) -> File:
    """A file of a kind.

    Args:
        number: No two files of a trial have the same.
        kind: `text`, `book` (a long one), `image`, `page`, `recording`, `dubbed` (a recording to
            be heard in Spanish too), `video` or `avi` (which no service takes as it is).
        draw: What no two recordings have in common.
    """
    if kind == "image":
        features = {"windfall-features": "labels,properties,faces"}
        return File(f"photo {number}.jpg", _photo(number), {**features, **_TO_NO_LANGUAGE})
    if kind == "page":
        features = {"windfall-features": "text,properties,sentiment"}
        return File(f"page {number}.png", _page(number), {**features, **_TO_NO_LANGUAGE})
    if kind == "book":
        text = f"Chapter {number}. The house is big, and the garden is beautiful.\n" * _SENTENCES
        metadata = {"windfall-features": "sentiment", "windfall-targets": "es"}
        return File(f"book {number}.txt", text.encode(), metadata)
    if kind == "recording":
        features = {"windfall-features": "sentiment"}
        return File(f"call {number}.flac", _recording(draw), {**features, **_TO_NO_LANGUAGE})
    if kind == "dubbed":
        metadata = {"windfall-features": "sentiment", "windfall-targets": "es"}
        return File(f"talk {number}.flac", _recording(draw), metadata)
    if kind == "avi":
        features = {"windfall-features": "segments"}
        return File(f"film {number}.avi", _film(draw), {**features, **_TO_NO_LANGUAGE})
    if kind == "video":
        features = {"windfall-features": "labels,segments,sentiment"}
        return File(f"clip {number}.mp4", _clip(number), {**features, **_TO_NO_LANGUAGE})
    features = {"windfall-features": "sentiment,entities,key_phrases,pii"}
    text = f"Dear Anna, the Harbour View Hotel in Lisbon was wonderful. We paid {number} euros.\n"
    return File(f"letter {number}.txt", text.encode(), {**features, "windfall-targets": "es"})


def _photo(number: int) -> bytes:
    """The demo's photo, with a comment of its own."""
    photo = (_DEMO / "portrait.jpg").read_bytes()
    comment = f"number {number}".encode()
    return photo[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + photo[2:]


def _page(number: int) -> bytes:
    """The demo's page, with a text chunk of its own behind its header."""
    page, text = (_DEMO / "page.png").read_bytes(), f"number\0{number}".encode()
    chunk = b"tEXt" + text
    written = len(text).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    return page[:33] + written + page[33:]


def _clip(number: int) -> bytes:
    """The demo's clip, with a box of its own that nobody reads."""
    text = f"number {number}".encode()
    return (_DEMO / "clip.mp4").read_bytes() + (len(text) + 8).to_bytes(4) + b"free" + text


def _film(draw: random.Random) -> bytes:
    """Two scenes and a tone."""
    colour = (draw.randrange(256), draw.randrange(256), 0)
    return film(((colour, 1.0), (BLUE, 1.0)), form="avi", codec="mpeg4", sound=tone(2.0))


def _recording(draw: random.Random) -> bytes:
    """Some seconds of the demo's speech, from somewhere on."""
    samples, rate = soundfile.read(_DEMO / "speech.flac", dtype="int16")
    start = draw.randrange(len(samples) - _SECONDS * rate)
    made = io.BytesIO()
    soundfile.write(made, samples[start : start + _SECONDS * rate], rate, format="FLAC")
    return made.getvalue()
