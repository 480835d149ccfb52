"""evaluate_model: from a model's answers to figures, pictures and a page."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from typing import Any

import pytest

from evaluate_model.logic import UNEXPLAINED, ModelEvaluator
from evaluate_model.models import EvaluatedModel, EvaluateModelTask
from profile_table.logic import TableProfiler
from profile_table.models import ProfileTableTask
from split_table.division import TableDivider
from tests.fakes.storage import FakeObjectStore
from tests.fakes.tables import HEADER, JOBS, customers, training_analysis
from tests.fakes.training import FakeTrainingJobs
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.errors import TransientError
from windfall.ports.training import JobKind, JobState
from windfall.training.files import TrainingFiles
from windfall.training.jobs import TaskError

PREFIX = "windfall-1a2b3c4d"
DONE = JobState("Completed", seconds=120, instance_type="ml.m5.large")

Model = Callable[[Sequence[str]], str]


def knows(row: Sequence[str]) -> str:
    """A model of the customers that knows what they like, but for the dice: its row is encoded."""
    age, student, income = float(row[0]), float(row[1 + JOBS.index("student")]), float(row[6])
    likes = student + (age < 35) + (income > 60_000)
    return f"{1 / (1 + math.exp(-4 * (likes - 1.5))):.6f}"


class Stage:
    """A model that was trained on a table in memory, and asked."""

    def __init__(
        self,
        rows: Sequence[Sequence[str]],
        model: Model = knows,
        header: Sequence[str] = HEADER,
        **profile: Any,
    ) -> None:
        self.store = FakeObjectStore()
        self.analysis = training_analysis(self.store, rows, header, **profile)
        profiled = TableProfiler(self.store).profile(ProfileTableTask(analysis=self.analysis))
        assert profiled.training is not None, profiled.outcomes[0].reason
        self.training = profiled.training
        self.files = TrainingFiles(self.store, self.analysis.output)
        self.split = TableDivider(
            self.store, self.analysis, self.files.spec(), lambda: 900_000
        ).divide()
        self.jobs = FakeTrainingJobs()
        self.job = f"{PREFIX}-{self.analysis.analysis_id[:24]}-1"
        self.jobs.states[JobKind.TRANSFORM, self.job] = DONE
        for name in ("held_out", "shuffled"):
            self.answer(name, model)

    def answer(self, name: str, model: Model) -> None:
        body = self.store.read(self.files.pointer(f"parts/split/held_out/{name}.csv")).decode()
        answers = "".join(f"{model(line.split(','))}\n" for line in body.splitlines())
        self.files.write(f"parts/predictions/{name}.csv.out", answers.encode(), "text/csv")

    def run(self, **fields: Any) -> EvaluatedModel:
        task = EvaluateModelTask(analysis=self.analysis, training=self.training, **fields)
        return ModelEvaluator(self.store, self.jobs, PREFIX).evaluate(task)

    def evaluation(self, **fields: Any) -> Outcome:
        return self.run(**fields).outcomes[0]

    def text(self, name: str) -> str:
        return self.store.read(self.files.pointer(name)).decode()


def test_a_good_model_has_good_figures_and_goes_by_what_matters() -> None:
    stage = Stage(customers(2_000))
    evaluated = stage.run()
    assert evaluated.ok
    assert [one.status for one in evaluated.outcomes] == [OutcomeStatus.OK, OutcomeStatus.SKIPPED]
    found = stage.files.evaluation()
    assert found.rows == stage.split.held_back.rows
    assert found.figures["accuracy"] > 0.85 > found.figures["majority"]
    assert found.figures["auc"] > 0.93
    assert sum(map(sum, found.confusion)) == found.rows
    assert {one.column for one in found.importance[:3]} == {"age", "job", "income"}
    assert {one.column: one.lost for one in found.importance}["calls"] == 0
    assert found.importance[0].lost > 0.05
    assert [one.rows for one in found.classes] == list(stage.split.held_back.counts.values())
    assert found.roc[0] == (0.0, 0.0)
    assert found.roc[-1] == (1.0, 1.0)


def test_the_outcome_shows_the_classic_table_and_is_billed() -> None:
    stage = Stage(customers(), class_names={"no": "No Purchase", "yes": "Purchase"})
    outcome = stage.evaluation()
    table = outcome.summary["table"]
    assert table == stage.text("confusion.txt")
    assert table.startswith("Overall Classification Rate: ")
    assert "Predicted      No Purchase    Purchase\nObserved\nNo Purchase    " in table
    (call,) = outcome.calls
    assert (call.operation, call.variant, call.units) == (
        "CreateTransformJob",
        "ml.m5.large",
        120,
    )
    assert len(json.dumps(outcome.summary)) < 2_000


def test_the_report_needs_nothing_beside_it() -> None:
    stage = Stage(customers())
    stage.run()
    page = stage.text("report.html")
    for word in (
        "<svg",
        "Overall Classification Rate",
        "ROC curve",
        "Calibration",
        "What the model goes by",
    ):
        assert word in page
    for foreign in ("<script", 'http-equiv="refresh"', "<link", "<img", "url(", "@import"):
        assert foreign not in page
    assert page.count("http") == page.count("http://www.w3.org/2000/svg") + page.count("http-equiv")
    for name in ("roc", "confusion", "precision_recall", "calibration", "scores", "importance"):
        assert stage.text(f"pictures/{name}.svg").startswith("<svg")


class Tags(HTMLParser):
    """The names of a page's elements, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.told = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.told += data


