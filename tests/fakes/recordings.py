"""Recordings made on the spot: sounds as samples, encoded as phones and telephones do."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np

RATE = 16_000

CODECS = {
    "wav": ("wav", "pcm_s16le"),
    "mp3": ("mp3", "libmp3lame"),
    "m4a": ("ipod", "aac"),
    "mp4": ("mp4", "aac"),
    "flac": ("flac", "flac"),
    "ogg": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
}


def silence(seconds: float) -> Any:
    """Nothing at all."""
    return np.zeros(round(seconds * RATE), np.int16)


def tone(seconds: float, hertz: float = 440.0, loudness: float = 8_000) -> Any:
    """A steady tone."""
    times = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hertz * times) * loudness).astype(np.int16)


def song(seconds: float) -> Any:
    """A melody of plain tones, four a second."""
    notes = [262.0, 330.0, 392.0, 523.0, 392.0, 330.0]
    return np.concatenate(
        [tone(0.25, notes[number % len(notes)]) for number in range(round(seconds * 4))]
    )


def encode(form: str, *channels: Any, rate: int = RATE) -> bytes:
    """Channels of samples as a file; at other rates than 16 kHz they are resampled."""
    container_name, codec = CODECS[form]
    buffer = io.BytesIO()
    layout = "mono" if len(channels) == 1 else "stereo"
    with av.open(buffer, "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = layout
        packed = np.ascontiguousarray(np.stack(channels, axis=1).reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.sample_rate = RATE
        resampler = av.AudioResampler(stream.format, stream.layout, rate, stream.frame_size or 1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return buffer.getvalue()
