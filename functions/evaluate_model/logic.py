"""Holds a model's answers against what was true, and writes what a person wants to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evaluate_model.explanation import read_explanation
from evaluate_model.figures import evaluate, importance_of
from evaluate_model.held_out import understand
from evaluate_model.models import EvaluatedModel
from evaluate_model.pictures import draw_pictures
from evaluate_model.report import Findings, write_report
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import InvalidInputError, NotFoundError, UnsupportedError
from windfall.evaluation.decisions import Confusion, classic_table
from windfall.features import Finding, settle
from windfall.ports.training import JobKind
from windfall.tables.answers import read_answers
from windfall.training.files import EXPLAINED, METRICS, PREDICTIONS, REPORT, TrainingFiles
from windfall.training.jobs import billed, finished_job, job_that_counts
from windfall.training.names import TrainingNames

if TYPE_CHECKING:
    from evaluate_model.explanation import Explanation
    from evaluate_model.models import EvaluateModelTask
    from windfall.contracts.outcome import Outcome
    from windfall.contracts.training import Split, TrainingSpec
    from windfall.ports.storage import ObjectStore
    from windfall.ports.training import TrainingJobs
    from windfall.tables.answers import Answers

TABLE, PICTURES = "confusion.txt", "pictures/"
UNEXPLAINED = (
    "SageMaker Clarify was not asked: it is closed to new accounts. Where yours has it, deploy the"
    " stack with UseClarify=true, and name the columns to look at in table.train.explain."
)
_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class ModelEvaluator:
    """Evaluates models.

    Attributes:
        prefix: What this stack's names at SageMaker begin with.
    """

    store: ObjectStore
    jobs: TrainingJobs
    prefix: str
    clock: Clock = utc_now

    def evaluate(self, task: EvaluateModelTask) -> EvaluatedModel:
        """Evaluate, and say what became of the explanation.

        Raises:
            TransientError: A job goes on still, or S3 can not answer now; try again.
        """
        output = task.analysis.output
        explanation = settle(
            "explanation",
            Checkpoints(self.store, output, "explanation"),
            self.clock,
            lambda: self._explained(task),
        )
        evaluation = settle(
            "evaluation",
            Checkpoints(self.store, output, "evaluation"),
            self.clock,
            lambda: self._evaluated(task, explanation),
        )
        is_ok = evaluation.status is OutcomeStatus.OK
        return EvaluatedModel(outcomes=[evaluation, explanation], ok=is_ok)

    def _explained(self, task: EvaluateModelTask) -> Finding:
        names = self._names(task)
        pointer = TrainingFiles(self.store, task.analysis.output).pointer(EXPLAINED)
        is_explained = bool(names.earlier_jobs) and self.store.find(pointer) is not None
        if not (task.explained or is_explained):
            raise UnsupportedError(UNEXPLAINED)
        job = job_that_counts(self.jobs, JobKind.PROCESSING, names)
        state = finished_job(self.jobs, JobKind.PROCESSING, job, task.explaining)
        found = read_explanation(self.store.read(pointer))
        summary = {"bias_metrics": len(found.bias), "features": len(found.shap)}
        return Finding(pointer, summary, [billed(JobKind.PROCESSING, state)])

    def _evaluated(self, task: EvaluateModelTask, explained: Outcome) -> Finding:
        files = TrainingFiles(self.store, task.analysis.output)
        spec, split = files.spec(), files.split()
        job = job_that_counts(self.jobs, JobKind.TRANSFORM, self._names(task))
        state = finished_job(self.jobs, JobKind.TRANSFORM, job, task.predicting)
        labels = self._labels(split)
        predictions = understand(self._answers(files, "held_out", len(labels)), spec, _THRESHOLD)
        shuffled = understand(
            self._answers(files, "shuffled", len(split.sample) * len(split.shuffled)),
            spec,
            _THRESHOLD,
        )
        evaluation = evaluate(spec, labels, predictions, _THRESHOLD)
        importance = importance_of(
            evaluation,
            split.shuffled,
            [labels[place] for place in split.sample],
            predictions.at(split.sample),
            shuffled,
        )
        evaluation = evaluation.model_copy(update={"importance": importance})
        files.save(METRICS, evaluation)
        table = _table(spec, evaluation.confusion)
        if table:
            files.write(TABLE, table.encode(), "text/plain; charset=utf-8")
        pictures = draw_pictures(spec, evaluation, labels, predictions)
        for name, svg in pictures.items():
            files.write(f"{PICTURES}{name}.svg", svg.encode(), "image/svg+xml")
        page = write_report(
            Findings(
                spec=spec,
                profile=files.profile(),
                split=split,
                evaluation=evaluation,
                table=table,
                pictures=pictures,
                explanation=self._explanation(explained),
                unexplained=explained.reason or "",
            )
        )
        report = files.write(REPORT, page.encode(), "text/html; charset=utf-8")
        figures = dict(list(evaluation.figures.items())[:8])
        top = [one.column for one in importance[:5]]
        summary = {"rows": evaluation.rows, **figures, "goes_by": top, "table": table}
        return Finding(report, summary, [billed(JobKind.TRANSFORM, state)])

    def _names(self, task: EvaluateModelTask) -> TrainingNames:
        return TrainingNames.of(self.prefix, task.training.name, task.analysis)

    def _labels(self, split: Split) -> list[float]:
        body = self.store.read(split.labels).decode()
        return [float(line.partition(",")[2]) for line in body.splitlines()]

    def _answers(self, files: TrainingFiles, name: str, rows: int) -> Answers:
        """What the transform job wrote."""
        try:
            body = self.store.read(files.pointer(f"{PREDICTIONS}{name}.csv.out"))
        except NotFoundError as error:
            raise InvalidInputError(f"The transform job wrote no answers to {name}.csv.") from error
        return read_answers(body, rows)

    def _explanation(self, outcome: Outcome) -> Explanation | None:
        if outcome.result is None:
            return None
        return read_explanation(self.store.read(outcome.result))


def _table(spec: TrainingSpec, counts: list[list[int]]) -> str:
    if not counts:
        return ""
    return classic_table(
        Confusion(spec.classes, counts), [spec.called(one) for one in spec.classes]
    )
