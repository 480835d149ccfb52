"""Segment detection: shots, and the technical cues that need no model: black frames, colour bars.

Credits, slates, studio logos and what is content have no detector here, and are never among the
results.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from windfall_local.engines.video import VIDEO
from windfall_local.engines.video.shots import find_shots
from windfall_local.engines.video.signatures import SIGNATURE
from windfall_local.engines.video.stretches import Stretch, find_runs
from windfall_local.services.rekognition.parameters import invalid
from windfall_local.services.rekognition.video.analyses import Analysis, Answer, Film
from windfall_local.services.rekognition.video.jobs import VideoJob
from windfall_local.services.rekognition.video.results import Results
from windfall_local.services.rekognition.video.timecode import timecode

KINDS = {"SHOT": "windfall-shots-1", "TECHNICAL_CUE": "windfall-black-and-bars-1"}
"""What can be asked for, and the version of what finds it."""
BLACK_PIXEL, BLACK_COVERAGE = 0.2, 99.0
"""Rekognition's defaults of MaxPixelThreshold and MinCoveragePercentage."""
_LEAST_CONFIDENCE = 50.0
_AT_ONCE = 300
"""Frames that one job looks at before another has its turn."""
_BLACK, _BARS = 2, 0.5
"""Frames of black, and seconds of bars, at least."""
_SILENT = 0.003
"""Of the loudest possible, -50 dB: black frames with sound are content, as Rekognition has it."""


class SegmentDetection(Analysis):
    """StartSegmentDetection and GetSegmentDetection."""

    start = "StartSegmentDetection"
    root = "Segments"

    def check(self, request: Answer) -> None:
        """Types and filters."""
        kinds = request.get("SegmentTypes") or []
        if not kinds or set(kinds) - KINDS.keys():
            raise invalid("SegmentTypes must be SHOT, TECHNICAL_CUE or both.")
        for name in ("ShotFilter", "TechnicalCueFilter"):
            least = _least(request, name)
            if not _LEAST_CONFIDENCE <= least <= 100:
                raise invalid(f"MinSegmentConfidence is {least}; it must lie between 50 and 100.")
        pixel, coverage = _black(request)
        if not (0 <= pixel <= 1 and 0 <= coverage <= 100):
            raise invalid("BlackFrame has a value out of range.")

    async def work(self, job: VideoJob, film: Film, folder: Path) -> None:
        """Sign every frame, then tell shots and cues from the signatures."""
        path = folder / "signatures"
        signed, at = _whole_records(path)
        pixel, _ = _black(job.request)
        ended = False
        while not ended:
            new = await film.host.run(VIDEO, "sign", film.path, at, _AT_ONCE, pixel)
            with path.open("ab") as file:
                file.write(new.tobytes())
            ended = len(new) < _AT_ONCE
            signed += len(new)
            at = float(new[-1]["at"]) if len(new) else at
        signatures: Any = np.memmap(path, SIGNATURE, "r") if signed else np.zeros(0, SIGNATURE)
        shots, cues = await asyncio.to_thread(_found, job.request, signatures, film.info.rate)
        silent = [cue for cue in cues if await _is_silent(film, signatures, cue)]
        await asyncio.to_thread(_write, job.request, film, folder, signatures, shots, silent)
        del signatures
        path.unlink()

    def more(self, asked: Answer, request: Answer) -> Answer:
        """What was looked for."""
        kinds = asked["SegmentTypes"]
        selected = [{"Type": kind, "ModelVersion": KINDS[kind]} for kind in kinds]
        return {"SelectedSegmentTypes": selected}

    def metadata(self, found: Answer) -> Answer:
        """Lists here, where the other operations have one."""
        if "video" not in found:
            return {}
        return {"VideoMetadata": [found["video"]], "AudioMetadata": found["sounds"]}


Cue = tuple[str, Stretch]


