"""Measures the speech engines: words that are wrong, speakers that are wrong, time, memory.

    python -m bench.speech [--minutes 60]     writes bench/results/speech.json

Right are the transcripts of three public-domain recordings, and those of the LibriVox recordings
in pocketsphinx's source distribution, which pip fetches. The long recording is made here: the
samples one after the other, with pauses, as an mp3. Its memory is that of one process that decodes
it, finds its speech and hears a part of it.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from bench.results import write_result
from bench.samples import samples
from bench.speakers import distribution, measure_speakers
from windfall_local.engines.media import RATE
from windfall_local.engines.media.engine import AvMediaEngine
from windfall_local.engines.speech import Stretch
from windfall_local.engines.speech.speakers import SpeakerEngine
from windfall_local.engines.speech.sphinx import NAME, SphinxEngine

TEXTS = {
    "jfk.flac": "And so, my fellow Americans, ask not what your country can do for you, ask what "
    "you can do for your country.",
    "lv-0870.wav": "",
    "lv-0880.wav": "",
}
"""Where the text is empty it lies beside the recording."""

_HEARD = 20
"""Stretches of the long recording that are heard for its memory."""


def main() -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(description="Measures the speech engines.")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--memory", type=Path, help="measure one recording in this process")
    arguments = parser.parse_args()
    if arguments.memory:
        sys.stdout.write(json.dumps(measure_memory(arguments.memory)))
        return
    figures: dict[str, Any] = {"engine": NAME}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recordings = samples("audio")
        if (recordings / "jfk.flac").exists():
            figures |= measure_words(recordings, folder)
        data = distribution(folder)
        if data is not None:
            figures["librivox, from pocketsphinx"] = measure_librivox(data, folder)
            figures["speakers"] = measure_speakers(data, recordings)
        figures["long recording"] = measure_long(recordings, folder, arguments.minutes)
    write_result("speech", figures)


def measure_words(recordings: Path, folder: Path) -> dict[str, Any]:
    """Word error rate and real-time factor, for each recording and telephone copies of it."""
    engine, media = SphinxEngine(), AvMediaEngine()
    report: dict[str, Any] = {}
    for kind in ("as it is", "telephone, 8 kHz"):
        wrong = total = 0
        seconds = taken = 0.0
        for name, given in TEXTS.items():
            path = recordings / name
            truth = words(given or path.with_suffix(".txt").read_text())
            if kind != "as it is":
                path = telephone(path, folder / "telephone.wav")
            decoded = media.decode(path, folder, False, 600)
            began = time.process_time()
            heard = [
                word.text
                for stretch in engine.stretches(decoded.files[0])
                for word in engine.recognize(decoded.files[0], stretch, "en")
            ]
            taken += time.process_time() - began
            seconds += decoded.seconds
            wrong += distance(truth, words(" ".join(heard)))
            total += len(truth)
        report[kind] = {
            "words": total,
            "word_error_rate": round(wrong / total, 3),
            "real_time_factor": round(taken / seconds, 2),
        }
    return report


def measure_librivox(data: Path, folder: Path) -> dict[str, Any]:
    """Word error rate on the read book in pocketsphinx's own tests."""
    engine, media = SphinxEngine(), AvMediaEngine()
    lines = (data / "librivox/transcription").read_text().splitlines()
    wrong = total = 0
    for line in lines:
        text, name = re.fullmatch(r"(?:<s> )?(.*?)(?: </s>)? \((\S+)\)", line.strip()).groups()  # type: ignore[union-attr]
        decoded = media.decode(data / f"librivox/{name}.wav", folder, False, 600)
        heard = [
            word.text
            for stretch in engine.stretches(decoded.files[0])
            for word in engine.recognize(decoded.files[0], stretch, "en")
        ]
        wrong += distance(words(text), words(" ".join(heard)))
        total += len(words(text))
    return {"words": total, "word_error_rate": round(wrong / total, 3)}


def measure_long(recordings: Path, folder: Path, minutes: int) -> dict[str, Any]:
    """Memory for a minute and for the whole, each in a process of its own."""
    report = {}
    for length in (1, minutes):
        path = long_recording(recordings, folder / f"{length}.mp3", length)
        command = [sys.executable, "-m", "bench.speech", "--memory", str(path)]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        report[f"{length} min"] = json.loads(run.stdout)
    return report


