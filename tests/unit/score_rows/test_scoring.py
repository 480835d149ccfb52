"""score_rows: every answer is kept, so a try that is broken off pays for nothing twice."""

from __future__ import annotations

import pytest

from prepare_table.logic import TablePreparer
from score_rows.logic import RowScorer
from score_rows.models import ScoredRows, ScoreRowsTask
from tests.fakes.scoring import RESULTS, FakeSynchronousScoring, scoring_analysis
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.scoring import ScoredPayload
from windfall.errors import InvalidInputError, NotFoundError, TransientError, WorkContinuesError
from windfall.ports.scoring import BrokenModelError
from windfall.tables import workroom

LINE = ",".join(["1.25"] * 20) + "\n"


class Stage:
    """The function in memory, with one prepared table of three payloads."""

    def __init__(self) -> None:
        self.store = FakeObjectStore()
        head = ",".join(f"c{number}" for number in range(20)) + "\n"
        rows = LINE * (2_100_000 // len(LINE))
        self.analysis = scoring_analysis(
            self.store, (head + rows).encode(), mode="real_time", payload_megabytes=1
        )
        prepared = TablePreparer(self.store).prepare(self.analysis, lambda: 900_000)
        assert prepared.payloads == [1, 2, 3]
        self.pauses: list[float] = []
        self.service = FakeSynchronousScoring(lambda body: b"1\n" * body.count(b"\n"))

    def score(self, left: int = 600_000) -> ScoredRows:
        task = ScoreRowsTask(analysis=self.analysis, payloads=[1, 2, 3])
        scorer = RowScorer(self.store, self.service, self.pauses.append)
        return scorer.score(task, lambda: left)


def test_every_payload_is_sent_once() -> None:
    stage = Stage()
    assert stage.score() == ScoredRows(scored=[])
    assert stage.score() == ScoredRows(scored=[])
    assert len(stage.service.bodies) == 3
    assert b"".join(sorted(stage.service.bodies)).count(b"\n") == 2_100_000 // len(LINE)


def test_a_payload_that_the_model_refuses_is_told_and_not_sent_again() -> None:
    stage = Stage()
    stage.service.broken = [InvalidInputError("The model answered with 400: no")]
    failed = ScoredRows(scored=[ScoredPayload(number=1, reason="The model answered with 400: no")])
    assert [one.reason for one in stage.score().scored] == [failed.scored[0].reason]
    assert len(stage.score().scored) == 1
    assert len(stage.service.bodies) == 3


def test_a_model_that_breaks_now_and_then_is_asked_again() -> None:
    stage = Stage()
    stage.service.broken = [BrokenModelError("500")] * 2
    assert stage.score() == ScoredRows(scored=[])
    assert len(stage.service.bodies) == 5
    assert stage.pauses


def test_a_payload_that_breaks_the_model_each_time_is_told_and_the_rest_is_scored() -> None:
    stage = Stage()
    first = stage.service.answer

    def breaks(body: bytes) -> bytes:
        if b"9.75" in body:
            raise BrokenModelError("The model answered with 500: out of memory")
        return first(body)

    stage.service.answer = breaks
    place = S3Pointer(
        bucket=RESULTS,
        key=f"{workroom.work_location(stage.analysis).prefix}parts/table/payloads/000002.csv",
    )
    body = stage.store.read(place).replace(b"1.25", b"9.75", 1)
    stage.store.drop(place.bucket, place.key, body)
    (failed,) = stage.score().scored
    assert (failed.number, failed.reason) == (2, "The model answered with 500: out of memory")
    assert stage.pauses == [1, 5]
    assert len(stage.service.bodies) == 2 + 3
    assert stage.score().scored == [failed]
    assert len(stage.service.bodies) == 2 + 3


def test_an_endpoint_that_is_not_ready_is_left_to_the_machines_patience() -> None:
    stage = Stage()
    stage.service.broken = [TransientError("it is being created")] * 99
    with pytest.raises(TransientError):
        stage.score()
    asked = len(stage.service.bodies)
    stage.service.broken = []
    assert stage.score() == ScoredRows(scored=[])
    assert len(stage.service.bodies) == asked + 3


def test_an_endpoint_that_is_not_there_is_told() -> None:
    stage = Stage()
    stage.service.broken = [NotFoundError("there is no endpoint named 'churn' in SageMaker")]
    with pytest.raises(NotFoundError):
        stage.score()


def test_work_goes_on_where_time_ran_out() -> None:
    stage = Stage()
    for _ in range(9):
        try:
            assert stage.score(left=1_000) == ScoredRows(scored=[])
            break
        except WorkContinuesError:
            continue
    assert len(stage.service.bodies) == 3
