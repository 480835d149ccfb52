"""Sample rates and audio formats."""

from __future__ import annotations

import io
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from windfall_local.engines.voice import AudioFormat

Samples: TypeAlias = NDArray[np.int16]

_FILES: dict[str, tuple[str, str]] = {
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ogg_vorbis": ("OGG", "VORBIS"),
    "ogg_opus": ("OGG", "OPUS"),
    "mulaw": ("RAW", "ULAW"),
    "alaw": ("RAW", "ALAW"),
}
_TAPS = 95


def silence(milliseconds: int, rate: int) -> Samples:
    """Nothing, for a time."""
    return np.zeros(milliseconds * rate // 1000, np.int16)


def tone(milliseconds: int, rate: int) -> Samples:
    """A beep of 1 kHz."""
    time = np.arange(milliseconds * rate // 1000) / rate
    beep: Samples = (8000 * np.sin(2 * np.pi * 1000 * time)).astype(np.int16)
    return beep


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """The same sound at another rate; what the lower rate can't hold is filtered out first."""
    if rate == wanted or not len(samples):
        return samples
    signal = samples.astype(np.float32)
    if wanted < rate:
        offsets: NDArray[np.int64] = np.arange(_TAPS) - _TAPS // 2
        cut = 0.46 * wanted / rate
        kernel = 2 * cut * np.sinc(2 * cut * offsets) * np.hamming(_TAPS)
        signal = np.convolve(signal, (kernel / kernel.sum()).astype(np.float32), "same")
    count = round(len(samples) * wanted / rate)
    positions = np.arange(count) * (rate / wanted)
    moved = np.interp(positions, np.arange(len(signal)), signal)
    fresh: Samples = np.clip(np.rint(moved), -32768, 32767).astype(np.int16)
    return fresh


def encode(samples: Samples, rate: int, audio: AudioFormat) -> bytes:
    """Samples as a file of a format; `pcm`, `mulaw` and `alaw` have no header."""
    if audio == "pcm":
        content: bytes = samples.astype("<i2").tobytes()
        return content
    import soundfile  # noqa: PLC0415 - loads libsndfile; marks alone need none

    kind, subtype = _FILES[audio]
    target = io.BytesIO()
    with soundfile.SoundFile(
        target, "w", samplerate=rate, channels=1, format=kind, subtype=subtype
    ) as file:
        # One write of minutes overflows libvorbis's stack.
        for begin in range(0, len(samples), rate):
            file.write(samples[begin : begin + rate])
    return target.getvalue()
