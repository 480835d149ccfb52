"""Label detection: objects with their ancestors, at each sample or from when to when."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from windfall_local.engines.video import VIDEO, Looked, Span
from windfall_local.engines.video.tracks import Mark, Tracker
from windfall_local.engines.vision.results import Box, Thing
from windfall_local.services.rekognition.labels import MODEL_VERSION, label_shapes, score_of
from windfall_local.services.rekognition.parameters import chosen, percentage
from windfall_local.services.rekognition.video.analyses import (
    Answer,
    Film,
    SampledAnalysis,
    chosen_one,
    samples,
)
from windfall_local.services.rekognition.video.jobs import VideoJob
from windfall_local.services.rekognition.video.results import Results

DEFAULT_CONFIDENCE = 50.0
_MIN_SCORE = 0.05
_MOST = 1000


class LabelDetection(SampledAnalysis):
    """StartLabelDetection and GetLabelDetection."""

    start = "StartLabelDetection"
    root = "Labels"
    models = ("centernet",)

    def check(self, request: Answer) -> None:
        """Confidence and features."""
        percentage(request, "MinConfidence", DEFAULT_CONFIDENCE)
        chosen(request, "Features", {"GENERAL_LABELS"}, "GENERAL_LABELS")

    async def see(self, job: VideoJob, film: Film, span: Span) -> Looked[Any]:
        """Things as name, score, left, top, width, height."""
        confidence = percentage(job.request, "MinConfidence", DEFAULT_CONFIDENCE)
        # A rounding error must not drop what lies exactly on the threshold.
        least = max(_MIN_SCORE, math.nextafter(score_of(confidence), 0))
        looked: Looked[Thing] = await film.host.run(VIDEO, "things", film.path, span, least)
        kept = [(at, [_kept(thing) for thing in seen]) for at, seen in looked.samples]
        return Looked(kept, looked.ended)

    async def write(self, job: VideoJob, film: Film, folder: Path) -> None:
        """Labels of each sample, and labels from when to when."""
        filters = (job.request.get("Settings") or {}).get("GeneralLabels") or {}
        every = round(self.every * 1000)
        await asyncio.to_thread(_write, folder, filters, film.milliseconds, every)

    def view(self, request: Answer) -> tuple[str, str]:
        """By AggregateBy and SortBy."""
        aggregate = chosen_one(request, "AggregateBy", ("TIMESTAMPS", "SEGMENTS"))
        order = chosen_one(request, "SortBy", ("TIMESTAMP", "NAME"))
        return "samples" if aggregate == "TIMESTAMPS" else "stretches", order

    def more(self, asked: Answer, request: Answer) -> Answer:
        """The model, and what was asked for."""
        return {
            "LabelModelVersion": MODEL_VERSION,
            "GetRequestMetadata": {
                "SortBy": chosen_one(request, "SortBy", ("TIMESTAMP", "NAME")),
                "AggregateBy": chosen_one(request, "AggregateBy", ("TIMESTAMPS", "SEGMENTS")),
            },
        }


def _write(folder: Path, filters: dict[str, list[str]], end: int, every: int) -> None:
    orders = {"TIMESTAMP": None, "NAME": _by_name}
    Results(folder, "samples").write(_detections(folder, filters), orders)
    stretches = sorted(_stretches(folder, filters, end, every), key=_by_time)
    Results(folder, "stretches").write(stretches, orders)


def _detections(folder: Path, filters: dict[str, list[str]]) -> Iterator[Answer]:
    for at, seen in samples(folder):
        labels = label_shapes([_thing(one) for one in seen], filters, _MOST)
        for label in sorted(labels, key=lambda one: str(one["Name"])):
            yield {"Timestamp": at, "Label": label}


def _stretches(
    folder: Path, filters: dict[str, list[str]], end: int, every: int
) -> Iterable[Answer]:
    """Labels without instances, each from when to when it is seen without a break.

    A thing that one sample misses and the next one sees in its place has not been away.
    """
    tracker = Tracker(gap=1)
    open_now: dict[str, Answer] = {}
    carried: dict[int, tuple[int, Thing]] = {}
    for number, (at, seen) in enumerate(samples(folder)):
        things = [_thing(one) for one in seen]
        marks = [Mark(thing.name, thing.box) for thing in things]
        tracks = tracker.place(number, marks)
        for track in tracks:
            if track in carried and carried[track][0] == number - 2:
                # It was missed once, in between.
                for label in label_shapes([carried[track][1]], filters, _MOST):
                    _prolong(open_now.get(label["Name"]), at)
        carried = {track: old for track, old in carried.items() if old[0] >= number - 1}
        carried |= {track: (number, thing) for track, thing in zip(tracks, things, strict=True)}
        for label in label_shapes(things, filters, _MOST):
            name, until = label["Name"], min(at + every, max(end, at))
            current = open_now.get(name)
            if current is not None and current["EndTimestampMillis"] >= at:
                current["EndTimestampMillis"] = until
                sure = max(current["Label"]["Confidence"], label["Confidence"])
                current["Label"]["Confidence"] = sure
                continue
            if current is not None:
                yield _closed(current)
            open_now[name] = {
                "Timestamp": at,
                "Label": {**label, "Instances": []},
                "StartTimestampMillis": at,
                "EndTimestampMillis": until,
            }
    for current in open_now.values():
        yield _closed(current)


def _prolong(current: Answer | None, until: int) -> None:
    if current is not None:
        current["EndTimestampMillis"] = max(current["EndTimestampMillis"], until)


def _closed(stretch: Answer) -> Answer:
    length = stretch["EndTimestampMillis"] - stretch["StartTimestampMillis"]
    return {**stretch, "DurationMillis": length}


def _by_name(item: Answer) -> tuple[str, float]:
    return str(item["Label"]["Name"]), -float(item["Label"]["Confidence"])


def _by_time(item: Answer) -> tuple[int, str]:
    return int(item["Timestamp"]), str(item["Label"]["Name"])


def _kept(thing: Thing) -> list[Any]:
    box = thing.box
    return [thing.name, thing.score, box.left, box.top, box.width, box.height]


def _thing(kept: list[Any]) -> Thing:
    name, score, *sides = kept
    return Thing(name, score, Box(*sides))
