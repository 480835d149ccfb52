"""Sample rates and audio formats."""

from __future__ import annotations

from typing import Any, BinaryIO, Self, TypeAlias

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


def resample(samples: Samples, rate: int, wanted: int, before: int = 0) -> Samples:
    """The same sound at another rate; what the lower rate can't hold is filtered out first.

    Args:
        samples: A piece of a longer sound, or all of it.
        rate: Its samples a second.
        wanted: The rate to give it.
        before: Samples of that sound before this piece: so the pieces together have the length
            of the whole, to the sample.
    """
    if rate == wanted or not len(samples):
        return samples
    signal = samples.astype(np.float32)
    if wanted < rate:
        offsets: NDArray[np.int64] = np.arange(_TAPS) - _TAPS // 2
        cut = 0.46 * wanted / rate
        kernel = 2 * cut * np.sinc(2 * cut * offsets) * np.hamming(_TAPS)
        # As long as the piece, however short that is.
        signal = np.convolve(signal, (kernel / kernel.sum()).astype(np.float32))
        signal = signal[_TAPS // 2 :][: len(samples)]
    first, end = (-(-at * wanted // rate) for at in (before, before + len(samples)))
    positions = np.arange(first, end) * (rate / wanted) - before
    moved = np.interp(positions, np.arange(len(signal)), signal)
    fresh: Samples = np.clip(np.rint(moved), -32768, 32767).astype(np.int16)
    return fresh


class Encoder:
    """Writes a sound piece by piece, as a file of a format; a context that ends the file.

    `pcm`, `mulaw` and `alaw` have no header.

    Args:
        target: Where to; can be written, read and sought in.
        rate: Samples a second of what comes.
        wanted: Of what is written.
        audio: The format; with None nothing is written.
    """

    def __init__(self, target: BinaryIO, rate: int, wanted: int, audio: AudioFormat | None) -> None:
        self._target = target
        self._rate = rate
        self._wanted = wanted
        self._audio = audio
        self._before = 0
        self._file: Any = None

    def __enter__(self) -> Self:
        if self._audio in _FILES:
            import soundfile  # noqa: PLC0415 - loads libsndfile; marks alone need none

            kind, subtype = _FILES[self._audio]
            self._file = soundfile.SoundFile(
                self._target,
                "w",
                samplerate=self._wanted,
                channels=1,
                format=kind,
                subtype=subtype,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, samples: Samples) -> None:
        """Add a piece."""
        if self._audio is None:
            return
        fresh = resample(samples, self._rate, self._wanted, self._before)
        self._before += len(samples)
        if self._file is None:
            self._target.write(fresh.astype("<i2").tobytes())
            return
        # One write of minutes overflows libvorbis's stack.
        for begin in range(0, len(fresh), self._wanted):
            self._file.write(fresh[begin : begin + self._wanted])
