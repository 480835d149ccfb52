"""join_predictions: each row gets its own prediction, in the table's order, and none is lost."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from join_predictions.charts import as_svg, draw
from join_predictions.distribution import Bar, Distribution, count
from join_predictions.logic import PredictionJoiner
from prepare_table.logic import TablePreparer
from tests.fakes.scoring import RESULTS, result, row_sums, scoring_analysis, table_of
from tests.fakes.storage import FakeObjectStore, FakeOpenObject
from tests.fakes.training import FakeTrainingJobs
from windfall.contracts.base import S3Pointer
from windfall.contracts.input_contract import InputContract
from windfall.contracts.outcome import Outcome
from windfall.contracts.scoring import JoinTask, ScoredPayload, TableAnalysis
from windfall.errors import TransientError, WorkContinuesError
from windfall.ports.storage import ObjectHead
from windfall.ports.training import JobKind, JobState
from windfall.tables import workroom
from windfall.training.jobs import TaskError

MODEL = InputContract.model_validate(
    {
        "task": "binary",
        "classes": ["stays", "leaves"],
        "columns": [{"name": "age", "type": "integer"}],
    }
)


class Stage:
    """One table from its bytes to its predictions, with a model between."""

    def __init__(self, body: bytes, store: FakeObjectStore | None = None, **profile: Any) -> None:
        self.store = store or FakeObjectStore()
        self.jobs = FakeTrainingJobs()
        self.transform: str | None = None
        self.transforming: TaskError | None = None
        self.analysis: TableAnalysis = scoring_analysis(self.store, body, **profile)
        self.payloads = TablePreparer(self.store).prepare(self.analysis, lambda: 900_000).payloads
        self.scored: list[ScoredPayload] = []

    def place(self, name: str) -> S3Pointer:
        prefix = workroom.work_location(self.analysis).prefix
        return S3Pointer(bucket=RESULTS, key=f"{prefix}parts/table/{name}")

    def answer(self, model: Callable[[bytes], bytes] = row_sums) -> None:
        """The model answers to every payload."""
        for number in self.payloads:
            sent = self.store.read(self.place(f"payloads/{number:06}.csv"))
            answer = self.place(f"outputs/{number:06}.csv.out")
            self.store.drop(answer.bucket, answer.key, model(sent))

    def join(self, left: int = 900_000) -> Outcome:
        task = JoinTask(
            analysis=self.analysis,
            payloads=self.payloads,
            scored=self.scored,
            transform=self.transform,
            transforming=self.transforming,
        )
        return PredictionJoiner(self.store, self.jobs).join(task, lambda: left)

    def predictions(self) -> list[list[str]]:
        return table_of(result(self.store, "predictions.csv"))


def test_predictions_stand_beside_their_rows() -> None:
    stage = Stage(b"id,age\na,0\nb,1\n=c,0\n", contract=MODEL, threshold=0.5)
    stage.answer()
    outcome = stage.join()
    assert stage.predictions() == [
        ["row", "id", "age", "prediction", "score"],
        ["1", "a", "0", "stays", "0"],
        ["2", "b", "1", "leaves", "1"],
        ["3", "'=c", "0", "stays", "0"],
    ]
    assert (outcome.feature, outcome.status) == ("predictions", "ok")
    assert outcome.summary["classes"] == {"stays": 2, "leaves": 1}
    assert outcome.calls[0].operation == "InvokeEndpointAsync"
    assert outcome.result is not None
    assert outcome.result.key.endswith("/summary.json")
    document = json.loads(result(stage.store, "summary.json"))
    assert document["model_version"] == "churn-config-1"
    assert document["numbers"]["mean"] == pytest.approx(1 / 3)


def test_names_that_the_table_has_already_are_told_apart() -> None:
    stage = Stage(b"row,prediction\n5,1\n")
    stage.answer()
    stage.join()
    assert stage.predictions()[0] == ["row_number", "row", "prediction", "model_prediction"]


def test_answers_that_lie_elsewhere_are_found_by_where_the_endpoint_said() -> None:
    stage = Stage(b"a,b\n1,2\n")
    stage.store.drop("answers", "of/mine.out", b"3\n")
    stage.scored = [ScoredPayload(number=1, output="s3://answers/of/mine.out")]
    stage.join()
    assert stage.predictions()[1] == ["1", "1", "2", "3"]


def many(rows: int = 3_000) -> bytes:
    return ("n,text\n" + "".join(f"{n},{'0' * 999}\n" for n in range(rows))).encode()


def test_a_payload_that_failed_is_told_and_the_rest_is_joined() -> None:
    stage = Stage(many(), payload_megabytes=1)
    assert stage.payloads == [1, 2, 3, 4]
    stage.answer()
    cause = '{"errorType": "InvalidInputError", "errorMessage": "The model answered with 400"}'
    stage.scored = [ScoredPayload(number=2, reason=f"InvalidInputError: {cause}")]
    outcome = stage.join()

    assert outcome.status == "failed"
    assert outcome.reason is not None
    assert outcome.reason.startswith("1 of 4 payloads were not scored; their rows are in rejected")
    assert "InvalidInputError: The model answered with 400" in outcome.reason
    assert outcome.result is not None
    joined = [int(row[1]) for row in stage.predictions()[1:]]
    rejected = table_of(result(stage.store, "rejected.csv"))
    assert sorted(joined + [int(row[2]) for row in rejected[1:]]) == list(range(3_000))
    assert joined == sorted(joined)
    assert rejected[1][1] == "InvalidInputError: The model answered with 400"


def test_answers_of_the_wrong_number_are_that_payloads_failure() -> None:
    stage = Stage(many(), payload_megabytes=1)
    stage.answer(
        lambda body: row_sums(body).split(b"\n", 1)[1] if b"\n2999," in body else row_sums(body)
    )
    outcome = stage.join()
    assert outcome.status == "failed"
    assert "an answer a row is needed" in (outcome.reason or "")


def test_when_every_payload_failed_there_is_nothing_but_the_reason() -> None:
    stage = Stage(b"a\n1\n")
    stage.scored = [ScoredPayload(number=1, reason="NotFoundError: no such endpoint")]
    outcome = stage.join()
    assert (outcome.status, outcome.result) == ("failed", None)
    assert outcome.reason == "NotFoundError: no such endpoint"


def test_a_payload_whose_answer_is_gone_is_told() -> None:
    outcome = Stage(b"a\n1\n").join()
    assert outcome.status == "failed"


def test_work_goes_on_where_time_ran_out() -> None:
    stage = Stage(many(), payload_megabytes=1)
    stage.answer()
    tries = 0
    while True:
        tries += 1
        try:
            outcome = stage.join(left=1_000 if tries < 4 else 900_000)
            break
        except WorkContinuesError:
            continue
    assert outcome.status == "ok"
    assert tries > 1
    assert [row[1] for row in stage.predictions()[1:]] == [str(n) for n in range(3_000)]


def test_rejected_rows_and_those_that_were_not_scored_stand_in_one_file() -> None:
    stage = Stage(many() + b"one,two,three\n", payload_megabytes=1)
    stage.answer()
    stage.scored = [ScoredPayload(number=1, reason="Slow.")]
    stage.join()
    rejected = table_of(result(stage.store, "rejected.csv"))
    assert rejected[1][:3] == ["1", "Slow.", "0"]
    assert rejected[-1][1:] == ["it has 3 cells where the header has 2", "one", "two", "three"]
    assert len(rejected) + len(stage.predictions()) == 3_001 + 2


class _InPieces(FakeOpenObject):
    """An object that comes in pieces, and tells how much of it has."""

    def __init__(self, head: ObjectHead, body: bytes, came: Callable[[int], None]) -> None:
        super().__init__(head, body)
        self._came = came

    def chunks(self) -> Iterator[bytes]:
        """Pieces of 64 KiB."""
        for start in range(0, len(self._body), 1 << 16):
            piece = self._body[start : start + (1 << 16)]
            self._came(len(piece))
            yield piece


class StreamingStore(FakeObjectStore):
    """Counts the bytes of rows that were read and not yet written again.

    Attributes:
        most_held: Bytes; right where one payload is joined at a time.
    """

    most_held = _held = 0

    def open(self, pointer: S3Pointer) -> FakeOpenObject:
        """It comes in pieces."""
        came = self._came if pointer.bucket == RESULTS else _forget
        return _InPieces(super().open(pointer).head, super().read(pointer), came)

    def read(self, pointer: S3Pointer) -> bytes:
        """It comes whole."""
        body = super().read(pointer)
        if "/rows." in pointer.key or "/joined." in pointer.key:
            self._came(len(body))
        return body

    def write_pieces(
        self, bucket: str, key: str, pieces: Iterable[bytes], media_type: str
    ) -> S3Pointer:
        """What is written is held no more."""
        taken = bytearray()
        for piece in pieces:
            taken += piece
            self._held = max(0, self._held - len(piece))
        self._held = 0
        return self.write(bucket, key, bytes(taken), media_type)

    def _came(self, size: int) -> None:
        self._held += size
        self.most_held = max(self.most_held, self._held)


def _forget(size: int) -> None:
    del size


@pytest.mark.parametrize("rows", [3_000, 12_000])
def test_no_more_rows_are_held_than_are_written_at_once(rows: int) -> None:
    store = StreamingStore()
    stage = Stage(many(rows), store, payload_megabytes=100)
    assert stage.payloads == [1]
    stage.answer()
    assert stage.join().status == "ok"
    assert store.most_held < 1_500_000


def test_all_is_put_together_by_a_try_with_time_for_it() -> None:
    stage = Stage(many(), payload_megabytes=1)
    stage.answer()
    large = stage.analysis.file.model_copy(update={"size": 1 << 30})
    stage.analysis = stage.analysis.model_copy(update={"file": large})
    with pytest.raises(WorkContinuesError, match="the next try"):
        stage.join(left=90_000)
    assert stage.join(left=90_000).status == "ok"


VALUES = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(VALUES, min_size=1, max_size=200), st.integers(1, 5))
def test_counts_of_parts_add_up_to_the_counts_of_the_whole(values: list[float], parts: int) -> None:
    whole = Distribution([count(["p"], len(values), values, None)])
    pieces = [values[place::parts] for place in range(parts)]
    added = Distribution([count(["p"], len(piece), piece, None) for piece in pieces])
    assert added.bars() == whole.bars()
    assert added.quantile(0.5) == whole.quantile(0.5)
    assert sum(bar.rows for bar in whole.bars()) == len(values)


@given(st.lists(st.floats(0.001, 1), min_size=20, max_size=300))
def test_a_quantile_is_right_to_half_a_percent(values: list[float]) -> None:
    found = Distribution([count(["p"], len(values), values, None)]).quantile(0.5)
    exact = sorted(values)[-(-len(values) // 2) - 1]
    assert found == pytest.approx(exact, rel=0.006)


def test_values_that_are_no_numbers_are_counted_apart() -> None:
    found = Distribution([count(["p"], 3, [0.5, float("nan"), float("inf")], None)])
    assert (found.rows, found.counted, found.unusable) == (3, 1, 2)


def test_a_column_of_names_is_not_counted_name_by_name() -> None:
    found = Distribution([count(["p"], 1_000, None, [f"name-{n}" for n in range(1_000)])])
    assert len(found.classes) <= 51
    assert sum(found.classes.values()) == 1_000


def test_the_pictures_are_pictures_and_hold_no_markup_of_the_tables() -> None:
    stage = Stage(b"a\n1\n2\n")
    stage.answer(lambda body: b"<script>alert(1)</script>\n" * body.count(b"\n"))
    stage.join()
    with Image.open(io.BytesIO(result(stage.store, "distribution.png"))) as image:
        image.load()
        assert image.size == (1600, 800)
    svg = result(stage.store, "distribution.svg")
    assert b"<script" not in svg
    assert ET.fromstring(svg).tag.endswith("svg")


@given(st.lists(st.tuples(st.text(max_size=20), st.integers(0, 10**12)), max_size=20))
def test_any_bars_make_a_well_formed_picture(bars: list[tuple[str, int]]) -> None:
    marks = draw("title", "axis", [Bar(label, rows) for label, rows in bars])
    ET.fromstring(as_svg(marks))


def test_a_job_is_billed_by_the_seconds_of_its_instances() -> None:
    stage = Stage(b"age\n41\n29\n", mode="batch_transform", endpoint=None, model="churn-model")
    stage.answer()
    stage.transform = "windfall-job"
    stage.jobs.states[JobKind.TRANSFORM, "windfall-job"] = JobState(
        "Completed", seconds=90, instance_type="ml.m5.large", instances=2
    )
    (call,) = stage.join().calls
    assert (call.operation, call.variant) == ("CreateTransformJob", "ml.m5.large")
    assert (call.count, call.units) == (1, 180)


def test_a_job_whose_answer_was_lost_is_waited_for_by_its_name() -> None:
    stage = Stage(b"age\n41\n29\n", mode="batch_transform", endpoint=None, model="churn-model")
    stage.transform = "windfall-job"
    stage.transforming = TaskError(Error="SageMaker.ResourceInUseException", Cause="It exists.")
    stage.jobs.states[JobKind.TRANSFORM, "windfall-job"] = JobState("InProgress")
    with pytest.raises(TransientError, match="goes on"):
        stage.join()
    stage.answer()
    stage.jobs.states[JobKind.TRANSFORM, "windfall-job"] = JobState("Completed", seconds=90)
    assert stage.join().status == "ok"


def test_a_job_that_failed_tells_its_own_reason() -> None:
    stage = Stage(b"age\n41\n29\n", mode="batch_transform", endpoint=None, model="churn-model")
    stage.transform = "windfall-job"
    stage.transforming = TaskError(Error="States.TaskFailed", Cause="{}")
    stage.jobs.states[JobKind.TRANSFORM, "windfall-job"] = JobState("Failed", "ClientError: 413")
    outcome = stage.join()
    assert (outcome.status, outcome.reason) == (
        "failed", "The transform job failed: ClientError: 413",
    )  # fmt: skip
