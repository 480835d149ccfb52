"""A data set of the largest size through a whole training: what AWS would not allow.

The project's own template in a local cloud of its own (`windfall up`, a process by itself), which
ends a function at its time-out and at its memory as AWS does. A made table of numbers and
categories, two classes, is dropped: profiled, split, learnt from, judged, registered, deployed.
Then the model that came of it scores the same table by batch transform. What matters beside "it
worked": how near each function came to its seconds, its memory and its /tmp, what the training job
held, and what was written to S3. Beside it, plain XGBoost in one process on the same rows.

    python -m bench.large_training [--megabytes 100 1000]

Twenty megabytes take about a minute and a half of two cores, a gigabyte about half an hour and some
ten gigabytes of memory, most of it the cloud's copies of objects and plain XGBoost's table.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from bench.inference import Peaks
from bench.results import write_result
from bench.scoring_stack import Stack, local_stack
from bench.training import HYPERPARAMETERS, plain, seconds_by_step
from windfall import identity
from windfall.contracts.manifest import Manifest
from windfall.contracts.outcome import Outcome, OutcomeStatus

SIZES = [100, 1_000]
"""Megabytes: what grows from one to the other grows with the file."""
NUMBERS = 40
CATEGORIES = (3, 4, 6, 8, 12, 20, 30, 40)
"""How many different values each column of categories has."""
MISSING = 0.03
"""The share of cells of the last number and the last category that are empty."""
PROFILE: dict[str, Any] = {
    "name": "large",
    "target": "y",
    "positive": "yes",
    "drop": ["id"],
    "hyperparameters": HYPERPARAMETERS,
}
TRAINING = (
    "AdmitFile",
    "ProfileTable",
    "SplitTable",
    "CreateModel",
    "EvaluateModel",
    "DeployModel",
    "PublishModel",
    "RecordInsights",
)
SCORING = ("AdmitFile", "PrepareTable", "JoinPredictions", "RecordInsights")
_CHUNK = 50_000
_MEGABYTE = 1_000_000


def write_table(path: Path, megabytes: int) -> tuple[int, float]:
    """A table of that size, chunk by chunk: its rows, and the rate of who knows all chances."""
    random = np.random.default_rng(2026)
    rows, right = 0, 0.0
    names = ["id", *(f"n{place}" for place in range(NUMBERS))]
    names += [f"k{values}" for values in CATEGORIES] + ["y"]
    with path.open("wb") as file:
        while file.tell() < megabytes * _MEGABYTE:
            columns, chances = _columns(random, rows)
            plain_text = csv.WriteOptions(include_header=rows == 0, quoting_style="needed")
            csv.write_csv(pa.table(columns, names), file, plain_text)
            rows += _CHUNK
            right += float(np.maximum(chances, 1 - chances).sum())
    return rows, right / rows


def _columns(random: np.random.Generator, begin: int) -> tuple[list[Any], Any]:
    """Some rows, and each one's chance of a yes."""
    numbers = random.standard_normal((NUMBERS, _CHUNK)).round(5)
    kinds = [random.integers(0, values, _CHUNK) for values in CATEGORIES]
    pull = 1.5 * numbers[0] - numbers[1] + 0.8 * numbers[2] * (kinds[0] == 1) - 1
    pull += 1.2 * (kinds[3] == 2) - 0.9 * (kinds[5] >= 15)
    chances = 1 / (1 + np.exp(-pull))
    said = random.random(_CHUNK) < chances
    empty = random.random((2, _CHUNK)) < MISSING
    cells: list[Any] = [np.arange(begin, begin + _CHUNK), *numbers]
    cells[-1] = pa.array(cells[-1], mask=empty[0])
    for values, kind in zip(CATEGORIES, kinds, strict=True):
        words = np.array([f"value {values}-{place}" for place in range(values)])[kind]
        cells.append(pa.array(words, mask=empty[1] if values == CATEGORIES[-1] else None))
    return [*cells, np.where(said, "yes", "no")], chances


