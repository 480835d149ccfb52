"""Measures convert_media and extract_thumbnails: seconds for a minute or a picture, and memory.

    python -m bench.conversion     writes bench/results/conversion.json, in about half a minute

Files are composed here and lie on disk; the functions read them by ranges as they read S3, each
in a process of its own so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "layers/core/python"), str(ROOT / "functions")]

from bench.results import write_result  # noqa: E402 - behind the path that it needs
from convert_media.logic import MediaConverter  # noqa: E402
from convert_media.models import ConvertMediaTask, Track  # noqa: E402
from extract_thumbnails.drawing import as_jpeg, picture_at  # noqa: E402
from windfall.contracts.base import OutputLocation, S3Pointer  # noqa: E402
from windfall.errors import NotFoundError  # noqa: E402
from windfall.media import opened  # noqa: E402
from windfall.ports.storage import ObjectHead  # noqa: E402

SECONDS = 8
"""Of each video that is composed; they are encoded here first, which takes longer."""
HOUR = 3_600
PICTURES = 16
PLENTY = 900_000
OUTPUT = OutputLocation(bucket="results", prefix="results/f/")

CASES: dict[str, tuple[str, str]] = {
    # which file is made, and which half of it is converted
    "sound of an hour in QuickTime": ("hour.mov", "sound"),
    "H.264 1080p in Matroska, other container": ("h264.mkv", "pictures"),
    "HEVC 1080p, encoded anew": ("hevc.mp4", "pictures"),
    "VP9 360p, encoded anew": ("vp9.webm", "pictures"),
    "thumbnails of H.264 1080p": ("h264.mp4", "thumbnails"),
}
_PIECE = 1 << 20
_VIDEOS = {
    "h264.mkv": ("matroska", "libx264", (1_920, 1_080)),
    "h264.mp4": ("mp4", "libx264", (1_920, 1_080)),
    "hevc.mp4": ("mp4", "libx265", (1_920, 1_080)),
    "vp9.webm": ("webm", "libvpx-vp9", (640, 360)),
}
_QUICK = {
    "libx264": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}


def measure() -> dict[str, Any]:
    """The figures of each case."""
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case, (file, what) in CASES.items():
            path = folder / file
            if not path.exists():
                _compose(path)
            measured = subprocess.run(
                [sys.executable, "-m", "bench.conversion", "--file", str(path), "--what", what],
                check=True,
                capture_output=True,
                text=True,
                cwd=ROOT,
            )
            found = json.loads(measured.stdout)
            seconds = HOUR if path.name == "hour.mov" else SECONDS
            took = (
                {"seconds for a picture": round(found["took"] / PICTURES, 3)}
                if what == "thumbnails"
                else {"seconds for a minute": round(found["took"] * 60 / seconds, 2)}
            )
            size = {"megabytes": round(path.stat().st_size / 1e6, 1)}
            figures[case] = {**size, **took, "most memory, MB": found["memory"]}
    return figures


def measure_one(path: Path, what: str) -> dict[str, float]:
    """One conversion in this process."""
    store = DiskStore(path)
    source = S3Pointer(bucket="inbox", key=path.name)
    started = time.perf_counter()
    if what == "thumbnails":
        with opened(store, source, path.suffix[1:]) as container:
            for moment in range(0, SECONDS * 1_000, 1_000 * SECONDS // PICTURES):
                as_jpeg(picture_at(container, moment))
    else:
        track: Track = "sound" if what == "sound" else "pictures"
        task = ConvertMediaTask(source=source, format=path.suffix[1:], output=OUTPUT, track=track)
        MediaConverter(store).convert(task, lambda: PLENTY)
    return {"took": time.perf_counter() - started, "memory": _most_memory()}


def _most_memory() -> int:
    """Megabytes that this process held at most; what getrusage says is its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024)


def _compose(path: Path) -> None:
    if path.name == "hour.mov":
        _compose_sound(path)
    else:
        _compose_video(path, *_VIDEOS[path.name])


def _compose_sound(path: Path) -> None:
    """An hour of hissing, in stereo at 44.1 kHz, without a codec: 635 MB."""
    noise = np.random.default_rng(1).integers(-2_000, 2_000, (1, 2 * 44_100), np.int16)
    with av.open(str(path), "w", format="mov") as output:
        stream: Any = output.add_stream("pcm_s16le", rate=44_100, layout="stereo")
        for second in range(HOUR):
            frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = 44_100, second * 44_100
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _compose_video(path: Path, form: str, codec: str, size: tuple[int, int]) -> None:
    """A camera that moves over a picture, with some noise as cameras have it."""
    noise = np.random.default_rng(1)
    width, height = size
    wide = noise.integers(0, 256, (height // 8, width // 4, 3), np.uint8)
    wide = wide.repeat(8, axis=0).repeat(8, axis=1)
    with av.open(str(path), "w", format=form) as output:
        stream: Any = output.add_stream(codec, rate=30, options=_QUICK[codec])
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(SECONDS * 30):
            left = number * 2
            picture = np.ascontiguousarray(wide[:height, left : left + width])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


class DiskObject:
    """The file, opened."""

    def __init__(self, head: ObjectHead, path: Path) -> None:
        self.head = head
        self._path = path

    def chunks(self) -> Iterator[bytes]:
        """All of the file, a piece at a time."""
        with self._path.open("rb") as file:
            yield from iter(lambda: file.read(_PIECE), b"")

    def close(self) -> None:
        """Nothing was opened yet."""


class DiskStore:
    """One file on disk, read by ranges; what is written is counted and forgotten."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, pointer: S3Pointer) -> DiskObject:
        """The file's size."""
        size = self._path.stat().st_size
        return DiskObject(ObjectHead(pointer, size, "e", "", {}), self._path)

    def read(self, pointer: S3Pointer) -> bytes:
        """Nothing is kept."""
        raise NotFoundError(pointer.key)

    def read_range(self, pointer: S3Pointer, start: int, end: int) -> bytes:
        """A part of the file."""
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def read_many(self, pointers: Iterable[S3Pointer]) -> list[bytes]:
        """Nothing is kept."""
        return [self.read(pointer) for pointer in pointers]

    def find(self, pointer: S3Pointer) -> bytes | None:
        """Nothing is kept."""
        return None

    def write(self, bucket: str, key: str, body: bytes, media_type: str) -> S3Pointer:
        """Forget it."""
        return S3Pointer(bucket=bucket, key=key)

    def write_if(
        self, bucket: str, key: str, body: bytes, media_type: str, etag: str | None
    ) -> S3Pointer:
        """Forget it."""
        return S3Pointer(bucket=bucket, key=key)

    def write_pieces(
        self, bucket: str, key: str, pieces: Iterable[bytes], media_type: str
    ) -> S3Pointer:
        """Take every piece, and forget it."""
        for piece in pieces:
            del piece
        return S3Pointer(bucket=bucket, key=key)

    def copy_many(self, copies: Iterable[tuple[S3Pointer, str]], bucket: str) -> list[S3Pointer]:
        """Nothing is kept."""
        return [S3Pointer(bucket=bucket, key=key) for _, key in copies]

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        """Nothing is kept."""
        return iter(())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measures what is done with FFmpeg.")
    parser.add_argument("--file", type=Path, help="measure one file in this process")
    parser.add_argument("--what", default="sound")
    arguments = parser.parse_args()
    if arguments.file:
        sys.stdout.write(json.dumps(measure_one(arguments.file, arguments.what)))
    else:
        write_result("conversion", measure())
