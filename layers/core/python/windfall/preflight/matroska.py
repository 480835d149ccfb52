"""A look into Matroska's family: WebM, MKV, MKA (RFC 9559)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from windfall.preflight.containers import BrokenContainerError, Pictures, Tracks

_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_ENTRY, _TYPE, _CODEC, _AUDIO, _VIDEO = 0xAE, 0x83, 0x86, 0xE1, 0xE0
_SCALE, _DURATION, _RATE, _CHANNELS = 0x2AD7B1, 0x4489, 0xB5, 0x9F
_WIDTH, _HEIGHT, _INTERVAL = 0xB0, 0xBA, 0x23E383
_INTO = frozenset({_SEGMENT, _INFO, _TRACKS, _ENTRY, _AUDIO, _VIDEO})
_OPEN_ENDED = 1 << 56
_LONGEST_VALUE = 32
_PICTURES, _SOUND = 1, 2

_CODECS = {
    b"V_MPEG4/ISO/AVC": "h264",
    b"V_MPEGH/ISO/HEVC": "hevc",
    b"V_VP8": "vp8",
    b"V_VP9": "vp9",
    b"V_AV1": "av1",
    b"V_MPEG4/ISO/ASP": "mpeg4",
    b"V_MPEG2": "mpeg2video",
    b"V_MJPEG": "mjpeg",
    b"A_OPUS": "opus",
    b"A_VORBIS": "vorbis",
    b"A_AAC": "aac",
    b"A_FLAC": "flac",
    b"A_AC3": "ac3",
    b"A_MPEG/L3": "mp3",
}
Values = dict[int, bytes]


def matroska_tracks(stream: IO[bytes], size: int) -> Tracks:
    """The tracks; a file that was recorded live does not tell its length.

    Raises:
        BrokenContainerError: It ends before it names its tracks.
    """
    movie: Values = {}
    entries: list[Values] = []
    for element, value in _elements(stream, 0, size):
        if element == _ENTRY:
            entries.append({})
        else:
            (entries[-1] if entries else movie).setdefault(element, value)
    if not entries:
        raise BrokenContainerError
    # The length stands before the tracks or behind them, where it looks like the last track's.
    for entry in entries:
        movie = {**entry, **movie}
    sound = next((one for one in entries if _number_of(one, _TYPE) == _SOUND), None)
    pictures = next((one for one in entries if _number_of(one, _TYPE) == _PICTURES), None)
    scale = int.from_bytes(movie.get(_SCALE, b"\x0f\x42\x40"), "big")
    length = _float(movie.get(_DURATION))
    rate = _float((sound or {}).get(_RATE))
    return Tracks(
        sound=sound is not None,
        pictures=None if pictures is None else _pictures(pictures),
        seconds=None if not length else length * scale / 1e9,
        channels=None if sound is None else _number_of(sound, _CHANNELS) or 1,
        sample_rate=(round(rate) or None) if rate else None,
        sound_codec=None if sound is None else _codec(sound),
    )


def _pictures(entry: Values) -> Pictures:
    interval = _number_of(entry, _INTERVAL)
    return Pictures(
        codec=_codec(entry),
        width=_number_of(entry, _WIDTH) or None,
        height=_number_of(entry, _HEIGHT) or None,
        frame_rate=round(1e9 / interval, 3) if interval else None,
    )


def _codec(entry: Values) -> str | None:
    return _CODECS.get(entry.get(_CODEC, b"").rstrip(b"\0"))


def _number_of(entry: Values, element: int) -> int:
    return int.from_bytes(entry.get(element, b""), "big")


def _float(value: bytes | None) -> float | None:
    if value is None or len(value) not in {4, 8}:
        return None
    return float(struct.unpack(">f" if len(value) == 4 else ">d", value)[0])


def _elements(stream: IO[bytes], start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The small elements before the first cluster, at whatever depth; tracks as empty ones."""
    while start < end:
        stream.seek(start)
        header = stream.read(12)
        element, used = _number(header, keep_marker=True)
        length, more = _number(header[used:], keep_marker=False)
        content = start + used + more
        if element == _CLUSTER:
            return
        if element in _INTO:
            if element == _ENTRY:
                yield element, b""
            start = content  # its elements follow it: there is no need to know where it ends
            continue
        if length < _OPEN_ENDED and length <= _LONGEST_VALUE:
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
