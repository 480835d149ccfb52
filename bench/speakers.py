"""Mixes of real voices, and how much of them is given to the wrong speaker.

The voices are those of recordings that lie in pocketsphinx's source distribution (fetched by pip,
never installed) and of the samples. A mix is turns of one to six seconds with pauses of a tenth to
six tenths of a second, all equally loud, over faint noise. Wrong is the share of the words' time
that has another speaker than the best one-to-one naming of speakers gives it.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from windfall_local.engines.media import RATE
from windfall_local.engines.media.engine import AvMediaEngine
from windfall_local.engines.speech.speakers import SpeakerEngine
from windfall_local.engines.speech.sphinx import SphinxEngine

POCKETSPHINX = "5.1.1"
_DATA = f"pocketsphinx-{POCKETSPHINX}/test/data"
VOICES = {
    "reader": [
        f"librivox/sense_and_sensibility_01_austen_64kb-0{n}.wav" for n in (870, 880, 890, 920, 930)
    ],
    "dealer": [f"cards/00{n}.wav" for n in range(1, 6)],
    "counter": ["goforward.raw", "numbers.raw", "something.raw", "tidigits/dhd.2934z.raw"],
    "caller": ["forever/input_2_16k.wav", "forever/input_4_16k.wav"],
}
"""Recordings of the source distribution by who speaks, as the ear has it."""
SAMPLED = {"president": ["jfk.flac"], "tester": ["transcribe-test-file.wav"]}
"""And of the samples."""
MIXES = {1: 3, 2: 4, 3: 2}
"""How many mixes of how many speakers."""


def distribution(folder: Path) -> Path | None:
    """The recordings of pocketsphinx's source distribution; None when pip can't fetch it."""
    command = ["pip", "download", "--quiet", "--no-deps", "--no-binary", "pocketsphinx"]
    named = f"pocketsphinx=={POCKETSPHINX}"
    asked = [sys.executable, "-m", *command, "--dest", str(folder), named]
    if subprocess.run(asked, capture_output=True, check=False).returncode != 0:
        return None
    with tarfile.open(folder / f"pocketsphinx-{POCKETSPHINX}.tar.gz") as archive:
        members = [one for one in archive.getmembers() if one.name.startswith(_DATA)]
        archive.extractall(folder, members, filter="data")
    return folder / _DATA


def measure_speakers(data: Path, samples: Path) -> dict[str, Any]:
    """The share of wrong time and the speakers found, as recorded and by telephone."""
    voices = _voices(data, samples)
    engine, sphinx = SpeakerEngine(), SphinxEngine()
    report: dict[str, Any] = {"voices": len(voices)}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "mix.pcm"
        for kind in ("as it is", "telephone, 300 to 3,400 Hz"):
            random = np.random.default_rng(11)
            rows: dict[str, Any] = {}
            for speakers, mixes in MIXES.items():
                wrong = total = seconds = taken = 0.0
                found = []
                for number in range(mixes):
                    who = _chosen(random, list(voices), speakers, number)
                    sound, turns = _mix(random, voices, who, max(6, 3 * speakers))
                    if kind != "as it is":
                        sound = _narrow(sound)
                    (np.clip(sound, -1, 1) * 32767).astype("<i2").tofile(path)
                    words = [
                        (word.start, word.end)
                        for stretch in sphinx.stretches(path)
                        for word in sphinx.recognize(path, stretch, "en")
                    ]
                    began = time.process_time()
                    labels = engine.speakers(path, words, 10)
                    taken += time.process_time() - began
                    lost, spoken = _wrong(words, labels, turns)
                    wrong, total, seconds = (
                        wrong + lost,
                        total + spoken,
                        seconds + len(sound) / RATE,
                    )
                    found.append(len(set(labels)))
                rows[f"{speakers} speakers"] = {
                    "wrong": round(wrong / total, 3),
                    "speakers_found": found,
                    "real_time_factor": round(taken / seconds, 3),
                }
            report[kind] = rows
    return report


def _voices(data: Path, samples: Path) -> dict[str, list[Any]]:
    places = {who: [data / one for one in files] for who, files in VOICES.items()}
    places |= {who: [samples / one for one in files] for who, files in SAMPLED.items()}
    return {
        who: [_read(path) for path in paths]
        for who, paths in places.items()
        if all(path.exists() for path in paths)
    }


def _read(path: Path) -> Any:
    if path.suffix == ".raw":
        return np.fromfile(path, "<i2").astype(np.float32) / 32768
    with tempfile.TemporaryDirectory() as name:
        file = AvMediaEngine().decode(path, Path(name), False, 600).files[0]
        return np.fromfile(file, "<i2").astype(np.float32) / 32768


def _chosen(random: Any, names: Sequence[str], speakers: int, number: int) -> list[str]:
    if speakers == 1:
        return [names[number % len(names)]]
    return [str(one) for one in random.choice(names, speakers, replace=False)]


def _mix(
    random: Any, voices: Mapping[str, list[Any]], who: Sequence[str], turns: int
) -> tuple[Any, list[tuple[float, float, str]]]:
    parts, said, at, last = [], [], 0.0, ""
    pools: dict[str, list[Any]] = {}
    for _ in range(turns):
        last = str(random.choice([one for one in who if one != last] or list(who)))
        pool = pools.get(last) or list(voices[last])
        clip = pool.pop(int(random.integers(len(pool))))
        pools[last] = pool
        length = int(random.uniform(1.2, 6) * RATE)
        if len(clip) > length:
            begin = int(random.integers(len(clip) - length))
            clip = clip[begin : begin + length]
        clip = clip * (0.08 / max(1e-4, float(np.sqrt((clip**2).mean()))))
        pause: Any = np.zeros(int(random.uniform(0.1, 0.6) * RATE), np.float32)
        said.append((at, at + len(clip) / RATE, last))
        parts += [clip, pause]
        at += (len(clip) + len(pause)) / RATE
    sound = np.concatenate(parts)
    return sound + random.normal(0, 0.0008, len(sound)).astype(np.float32), said


def _narrow(sound: Any) -> Any:
    spectrum = np.fft.rfft(sound)
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(frequencies < 300) | (frequencies > 3_400)] = 0
    return np.fft.irfft(spectrum, len(sound))


def _wrong(
    words: Sequence[tuple[float, float]],
    labels: Sequence[int],
    turns: Sequence[tuple[float, float, str]],
) -> tuple[float, float]:
    """Seconds of words that are another's, and of all words."""
    who = sorted({one for _, _, one in turns})
    shared = np.zeros((len(who), max(labels, default=0) + 1))
    for (start, end), label in zip(words, labels, strict=True):
        for begin, stop, one in turns:
            shared[who.index(one), label] += max(0.0, min(end, stop) - max(start, begin))
    rows, columns = linear_sum_assignment(-shared)
    return float(shared.sum() - shared[rows, columns].sum()), float(shared.sum())
