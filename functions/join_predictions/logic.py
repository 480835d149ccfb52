"""Joins a model's answers to the rows that they are of, in the order of the table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from join_predictions.charts import as_png, as_svg, draw
from join_predictions.distribution import Counts, Distribution, count
from join_predictions.verdicts import judge
from windfall.addresses import object_at
from windfall.checkpoints import RESERVE, Checkpoints, TimeLeft, take_steps
from windfall.clock import Clock, utc_now
from windfall.contracts.outcome import Outcome, ServiceCall
from windfall.contracts.scoring import JoinTask, Payload, ScoredPayload, Sheet
from windfall.contracts.table import ScoringMode
from windfall.errors import InvalidInputError, NotFoundError, WorkContinuesError
from windfall.features import Finding, fitted, settle
from windfall.ports.training import JobKind
from windfall.ranges import PieceFile
from windfall.reasons import readable
from windfall.tables import workroom
from windfall.tables.answers import read_answers
from windfall.tables.spreadsheets import MEDIA_TYPE, csv_pieces, guarded_pieces, guarded_row
from windfall.training.jobs import billed, finished_job

if TYPE_CHECKING:
    from windfall.contracts.base import S3Pointer
    from windfall.ports.storage import ObjectStore
    from windfall.ports.training import TrainingJobs

FEATURE = "predictions"
_WORKERS = 2
_MEGABYTES_SIDE_BY_SIDE = 25
"""Payloads beyond that are joined one by one: their answers are held."""
_BYTES_A_SECOND = 20_000_000
"""Of all predictions, when they are put together: less than S3 reads and writes in turn."""
_JSON = "application/json"
_OPERATIONS = {
    ScoringMode.ASYNC: "InvokeEndpointAsync",
    ScoringMode.REAL_TIME: "InvokeEndpoint",
    ScoringMode.SERVERLESS: "InvokeEndpoint",
    ScoringMode.BATCH_TRANSFORM: "CreateTransformJob",
}
_REASONS = 3


class PredictionJoiner:
    """Joins predictions."""

    def __init__(self, store: ObjectStore, jobs: TrainingJobs, clock: Clock = utc_now) -> None:
        self._store = store
        self._jobs = jobs
        self._clock = clock

    def join(self, task: JoinTask, time_left: TimeLeft) -> Outcome:
        """Write `predictions.csv`, `summary.json` and the pictures of the distribution.

        Raises:
            WorkContinuesError: Time runs low; the payloads that are joined are kept.
            TransientError: S3 is busy, or the transform job goes on still.
        """
        work = _Work(self._store, self._jobs, task, time_left)
        checkpoints = Checkpoints(self._store, task.analysis.output, FEATURE)
        outcome = settle(FEATURE, checkpoints, self._clock, work.find)
        found = work.found_in_part
        if found is None:
            return outcome
        # Some rows have predictions and some do not: what is there is told, and a rerun scores
        # the rest.
        told = {"result": found.result, "summary": fitted(found.summary), "calls": found.calls}
        return outcome.model_copy(update=told)


class _Work:
    """The answers to one table."""

    def __init__(
        self, store: ObjectStore, jobs: TrainingJobs, task: JoinTask, time_left: TimeLeft
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._task = task
        self._time_left = time_left
        self._plan = task.analysis.table
        self._saved = Checkpoints(store, workroom.work_location(task.analysis), workroom.FEATURE)
        self._scored = {one.number: one for one in task.scored}
        self.found_in_part: Finding | None = None
        self._sheet = Sheet.model_validate_json(self._saved.part(workroom.SHEET))

    def find(self) -> Finding:
        """Join every payload that has answers, then put all together."""
        if self._task.transform is not None and self._task.transforming is not None:
            # Whatever the machine saw of the job, its end is asked of SageMaker itself.
            name, caught = self._task.transform, self._task.transforming
            finished_job(self._jobs, JobKind.TRANSFORM, name, caught)
        saved = self._saved.saved()
        left = [
            number
            for number in self._task.payloads
            if self._reason(number) is None
            and workroom.counts_name(number) not in saved
            and workroom.failure_name(number) not in saved
        ]
        is_small = self._plan.payload_megabytes <= _MEGABYTES_SIDE_BY_SIDE
        workers = _WORKERS if is_small else 1
        take_steps(left, self._join_or_tell, self._time_left, workers=workers)
        if left and self._time_left() < RESERVE + self._longest_assembly():
            raise WorkContinuesError("All is joined; the next try puts it together.")
        lost = self._lost()
        joined = [number for number in self._task.payloads if number not in lost]
        if not joined:
            raise InvalidInputError(next(iter(lost.values()), "Nothing was scored."))
        names = [workroom.counts_name(number) for number in joined]
        distribution = Distribution(map(Counts.model_validate_json, self._saved.each(names)))
        columns = distribution.columns or []
        self._write_predictions(joined, columns)
        if lost:
            self._write_rejected(lost)
        self._write_pictures(distribution)
        finding = self._told(distribution, columns)
        if lost:
            self.found_in_part = finding
            raise InvalidInputError(self._told_of(lost))
        return finding

    def _longest_assembly(self) -> float:
        """Milliseconds that putting all together takes at the most: it is not done by halves."""
        return 1000 * self._task.analysis.file.size / _BYTES_A_SECOND

    def _told_of(self, lost: Mapping[int, str]) -> str:
        reasons = list(dict.fromkeys(lost.values()))[:_REASONS]
        return (
            f"{len(lost):,} of {len(self._task.payloads):,} payloads were not scored; their rows"
            f" are in rejected.csv. {'; '.join(reasons)}"
        )

    def _join_or_tell(self, number: int) -> None:
        """Join a payload; answers that can not be understood are this payload's failure."""
        try:
            self._join(number)
        except (InvalidInputError, NotFoundError) as error:
            failure = ScoredPayload(number=number, reason=str(error))
            self._saved.save(workroom.failure_name(number), failure.model_dump_json().encode())

    def _join(self, number: int) -> None:
        part = Payload.model_validate_json(self._saved.part(workroom.part_name(number)))
        body = self._store.read(self._output(number))
        verdicts = judge(read_answers(body, part.rows), self._sheet.model, self._plan.threshold)
        rows = zip(self._rows(number), verdicts.cells, strict=True)
        pieces = guarded_pieces([*beside, *guarded_row(cells)] for beside, cells in rows)
        self._saved.save_pieces(workroom.joined_name(number), pieces, MEDIA_TYPE)
        counts = count(verdicts.columns, part.rows, verdicts.scores, verdicts.classes)
        self._saved.save(workroom.counts_name(number), counts.model_dump_json().encode())

    def _output(self, number: int) -> S3Pointer:
        scored = self._scored.get(number)
        if scored is not None and scored.output is not None:
            return object_at(scored.output)
        return self._saved.place(workroom.output_name(number, self._plan.content_type))

    def _rows(self, number: int) -> Iterator[list[str]]:
        """The rows of a payload as they stand beside their predictions, guarded already."""
        stream = io.BufferedReader(PieceFile(self._saved.pieces(workroom.rows_name(number))))
        return csv.reader(io.TextIOWrapper(stream, "utf-8", newline=""))

    def _reason(self, number: int) -> str | None:
        """Why the machine could not have a payload scored."""
        scored = self._scored.get(number)
        return None if scored is None else scored.reason

    def _lost(self) -> dict[int, str]:
        """Payloads without predictions, and why; in order."""
        saved = self._saved.saved()
        lost = {}
        for number in self._task.payloads:
            reason = self._reason(number)
            if reason is None and workroom.failure_name(number) in saved:
                body = self._saved.part(workroom.failure_name(number))
                reason = ScoredPayload.model_validate_json(body).reason
            if reason is not None:
                lost[number] = readable(reason)
        return lost

    def _write_predictions(self, joined: Sequence[int], columns: Sequence[str]) -> None:
        kept = self._sheet.kept
        row = "row" if "row" not in kept else "row_number"
        named = [name if name not in (row, *kept) else f"model_{name}" for name in columns]
        head = csv_pieces([[row, *kept, *named]])
        bodies = (self._saved.pieces(workroom.joined_name(number)) for number in joined)
        self._write_pieces("predictions.csv", chain(head, chain.from_iterable(bodies)))

    def _write_rejected(self, lost: Mapping[int, str]) -> None:
        """`rejected.csv` once more, with the rows whose payload was not scored."""
        self._write_pieces("rejected.csv", self._rejected(lost))

    def _rejected(self, lost: Mapping[int, str]) -> Iterator[bytes]:
        yield from csv_pieces([["row", "reason", *self._sheet.header]])
        for number in range(1, workroom.parts_done(self._saved.saved()) + 1):
            if workroom.rejected_name(number) in self._saved.saved():
                yield self._saved.part(workroom.rejected_name(number))
            if number in lost:
                reason = guarded_row([lost[number]])
                yield from guarded_pieces(
                    [beside[0], *reason, *self._cells_of(beside)] for beside in self._rows(number)
                )

    def _cells_of(self, beside: Sequence[str]) -> list[str]:
        """A row as the table has it, so far as it was kept."""
        places = {name: place for place, name in enumerate(self._sheet.kept, 1)}
        return [beside[places[name]] if name in places else "" for name in self._sheet.header]

    def _write_pieces(self, name: str, pieces: Iterable[bytes]) -> None:
        output = self._task.analysis.output
        self._store.write_pieces(output.bucket, output.prefix + name, pieces, MEDIA_TYPE)

    def _write_pictures(self, distribution: Distribution) -> None:
        is_of_scores = distribution.least is not None
        axis = "score" if is_of_scores and distribution.classes else "prediction"
        title = f"{self._plan.endpoint or self._plan.model}: {distribution.rows:,} rows"
        marks = draw(title, axis, distribution.bars())
        self._write("distribution.svg", as_svg(marks), "image/svg+xml")
        self._write("distribution.png", as_png(marks), "image/png")

    def _told(self, distribution: Distribution, columns: Sequence[str]) -> Finding:
        plan = self._plan
        numbers = {
            "mean": distribution.mean,
            "least": distribution.least,
            "quartiles": [distribution.quantile(share) for share in (0.25, 0.5, 0.75)],
            "most": distribution.most,
        }
        summary: dict[str, Any] = {
            "rows": distribution.rows,
            "model": plan.endpoint or plan.model,
            "mode": plan.mode.value,
            "columns": list(columns),
            "classes": distribution.classes,
            "numbers": numbers if distribution.counted else None,
            "unusable": distribution.unusable,
        }
        document = {
            **summary,
            "model_version": plan.model_version,
            "threshold": plan.threshold,
            "histogram": [[bar.label, bar.rows] for bar in distribution.bars()],
        }
        result = self._write("summary.json", json.dumps(document, indent=2).encode(), _JSON)
        return Finding(result, summary, [self._call(distribution.rows)])

    def _call(self, rows: int) -> ServiceCall:
        """What was called: a job by the seconds of its instances, an endpoint by the rows.

        An endpoint is paid for by the hour, so that its rows have no price.
        """
        name = self._task.transform
        job = None if name is None else self._jobs.state(JobKind.TRANSFORM, name)
        if job is not None:
            return billed(JobKind.TRANSFORM, job)
        return ServiceCall(
            service="sagemaker",
            operation=_OPERATIONS[self._plan.mode],
            count=len(self._task.payloads),
            units=rows,
        )

    def _write(self, name: str, body: bytes, media_type: str) -> S3Pointer:
        output = self._task.analysis.output
        return self._store.write(output.bucket, output.prefix + name, body, media_type)
