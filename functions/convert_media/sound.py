"""The sound of a file as FLAC: nothing is lost that recognizers listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
from av.audio.resampler import AudioResampler

from windfall.errors import InvalidInputError
from windfall.media import beginning, frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from windfall.checkpoints import TimeLeft

LEAST_RATE, MOST_RATE = 8_000, 16_000
"""Samples a second: Transcribe takes no less, and hears no better above."""

LEAST_SECONDS, MOST_SECONDS = 0.5, 8 * 3_600
"""What Transcribe takes; a container may not tell until it is decoded."""

RESERVE = 60_000
"""Milliseconds that the upload may take; converting ends before."""

_MOST_SILENCE = 3_600.0
"""Seconds before a track begins; a clock that says more is wrong."""

TOO_LONG = "Converting the file takes longer than a function may run."


def write_sound(container: Any, target: Path, time_left: TimeLeft) -> float:
    """Write the first track of sound; its length in seconds.

    One or two channels stay as they are; of more, as films have, all are mixed into one.

    Raises:
        InvalidInputError: There is none, none of it can be decoded, or it takes too long.
    """
    if not container.streams.audio:
        raise InvalidInputError("There is no sound track in the file.")
    track = container.streams.audio[0]
    layout = {1: "mono", 2: "stereo"}.get(track.channels, "mono")
    rate = min(MOST_RATE, max(LEAST_RATE, track.rate))
    # A track that begins later than the pictures would be heard too early without its silence.
    samples, start = 0, beginning(container)
    with av.open(str(target), "w", format="flac") as output:
        stream = output.add_stream("flac", rate=rate, layout=layout)
        for frame in _resampled(frames(container, track), layout, rate, start):
            samples += frame.samples
            output.mux(stream.encode(frame))
            if time_left() < RESERVE:
                raise InvalidInputError(TOO_LONG)
        output.mux(stream.encode(None))
    if not samples:
        raise InvalidInputError("No sound could be decoded; the file is damaged or cut off.")
    seconds = float(samples / rate)
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise InvalidInputError(
            f"The sound takes {seconds:,.1f} seconds; half a second is the least that can be"
            " transcribed, and 8 hours are the most."
        )
    return seconds


def _resampled(found: Iterator[Any], layout: str, rate: int, start: float) -> Iterator[Any]:
    resampler: Any = None
    was: tuple[Any, ...] = ()
    for frame in found:
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None:
            yield from _silence((frame.time or 0) - start, layout, rate)
        elif now != was:
            # Damaged and stitched files change their format on the way.
            yield from resampler.resample(None)
        if now != was:
            resampler, was = AudioResampler("s16", layout, rate), now
        frame.pts = None
        yield from resampler.resample(frame)
    if resampler is not None:
        yield from resampler.resample(None)


def _silence(seconds: float, layout: str, rate: int) -> Iterator[Any]:
    """Frames in which nothing is heard, a tenth of a second each."""
    step = rate // 10
    for _ in range(round(min(seconds, _MOST_SILENCE) * 10)):
        frame = av.AudioFrame(format="s16", layout=layout, samples=step)
        frame.sample_rate = rate
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        yield frame