def test_names_and_values_of_a_table_are_never_markup() -> None:
    evil = "<img src=x onerror=alert(1)>"
    rows = [
        [
            row[0],
            evil if row[1] == "pilot" else row[1],
            *row[2:-1],
            evil if row[-1] == "yes" else "no",
        ]
        for row in customers()
    ]
    header = ("age", "<b>job</b>", *HEADER[2:-1], "y</title><script>alert(2)</script>")

    def model(row: Sequence[str]) -> str:
        return "0.9" if float(row[0]) < 40 else "0.1"

    stage = Stage(rows, model, header)
    stage.run()
    tags = Tags()
    tags.feed(stage.text("report.html"))
    assert not tags.names & {"img", "script", "b"}
    assert evil in tags.told
    assert "<b>job</b>" in tags.told


def test_of_several_classes_each_has_its_figures() -> None:
    dice = random.Random(2)

    def model(row: Sequence[str]) -> str:
        scores = [dice.random() for _ in range(5)]
        return f"[{', '.join(f'{score / sum(scores):.4f}' for score in scores)}]"

    stage = Stage(customers(), model, target="calls")
    assert stage.run().ok
    found = stage.files.evaluation()
    assert [one.label for one in found.classes] == ["0", "1", "2", "3", "4"]
    assert all(one.auc is not None for one in found.classes)
    assert found.measure == "accuracy"
    assert len(found.confusion) == 5
    assert "log_loss" in found.figures


def test_of_numbers_the_errors_are_told() -> None:
    stage = Stage(customers(), lambda row: "50000", target="income")
    assert stage.run().ok
    found = stage.files.evaluation()
    assert found.figures.keys() >= {"rmse", "mae", "bias"}
    assert "confusion" not in stage.text("report.html").lower().replace("confusion.txt", "")
    assert stage.text("pictures/predicted.svg").startswith("<svg")


def test_a_model_may_answer_with_classes_instead_of_scores() -> None:
    stage = Stage(customers(), lambda row: "yes" if float(row[0]) < 35 else "no")
    assert stage.run().ok
    found = stage.files.evaluation()
    assert "auc" not in found.figures
    assert not found.roc
    assert found.measure == "accuracy"
    assert found.importance[0].column == "age"


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (lambda row: "0.1,0.2,0.7", "answers a row with 3 numbers"),
        (lambda row: "perhaps", "'perhaps', which is no class"),
    ],
)
def test_answers_of_another_task_fail_with_the_reason(answers: Model, reason: str) -> None:
    outcome = Stage(customers(), answers).evaluation()
    assert outcome.status is OutcomeStatus.FAILED
    assert reason in (outcome.reason or "")


def test_too_few_answers_fail_with_the_reason() -> None:
    stage = Stage(customers())
    stage.files.write("parts/predictions/held_out.csv.out", b"0.5\n", "text/csv")
    assert "1 answers to" in (stage.evaluation().reason or "")


