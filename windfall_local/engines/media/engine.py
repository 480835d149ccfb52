"""Media files through PyAV (FFmpeg): streamed, so that hours take no more memory than seconds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
from av.audio.resampler import AudioResampler

from windfall_local.engines import InvalidMediaError
from windfall_local.engines.media import RATE, Decoded, MediaInfo
from windfall_local.engines.media.opening import format_of, opened

MOST_CHANNELS = 8
"""More are mixed by FFmpeg, or refused when they are wanted apart."""


class AvMediaEngine:
    """Reads media files with FFmpeg's codecs."""

    def probe(self, path: Path) -> MediaInfo:
        """What is in a file."""
        found = format_of(path)
        with opened(path, found) as container:
            seconds = container.duration / av.time_base if container.duration else None
            if not container.streams.audio:
                return MediaInfo(found, None, 0, 0, seconds)
            track = container.streams.audio[0]
            return MediaInfo(found, track.codec_context.name, track.channels, track.rate, seconds)

    def decode(self, path: Path, folder: Path, apart: bool, longest: float) -> Decoded:
        """Write a file's sound as plain samples, at `RATE`."""
        with opened(path, format_of(path)) as container, contextlib.ExitStack() as files:
            if not container.streams.audio:
                raise InvalidMediaError("The file has no sound track.")
            track = container.streams.audio[0]
            if apart and not 1 <= track.channels <= MOST_CHANNELS:
                raise InvalidMediaError(f"The sound has {track.channels} channels.")
            channels = track.channels if apart else 1
            paths = [folder / f"ch_{number}.pcm" for number in range(channels)]
            outputs = [files.enter_context(path.open("wb")) for path in paths]
            layout = track.layout.name if apart else "mono"
            samples = _write(container, track, layout, outputs, round(longest * RATE))
        if not samples:
            raise InvalidMediaError("No sound could be decoded; the file is damaged or empty.")
        return Decoded(paths, samples / RATE)


def _write(container: Any, track: Any, layout: str, outputs: Sequence[IO[bytes]], most: int) -> int:
    """Decode, resample and write; the number of samples of each channel."""
    samples = 0
    for block in _resampled(_frames(container, track), layout):
        columns = block.reshape(-1, len(outputs))
        samples += len(columns)
        if samples > most:
            raise InvalidMediaError(f"The sound is longer than {most / RATE:,.0f} seconds.")
        for number, output in enumerate(outputs):
            output.write(np.ascontiguousarray(columns[:, number]).tobytes())
    return samples


def _resampled(frames: Iterator[Any], layout: str) -> Iterator[Any]:
    resampler, was = None, None
    for frame in frames:
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if now != was:
            # Damaged and stitched files change their format on the way.
            if resampler is not None:
                yield from (piece.to_ndarray() for piece in resampler.resample(None))
            resampler, was = AudioResampler("s16", layout, RATE), now
        assert resampler is not None
        frame.pts = None
        yield from (piece.to_ndarray() for piece in resampler.resample(frame))
    if resampler is not None:
        yield from (piece.to_ndarray() for piece in resampler.resample(None))


def _frames(container: Any, track: Any) -> Iterator[Any]:
    """Every frame that can be decoded: a damaged packet costs its own sound only."""
    packets = container.demux(track)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            # A file that breaks off gives what came before.
            return
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue
