"""Videos composed on the spot: pictures as frames, encoded as phones and studios do."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

RATE = 25
SIZE = (320, 180)


def scene(number: int, size: tuple[int, int] = SIZE) -> Any:
    """A picture with soft shapes, another for each number."""
    colours = np.random.default_rng(number).integers(20, 235, (6, 10, 3), np.uint8)
    return cv2.resize(colours, size, interpolation=cv2.INTER_CUBIC)


def still(picture: Any, frames: int) -> Iterator[Any]:
    """A picture that stays."""
    return (picture for _ in range(frames))


def pan(number: int, frames: int, step: int = 2, size: tuple[int, int] = SIZE) -> Iterator[Any]:
    """A camera that moves over a scene."""
    wide = scene(number, (size[0] + step * frames, size[1]))
    return (
        np.ascontiguousarray(wide[:, step * frame : step * frame + size[0]])
        for frame in range(frames)
    )


def blend(one: Any, other: Any, frames: int) -> Iterator[Any]:
    """One picture becoming another: a dissolve, or a fade when one of them is black."""
    for frame in range(1, frames + 1):
        part = frame / (frames + 1)
        yield (one * (1 - part) + other * part).astype(np.uint8)


def black(size: tuple[int, int] = SIZE) -> Any:
    """Nothing to see."""
    return np.zeros((size[1], size[0], 3), np.uint8)


def bars(size: tuple[int, int] = SIZE) -> Any:
    """The seven bars of SMPTE EG 1, at three quarters."""
    order = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1)]
    row = np.repeat(np.array(order) * 191, -(-size[0] // 7), axis=0)[: size[0]]
    return np.tile(row[np.newaxis].astype(np.uint8), (size[1], 1, 1))


def title(text: str, size: tuple[int, int] = SIZE, height: int = 40) -> Any:
    """Black words on white."""
    image = Image.new("RGB", size, "white")
    font = ImageFont.load_default(height)
    ImageDraw.Draw(image).text((size[0] // 12, size[1] // 3), text, "black", font)
    return np.asarray(image)


def encode(
    pictures: Iterable[Any],
    *,
    rate: Fraction | int = RATE,
    times: Sequence[float] | None = None,
    rotation: int = 0,
    form: str = "mp4",
    codec: str = "libx264",
    sound: Any = None,
    sound_at: float = 0.0,
    options: dict[str, str] | None = None,
    index_first: bool = False,
    pixels: str = "yuv420p",
) -> bytes:
    """Pictures as a file.

    Args:
        pictures: RGB, all of one size.
        rate: Frames a second.
        times: When each is shown, in seconds, for a rate that varies.
        rotation: Degrees by which a player turns it to the left, as phones have it.
        form: The container.
        codec: Of the picture.
        sound: Samples at 16 kHz, for a sound track.
        sound_at: Seconds at which it begins.
        options: The encoder's.
        pixels: The format of the encoded picture.
        index_first: Whether the index stands in front, so that a broken file can be read.
    """
    buffer = io.BytesIO()
    # In fragments, each with its own index: what a file in memory can have in front.
    muxer = {"movflags": "frag_keyframe+empty_moov"} if index_first else {}
    with av.open(buffer, "w", format=form, options=muxer) as container:
        stream: Any = None
        track = (
            container.add_stream("aac", rate=16_000, layout="mono") if sound is not None else None
        )
        for number, picture in enumerate(pictures):
            if stream is None:
                stream = _picture_track(container, codec, rate, picture, options)
                stream.pix_fmt = pixels
                if rotation:
                    stream.set_display_rotation(rotation)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if times is not None:
                frame.time_base = stream.codec_context.time_base = Fraction(1, 1000)
                frame.pts = round(times[number] * 1000)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))
        if track is not None:
            _add_sound(container, track, sound, sound_at)
    return buffer.getvalue()


def _picture_track(
    container: Any,
    codec: str,
    rate: Fraction | int,
    picture: Any,
    options: dict[str, str] | None,
) -> Any:
    quick = {"preset": "ultrafast"} if codec == "libx264" else {}
    stream = container.add_stream(codec, rate=rate, options={**quick, **(options or {})})
    stream.height, stream.width = picture.shape[:2]
    return stream


def _add_sound(container: Any, track: Any, samples: Any, begins: float) -> None:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 16_000
    resampler = av.AudioResampler(track.format, track.layout, 16_000, track.frame_size or 1024)
    place = round(begins * 16_000)
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        piece.pts, piece.time_base = place, Fraction(1, 16_000)
        place += piece.samples
        container.mux(track.encode(piece))
    container.mux(track.encode(None))
