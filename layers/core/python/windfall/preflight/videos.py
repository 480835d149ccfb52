"""Videos: what can be found in their pictures and their sound.

Rekognition takes H.264 in MP4 or MOV, to 10 GB and six hours
(https://docs.aws.amazon.com/rekognition/latest/dg/limits.html). Other pictures are converted by
convert_media, if they are short enough for it. What one half of a video can't give is skipped
for that half only; a video is refused when neither can be had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from windfall.contracts.subject import Kind
from windfall.contracts.video import PictureFacts
from windfall.errors import InvalidInputError
from windfall.preflight import sounds
from windfall.preflight.inspection import Inspection

if TYPE_CHECKING:
    from windfall.contracts.audio import MediaFacts
    from windfall.preflight.containers import Pictures, Tracks
    from windfall.preflight.snapshot import Snapshot

MOST_BYTES = 10_000_000_000
MOST_SECONDS = 6 * 3600
_CONTAINERS = frozenset({"mp4", "mov"})

MOST_CONVERTED_SECONDS = 30 * 60
"""Pictures in another codec are decoded and encoded within the fifteen minutes of a function."""

NO_SOUND = "The video has no sound track."

_MEDIA_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "avi": "video/x-msvideo",
    "wmv": "video/x-ms-wmv",
    "flv": "video/x-flv",
    "mpg": "video/mpeg",
    "ts": "video/mp2t",
    "ogv": "video/ogg",
}


def inspect_video(snapshot: Snapshot, named: str, tracks: Tracks, pictures: Pictures) -> Inspection:
    """Judge a video.

    Raises:
        InvalidInputError: Neither its pictures nor its sound can be taken.
    """
    no_sound = _no_sound(snapshot.size, tracks)
    convert = named not in _CONTAINERS or pictures.codec != "h264"
    no_pictures = _no_pictures(snapshot.size, tracks, pictures, convert=convert)
    if no_sound and no_pictures:
        raise InvalidInputError(f"{no_pictures} {no_sound}")
    return Inspection(
        Kind.VIDEO,
        named,
        _MEDIA_TYPES[named],
        media=_facts(snapshot.size, named, tracks, pictures, convert=convert),
        no_sound=no_sound,
        no_pictures=no_pictures,
    )


def _no_sound(size: int, tracks: Tracks) -> str | None:
    if not tracks.sound:
        return NO_SOUND
    refused = sounds.refusal(size, tracks.seconds)
    return None if refused is None else f"The sound is too {refused}"


def _no_pictures(size: int, tracks: Tracks, pictures: Pictures, *, convert: bool) -> str | None:
    seconds = tracks.seconds
    if size > MOST_BYTES:
        return f"The video is too large: {size / 1e9:.0f} GB, and Rekognition takes 10 GB at most."
    if seconds is not None and seconds > MOST_SECONDS:
        return (
            f"The video is too long: {sounds.spelled_length(seconds)}, and Rekognition takes"
            " 6 hours at most."
        )
    must_encode = convert and pictures.codec != "h264"
    if must_encode and seconds is not None and seconds > MOST_CONVERTED_SECONDS:
        return (
            f"Rekognition takes H.264 in MP4 or MOV; {_spelled(pictures.codec)} can be converted"
            f" to {MOST_CONVERTED_SECONDS // 60} minutes, and the video has"
            f" {seconds / 60:.0f}. Save it as MP4 with H.264."
        )
    return None


def _spelled(codec: str | None) -> str:
    return "another codec" if codec is None else codec.upper()


def _facts(
    size: int, named: str, tracks: Tracks, pictures: Pictures, *, convert: bool
) -> MediaFacts:
    convert_sound = tracks.sound and sounds.must_convert(size, named, tracks)
    facts = sounds.media_facts(tracks, convert=convert_sound)
    seen = PictureFacts(
        codec=pictures.codec,
        width=pictures.width,
        height=pictures.height,
        rotation=pictures.rotation,
        frame_rate=pictures.frame_rate,
        variable=pictures.variable,
        convert=convert,
    )
    return facts.model_copy(update={"pictures": seen})