def _found(request: Answer, signatures: Any, rate: float) -> tuple[list[Stretch], list[Cue]]:
    wanted = request["SegmentTypes"]
    shots = find_shots(signatures, rate) if "SHOT" in wanted else []
    if "TECHNICAL_CUE" not in wanted or len(signatures) == 0:
        return shots, []
    _, coverage = _black(request)
    black = find_runs(signatures["black"] * 100 >= coverage, _BLACK)
    bars = find_runs(signatures["bars"] > 0, max(1, round(_BARS * rate)), gap=2)
    return shots, [*(("BlackFrames", run) for run in black), *(("ColorBars", run) for run in bars)]


async def _is_silent(film: Film, signatures: Any, cue: Cue) -> bool:
    kind, stretch = cue
    if kind != "BlackFrames" or not film.info.sounds:
        return True
    begin, end = float(signatures[stretch.first]["at"]), float(signatures[stretch.last]["at"])
    return float(await film.host.run(VIDEO, "loudness", film.path, begin, end)) < _SILENT


def _write(
    request: Answer,
    film: Film,
    folder: Path,
    signatures: Any,
    shots: Iterable[Stretch],
    cues: Iterable[Cue],
) -> None:
    segments: list[Answer] = []
    for kind in request["SegmentTypes"]:
        least = _least(request, "ShotFilter" if kind == "SHOT" else "TechnicalCueFilter")
        for index, shot in enumerate(shots if kind == "SHOT" else ()):
            sure = _confidence(shot)
            if sure >= least:
                times = _times(signatures, shot, film.info.rate)
                own = {"Index": index, "Confidence": sure}
                segments.append({"Type": kind, **times, "ShotSegment": own})
        ordered = sorted(cues, key=lambda cue: cue[1].first) if kind != "SHOT" else ()
        for name, run in ordered:
            sure = _confidence(run)
            if sure >= least:
                times = _times(signatures, run, film.info.rate)
                cue = {"Type": name, "Confidence": sure}
                segments.append({"Type": kind, **times, "TechnicalCueSegment": cue})
    Results(folder, "items").write(segments, {"time": None})


def _times(signatures: Any, stretch: Stretch, rate: float) -> Answer:
    """When a segment is: to its last frame's beginning, as Rekognition counts."""
    begin, end = (float(signatures[frame]["at"]) for frame in (stretch.first, stretch.last))
    start, stop = int(begin * 1000 + 1e-6), int(end * 1000 + 1e-6)
    return {
        "StartTimestampMillis": start,
        "EndTimestampMillis": stop,
        "DurationMillis": stop - start,
        "StartTimecodeSMPTE": timecode(begin, rate),
        "EndTimecodeSMPTE": timecode(end, rate),
        "DurationSMPTE": timecode(end - begin, rate),
        "StartFrameNumber": stretch.first,
        "EndFrameNumber": stretch.last,
        "DurationFrames": stretch.last - stretch.first,
    }


def _confidence(stretch: Stretch) -> float:
    return max(_LEAST_CONFIDENCE, min(100.0, stretch.confidence * 100))


def _least(request: Answer, name: str) -> float:
    chosen = (request.get("Filters") or {}).get(name) or {}
    return float(chosen.get("MinSegmentConfidence", _LEAST_CONFIDENCE))


def _black(request: Answer) -> tuple[float, float]:
    cues = (request.get("Filters") or {}).get("TechnicalCueFilter") or {}
    black = cues.get("BlackFrame") or {}
    return (
        float(black.get("MaxPixelThreshold", BLACK_PIXEL)),
        float(black.get("MinCoveragePercentage", BLACK_COVERAGE)),
    )


def _whole_records(path: Path) -> tuple[int, float | None]:
    """How many signatures are kept, and the time of the last."""
    size = path.stat().st_size if path.exists() else 0
    count = size // SIGNATURE.itemsize
    if count == 0:
        path.unlink(missing_ok=True)
        return 0, None
    with path.open("rb+") as file:
        file.truncate(count * SIGNATURE.itemsize)
        file.seek((count - 1) * SIGNATURE.itemsize)
        last = np.frombuffer(file.read(), SIGNATURE)
    return count, float(last[0]["at"])