class Scratch:
    """The largest folder that a function had as its /tmp, looked at while it is open."""

    def __init__(self, folder: Path) -> None:
        self.most = 0
        self._folder = folder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Scratch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            for folder in self._folder.glob("windfall-*"):
                self.most = max(self.most, sum(map(_size, folder.rglob("*"))))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def taken(stack: Stack, key: str, path: Path, functions: tuple[str, ...]) -> dict[str, Any]:
    """What becomes of the table that is dropped there, and what it took."""
    since = time.time()
    with (
        Peaks(stack.pid) as serving,
        Peaks(stack.pid, "tables.training") as training,
        Scratch(stack.scratch) as scratch,
    ):
        begin = time.perf_counter()
        file_id = stack.drop(key, path)
        (manifest,) = stack.manifests([file_id])
        seconds = time.perf_counter() - begin
    broken = {
        one.feature: one.reason for one in manifest.outcomes if one.status is OutcomeStatus.FAILED
    }
    assert not broken, broken
    return {
        "manifest": manifest,
        "seconds": round(seconds, 1),
        "functions": stack.function_runs(since, functions, functions),
        "largest_tmp_mb": round(scratch.most / _MEGABYTE, 1),
        "training_peak_mib": training.figures()["container_peak_mib"],
        **serving.figures(),
    }


def train(stack: Stack, path: Path) -> tuple[dict[str, Any], Manifest]:
    """The whole training."""
    stack.save_profile("train", {"train": PROFILE})
    figures = taken(stack, f"train/{path.name}", path, TRAINING)
    manifest: Manifest = figures.pop("manifest")
    machine = stack.outputs["TrainModelMachineArn"].replace(":stateMachine:", ":execution:")
    name = identity.execution_name(manifest.analysis_id or "", manifest.attempt or 1)
    history = stack.client("stepfunctions").get_execution_history(
        executionArn=f"{machine}:{name}", maxResults=1000
    )
    summary = outcome_of(manifest, "evaluation").summary
    return {
        **figures,
        "seconds_by_step": seconds_by_step(history["events"]),
        "written_mb": written(stack),
        "overall": summary["accuracy"],
        "auc": summary["auc"],
        "held_out_rows": summary["rows"],
        "billed_seconds": {
            call.operation: call.units for one in manifest.outcomes for call in one.calls
        },
    }, manifest


def outcome_of(manifest: Manifest, feature: str) -> Outcome:
    """What became of a feature."""
    (found,) = (one for one in manifest.outcomes if one.feature == feature)
    return found


def written(stack: Stack) -> dict[str, float]:
    """Megabytes of the larger objects among the results, by their names."""
    pages = stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=stack.results)
    sizes = {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", ())}
    return {
        key.rpartition("/")[2]: round(size / _MEGABYTE, 1)
        for key, size in sorted(sizes.items(), key=lambda one: -one[1])
        if size > _MEGABYTE // 10
    }


def transform(stack: Stack, path: Path, rows: int, trained: Manifest) -> dict[str, Any]:
    """The same table scored by batch transform: every row, in its order."""
    registration = outcome_of(trained, "registration")
    place = registration.result
    assert place is not None
    table = {
        "mode": "batch_transform",
        "model": registration.summary["model"],
        "contract": f"s3://{place.bucket}/{place.key}",
        "id_column": "id",
    }
    stack.save_profile("again", table)
    figures = taken(stack, f"again/{path.name}", path, SCORING)
    manifest: Manifest = figures.pop("manifest")
    found = 0
    for found, row in enumerate(stack.predictions(manifest), 1):
        assert row[1] == str(found - 1), f"row {found} is {row[1]}"
    assert found == rows
    del figures["training_peak_mib"]
    return {**figures, "rows_per_second": round(rows / figures["seconds"])}


def alone(path: Path) -> dict[str, Any]:
    """Plain XGBoost on the same rows, in this process."""
    figures = plain(path, PROFILE)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {**figures, "peak_mib": peak}


def measure(megabytes: int) -> dict[str, Any]:
    """A training, and what the model says of the same rows; then XGBoost alone."""
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary, "large.csv")
        rows, best = write_table(path, megabytes)
        home = Path(temporary, "home")
        home.mkdir()
        with local_stack(home) as stack:
            training, manifest = train(stack, path)
            scoring = transform(stack, path, rows, manifest)
            limits = stack.limits({*TRAINING, *SCORING})
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            plainly = process.submit(alone, path).result()
        return {
            "megabytes": round(path.stat().st_size / _MEGABYTE),
            "rows": rows,
            "columns": 2 + NUMBERS + len(CATEGORIES),
            "limits": limits,
            "training": training,
            "batch_transform": scoring,
            "plain_xgboost": plainly,
            "best_possible": round(best, 4),
            "times_plain_xgboost": round(training["seconds"] / plainly["seconds"], 1),
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=SIZES)
    measured: list[dict[str, Any]] = []
    for size in parser.parse_args().megabytes:
        measured.append(measure(size))
        # Whatever becomes of the next one, which is larger.
        write_result("large_training", {"sizes": measured})
