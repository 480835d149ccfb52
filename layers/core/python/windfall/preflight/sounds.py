"""Recordings: whether Transcribe takes them, or what convert_media makes of them.

Transcribe takes MP3, MP4, M4A, WAV, FLAC, Ogg, AMR and WebM to 2 GB and eight hours, from half a
second, of 8 to 48 kHz (https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from windfall.contracts.audio import MediaFacts
from windfall.contracts.subject import Kind
from windfall.errors import InvalidInputError
from windfall.preflight.inspection import Inspection

if TYPE_CHECKING:
    from windfall.preflight.containers import Tracks
    from windfall.preflight.snapshot import Snapshot

MOST_BYTES = 2_000_000_000
MOST_SECONDS = 8 * 3600
LEAST_SECONDS = 0.5
_SAMPLE_RATES = range(8_000, 48_001)
_TAKEN = frozenset({"mp3", "mp4", "m4a", "wav", "flac", "ogg", "amr", "webm"})
_NOT_IN_MP4 = frozenset({"ac3", "eac3", "alac", "pcm", "amr", "flac", "opus"})
"""Codecs that MP4 may carry and of which Transcribe says nothing."""

MOST_CONVERTED_BYTES = 20_000_000_000
"""What convert_media reads within its fifteen minutes, at 60 MB a second, with time to spare."""

_PATIENCE, _PATIENCE_PER_SECOND = 7_200, 4
"""A transcript is waited for two hours, and four seconds for each second of the recording."""

_MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "mp2": "audio/mpeg",
    "mp4": "audio/mp4",
    "m4a": "audio/mp4",
    "mov": "video/quicktime",
    "3gp": "audio/3gpp",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "amr": "audio/amr",
    "webm": "audio/webm",
    "mkv": "audio/x-matroska",
    "aiff": "audio/aiff",
    "aac": "audio/aac",
    "caf": "audio/x-caf",
    "au": "audio/basic",
    "wma": "audio/x-ms-wma",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
}


def inspect_sound(snapshot: Snapshot, named: str, tracks: Tracks) -> Inspection:
    """Judge a recording.

    Raises:
        InvalidInputError: It is broken, or beyond what Transcribe takes.
    """
    if not tracks.sound:
        raise InvalidInputError("There is no sound track in the file.")
    if tracks.seconds is None and named in {"mp3", "wav", "flac", "ogg", "mp4", "m4a"}:
        raise InvalidInputError(
            f"The recording is broken or cut off ({named.upper()}): no length can be told."
        )
    refused = refusal(snapshot.size, tracks.seconds)
    if refused is not None:
        raise InvalidInputError(f"The recording is too {refused}")
    convert = must_convert(snapshot.size, named, tracks)
    return Inspection(
        Kind.AUDIO, named, _MEDIA_TYPES[named], media=media_facts(tracks, convert=convert)
    )


def refusal(size: int, seconds: float | None) -> str | None:
    """Why no sound of this size and length can be transcribed; it goes on "… is too …"."""
    if size > MOST_CONVERTED_BYTES:
        return (
            f"large: {size / 1e9:.0f} GB, and {MOST_CONVERTED_BYTES / 1e9:.0f} GB at most can be"
            " read."
        )
    if seconds is not None and seconds < LEAST_SECONDS:
        return (
            f"short: {seconds:.2f} seconds, and half a second is the least that can be transcribed."
        )
    if seconds is not None and seconds > MOST_SECONDS:
        return f"long: {spelled_length(seconds)}, and 8 hours at most can be transcribed."
    return None


def spelled_length(seconds: float) -> str:
    """A length as a player shows it, so that a second too much is seen: 8:00:01."""
    minutes, left = divmod(math.ceil(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{left:02}"


def must_convert(size: int, named: str, tracks: Tracks) -> bool:
    """Whether Transcribe does not take the sound as it lies in the file."""
    rate = tracks.sample_rate
    return (
        named not in _TAKEN
        or size > MOST_BYTES
        or (rate is not None and rate not in _SAMPLE_RATES)
        or (named in {"mp4", "m4a"} and tracks.sound_codec in _NOT_IN_MP4)
    )


def media_facts(tracks: Tracks, *, convert: bool) -> MediaFacts:
    """What is known of the sound, and how long to wait for it."""
    waits = MOST_SECONDS if tracks.seconds is None else tracks.seconds
    return MediaFacts(
        seconds=None if tracks.seconds is None else round(tracks.seconds, 3),
        channels=tracks.channels,
        sample_rate=tracks.sample_rate,
        wait_seconds=round(_PATIENCE + _PATIENCE_PER_SECOND * waits),
        convert=convert,
    )
