"""Ground Truth's manifests: what is read, what is refused with its line, what comes back whole."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_cli.errors import CommandError
from windfall_cli.labelling.manifests import (
    Item,
    Label,
    attributes_of,
    label_of,
    labelled_line,
    read_items,
)

# As SageMaker's guide shows the output of a text classification job.
AUGMENTED = json.dumps(
    {
        "source": "a text",
        "work": 1,
        "work-metadata": {
            "class-name": "good",
            "confidence": 0.89,
            "creation-date": "2026-11-25T10:00:00.000000",
            "human-annotated": "yes",
            "job-name": "labeling-job/work",
            "type": "groundtruth/text-classification",
        },
    }
)
NOW = "2026-11-25T10:00:00"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
items = st.builds(
    lambda source, kind, rest: {**rest, kind: source},
    st.text(max_size=50),
    st.sampled_from(["source", "source-ref"]),
    st.dictionaries(st.sampled_from(["a", "b", "windfall"]), json_values, max_size=2),
)
labels = st.builds(
    Label,
    attribute=st.sampled_from(["label", "my-label", "work2"]),
    index=st.integers(0, 50),
    name=st.text(max_size=20),
    confidence=st.floats(0, 1),
    by_person=st.booleans(),
)


@given(items, labels)
def test_what_is_labelled_is_read_back_as_it_was(document: dict[str, Any], label: Label) -> None:
    line = labelled_line(Item(1, document), label, NOW, "job")
    assert "\n" not in line
    (item,) = read_items([line], "m")
    assert label_of(item, label.attribute, "m") == label
    assert document.items() <= dict(item.document).items()
    assert item.identity == Item(7, document).identity


@given(st.lists(st.one_of(st.text(), json_values.map(json.dumps)), max_size=5))
def test_whatever_a_file_holds_it_is_read_or_refused(lines: list[str]) -> None:
    with contextlib.suppress(CommandError):
        for item in read_items(lines, "m"):
            assert isinstance(item.text or item.reference or "", str)
            for name in attributes_of(item):
                label_of(item, name, "m")


def test_an_augmented_manifest_has_consolidated_labels() -> None:
    (item,) = read_items([AUGMENTED, "\n"], "m")
    assert attributes_of(item) == ["work"]
    assert label_of(item, "work", "m") == Label("work", 1, "good", 0.89, by_person=True)
    assert label_of(item, "other", "m") is None


def test_an_item_that_could_not_be_labelled_has_no_label() -> None:
    failed = {"source": "x", "work": 0, "work-metadata": {"failure-reason": "ClientError"}}
    (item,) = read_items([json.dumps(failed)], "m")
    assert label_of(item, "work", "m") is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 2: it is no JSON"),
        ("[1]", "line 2: it is no JSON object"),
        ('{"a": 1}', "line 2: it needs one text named source or source-ref"),
        ('{"source": 1}', "line 2: it needs one text"),
        ('{"source": "a", "source-ref": "s3://b/c"}', "line 2: it needs one text"),
        ('{"source": "' + "x" * 100_001 + '"}', "line 2: it is longer than 100,000 bytes"),
    ],
)
def test_a_line_that_is_no_item_is_named(line: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        list(read_items(['{"source": "fine"}', line], "to-label.manifest"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"work": "good"}, "work is no number of a class"),
        ({"work": True}, "work is no number of a class"),
        ({"work": -1}, "work is no number of a class"),
        ({"work-metadata": {"confidence": 1}}, "has no class-name"),
        ({"work-metadata": {"class-name": "a", "confidence": "1"}}, "is no number"),
    ],
)
def test_a_label_that_is_none_is_named(changes: dict[str, Any], problem: str) -> None:
    (item,) = read_items([json.dumps({**json.loads(AUGMENTED), **changes})], "m")
    with pytest.raises(CommandError, match=problem):
        label_of(item, "work", "m")


@pytest.mark.parametrize("attribute", ["source", "source-ref", "", "-a", "a b", "x" * 200])
def test_an_attribute_has_a_name_that_sagemaker_takes(attribute: str) -> None:
    label = Label(attribute, 0, "a", 1.0, by_person=True)
    with pytest.raises(CommandError, match="no name for a label attribute"):
        labelled_line(Item(1, {"source": "x"}), label, NOW, "job")
