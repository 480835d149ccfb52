"""Where somebody speaks: WebRTC's voice detector, smoothed, and a test for plain tones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pocketsphinx import Vad

from windfall_local.engines.media import RATE
from windfall_local.engines.speech import Stretch

FRAME = 0.03
"""Seconds that the detector decides on at once."""

LONGEST = 15.0
"""Seconds of one stretch. It bounds what an end of the process loses, and how long it waits."""

_SAMPLES = round(RATE * FRAME)
_BLOCK = 1000 * _SAMPLES * 2
_SMOOTHED = 9
_GAP = 0.5
_SHORTEST = 0.15
_PADDING = 0.2

# Measured: read, telephone and synthetic speech has .02 and more, plain tones under .0001; speech
# changes by 1.7 and more, by .72 under noise that is louder than itself, a held chord by .5.
_TONE_FLATNESS = 0.002
_STEADY_CHANGE = 0.6


def find_stretches(path: Path) -> list[Stretch]:
    """Where somebody speaks, in order."""
    voiced, loudness = _measure(path)
    if not len(voiced):
        return []
    smooth = np.convolve(voiced, np.ones(_SMOOTHED), "same") >= _SMOOTHED / 2
    runs = _merged(_runs(smooth), round(_GAP / FRAME))
    padding = round(_PADDING / FRAME)
    found = []
    for begin, end in runs:
        if (end - begin) * FRAME >= _SHORTEST:
            wide = max(0, begin - padding), min(len(voiced), end + padding)
            found += [
                Stretch(round(a * FRAME, 3), round(b * FRAME, 3))
                for a, b in _split(*wide, loudness)
            ]
    return found


def read_samples(path: Path, stretch: Stretch) -> Any:
    """The samples of a stretch."""
    begin, end = round(stretch.start * RATE), round(stretch.end * RATE)
    return np.fromfile(path, np.int16, end - begin, offset=begin * 2)


def is_tonal(samples: Any) -> bool:
    """Whether this is a sum of steady tones: music or a signal, and nobody who speaks.

    Speech is noise and harmonics whose strengths change all the time. Tones put nearly all their
    power into a few narrow lines, or keep the same spectrum from moment to moment.
    """
    frames = samples[: len(samples) // 512 * 512].reshape(-1, 512).astype(np.float64)
    frames = frames[np.sqrt((frames**2).mean(axis=1)) > 100]
    if len(frames) < 4:
        return False
    power = np.abs(np.fft.rfft(frames * np.hanning(512), axis=1)) ** 2
    # 190 to 3,400 Hz: what a telephone carries too.
    power = power[:, 6:110] + 1e-3
    flatness = np.median(np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1))
    bands = np.log(power.reshape(len(power), 13, 8).sum(axis=2))
    return bool(flatness < _TONE_FLATNESS or np.diff(bands, axis=0).std() < _STEADY_CHANGE)


def _measure(path: Path) -> tuple[Any, Any]:
    """For each frame, whether it is voiced, and how loud."""
    detector = Vad(mode=Vad.LOOSE, sample_rate=RATE, frame_length=FRAME)
    voiced, loudness = [], []
    for block in _blocks(path):
        frames = np.frombuffer(block, np.int16).reshape(-1, _SAMPLES)
        voiced += [detector.is_speech(frame.tobytes()) for frame in frames]
        loudness.append(np.sqrt((frames.astype(np.float32) ** 2).mean(axis=1)))
    return np.array(voiced, np.float32), np.concatenate(loudness) if loudness else np.zeros(0)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            # The last frame is filled up with silence.
            yield block + bytes(-len(block) % (_SAMPLES * 2))


def _runs(flags: Any) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _merged(runs: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in runs:
        if merged and begin - merged[-1][1] < gap:
            merged[-1] = merged[-1][0], end
        else:
            merged.append((begin, end))
    return merged


def _split(begin: int, end: int, loudness: Any) -> Iterator[tuple[int, int]]:
    """Pieces of at most `LONGEST`, cut at the quietest frame of their second half."""
    longest = int(LONGEST / FRAME)
    while end - begin > longest:
        half = begin + longest // 2
        cut = half + int(np.argmin(loudness[half : begin + longest]))
        yield begin, cut
        begin = cut
    yield begin, end
