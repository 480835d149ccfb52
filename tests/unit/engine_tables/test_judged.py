"""Tables as Clarify is told of them, and what a model says of their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from windfall_local.engines.tables.contract import UserError
from windfall_local.engines.tables.judged import Table, matching


def read(folder: Path, text: str, **config: Any) -> Table:
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    return Table.read(folder, config)


def test_columns_are_named_by_the_configuration_or_by_the_first_row(tmp_path: Path) -> None:
    table = read(tmp_path, "0,1,2\n3,4,5\n", headers=["a", "b", "c"], label="b")
    assert (table.label, table.features) == ("b", ["a", "c"])
    assert table.column("c").tolist() == ["2", "5"]
    table = read(tmp_path, "\ufeffa,b\n1,2\n", label=0)
    assert (table.label, table.features) == ("a", ["b"])


def test_lines_of_json_are_rows(tmp_path: Path) -> None:
    lines = '{"features": [1, 2], "label": 0}\n{"features": [3, 4], "label": 1}\n'
    config = {"features": "features", "dataset_type": "application/jsonlines"}
    table = read(tmp_path, lines, headers=["a", "b", "label"], label="label", **config)
    assert table.features == ["a", "b"]
    assert table.column("label").tolist() == [0, 1]


@pytest.mark.parametrize(
    ("column", "values", "found", "shown"),
    [
        (["0", "1", "1"], [1], [False, True, True], "1"),
        (["0.0", "1.0", "1"], ["1"], [False, True, True], "1"),
        (["a", "b", "c"], ["b", "c"], [False, True, True], "b,c"),
        (["18", "30.5", "60"], [30], [False, True, True], "(30, 60]"),
        (["1", "2", "3"], [1, 3], [True, False, True], "1,3"),
    ],
)
def test_rows_are_chosen_by_values_or_above_a_threshold(
    column: list[str], values: list[Any], found: list[bool], shown: str
) -> None:
    mask, text = matching(np.array(column, object), values)
    assert (mask.tolist(), text) == (found, shown)


def test_a_facet_without_a_value_is_one_for_each(tmp_path: Path) -> None:
    table = read(tmp_path, "sex,age\nf,1\nm,2\nf,3\n", facet=[{"name_or_index": "sex"}])
    found = [(name, value, mask.tolist()) for name, value, mask in table.facets()]
    assert found == [("sex", "f", [True, False, True]), ("sex", "m", [False, True, False])]


@pytest.mark.parametrize(
    ("text", "config", "said"),
    [
        ("", {}, "no rows"),
        ("a,b\n", {}, "no rows"),
        ("a,b\n1\n", {}, "its 2 columns"),
        ("a,b\n1,2\n", {"label": "c"}, "no column 'c'"),
        ("a,b\n1,2\n", {"label": 7}, "no column 7"),
        ("x", {"dataset_type": "application/x-parquet"}, "does not read application/x-parquet"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(
    tmp_path: Path, text: str, config: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        read(tmp_path, text, **config)
