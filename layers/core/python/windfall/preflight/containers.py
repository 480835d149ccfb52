"""What a container tells of its tracks, whoever reads it; and the containers that tell little."""

from __future__ import annotations

from typing import IO, NamedTuple


class Pictures(NamedTuple):
    """A track of pictures; None where the container does not tell.

    Attributes:
        codec: As FFmpeg names it: `h264`, `hevc`, `vp9`, …
        width: Pixels as they are stored, so before they are turned, as is `height`.
        rotation: Degrees by which a player turns the pictures clockwise: 0, 90, 180 or 270.
        variable: Whether frames come at more than one distance.
    """

    codec: str | None = None
    width: int | None = None
    height: int | None = None
    rotation: int = 0
    frame_rate: float | None = None
    variable: bool = False


class Tracks(NamedTuple):
    """What a container holds; None where it does not tell.

    Attributes:
        sound_codec: As FFmpeg names it: `aac`, `opus`, …
        protected: Whether a track is encrypted, so that nobody but its player can read it.
    """

    sound: bool
    pictures: Pictures | None = None
    seconds: float | None = None
    channels: int | None = None
    sample_rate: int | None = None
    sound_codec: str | None = None
    protected: bool = False


class BrokenContainerError(Exception):
    """The container can not be followed to its tracks. Inner to preflight."""


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
    return Tracks(True, None, seconds, channels=1, sample_rate=16_000 if wide else 8_000)


_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_ASF_SOUND = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_MOST_ASF_HEADER = 1 << 20


def asf_tracks(stream: IO[bytes]) -> Tracks:
    """A file of Windows Media: its header names each track by the number of its kind.

    Raises:
        BrokenContainerError: It names none.
    """
    stream.seek(16)
    length = min(int.from_bytes(stream.read(8), "little"), _MOST_ASF_HEADER)
    stream.seek(0)
    header = stream.read(length)
    sound, pictures = _ASF_SOUND in header, _ASF_VIDEO in header
    if not sound and not pictures:
        raise BrokenContainerError
    return Tracks(sound=sound, pictures=Pictures() if pictures else None)


def flv_tracks(stream: IO[bytes]) -> Tracks:
    """A file of Flash: flags in its header say what is in it, if its writer cared to set them."""
    stream.seek(4)
    flags = int.from_bytes(stream.read(1), "big")
    return Tracks(sound=bool(flags & 4) or not flags, pictures=Pictures() if flags != 4 else None)


_AVI_CODECS = {
    **dict.fromkeys((b"H264", b"X264", b"AVC1"), "h264"),
    **dict.fromkeys((b"XVID", b"DIVX", b"DX50", b"MP4V", b"FMP4"), "mpeg4"),
    **dict.fromkeys((b"HEVC", b"HVC1", b"X265"), "hevc"),
    b"MJPG": "mjpeg",
}
_MOST_AVI_HEADER = 1 << 16


def avi_tracks(stream: IO[bytes]) -> Tracks:
    """An AVI file, by the headers of its streams.

    Raises:
        BrokenContainerError: It has none.
    """
    stream.seek(0)
    header = stream.read(_MOST_AVI_HEADER)
    main = header.find(b"avih")
    if main < 0 or len(header) < main + 48:
        raise BrokenContainerError
    interval, frames = _little(header, main + 8), _little(header, main + 24)
    width, height = _little(header, main + 40), _little(header, main + 44)
    kinds: dict[bytes, bytes] = {}
    place = header.find(b"strh", main)
    while place >= 0:
        kinds.setdefault(header[place + 8 : place + 12], header[place + 12 : place + 16])
        place = header.find(b"strh", place + 4)
    pictures = None
    if b"vids" in kinds:
        codec = _AVI_CODECS.get(kinds[b"vids"].upper())
        rate = 1e6 / interval if interval else None
        pictures = Pictures(codec, width or None, height or None, frame_rate=rate)
    seconds = interval * frames / 1e6 or None
    return Tracks(sound=b"auds" in kinds, pictures=pictures, seconds=seconds)


def _little(header: bytes, place: int) -> int:
    return int.from_bytes(header[place : place + 4], "little")
