"""A look into the containers of the ISO's family: MP4, M4A, MOV, 3GP (ISO/IEC 14496-12)."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from windfall.preflight.containers import BrokenContainerError, Pictures, Tracks

_MOST_HEADER = 64 << 20
"""Bytes of a `moov` box; eight hours of a single track need 20 MB."""
_MOST_BEHIND = 8
"""Boxes behind `moov` that are looked at; a movie in fragments has thousands."""
_INTO = frozenset({b"mdia", b"minf", b"stbl", b"mvex"})
_READ = frozenset({b"mvhd", b"mehd", b"tkhd", b"mdhd", b"hdlr", b"stsd", b"stts"})
_MOST_ENTRIES = 4_096
"""Entries of a table of times that are looked at; a variable rate shows long before."""

_CODECS = {
    **dict.fromkeys((b"avc1", b"avc2", b"avc3", b"avc4"), "h264"),
    **dict.fromkeys((b"hvc1", b"hev1", b"dvh1", b"dvhe"), "hevc"),
    b"av01": "av1",
    b"vp08": "vp8",
    b"vp09": "vp9",
    b"mp4v": "mpeg4",
    **dict.fromkeys((b"apcn", b"apch", b"apcs", b"apco", b"ap4h", b"ap4x"), "prores"),
    **dict.fromkeys((b"jpeg", b"mjpa", b"mjpb"), "mjpeg"),
    **dict.fromkeys((b"s263", b"h263"), "h263"),
    b"mp4a": "aac",
    b"ac-3": "ac3",
    b"ec-3": "eac3",
    b"alac": "alac",
    b"Opus": "opus",
    b"fLaC": "flac",
    b".mp3": "mp3",
    b"samr": "amr",
    **dict.fromkeys((b"sowt", b"twos", b"lpcm", b"in24", b"fl32"), "pcm"),
}
_PROTECTED = frozenset({b"encv", b"enca", b"drms", b"drmi", b"p608"})


@dataclass(slots=True)
class _Track:
    """Boxes of a track by name."""

    boxes: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def kind(self) -> bytes:
        return self.boxes.get(b"hdlr", b"")[8:12]

    @property
    def codec(self) -> bytes:
        return self.boxes.get(b"stsd", b"")[12:16]


def mp4_tracks(stream: IO[bytes], size: int) -> Tracks:
    """The tracks, wherever the `moov` box lies (phones put it at the end).

    Raises:
        BrokenContainerError: There is none, or it is cut off.
    """
    movie: Tracks | None = None
    behind = 0
    for name, start, end in _boxes(stream, 0, size):
        if name in {b"moov", b"mdat"} and end > size:
            raise BrokenContainerError  # an upload that broke off, or a camera without power
        if name == b"moov":
            if end - start > _MOST_HEADER:
                raise BrokenContainerError
            try:
                movie = _movie(stream, start, end)
            except struct.error as error:
                raise BrokenContainerError from error
        behind += movie is not None
        if behind > _MOST_BEHIND:
            break
    if movie is None:
        raise BrokenContainerError
    return movie


def _movie(stream: IO[bytes], start: int, end: int) -> Tracks:
    movie, tracks = _Track(), list[_Track]()
    for name, inner, inner_end in _boxes(stream, start, end):
        if name == b"trak":
            tracks.append(_Track(dict(_contents(stream, inner, inner_end))))
        elif name in _READ:
            movie.boxes[name] = _body(stream, inner, inner_end)
        elif name in _INTO:
            movie.boxes.update(_contents(stream, inner, inner_end))
    sounds = [track for track in tracks if track.kind == b"soun"]
    videos = [track for track in tracks if track.kind == b"vide"]
    channels, rate = _sound_of(sounds)
    return Tracks(
        sound=bool(sounds),
        pictures=_pictures(videos[0]) if videos else None,
        seconds=_seconds(movie),
        channels=channels,
        sample_rate=rate,
        sound_codec=_CODECS.get(sounds[0].codec) if sounds else None,
        protected=any(track.codec in _PROTECTED for track in (*sounds, *videos)),
    )


def _contents(stream: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    for name, inner, inner_end in _boxes(stream, start, end):
        if name in _INTO:
            yield from _contents(stream, inner, inner_end)
        elif name in _READ:
            body = _body(stream, inner, inner_end)
            # QuickTime has a second handler, of the data; the media's own says what a track is.
            if name != b"hdlr" or body[4:8] != b"dhlr":
                yield name, body


def _body(stream: IO[bytes], start: int, end: int) -> bytes:
    stream.seek(start)
    return stream.read(min(end - start, 16 + 8 * _MOST_ENTRIES))


def _seconds(movie: _Track) -> float | None:
    """The movie's length; one that is written in fragments may tell it beside its header."""
    header = movie.boxes.get(b"mvhd")
    if not header:
        return None
    long = header[0] == 1
    (scale,) = struct.unpack_from(">I", header, 20 if long else 12)
    (length,) = struct.unpack_from(">Q" if long else ">I", header, 24 if long else 16)
    if not length and (fragments := movie.boxes.get(b"mehd")):
        (length,) = struct.unpack_from(">Q" if fragments[0] == 1 else ">I", fragments, 4)
    unknown = (1 << 64 if long else 1 << 32) - 1
    return length / scale if scale and length not in {0, unknown} else None


def _sound_of(sounds: Sequence[_Track]) -> tuple[int | None, int | None]:
    """Channels and sample rate, by the entry of the first track of sound."""
    description = sounds[0].boxes.get(b"stsd", b"") if sounds else b""
    if len(description) < 44:
        return None, None
    channels, rate = struct.unpack_from(">H6xI", description, 32)
    return channels or None, rate >> 16 or None


def _pictures(track: _Track) -> Pictures:
    description = track.boxes.get(b"stsd", b"")
    width = height = 0
    if len(description) >= 44:
        width, height = struct.unpack_from(">HH", description, 40)
    rate, variable = _frame_rate(track)
    return Pictures(
        codec=_CODECS.get(track.codec),
        width=width or None,
        height=height or None,
        rotation=_rotation(track.boxes.get(b"tkhd", b"")),
        frame_rate=rate,
        variable=variable,
    )


def _rotation(header: bytes) -> int:
    """Degrees clockwise, of the header's matrix; phones write 90 for upright pictures."""
    matrix = 52 if header[:1] == b"\1" else 40
    if len(header) < matrix + 8:
        return 0
    a, b = struct.unpack_from(">ii", header, matrix)
    return round(math.degrees(math.atan2(b, a)) / 90) * 90 % 360


def _frame_rate(track: _Track) -> tuple[float | None, bool]:
    """Frames a second on average, and whether they come at more than one distance.

    The last frame may stay for another time than all others; that makes no variable rate. Nor do
    distances that differ by a tick of the clock: 1/30 of a second is no number of milliseconds.
    """
    times, header = track.boxes.get(b"stts", b""), track.boxes.get(b"mdhd", b"")
    if len(times) < 16 or len(header) < 24:
        return None, False
    (scale,) = struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)
    entries = list(struct.iter_unpack(">II", times[8 : len(times) // 8 * 8]))
    frames = sum(count for count, _ in entries)
    ticks = sum(count * distance for count, distance in entries)
    if entries[-1][0] == 1:
        entries = entries[:-1]
    distances = {distance for _, distance in entries}
    variable = bool(distances) and max(distances) - min(distances) > max(1, scale / 1_000)
    return (round(frames * scale / ticks, 3) if ticks else None), variable


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