def measure_memory(path: Path) -> dict[str, Any]:
    """What one process needs to decode a recording, find its speech and hear a part of it."""
    media, engine = AvMediaEngine(), SphinxEngine()
    with tempfile.TemporaryDirectory() as name:
        began = time.process_time()
        decoded = media.decode(path, Path(name), False, 8 * 3600)
        decoding = time.process_time() - began
        began = time.process_time()
        stretches = engine.stretches(decoded.files[0])
        finding = time.process_time() - began
        before = peak_mb()
        for stretch in stretches[-_HEARD:]:
            engine.recognize(decoded.files[0], stretch, "en")
        hearing = peak_mb()
        began = time.process_time()
        SpeakerEngine().speakers(decoded.files[0], spread_words(stretches), 10)
        telling = time.process_time() - began
    return {
        "seconds": round(decoded.seconds),
        "stretches": len(stretches),
        "decoding_s": round(decoding, 1),
        "finding_speech_s": round(finding, 1),
        "telling_speakers_s": round(telling, 1),
        "peak_mb_decoding": before,
        "peak_mb_hearing": hearing,
        "peak_mb_telling_speakers": peak_mb(),
    }


def spread_words(stretches: Sequence[Stretch]) -> list[tuple[float, float]]:
    """As many words as people say, three a second, over all the speech."""
    return [
        (start, start + 0.33)
        for stretch in stretches
        for start in np.arange(stretch.start, stretch.end - 0.33, 0.33).tolist()
    ]


def peak_mb() -> int:
    """The most memory this process has had."""
    status = Path("/proc/self/status")
    if status.exists():
        # Here getrusage tells the parent's peak too, from before the program was loaded.
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert found is not None
        return int(found[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        1024 if sys.platform != "darwin" else 1024**2
    )


def long_recording(recordings: Path, path: Path, minutes: int) -> Path:
    """Speech with pauses as an mp3; noise in bursts where there are no samples."""
    with tempfile.TemporaryDirectory() as name:
        files = sorted(recordings.glob("lv-*.wav"))
        parts = [
            np.fromfile(AvMediaEngine().decode(file, Path(name), False, 60).files[0], np.int16)
            for file in files
        ] or [np.random.default_rng(1).normal(0, 3_000, 5 * RATE).astype(np.int16)]
    round_trip = np.concatenate([piece for part in parts for piece in (part, part[:0], pause())])
    with av.open(str(path), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE)
        stream.layout = "mono"
        written = 0
        while written < minutes * 60 * RATE:
            frame = av.AudioFrame.from_ndarray(round_trip.reshape(1, -1), "s16", "mono")
            frame.sample_rate = RATE
            frame.pts = written
            for piece in resampled(frame, stream):
                container.mux(stream.encode(piece))
            written += round_trip.shape[0]
        container.mux(stream.encode(None))
    return path


def resampled(frame: Any, stream: Any) -> list[Any]:
    """A frame in the encoder's own form and size."""
    resampler = av.AudioResampler(stream.format, stream.layout, RATE, stream.frame_size)
    pieces: list[Any] = [piece for piece in resampler.resample(frame) if piece.samples]
    for piece in pieces:
        piece.pts = None
    return pieces


def pause() -> Any:
    """A second and a half of nothing."""
    return np.zeros(3 * RATE // 2, np.int16)


def telephone(path: Path, target: Path) -> Path:
    """A copy as a telephone carries it: 8 kHz, mu-law."""
    with av.open(str(path)) as source, av.open(str(target), "w", format="wav") as container:
        stream = container.add_stream("pcm_mulaw", rate=8_000)
        stream.layout = "mono"
        resampler = av.AudioResampler("s16", "mono", 8_000)
        for frame in [*source.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return target


def words(text: str) -> list[str]:
    """The words of a text, without case and punctuation."""
    return re.findall(r"[a-z']+", text.lower())


def distance(truth: Sequence[str], heard: Sequence[str]) -> int:
    """Words to change, add and leave out (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(truth, 1):
        row, last = [number], row
        for place, other in enumerate(heard, 1):
            row.append(min(last[place] + 1, row[-1] + 1, last[place - 1] + (word != other)))
    return row[-1]


if __name__ == "__main__":
    main()
