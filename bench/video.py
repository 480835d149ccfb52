"""Measures the video engine: time, cuts and fades that are found, memory.

    python -m bench.video [--minutes 60] [--shots 90]     writes bench/results/video.json

It takes about five minutes. Time is of the processor, for films of camera moves over the demo's
pictures. Cuts and fades are those of films that `bench.film` composes, with motion, grain, flicker
and flashes; none of them was looked at while the thresholds were chosen. Memory is that of one
process that looks at a long video.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from PIL import Image

from bench.film import DEMO, KINDS, RATE, Change, compose
from bench.results import write_result
from bench.speech import peak_mb
from tests.fakes.videos import encode
from windfall_local.engines.video import Span
from windfall_local.engines.video.engine import AvVideoEngine
from windfall_local.engines.video.shots import find_shots
from windfall_local.engines.video.signatures import SIGNATURE
from windfall_local.engines.vision.results import FaceDetail

SIZES = {"360p": (640, 360), "1080p": (1920, 1080)}
SECONDS = 20
"""Of the films whose time is measured."""
FIRST_SEED, SHOTS_EACH = 100, 30
_BLACK = 0.2


def main() -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(description="Measures the video engine.")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--shots", type=int, default=90)
    parser.add_argument("--memory", nargs=2, help="look at a video in this process, in one way")
    arguments = parser.parse_args()
    if arguments.memory:
        path, way = arguments.memory
        sys.stdout.write(json.dumps(measure_memory(Path(path), way)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = {
            "processor seconds per minute of video": {
                size: measure_time(folder, *pixels) for size, pixels in SIZES.items()
            },
            "cuts and fades": measure_changes(folder, arguments.shots),
            "memory": measure_long(folder, arguments.minutes),
        }
    write_result("video", figures)


# --- Time ---------------------------------------------------------------------------------------


def measure_time(folder: Path, width: int, height: int) -> dict[str, float]:
    """What a minute of video costs, for each kind of job."""
    path = folder / f"{height}.mp4"
    path.write_bytes(encode(camera_moves(width, height, SECONDS * RATE), rate=RATE))
    engine = AvVideoEngine()
    ways: dict[str, Callable[[Span], Any]] = {
        "labels, 2 a second": lambda span: engine.things(path, span, 0.3),
        "faces with all attributes, 2 a second": lambda span: engine.faces(
            path, span, FaceDetail(portrait=True, expression=True)
        ),
        "text, 1 a second": lambda span: engine.text(path, span),
    }
    report = {}
    for name, way in ways.items():
        every = 1.0 if name.startswith("text") else 0.5
        way(Span(0, 1, every))  # Loads the models.
        began = time.process_time()
        way(Span(1, 10_000, every))
        report[name] = round((time.process_time() - began) * 60 / (SECONDS - every), 1)
    began = time.process_time()
    find_shots(all_signatures(engine, path), RATE)
    report["segments"] = round((time.process_time() - began) * 60 / SECONDS, 1)
    return report


def camera_moves(width: int, height: int, frames: int) -> Iterator[Any]:
    """A camera that moves over the demo's portrait and page, in shots of two seconds."""
    pictures = []
    for name in ("portrait.jpg", "page.png"):
        with Image.open(DEMO / name) as image:
            picture = np.asarray(image.convert("RGB"))
        scale = 1.3 * max(width / picture.shape[1], height / picture.shape[0])
        pictures.append(cv2.resize(picture, None, fx=scale, fy=scale))
    for frame in range(frames):
        picture = pictures[frame // (2 * RATE) % 2]
        x = round((picture.shape[1] - width) * (frame % 100) / 100)
        y = round((picture.shape[0] - height) * (frame % 170) / 170)
        yield np.ascontiguousarray(picture[y : y + height, x : x + width])


def all_signatures(engine: AvVideoEngine, path: Path) -> Any:
    """The signatures of every frame."""
    parts: list[Any] = []
    after = None
    while not parts or len(parts[-1]) == RATE * 20:
        parts.append(engine.sign(path, after, RATE * 20, _BLACK))
        after = float(parts[-1][-1]["at"]) if len(parts[-1]) else after
    return np.concatenate(parts)


# --- Cuts and fades -----------------------------------------------------------------------------


def measure_changes(folder: Path, shots: int) -> dict[str, Any]:
    """Cuts found to the frame, transitions found where they are, and what is none."""
    engine = AvVideoEngine()
    there: Counter[str] = Counter()
    found: Counter[str] = Counter()
    told = 0
    for seed in range(FIRST_SEED, FIRST_SEED + max(1, shots // SHOTS_EACH)):
        film = compose(seed, SHOTS_EACH)
        path = folder / "film.mp4"
        path.write_bytes(encode(film.frames, rate=RATE, options={"crf": "26"}))
        parts = find_shots(all_signatures(engine, path), RATE)
        gaps = [(one.last, other.first) for one, other in itertools.pairwise(parts)]
        told += len(gaps)
        for change in film.changes:
            there[change.kind] += 1
            match = next((gap for gap in gaps if is_found(change, *gap)), None)
            if match is not None:
                gaps.remove(match)
                found[change.kind] += 1
    right = sum(found.values())
    return {
        **{kind: {"there": there[kind], "found": found[kind]} for kind in KINDS},
        "told": told,
        "recall": round(right / sum(there.values()), 3),
        "precision": round(right / max(1, told), 3),
    }


def is_found(change: Change, last: int, first: int) -> bool:
    """Whether a gap between shots is a change: a cut within a frame, a transition overlapped."""
    if change.kind == "cut":
        return abs(last - change.last) <= 1 and abs(first - change.first) <= 1
    return last < change.first and first > change.last


# --- Memory -------------------------------------------------------------------------------------


def measure_long(folder: Path, minutes: int) -> dict[str, Any]:
    """The most memory for a minute and for the whole, each in a process of its own."""
    report: dict[str, Any] = {}
    minute = folder / "360.mp4"
    for length in (1, minutes):
        path = repeated(minute, folder / f"long-{length}.mp4", length * 60)
        for way in ("segments", "labels"):
            command = [sys.executable, "-m", "bench.video", "--memory", str(path), way]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
            report[f"{way}, {length} min"] = json.loads(run.stdout)
    return report


def measure_memory(path: Path, way: str) -> dict[str, Any]:
    """What one process needs to look at a video: every frame, or a sample in ten seconds."""
    engine = AvVideoEngine()
    began = time.process_time()
    if way == "labels":
        seen, ended = 0, False
        while not ended:
            looked = engine.things(path, Span(seen, 8, 10.0), 0.3)
            seen, ended = seen + len(looked.samples), looked.ended
        count = {"samples": seen}
    else:
        count = write_signatures(engine, path, path.with_suffix(".signatures"))
    return {**count, "seconds": round(time.process_time() - began, 1), "peak_mb": peak_mb()}


def write_signatures(engine: AvVideoEngine, path: Path, target: Path) -> dict[str, int]:
    """As a job does: to disk as they come, and shots from there."""
    after, count, new = None, 0, None
    with target.open("wb") as file:
        while new is None or len(new) == RATE * 20:
            new = engine.sign(path, after, RATE * 20, _BLACK)
            file.write(new.tobytes())
            count += len(new)
            after = float(new[-1]["at"]) if len(new) else after
    shots = find_shots(np.memmap(target, SIGNATURE, "r"), RATE)
    return {"frames": count, "shots": len(shots)}


def repeated(source: Path, target: Path, seconds: int) -> Path:
    """A video over and over, its packets copied."""
    with av.open(str(source)) as container:
        track = container.streams.video[0]
        base = track.time_base
        with av.open(str(target), "w") as output:
            stream = output.add_stream_from_template(track)
            for begin in range(0, seconds, SECONDS):
                container.seek(0)
                for packet in container.demux(track):
                    if packet.dts is not None:
                        packet.pts += round(begin / base)
                        packet.dts += round(begin / base)
                        packet.stream = stream
                        output.mux(packet)
    return target


if __name__ == "__main__":
    main()
