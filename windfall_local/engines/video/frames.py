"""Frames of a video at given times, decoding no more than they need."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from windfall_local.engines import InvalidMediaError
from windfall_local.engines.media.opening import format_of, opened
from windfall_local.engines.video import SoundTrack, VideoInfo
from windfall_local.engines.vision.arrays import Array

_SOFT_RATE = 15.0
"""Frames a second from which frames that no other needs are passed over: the one before is shown,
a tenth of a second older at most."""
_LEAD = 1.0
"""Seconds before a wanted time to which is sought: some files' index is a few frames off."""


def probe(path: Path) -> VideoInfo:
    """What is in a file.

    Raises:
        InvalidMediaError: It can't be read.
    """
    found = format_of(path)
    with opened(path, found) as container:
        sounds = tuple(_sound(stream) for stream in container.streams.audio)
        track = picture_track(container)
        if track is None:
            return VideoInfo(found, None, 0, 0, 0.0, 0.0, False, sounds)
        codec = track.codec_context
        width, height = codec.width, codec.height
        if _quarter_turns(_first_frame(container, track)) % 2:
            width, height = height, width
        return VideoInfo(
            found,
            codec.name,
            width,
            height,
            float(track.average_rate or track.guessed_rate or 0),
            _seconds(container, track),
            codec.color_range == 2,
            sounds,
        )


def picture_track(container: Any) -> Any | None:
    """The moving picture: not a cover, which is a track with a single frame."""
    tracks = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    return tracks[0] if tracks else None


@dataclass
class _Clock:
    """Ticks at multiples of a time.

    Attributes:
        number: Of the tick that comes next.
        every: Seconds between two.
    """

    number: int
    every: float

    @property
    def due(self) -> float:
        """The time of the tick that comes next."""
        return self.number * self.every


class Film:
    """An open video.

    Args:
        path: The file.

    Raises:
        InvalidMediaError: It can't be read, or has no picture.
    """

    def __init__(self, path: Path) -> None:
        self._closing = contextlib.ExitStack()
        self._container = self._closing.enter_context(opened(path, format_of(path)))
        track = picture_track(self._container)
        if track is None:
            self.close()
            raise InvalidMediaError("The file has no video track.")
        self._track = track
        # Other processes of this machine have work too; threads here would starve them.
        track.thread_type = "NONE"
        self._start = (track.start_time or 0) * track.time_base
        self.full_range = track.codec_context.color_range == 2
        self.rate = float(track.average_rate or track.guessed_rate or 0)

    def close(self) -> None:
        """Let go of the file."""
        self._closing.close()

    def shown(self, first: int, every: float) -> Iterator[tuple[float, Any]]:
        """The frame on screen at `first * every` seconds, at the next multiple, and so on.

        A group of frames between two key frames in which no time falls is not decoded.
        """
        if self.rate >= _SOFT_RATE:
            self._track.codec_context.skip_frame = "NONREF"
        self._seek(first * every)
        clock = _Clock(first, every)
        on_screen = None
        for frame in self._needed(clock):
            while on_screen is not None and clock.due < self._time(frame.pts):
                yield clock.due, on_screen
                clock.number += 1
            on_screen = frame
        if on_screen is None:
            return
        last = self._time(on_screen.pts) + self._length(on_screen)
        while clock.due < last:
            yield clock.due, on_screen
            clock.number += 1

    def every(self, after: float | None) -> Iterator[tuple[float, Any]]:
        """Every frame with its time; `after` a time, the frame of that time first."""
        if after is not None:
            self._seek(after)
        for packet in itertools.chain(self._packets(), [None]):
            for frame in _decoded(self._track, packet):
                at = self._time(frame.pts)
                if after is None or at >= after:
                    yield at, frame

    def _needed(self, clock: _Clock) -> Iterator[Any]:
        """Frames from which the one on screen when the clock is due can be told."""
        held: list[Any] = []
        skipped = False
        for packet in self._packets():
            at = self._time(packet.pts)
            if packet.is_keyframe and at <= clock.due and held:
                # Nothing before it can be on screen any more, and nothing after it needs that.
                held.clear()
                skipped = True
            held.append(packet)
            if at <= clock.due:
                continue
            if skipped:
                self._track.codec_context.flush_buffers()
                skipped = False
            for one in held:
                yield from _decoded(self._track, one)
            held.clear()
        if skipped:
            self._track.codec_context.flush_buffers()
        for one in [*held, None]:
            yield from _decoded(self._track, one)

    def _packets(self) -> Iterator[Any]:
        packets = self._container.demux(self._track)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                # A file that breaks off gives what came before.
                return
            if packet.pts is not None:
                yield packet

    def _seek(self, seconds: float) -> None:
        target = max(0.0, seconds - _LEAD)
        if target <= 0:
            return
        offset = int((target + self._start) / self._track.time_base)
        with contextlib.suppress(av.error.FFmpegError):
            self._container.seek(offset, stream=self._track, backward=True)

    def _time(self, pts: int) -> float:
        return float(pts * self._track.time_base - self._start)

    def _length(self, frame: Any) -> float:
        if frame.duration:
            return float(frame.duration * self._track.time_base)
        return 1 / self.rate if self.rate else 0.0


def pixels_of(frame: Any, longest_side: int) -> Array:
    """A frame as upright RGB pixels, at most so large."""
    scale = min(1.0, longest_side / max(frame.width, frame.height))
    size = [max(2, round(side * scale)) for side in (frame.width, frame.height)]
    pixels = frame.to_ndarray(format="rgb24", width=size[0], height=size[1])
    return np.ascontiguousarray(np.rot90(pixels, _quarter_turns(frame)))


def _quarter_turns(frame: Any | None) -> int:
    """How often a frame is to be turned to the left to stand upright."""
    return round((frame.rotation if frame is not None else 0) / 90) % 4


def _decoded(track: Any, packet: Any) -> Iterator[Any]:
    try:
        frames = track.decode(packet)
    except (av.error.FFmpegError, EOFError):
        # A damaged packet costs its own frames only.
        return
    yield from (frame for frame in frames if frame.pts is not None)


def _first_frame(container: Any, track: Any) -> Any | None:
    for packet in container.demux(track):
        for frame in _decoded(track, packet):
            return frame
    return None


def _seconds(container: Any, track: Any) -> float:
    if track.duration:
        return float(track.duration * track.time_base)
    return container.duration / av.time_base if container.duration else 0.0


def _sound(stream: Any) -> SoundTrack:
    seconds = float(stream.duration * stream.time_base) if stream.duration else 0.0
    return SoundTrack(stream.codec_context.name, stream.channels, stream.rate, seconds)


def thumbnail(frame: Any) -> Array:
    """A small grey picture of a frame, to tell whether something changed."""
    grey = frame.to_ndarray(format="gray", width=160, height=90, interpolation="AREA")
    return cv2.blur(grey, (3, 3))
