"""Voices as vectors: Resemblyzer's encoder, which hears 1.6 seconds at once.

Two vectors of one voice point nearly the same way, whatever is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime

from windfall_local.engines.media import RATE
from windfall_local.engines.speech import Stretch
from windfall_local.engines.speech.stretches import read_samples

# What the encoder was trained on.
_WINDOW = 160
_CHANNELS = 40
_FRAME = RATE * 25 // 1000
_STEP = RATE // 100
_LOUDNESS = -30
"""Decibels below full scale; what is quieter is raised."""

_HOP = 40
"""Frames between the windows of a piece."""

_BATCH = 64
_HIGH = 4_000
"""Hertz. A telephone carries nothing above."""


class Voiceprints(NamedTuple):
    """The voices of pieces of a recording.

    Attributes:
        vectors: One of length one for each piece.
        high: Which part of their power is above what a telephone carries.
    """

    vectors: Any
    high: float


class VoiceEncoder:
    """The model, loaded when it is first needed.

    Args:
        locate: Where its file lies; raises EngineUnavailableError when it is missing.
    """

    def __init__(self, locate: Callable[[str], Path]) -> None:
        self._locate = locate
        self._session: onnxruntime.InferenceSession | None = None
        self._filters = _mel_filters()
        self._taper = np.hanning(_FRAME + 1)[:-1]
        self._bins = np.fft.rfftfreq(_FRAME, 1 / RATE) > _HIGH

    def voices(self, path: Path, pieces: Sequence[Stretch]) -> Voiceprints:
        """The voices of pieces of plain samples, a piece in memory at a time."""
        vectors, total, high = [], 1e-9, 0.0
        for piece in pieces:
            power = self._power(read_samples(path, piece))
            total += float(power.sum())
            high += float(power[:, self._bins].sum())
            voice = self._encode(power @ self._filters.T).sum(axis=0)
            vectors.append(voice / (np.linalg.norm(voice) or 1.0))
        return Voiceprints(np.array(vectors), high / total)

    def _power(self, samples: Any) -> Any:
        """The power of each frame at each frequency."""
        signal = samples.astype(np.float32) / 32768
        loudness = 20 * np.log10(
            max(float(np.sqrt((signal**2).mean())) if len(signal) else 0, 1e-6)
        )
        signal = np.pad(signal * 10 ** (max(0.0, _LOUDNESS - loudness) / 20), _FRAME // 2)
        count = 1 + max(0, len(signal) - _FRAME) // _STEP
        signal = np.pad(signal, (0, max(0, _FRAME - len(signal))))
        frames = np.lib.stride_tricks.sliding_window_view(signal, _FRAME)[::_STEP][:count]
        return np.abs(np.fft.rfft(frames * self._taper)) ** 2

    def _encode(self, mels: Any) -> Any:
        """The voice of each window; a piece that is shorter is heard over and over."""
        if len(mels) < _WINDOW:
            mels = np.concatenate([mels] * (_WINDOW // len(mels) + 1))[:_WINDOW]
        windows = np.stack(
            [mels[at : at + _WINDOW] for at in range(0, len(mels) - _WINDOW + 1, _HOP)]
        ).astype(np.float32)
        batches = [windows[at : at + _BATCH] for at in range(0, len(windows), _BATCH)]
        session = self._session = self._session or self._load()
        return np.concatenate([session.run(None, {"mels": batch})[0] for batch in batches])

    def _load(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            str(self._locate("voices")), options, providers=["CPUExecutionProvider"]
        )


def _mel_filters() -> Any:
    """Slaney's mel filters, as librosa makes them: linear to 1 kHz, then logarithmic."""
    step = np.log(6.4) / 27
    highest = 15 + np.log(RATE / 2 / 1000) / step
    mels = np.linspace(0, highest, _CHANNELS + 2)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(step * (mels - 15)))
    slopes = edges[:, None] - np.fft.rfftfreq(_FRAME, 1 / RATE)[None]
    widths = np.diff(edges)
    rising = -slopes[:-2] / widths[:-1, None]
    falling = slopes[2:] / widths[1:, None]
    area = 2 / (edges[2:] - edges[:-2])
    return np.maximum(0, np.minimum(rising, falling)) * area[:, None]
