"""The rules of the one line of time: sorted, inside the video, nothing left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windfall.contracts.timeline import Interval, Thumbnail, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from windfall.captions.cues import Cue
    from windfall.contracts.audio import MediaFacts
    from windfall.contracts.timeline import Findings


def merged(
    findings: Sequence[Findings],
    cues: Sequence[Cue],
    thumbnails: Sequence[Thumbnail],
    media: MediaFacts,
) -> Timeline:
    """Everything on one line of time.

    The video is as long as what says so at most: its file, Rekognition, or else the last interval.
    """
    intervals = [interval for found in findings for interval in found.intervals]
    intervals += [_speech(cue) for cue in cues]
    duration = _duration(findings, intervals, media)
    inside = (_inside(interval, duration) for interval in intervals)
    width, height = _upright(media)
    pictures = media.pictures
    return Timeline(
        duration=duration,
        width=width,
        height=height,
        frame_rate=None if pictures is None else pictures.frame_rate,
        variable_rate=pictures is not None and pictures.variable,
        intervals=sorted(inside, key=lambda one: (one.start, one.end, one.kind, one.value)),
        thumbnails=sorted(thumbnails, key=lambda one: one.time),
    )


def _speech(cue: Cue) -> Interval:
    return Interval(
        kind="speech", value=cue.text, start=cue.start, end=cue.end, speaker=cue.speaker
    )


def _duration(
    findings: Sequence[Findings], intervals: Iterable[Interval], media: MediaFacts
) -> int:
    told = [one.duration for one in findings if one.duration]
    if media.seconds:
        told.append(round(media.seconds * 1000))
    return max(told) if told else max((one.end for one in intervals), default=0)


def _inside(interval: Interval, duration: int) -> Interval:
    """An interval that does not leave the video; a cue may stand a little longer than the sound."""
    if interval.end <= duration:
        return interval
    start = max(0, min(interval.start, duration - 1))
    return interval.model_copy(update={"start": start, "end": max(start + 1, duration)})


def _upright(media: MediaFacts) -> tuple[int | None, int | None]:
    """Width and height as a player shows them."""
    pictures = media.pictures
    if pictures is None:
        return None, None
    if pictures.rotation % 180:
        return pictures.height, pictures.width
    return pictures.width, pictures.height
