"""A table of one gigabyte through the whole path, as CSV and as Parquet: what AWS would not allow.

The project's own template in a local cloud of its own, which ends a function at its time-out and
at its memory as AWS does. A table of 60 columns is dropped in the inbox and scored by asynchronous
inference with a real XGBoost model. What matters beside "it worked": how near each function came
to its 900 seconds and to its memory, in how many runs. At last, what as many held-out rows as a
training of such a table may have take to be judged by.

    python -m bench.large_table [megabytes]     # 1,000 unless told otherwise; about eight minutes
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from bench.inference import COLUMNS, Peaks
from bench.results import write_result
from bench.scoring_stack import NAMES, Stack, local_stack
from windfall.contracts.training import TrainingSpec
from windfall.tables.answers import read_answers

MEGABYTES = 1_000
HELD_OUT = 1_000_000
"""What split_table holds out at the most, of two classes."""
FUNCTIONS = Path(__file__).parents[1] / "functions"
_CHUNK = 50_000


def write_tables(folder: Path, megabytes: int) -> tuple[int, dict[str, Path]]:
    """The same rows twice, as CSV of that size and as Parquet: how many, and where."""
    paths = {"csv": folder / "table.csv", "parquet": folder / "table.parquet"}
    rows = 0
    schema = pa.schema([("id", pa.string()), *((name, pa.float32()) for name in NAMES)])
    with (
        paths["csv"].open("wb") as text,
        csv.CSVWriter(text, schema) as as_csv,
        parquet.ParquetWriter(paths["parquet"], schema) as as_parquet,
    ):
        for batch in _batches(schema):
            as_csv.write_batch(batch)
            as_parquet.write_batch(batch)
            rows += batch.num_rows
            if text.tell() >= megabytes * 1_000_000:
                break
    return rows, paths


def _batches(schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows without an end: an id and numbers between 0 and 1."""
    random, begin = np.random.default_rng(60), 0
    while True:
        cells = random.random((COLUMNS, _CHUNK), np.float32)
        names = [f"r{number}" for number in range(begin, begin + _CHUNK)]
        yield pa.record_batch([pa.array(names), *map(pa.array, cells)], schema=schema)
        begin += _CHUNK


def measure(stack: Stack, path: Path, rows: int) -> dict[str, Any]:
    """One table from the inbox to its manifest."""
    since = time.time()
    with Peaks(stack.pid) as peaks:
        begin = time.perf_counter()
        (manifest,) = stack.manifests([stack.drop(f"asynchronous/{path.name}", path)])
        seconds = time.perf_counter() - begin
    assert manifest.status == "analyzed", [one.reason for one in manifest.outcomes]
    found = 0
    for found, row in enumerate(stack.predictions(manifest), 1):
        assert row[1] == f"r{found - 1}", f"row {found} is {row[1]}"
    assert found == rows
    return {
        "rows": rows,
        "megabytes": round(path.stat().st_size / 1e6),
        "seconds": round(seconds, 1),
        "rows_per_second": round(rows / seconds),
        "functions": stack.function_runs(since),
        **peaks.figures(),
    }


def judge(rows: int) -> dict[str, Any]:
    """What evaluate_model does with the answers to so many held-out rows, in this process."""
    sys.path.append(str(FUNCTIONS))
    from evaluate_model.figures import evaluate  # noqa: PLC0415 - where Lambda has them
    from evaluate_model.held_out import understand  # noqa: PLC0415

    random = np.random.default_rng(2)
    scores = random.random(rows)
    labels = (random.random(rows) < scores).astype(float).tolist()
    body = "\n".join(map(str, scores.tolist())).encode()
    spec = TrainingSpec.model_validate(
        {
            "name": "bench",
            "target": "y",
            "task": "binary",
            "classes": ["no", "yes"],
            "rows": rows,
            "counts": {},
            "columns": [{"name": "x", "type": "number"}],
            "left_out": [],
            "inferred": [],
            "profile": {},
            "split": {},
            "hyperparameters": {},
        }
    )
    before, begin = _peak(), time.perf_counter()
    evaluate(spec, labels, understand(read_answers(body, rows), spec, 0.5), 0.5)
    return {
        "rows": rows,
        "seconds": round(time.perf_counter() - begin, 1),
        "more_memory_mb": _peak() - before,
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(megabytes: int) -> None:
    """Both kinds of files, one after the other; then what is judged by."""
    figures: dict[str, Any] = {"columns": COLUMNS}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows, paths = write_tables(folder, megabytes)
        for kind, path in paths.items():
            # What a table leaves behind would be counted among the next one's.
            home, model = folder / kind / "home", folder / kind / "model"
            home.mkdir(parents=True)
            model.mkdir()
            with local_stack(home) as stack:
                stack.deploy(model)
                figures[kind] = measure(stack, path, rows)
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        figures["held_out_rows"] = alone.submit(judge, HELD_OUT).result()
    write_result("large_table", figures)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES)
