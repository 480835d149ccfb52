"""prepare_table: what an earlier attempt had scored is not scored again."""

from __future__ import annotations

from typing import Any

import pytest

from prepare_table.logic import TablePreparer
from tests.fakes.scoring import scoring_analysis
from tests.fakes.storage import FakeObjectStore
from windfall.checkpoints import Checkpoints
from windfall.contracts.scoring import PreparedTable
from windfall.tables import workroom

TABLE = b"a\n" + b"".join(b"%d %s\n" % (number, b"x" * 300_000) for number in range(8))
"""Three payloads of at most a megabyte."""


class Stage:
    """A table that is attempted again and again."""

    def __init__(self, **profile: Any) -> None:
        self.store = FakeObjectStore()
        self.analysis = scoring_analysis(self.store, TABLE, payload_megabytes=1, **profile)

    def prepare(self) -> PreparedTable:
        return TablePreparer(self.store).prepare(self.analysis, lambda: 900_000)

    @property
    def work(self) -> Checkpoints:
        return Checkpoints(self.store, workroom.work_location(self.analysis), workroom.FEATURE)

    def answer(self, *numbers: int) -> None:
        for number in numbers:
            self.work.save(workroom.output_name(number, "text/csv"), b"%d" % number)

    def answers(self) -> frozenset[str]:
        return self.work.saved("outputs/")

    def again(self, **changes: Any) -> None:
        changes = {"attempt": self.analysis.attempt + 1, **changes}
        self.analysis = self.analysis.model_copy(update=changes)


JOB = {"mode": "batch_transform", "model": "churn-model", "endpoint": None}


def test_a_job_that_has_scored_every_payload_is_not_paid_for_again() -> None:
    stage = Stage(**JOB)
    first = stage.prepare()
    assert first.transform is not None
    assert not first.transform.done
    assert first.payloads == [1, 2, 3]
    stage.answer(*first.payloads)
    stage.again()
    again = stage.prepare()
    assert again.transform is not None
    assert (again.transform.done, again.transform.job) == (True, first.transform.job)
    assert [stage.work.part(f"outputs/00000{one}.csv.out") for one in (1, 2, 3)] == [
        b"1", b"2", b"3",
    ]  # fmt: skip
    stage.again()
    last = stage.prepare().transform
    assert last is not None
    assert (last.done, last.job) == (True, first.transform.job), "that one is billed"


def test_a_job_that_was_stopped_halfway_is_begun_again() -> None:
    stage = Stage(**JOB)
    stage.prepare()
    stage.answer(1, 3)
    stage.again()
    again = stage.prepare().transform
    assert again is not None
    assert (again.done, again.job.rpartition("-")[2]) == (False, "2")


def test_the_answers_of_an_endpoint_are_taken_over_one_by_one() -> None:
    stage = Stage(mode="real_time")
    stage.prepare()
    stage.answer(2)
    stage.again()
    stage.prepare()
    assert stage.answers() == {"outputs/000002.csv.out"}


@pytest.mark.parametrize("profile", [JOB, {"mode": "real_time"}], ids=["job", "endpoint"])
def test_nothing_is_taken_over_where_everything_is_forced(profile: dict[str, Any]) -> None:
    stage = Stage(**profile)
    stage.answer(*stage.prepare().payloads)
    stage.again(forced=True)
    again = stage.prepare()
    assert again.transform is None or not again.transform.done
    assert stage.answers() == frozenset()


def test_payloads_of_other_bytes_are_scored_anew() -> None:
    stage = Stage(mode="real_time")
    stage.answer(*stage.prepare().payloads)
    stage.again(
        table=stage.analysis.table.model_copy(update={"payload_megabytes": 2}),
    )
    assert stage.prepare().payloads == [1, 2]
    assert stage.answers() == frozenset()
