"""A look into the containers of sound that tell of their tracks: MP4, WebM, AMR."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

_MOST_HEADER = 64 << 20
"""Bytes of a `moov` box; eight hours of a single track need 20 MB."""


class Tracks(NamedTuple):
    """What a container holds; None where it does not tell."""

    sound: bool
    pictures: bool
    seconds: float | None = None
    channels: int | None = None
    sample_rate: int | None = None


class BrokenContainerError(Exception):
    """The container can not be followed to its tracks. Inner to admit_file."""


def mp4_tracks(stream: IO[bytes], size: int) -> Tracks:
    """The tracks of an MP4 file, wherever its `moov` lies (phones put it at the end).

    Raises:
        BrokenContainerError: There is none, or it is cut off.
    """
    for name, start, end in _boxes(stream, 0, size):
        if name == b"moov":
            if end > size or end - start > _MOST_HEADER:
                raise BrokenContainerError
            handlers = {
                handler
                for track, track_start, track_end in _boxes(stream, start, end)
                if track == b"trak"
                for handler in _handlers(stream, track_start, track_end)
            }
            return Tracks(sound=b"soun" in handlers, pictures=b"vide" in handlers)
    raise BrokenContainerError


def _handlers(stream: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    for name, inner_start, inner_end in _boxes(stream, start, end):
        if name == b"mdia":
            yield from _handlers(stream, inner_start, inner_end)
        elif name == b"hdlr":
            stream.seek(inner_start + 8)
            yield stream.read(4)


def _boxes(stream: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes between two places: name, and where the content begins and ends."""
    while start + 8 <= end:
        stream.seek(start)
        header = stream.read(16)
        if len(header) < 8:
            return
        length, name = struct.unpack(">I4s", header[:8])
        content = start + 8
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack(">Q", header[8:])
            content = start + 16
        elif length == 0:
            length = end - start
        if length < content - start:
            raise BrokenContainerError
        yield name, content, start + length
        start += length


_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_ENTRY, _TYPE, _AUDIO = 0xAE, 0x83, 0xE1
_SCALE, _DURATION, _RATE, _CHANNELS = 0x2AD7B1, 0x4489, 0xB5, 0x9F
_INTO = frozenset({_SEGMENT, _INFO, _TRACKS, _ENTRY, _AUDIO})
_OPEN_ENDED = 1 << 56


def webm_tracks(stream: IO[bytes], size: int) -> Tracks:
    """The tracks of a WebM file; one that was recorded live does not tell its length.

    Raises:
        BrokenContainerError: It ends before it names its tracks.
    """
    found: dict[int, list[bytes]] = {}
    for element, value in _elements(stream, 0, size):
        found.setdefault(element, []).append(value)
    types = [int.from_bytes(value, "big") for value in found.get(_TYPE, [])]
    if not types:
        raise BrokenContainerError
    scale = int.from_bytes(found.get(_SCALE, [b"\x0f\x42\x40"])[0], "big")
    length = _float(found.get(_DURATION))
    rate = _float(found.get(_RATE))
    channels = int.from_bytes(found.get(_CHANNELS, [b"\1"])[0], "big")
    return Tracks(
        sound=2 in types,
        pictures=1 in types,
        seconds=None if not length else length * scale / 1e9,
        channels=channels or None,
        sample_rate=None if not rate else round(rate),
    )


def _float(values: list[bytes] | None) -> float | None:
    if not values or len(values[0]) not in {4, 8}:
        return None
    return float(struct.unpack(">f" if len(values[0]) == 4 else ">d", values[0])[0])


def _elements(stream: IO[bytes], start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The small elements before the first cluster, at whatever depth."""
    while start < end:
        stream.seek(start)
        header = stream.read(12)
        element, used = _number(header, keep_marker=True)
        length, more = _number(header[used:], keep_marker=False)
        content = start + used + more
        if element == _CLUSTER:
            return
        if element in _INTO:
            start = content  # its elements follow it: there is no need to know where it ends
            continue
        if length < _OPEN_ENDED and length <= 16:
            stream.seek(content)
            yield element, stream.read(length)
        start = content + length


def _number(header: bytes, *, keep_marker: bool) -> tuple[int, int]:
    """A number of EBML's, of one to eight bytes, and how many they were."""
    if not header or header[0] == 0:
        raise BrokenContainerError
    length = 9 - header[0].bit_length()
    if len(header) < length:
        raise BrokenContainerError
    value = int.from_bytes(header[:length], "big")
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), length


_AMR_FRAMES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
_AMR_WB_FRAMES = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1)
_FRAMES_A_SECOND = 50


def amr_tracks(stream: IO[bytes], size: int) -> Tracks:
    """An AMR file, frame by frame: it has no other length than that."""
    stream.seek(0)
    wide = stream.read(9) == b"#!AMR-WB\n"
    sizes = _AMR_WB_FRAMES if wide else _AMR_FRAMES
    place = 9 if wide else 6
    stream.seek(0)
    content = stream.read(size)
    frames = 0
    while place < len(content):
        place += sizes[content[place] >> 3 & 15]
        frames += 1
    seconds = frames / _FRAMES_A_SECOND
    return Tracks(True, False, seconds, channels=1, sample_rate=16_000 if wide else 8_000)
