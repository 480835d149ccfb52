"""The example script: what it learns from a table, and what it answers."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.fakes.tables import HEADER, as_csv, customers

pandas: Any = pytest.importorskip("pandas")
pytest.importorskip("sklearn")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    import importlib.util

    path = Path(__file__).parents[3] / "examples/random_forest/train.py"
    spec = importlib.util.spec_from_file_location("random_forest_train", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def options(task: str) -> argparse.Namespace:
    return argparse.Namespace(
        task=task, n_estimators=30, max_depth=None, min_samples_leaf=2, random_state=0
    )


def table(label: str) -> Any:
    """Training rows as split_table writes them: the label first, as the place of its class."""
    whole = pandas.read_csv(io.BytesIO(as_csv(HEADER, customers(600))))
    labels = whole.pop(label)
    if label == "y":
        labels = (labels == "yes").astype(int)
    whole.insert(0, label, labels)
    return whole


def rows(of: Any) -> str:
    return str(of.iloc[:, 1:].head(20).to_csv(header=False, index=False))


def test_of_two_classes_the_chance_of_the_second_is_answered(script: ModuleType) -> None:
    learnt = table("y")
    model = script.train(learnt, options("binary"))
    answer = script.output_fn(
        script.predict_fn(script.input_fn(rows(learnt), "text/csv"), model), "text/csv"
    )
    chances = [float(line) for line in answer.splitlines()]
    assert len(chances) == 20
    said = [chance > 0.5 for chance in chances]
    right = sum(one == bool(label) for one, label in zip(said, learnt["y"].head(20), strict=True))
    assert right >= 17


def test_a_single_row_and_a_category_never_seen_are_answered(script: ModuleType) -> None:
    model = script.train(table("y"), options("binary"))
    rows = script.input_fn(b"33,astronaut,yes,,2\n", "text/csv; charset=utf-8")
    (chance,) = script.predict_fn(rows, model)
    assert 0 <= chance <= 1


def test_more_classes_and_numbers(script: ModuleType) -> None:
    several = table("calls")
    answered = script.predict_fn(
        script.input_fn(rows(several), "text/csv"), script.train(several, options("multiclass"))
    )
    assert answered.shape == (20, 5)
    amounts = table("income")
    model = script.train(amounts, options("regression"))
    assert len(script.predict_fn(script.input_fn(rows(amounts), "text/csv"), model)) == 20


def test_another_media_type_is_refused(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="is not text/csv"):
        script.input_fn("{}", "application/json")
