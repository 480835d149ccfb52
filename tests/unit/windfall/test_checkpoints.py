"""Work in steps: what is saved, how it goes on, how a feature ends."""

import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.storage import FakeObjectStore
from windfall.checkpoints import RESERVE, Checkpoints, part_name, take_steps
from windfall.clock import utc_now
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import TransientError, UnsupportedError, WorkContinuesError
from windfall.features import MOST_SUMMARY, Finding, fitted, settle, shortened
from windfall.metering import comprehend_call, totalled

OUTPUT = OutputLocation(bucket="results", prefix="results/f/")
JSON = st.recursive(
    st.integers() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=200,
)


def plenty() -> int:
    return RESERVE


def test_all_steps_are_taken_once_by_several_workers() -> None:
    taken: list[int] = []
    together = threading.Barrier(3, timeout=100)

    def take(step: int) -> None:
        if step < 3:
            together.wait()  # only workers side by side get past this
        taken.append(step)

    take_steps(range(20), take, plenty, workers=3)

    assert sorted(taken) == list(range(20))


def test_without_time_one_step_is_still_taken() -> None:
    taken: list[int] = []
    with pytest.raises(WorkContinuesError, match="1 of 5"):
        take_steps(range(5), taken.append, lambda: RESERVE - 1, workers=4)
    assert taken == [0]


def test_without_time_the_parts_are_put_together_by_the_next_try() -> None:
    taken: list[int] = []
    with pytest.raises(WorkContinuesError, match="1 of 1"):
        take_steps([1], taken.append, lambda: 0, workers=4)
    take_steps([], taken.append, lambda: 0, workers=4)
    assert taken == [1]


def test_an_error_stops_the_work_and_is_told() -> None:
    taken: list[int] = []

    def take(step: int) -> None:
        taken.append(step)
        if step == 2:
            raise TransientError("busy")

    with pytest.raises(TransientError, match="busy") as raised:
        take_steps(range(100), take, plenty, workers=1)
    assert not isinstance(raised.value, WorkContinuesError)
    assert taken == [0, 1, 2]


def test_saved_parts_are_known_by_name() -> None:
    checkpoints = Checkpoints(FakeObjectStore(), OUTPUT, "sentiment")
    other = Checkpoints(FakeObjectStore(), OUTPUT, "sentiment2")
    name = part_name(3, 10, 20, ".json")
    checkpoints.save(name, b"[]")
    assert checkpoints.saved() == {"000003.10-20.json"}
    assert checkpoints.part(name) == b"[]"
    assert other.saved() == frozenset()


def ok() -> Finding:
    return Finding(S3Pointer(bucket="results", key="k"), {"count": 1})


def test_a_finished_feature_is_answered_from_its_checkpoint() -> None:
    store = FakeObjectStore()
    first = settle("labels", Checkpoints(store, OUTPUT, "labels"), utc_now, ok)

    def never() -> Finding:
        raise AssertionError("bought twice")

    again = settle("labels", Checkpoints(store, OUTPUT, "labels"), utc_now, never)
    assert again == first


def test_a_skipped_feature_is_tried_again() -> None:
    checkpoints = Checkpoints(FakeObjectStore(), OUTPUT, "labels")

    def unsupported() -> Finding:
        raise UnsupportedError("run `windfall models pull`")

    assert settle("labels", checkpoints, utc_now, unsupported).status is OutcomeStatus.SKIPPED
    assert settle("labels", checkpoints, utc_now, ok).status is OutcomeStatus.OK


def test_a_bug_is_not_an_outcome() -> None:
    checkpoints = Checkpoints(FakeObjectStore(), OUTPUT, "labels")

    def bug() -> Finding:
        raise KeyError("Labels")

    with pytest.raises(KeyError):
        settle("labels", checkpoints, utc_now, bug)


def test_an_outcome_of_another_version_is_not_read() -> None:
    store = FakeObjectStore()
    store.drop("results", "results/f/outcomes/labels.json", b'{"feature": "labels", "new": 1}')
    assert Checkpoints(store, OUTPUT, "labels").finished() is None


@given(st.dictionaries(st.text(max_size=9), JSON, max_size=8))
def test_a_summary_always_fits(summary: dict[str, Any]) -> None:
    kept = fitted(summary)
    assert len(json.dumps(kept).encode()) <= MOST_SUMMARY
    if len(json.dumps(summary).encode()) <= MOST_SUMMARY:
        assert kept == summary


@given(st.text())
def test_a_shortened_text_is_one_short_line(text: str) -> None:
    line = shortened(text)
    assert len(line) <= 60
    assert len(line.splitlines()) <= 1


def test_comprehend_bills_three_units_at_least_for_each_text() -> None:
    assert comprehend_call("BatchDetectSentiment", ["a", "b" * 301]).units == 3 + 4
    (total,) = totalled([comprehend_call("DetectSentiment", ["a"])] * 3)
    assert (total.count, total.units) == (3, 9)
