"""Recordings: what they hold, and whether Transcribe takes them.

Transcribe takes MP3, MP4, M4A, WAV, FLAC, Ogg, AMR and WebM to 2 GB and eight hours, from half a
second, of 8 to 48 kHz (https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html). Only
what is looked at is read, so that a large recording is not fetched to be admitted.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, BinaryIO, cast

from tinytag import TinyTag, TinyTagException

from admit_file.containers import (
    BrokenContainerError,
    Tracks,
    amr_tracks,
    mp4_tracks,
    webm_tracks,
)
from admit_file.preflight import NOT_YET_VIDEO, Inspection
from windfall.contracts.analysis import Kind
from windfall.contracts.audio import MediaFacts
from windfall.errors import InvalidInputError

if TYPE_CHECKING:
    from admit_file.snapshot import Snapshot

MOST_BYTES = 2_000_000_000
MOST_SECONDS = 8 * 3600
LEAST_SECONDS = 0.5
_SAMPLE_RATES = (8_000, 48_000)

_PATIENCE, _PATIENCE_PER_SECOND = 7_200, 4
"""A transcript is waited for two hours, and four seconds for each second of the recording."""

_MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "amr": "audio/amr",
    "webm": "audio/webm",
}


def inspect_sound(snapshot: Snapshot, sound_format: str) -> Inspection:
    """Look into a recording.

    Raises:
        InvalidInputError: It is broken, a video, or beyond what Transcribe takes.
    """
    if snapshot.size > MOST_BYTES:
        raise InvalidInputError(
            f"The recording is too large: {snapshot.size / 1e9:.1f} GB, and 2 GB at most can be"
            " transcribed."
        )
    named = _exact_format(snapshot, sound_format)
    try:
        tracks = _tracks(snapshot, named)
    except (BrokenContainerError, TinyTagException, ValueError, IndexError, EOFError) as error:
        raise InvalidInputError(f"The recording is broken or cut off ({named.upper()}).") from error
    _check(tracks, named)
    waits = MOST_SECONDS if tracks.seconds is None else tracks.seconds
    media = MediaFacts(
        seconds=None if tracks.seconds is None else round(tracks.seconds, 3),
        channels=tracks.channels,
        sample_rate=tracks.sample_rate,
        wait_seconds=round(_PATIENCE + _PATIENCE_PER_SECOND * waits),
    )
    return Inspection(Kind.AUDIO, named, _MEDIA_TYPES[named], media=media)


def _exact_format(snapshot: Snapshot, sound_format: str) -> str:
    """The format as Transcribe names it; containers of other formats' kin are refused."""
    beginning = snapshot.beginning()
    if sound_format == "mp4":
        brand = beginning[8:12]
        if brand.startswith((b"3g", b"qt")):
            name = "QuickTime" if brand.startswith(b"qt") else "3GP"
            raise InvalidInputError(f"Transcribe takes no {name} files; save it as M4A or MP4.")
        return "m4a" if brand.startswith((b"M4A", b"M4B")) else "mp4"
    if sound_format == "webm" and b"webm" not in beginning[:64]:
        raise InvalidInputError("Transcribe takes no Matroska files; save it as WebM or MP4.")
    if sound_format == "ogg" and b"\x80theora" in beginning:
        raise InvalidInputError(NOT_YET_VIDEO)
    return sound_format


def _tracks(snapshot: Snapshot, sound_format: str) -> Tracks:
    stream, size = snapshot.stream, snapshot.size
    match sound_format:
        case "amr":
            return amr_tracks(stream, size)
        case "webm":
            return webm_tracks(stream, size)
        case "mp4" | "m4a":
            container = mp4_tracks(stream, size)
            # An audio book has its pictures as a track of frames.
            pictures = container.pictures and sound_format == "mp4"
            if pictures or not container.sound:
                return Tracks(sound=container.sound, pictures=pictures)
    return _tagged(stream, size, sound_format)


def _tagged(stream: IO[bytes], size: int, sound_format: str) -> Tracks:
    stream.seek(0)
    tag = TinyTag.get(file_obj=cast(BinaryIO, stream), tags=False)
    seconds = tag.duration
    if seconds and tag.bitrate and sound_format == "wav":
        # A recorder that was stopped short leaves a length of nothing, or of four gigabytes.
        seconds = min(seconds, size * 8 / (tag.bitrate * 1000))
    return Tracks(True, False, seconds or None, tag.channels, tag.samplerate)


def _check(tracks: Tracks, sound_format: str) -> None:
    if tracks.pictures:
        raise InvalidInputError(NOT_YET_VIDEO)
    if not tracks.sound:
        raise InvalidInputError("There is no sound track in the file.")
    if tracks.seconds is None and sound_format != "webm":
        raise InvalidInputError(
            f"The recording is broken or cut off ({sound_format.upper()}): no length can be told."
        )
    if tracks.seconds is not None and tracks.seconds < LEAST_SECONDS:
        raise InvalidInputError(
            f"The recording is too short: {tracks.seconds:.2f} seconds, and half a second is the"
            " least that can be transcribed."
        )
    if tracks.seconds is not None and tracks.seconds > MOST_SECONDS:
        raise InvalidInputError(
            f"The recording is too long: {tracks.seconds / 3600:.1f} hours, and 8 hours at most"
            " can be transcribed."
        )
    least, most = _SAMPLE_RATES
    rate = tracks.sample_rate
    if rate is not None and not least <= rate <= most:
        raise InvalidInputError(
            f"The recording has {rate:,} samples a second; Transcribe takes {least:,} to {most:,}."
        )