def test_a_transform_job_that_failed_tells_sagemaker_s_reason() -> None:
    stage = Stage(customers())
    stage.jobs.states[JobKind.TRANSFORM, stage.job] = JobState("Failed", "ClientError: bad model")
    evaluated = stage.run(predicting=TaskError(Error="States.TaskFailed", Cause="{}"))
    assert not evaluated.ok
    reason = evaluated.outcomes[0].reason
    assert reason == "The transform job failed: ClientError: bad model"


def test_a_transform_job_that_was_never_begun_tells_why() -> None:
    stage = Stage(customers())
    stage.jobs.states.clear()
    caught = TaskError(Error="SageMaker.ResourceLimitExceededException", Cause="quota is 0")
    reason = stage.evaluation(predicting=caught).reason or ""
    assert "could not be begun: SageMaker.ResourceLimitExceededException: quota is 0" in reason


def test_a_job_that_goes_on_is_waited_for_though_the_machine_lost_it() -> None:
    stage = Stage(customers())
    stage.jobs.states[JobKind.TRANSFORM, stage.job] = JobState("InProgress")
    with pytest.raises(TransientError, match="goes on"):
        stage.run(predicting=TaskError(Error="SageMaker.ResourceInUseException", Cause="taken"))
    stage.jobs.states[JobKind.TRANSFORM, stage.job] = DONE
    assert stage.run(predicting=TaskError(Error="SageMaker.ResourceInUseException")).ok


def test_a_second_try_asks_nothing_again() -> None:
    stage = Stage(customers())
    first = stage.run()
    asked = len(stage.jobs.asked)
    assert stage.run().outcomes[0] == first.outcomes[0]
    assert len(stage.jobs.asked) == asked


CLARIFY = {
    "version": "1.0",
    "pre_training_bias_metrics": {
        "label": "y",
        "facets": {
            "job": [
                {
                    "value_or_threshold": "student",
                    "metrics": [
                        {"name": "CI", "description": "Class Imbalance (CI)", "value": 0.5},
                        {
                            "name": "KL",
                            "description": "Divergence",
                            "value": None,
                            "error": "empty",
                        },
                    ],
                }
            ]
        },
    },
    "explanations": {
        "kernel_shap": {"label0": {"global_shap_values": {"age": 0.02, "income": -0.3}}}
    },
}


def test_what_clarify_found_stands_in_the_report() -> None:
    stage = Stage(customers())
    stage.jobs.states[JobKind.PROCESSING, stage.job] = DONE
    body = json.dumps(CLARIFY).encode()
    stage.files.write("parts/explanation/analysis.json", body, "application/json")
    explanation = stage.run(explained=True).outcomes[1]
    assert explanation.status is OutcomeStatus.OK
    assert explanation.summary == {"bias_metrics": 2, "features": 2}
    page = stage.text("report.html")
    assert "Class Imbalance (CI)" in page
    assert "KL has no value for job: empty." in page
    assert "What each feature adds to a prediction" in page


def test_jobs_that_an_earlier_attempt_paid_for_are_evaluated_and_billed() -> None:
    stage = Stage(customers())
    stage.jobs.states[JobKind.PROCESSING, stage.job] = DONE
    body = json.dumps(CLARIFY).encode()
    stage.files.write("parts/explanation/analysis.json", body, "application/json")
    stage.analysis = stage.analysis.model_copy(update={"attempt": 2})
    evaluation, explanation = stage.run().outcomes
    assert (evaluation.status, explanation.status) == (OutcomeStatus.OK, OutcomeStatus.OK)
    assert [call.units for one in (evaluation, explanation) for call in one.calls] == [120, 120]


def test_without_clarify_the_report_says_why_and_how_to_get_it() -> None:
    stage = Stage(customers())
    explanation = stage.run().outcomes[1]
    assert (explanation.status, explanation.reason) == (OutcomeStatus.SKIPPED, UNEXPLAINED)
    assert "closed to new accounts" in stage.text("report.html")


def test_a_clarify_job_that_failed_does_not_end_the_evaluation() -> None:
    stage = Stage(customers())
    stage.jobs.states[JobKind.PROCESSING, stage.job] = JobState("Failed", "no permission")
    evaluated = stage.run(explained=True, explaining=TaskError(Error="States.TaskFailed"))
    assert evaluated.ok
    assert evaluated.outcomes[1].status is OutcomeStatus.FAILED
    assert "no permission" in stage.text("report.html")
