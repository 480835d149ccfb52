"""Small tables that a model can learn from, and the analyses that learn from them."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.storage import FakeObjectStore
from windfall.contracts.dataset import DatasetAnalysis

HEADER = ("age", "job", "member", "income", "calls", "y")
JOBS = ("clerk", "nurse", "pilot", "student")


def customers(rows: int = 400, seed: int = 1) -> list[list[str]]:
    """Customers of whom about a quarter buys: students, the young and those with a high income."""
    dice = random.Random(seed)
    table = []
    for _ in range(rows):
        age, income = dice.randint(18, 80), dice.randint(10_000, 90_000)
        job, member = dice.choice(JOBS), dice.choice(("yes", "no"))
        likes = (job == "student") + (age < 35) + (income > 60_000) + dice.random()
        calls = dice.randint(0, 4)
        buys = "yes" if likes > 2 else "no"
        table.append([str(age), job, member, str(income), str(calls), buys])
    return table


def as_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A table as CSV."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def training_analysis(
    store: FakeObjectStore,
    rows: Sequence[Sequence[str]],
    header: Sequence[str] = HEADER,
    key: str = "train/customers.csv",
    **profile: Any,
) -> DatasetAnalysis:
    """The analysis of a table that lies in the inbox."""
    body = as_csv(header, rows)
    source = store.drop("inbox", key, body)
    document: Mapping[str, Any] = {
        "analysis_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        "attempt": 1,
        "kind": "dataset",
        "profile": "train",
        "received": "2026-11-23T14:00:00.000Z",
        "file": {
            "file_id": "1" * 40,
            "bucket": "inbox",
            "key": key,
            "size": len(body),
            "format": "csv",
            "media_type": "text/csv",
            "content_sha256": "2" * 64,
        },
        "source": source.model_dump(mode="json"),
        "output": {"bucket": "windfall-results", "prefix": f"results/{'1' * 40}/"},
        "layout": {"columns": len(header), "encoding": "utf-8", "delimiter": ","},
        "training": profile,
    }
    return DatasetAnalysis.model_validate(document)
