"""Tables through the whole path: rows a second, memory, and fifty files at once.

The project's own template in a local cloud of its own. A table of 60 columns is dropped in the
inbox and waited for until its manifest says that it is analyzed: admission, rows checked against
the model's contract, payloads, asynchronous inference or a batch transform by a real XGBoost model,
predictions joined, recorded. Two sizes show whether memory grows with the rows. A function's peak
is what its REPORT lines say, the cloud's own is the kernel's (`VmHWM`).

    python -m bench.scoring [rows]     # 200,000 unless told otherwise, and a quarter of it
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.inference import COLUMNS, Peaks
from bench.results import write_result
from bench.scoring_stack import NAMES, Stack, local_stack

ROWS = 200_000
FILES, ROWS_OF_A_FILE = 50, 1_000
_CHUNK = 20_000


def write_table(path: Path, rows: int, seed: int) -> None:
    """An id and numbers between 0 and 1."""
    random = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(["id", *NAMES]) + "\n")
        for begin in range(0, rows, _CHUNK):
            part = random.random((min(_CHUNK, rows - begin), COLUMNS), np.float32)
            for number, row in enumerate(part.tolist(), begin):
                file.write(f"r{number}," + ",".join(f"{cell:.7f}" for cell in row) + "\n")


def measure_one(stack: Stack, folder: Path, way: str, rows: int) -> dict[str, Any]:
    """One table from the inbox to its manifest."""
    path = folder / "table.csv"
    write_table(path, rows, seed=rows)
    size = path.stat().st_size
    since = time.time()
    with Peaks(stack.pid) as peaks:
        begin = time.perf_counter()
        (manifest,) = stack.manifests([stack.drop(f"{way}/{rows}.csv", path)])
        seconds = time.perf_counter() - begin
    path.unlink()
    assert manifest.status == "analyzed", [one.reason for one in manifest.outcomes]
    in_order = all(row[1] == f"r{n}" for n, row in enumerate(stack.predictions(manifest)))
    assert in_order
    return {
        "rows": rows,
        "megabytes": round(size / 1e6),
        "seconds": round(seconds, 1),
        "rows_per_second": round(rows / seconds),
        "functions": stack.function_runs(since),
        **peaks.figures(),
    }


def measure_crowd(stack: Stack, folder: Path) -> dict[str, Any]:
    """Fifty tables at once."""
    paths = []
    for number in range(FILES):
        path = folder / f"{number}.csv"
        write_table(path, ROWS_OF_A_FILE, seed=1_000 + number)
        paths.append(path)
    begin = time.perf_counter()
    files = [stack.drop(f"asynchronous/crowd/{path.name}", path) for path in paths]
    manifests = stack.manifests(files)
    seconds = time.perf_counter() - begin
    wanted = [f"r{number}" for number in range(ROWS_OF_A_FILE)]
    whole = [
        manifest.status == "analyzed" and [row[1] for row in stack.predictions(manifest)] == wanted
        for manifest in manifests
    ]
    return {
        "files": FILES,
        "rows_of_a_file": ROWS_OF_A_FILE,
        "seconds": round(seconds, 1),
        "files_per_second": round(FILES / seconds, 2),
        "lost_or_out_of_order": whole.count(False),
    }


def main(rows: int) -> None:
    """Both ways at two sizes, then the crowd."""
    figures: dict[str, Any] = {"columns": COLUMNS, "asynchronous": [], "batch_transform": []}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "home").mkdir()
        (folder / "model").mkdir()
        with local_stack(folder / "home") as stack:
            stack.deploy(folder / "model")
            for count in (rows // 4, rows):
                for way in ("asynchronous", "batch_transform"):
                    figures[way].append(measure_one(stack, folder, way, count))
            figures["fifty_files_at_once"] = measure_crowd(stack, folder)
    write_result("scoring", figures)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
