"""Bias metrics against counts that a person can check."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from windfall_local.engines.tables.fairness import (
    POST_TRAINING,
    PRE_TRAINING,
    Rows,
    measured,
)


def rows(**columns: str) -> Rows:
    """Columns as strings of 0 and 1; `group` as letters."""
    made: dict[str, Any] = {
        name: np.array([one == "1" for one in text])
        for name, text in columns.items()
        if name != "group"
    }
    if "group" in columns:
        made["group"] = np.array(list(columns["group"]))
    return Rows(**made)


#                    a: 6 rows, 4 wished for, 3 foretold       d: 4 rows, 1 wished for, 2 foretold
SMALL = rows(
    facet="0000001111",
    label="1111001000",
    predicted="1110001100",
    group="xxyyxyxyxy",
)


def value(name: str, of: Rows = SMALL) -> Any:
    metrics = PRE_TRAINING if name in PRE_TRAINING else POST_TRAINING
    [found] = measured(of, metrics, [name])
    return found["value"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CI", (6 - 4) / 10),
        ("DPL", 4 / 6 - 1 / 4),
        ("KL", 2 / 6 * math.log((2 / 6) / (3 / 4)) + 4 / 6 * math.log((4 / 6) / (1 / 4))),
        ("LP", math.sqrt(2) * (4 / 6 - 1 / 4)),
        ("TVD", 4 / 6 - 1 / 4),
        ("KS", 4 / 6 - 1 / 4),
        ("DPPL", 3 / 6 - 2 / 4),
        ("DI", (2 / 4) / (3 / 6)),
        ("AD", 5 / 6 - 3 / 4),
        ("RD", 3 / 4 - 1 / 1),
        ("SD", 2 / 3 - 2 / 2),
        ("DAR", 3 / 3 - 1 / 2),
        ("DRR", 2 / 2 - 2 / 3),
        ("DCA", 4 / 3 - 1 / 2),
        ("DCR", 3 / 2 - 2 / 3),
        ("TE", 0 - math.inf),
    ],
)
def test_a_metric_is_what_its_formula_says(name: str, expected: float) -> None:
    found = value(name)
    assert found == ("-Infinity" if math.isinf(expected) else pytest.approx(expected))


def test_disparities_are_conditioned_by_group() -> None:
    # x: rows 0 1 4 6 8, of them labelled 0 1 6 and not 4 8; d are 6 8.
    # y: rows 2 3 5 7 9, of them labelled 2 3 and not 5 7 9; d are 7 9.
    expected = (5 * (1 / 2 - 1 / 3) + 5 * (2 / 3 - 0)) / 10
    assert value("CDDL") == pytest.approx(expected)


def test_equal_groups_have_no_bias_and_no_distance() -> None:
    equal = rows(facet="00001111", label="11001100", predicted="10101010", group="abababab")
    for name in ("CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "DPPL", "AD", "RD", "SD", "TE"):
        assert value(name, equal) == pytest.approx(0), name
    assert value("DI", equal) == 1


def test_entropy_is_none_where_predictions_are_right() -> None:
    right = rows(facet="0011", label="1010", predicted="1010")
    assert value("GE", right) == 0
    assert value("GE", rows(facet="0011", label="1010", predicted="1110")) > 0


def test_the_flip_test_asks_the_nearest_of_the_others() -> None:
    found = Rows(
        facet=np.array([False] * 4 + [True] * 4),
        label=np.array([True] * 8),
        predicted=np.array([True, True, False, False, True, False, False, False]),
        features=np.array([[0.0], [0.1], [1.0], [1.1], [0.0], [0.1], [1.0], [1.1]]),
    )
    # One of d would be foretold well if it were one of a; none the other way.
    assert value("FT", found) == pytest.approx(-1 / 4)


@pytest.mark.parametrize(
    ("of", "name", "why"),
    [
        (rows(facet="0000", label="0101"), "DPL", "Facet set is empty"),
        (rows(facet="1111", label="0101"), "CI", "Negated facet set is empty"),
        (rows(facet="0011", label="0101"), "CDDL", "Group variable"),
        (rows(facet="0011", label="1111", group="abab"), "CDDL", "No negative labels"),
        (rows(facet="0011", label="0011"), "KL", "No instance of common facet"),
    ],
)
def test_a_metric_without_a_value_says_why(of: Rows, name: str, why: str) -> None:
    [found] = measured(of, PRE_TRAINING, [name])
    assert found["value"] is None
    assert why in found["error"]
