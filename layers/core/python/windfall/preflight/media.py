"""Recordings and videos: what they hold, whatever their container.

Only what is looked at is read, so that a large file is not fetched to be admitted. FFmpeg, which
could tell more, reads what strangers send; it stays out of this function (see convert_media).
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, BinaryIO, cast

from tinytag import TinyTag, TinyTagException

from windfall.errors import InvalidInputError
from windfall.preflight import sounds, videos
from windfall.preflight.containers import (
    BrokenContainerError,
    Pictures,
    Tracks,
    amr_tracks,
    asf_tracks,
    avi_tracks,
    flv_tracks,
)
from windfall.preflight.matroska import matroska_tracks
from windfall.preflight.mp4 import mp4_tracks

if TYPE_CHECKING:
    from windfall.preflight.inspection import Inspection
    from windfall.preflight.snapshot import Snapshot

_SOUND_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P "})
_UNTOLD = frozenset({"aac", "caf", "au", "mp2"})
"""Sound whose container does not tell how long it is; convert_media finds out."""


def inspect_media(snapshot: Snapshot, container: str) -> Inspection:
    """Look into a recording or a video.

    Raises:
        InvalidInputError: It is broken, protected, or beyond what any service takes.
    """
    named = _exact_name(snapshot, container)
    try:
        tracks = _tracks(snapshot, named)
    except (BrokenContainerError, TinyTagException, ValueError, IndexError, EOFError) as error:
        reason = f"The recording or video is broken or cut off ({named.upper()})."
        raise InvalidInputError(reason) from error
    if tracks.protected:
        raise InvalidInputError("The file is protected against copying: nobody else can read it.")
    if tracks.pictures is not None:
        return videos.inspect_video(snapshot, named, tracks, tracks.pictures)
    return sounds.inspect_sound(snapshot, "wma" if named == "wmv" else named, tracks)


def _exact_name(snapshot: Snapshot, container: str) -> str:
    """What people call the format; containers of one kin have several names."""
    beginning = snapshot.beginning()
    match container:
        case "mp4":
            brand = beginning[8:12] if beginning[4:8] == b"ftyp" else b"qt"
            if brand in _SOUND_BRANDS:
                return "m4a"
            return {b"qt": "mov", b"3g": "3gp"}.get(brand[:2], "mp4")
        case "matroska":
            return "webm" if b"webm" in beginning[:64] else "mkv"
        case "ogg":
            return "ogv" if b"\x80theora" in beginning else "ogg"
        case "asf":
            return "wmv"
    return container


def _tracks(snapshot: Snapshot, named: str) -> Tracks:
    stream, size = snapshot.stream, snapshot.size
    match named:
        case "mp4" | "m4a" | "mov" | "3gp":
            return _of_mp4(stream, size, named)
        case "webm" | "mkv":
            return matroska_tracks(stream, size)
        case "wmv":
            tracks = asf_tracks(stream)
            return tracks if tracks.pictures else _tagged(stream, size, named)
        case "avi":
            return avi_tracks(stream)
        case "flv":
            return flv_tracks(stream)
        case "amr":
            return amr_tracks(stream, size)
        case "mpg" | "ts":
            return Tracks(sound=True, pictures=Pictures())
        case "ogv":
            return Tracks(sound=True, pictures=Pictures("theora"))
    return Tracks(sound=True) if named in _UNTOLD else _tagged(stream, size, named)


def _of_mp4(stream: IO[bytes], size: int, named: str) -> Tracks:
    tracks = mp4_tracks(stream, size)
    if named == "m4a":
        # An audio book has its pictures as a track of frames.
        tracks = tracks._replace(pictures=None)
    if tracks.pictures or not tracks.sound or named not in {"m4a", "mp4"}:
        return tracks
    tagged = _tagged(stream, size, named)
    return tagged._replace(sound_codec=tracks.sound_codec, protected=tracks.protected)


def _tagged(stream: IO[bytes], size: int, sound_format: str) -> Tracks:
    stream.seek(0)
    tag = TinyTag.get(file_obj=cast(BinaryIO, stream), tags=False)
    seconds = tag.duration
    if seconds and tag.bitrate and sound_format == "wav":
        # A recorder that was stopped short leaves a length of nothing, or of four gigabytes.
        seconds = min(seconds, size * 8 / (tag.bitrate * 1000))
    return Tracks(True, None, seconds or None, tag.channels, tag.samplerate)
