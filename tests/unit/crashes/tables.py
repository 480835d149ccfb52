"""Functions on tables and models, killed at each step."""

from __future__ import annotations

import json
from collections.abc import Callable

from prepare_table.logic import TablePreparer
from publish_model.logic import ModelPublisher
from publish_model.models import PublishModelTask
from score_rows.logic import RowScorer
from score_rows.models import ScoreRowsTask
from tests.fakes.scoring import FakeSynchronousScoring, scoring_analysis
from tests.fakes.storage import FakeObjectStore
from tests.fakes.tables import customers
from tests.unit.crashes.asking_once import By, claimed, nobody
from tests.unit.crashes.dying import Scenario
from tests.unit.create_model.test_creating import Stage as CreatingStage
from tests.unit.deploy_model.test_deploying import Stage as DeployingStage
from tests.unit.evaluate_model.test_evaluating import Stage as EvaluatingStage
from tests.unit.join_predictions.test_joining import MODEL
from tests.unit.join_predictions.test_joining import Stage as JoiningStage
from tests.unit.profile_table.test_profiling import Stage as ProfilingStage
from tests.unit.publish_model.test_publishing import IMAGES, PREFIX
from tests.unit.publish_model.test_publishing import Stage as PublishingStage
from tests.unit.submit_inference.test_submitting import Stage as SubmittingStage
from windfall.checkpoints import Checkpoints
from windfall.errors import UnansweredError
from windfall.tables import workroom
from windfall.training.files import ANSWERS, TrainingFiles

ALL_FIT = b"id,age\na,0\nb,1\n=c,0\n"
TABLE = ALL_FIT + b"d,x\n"


def prepare_table() -> Scenario:
    """Rows that fit, and one that does not."""
    store = FakeObjectStore()
    analysis = scoring_analysis(store, TABLE, contract=MODEL)
    preparer = TablePreparer(store)
    return Scenario(run=lambda _: preparer.prepare(analysis, lambda: 900_000), world=[store])


def take_over_answers() -> Scenario:
    """A job that an earlier attempt paid for has scored every payload."""
    store = FakeObjectStore()
    analysis = scoring_analysis(
        store, ALL_FIT, contract=MODEL, mode="batch_transform", model="churn", endpoint=None
    )
    preparer = TablePreparer(store)
    work = Checkpoints(store, workroom.work_location(analysis), workroom.FEATURE)
    payloads = preparer.prepare(analysis, lambda: 900_000).payloads
    assert payloads, "nothing is to be scored"
    for number in payloads:
        work.save(workroom.output_name(number, "text/csv"), b"0.5\n0.5\n0.5\n")
    again = analysis.model_copy(update={"attempt": 2})
    return Scenario(run=lambda _: preparer.prepare(again, lambda: 900_000), world=[store])


def submit_inference(by: By = nobody) -> Scenario:
    """A request, which SageMaker would take each time."""
    stage = SubmittingStage()

    def run(_: int) -> str:
        try:
            return stage.submit("token", attempt=by() or 1, claimed_by=by())
        except UnansweredError as error:
            return str(error)  # the machine catches it

    return Scenario(
        run=run,
        world=[stage.store, stage.table, stage.tokens, stage.service],
        paid=lambda: [request.payload.key.rpartition("/")[2] for request in stage.service.requests],
        seen=lambda: [(job.name, row.tokens) for job, row in stage.table.rows.items()],
        may_repeat=1,
    )


def score_rows(by: By = nobody) -> Scenario:
    """Payloads, each answer of which is kept."""
    store = FakeObjectStore()
    analysis = scoring_analysis(store, ALL_FIT, contract=MODEL, mode="real_time")
    tasks = {}
    for attempt in (1, 2):
        mine = analysis.model_copy(update={"attempt": attempt})
        payloads = TablePreparer(store).prepare(mine, lambda: 900_000).payloads
        assert payloads, "nothing is to be scored"
        tasks[attempt] = ScoreRowsTask(analysis=mine, payloads=payloads)
    service = FakeSynchronousScoring()
    scorer = RowScorer(store, service)
    return Scenario(
        run=lambda _: scorer.score(claimed(tasks[by() or 1], by), lambda: 600_000),
        world=[store, service],
        paid=lambda: service.bodies,
        may_repeat=1,
    )


def join_predictions() -> Scenario:
    """Each row and its prediction."""
    stage = JoiningStage(b"id,age\na,0\nb,1\n=c,0\n", contract=MODEL, threshold=0.5)
    stage.answer()
    return Scenario(run=lambda _: stage.join(), world=[stage.store])


def profile_table() -> Scenario:
    """What a table is like."""
    stage = ProfilingStage(customers(60))
    return Scenario(run=lambda _: stage.run(), world=[stage.store])


def split_table() -> Scenario:
    """Two sides, and what SageMaker is to be asked."""
    stage = CreatingStage()
    return Scenario(run=lambda _: stage.split(), world=[stage.store])


def create_model() -> Scenario:
    """A model of what the training left."""
    stage = CreatingStage()
    stage.trained()
    return Scenario(
        run=lambda _: stage.create(),
        world=[stage.store, stage.jobs, stage.models],
        paid=lambda: [json.dumps(one) for one in stage.models.created],
    )


def split_again() -> Scenario:
    """A training that an earlier attempt paid for."""
    stage = CreatingStage()
    stage.trained()
    stage.leave_model()
    stage.again()
    return Scenario(run=lambda _: stage.split(), world=[stage.store, stage.jobs])


def create_again() -> Scenario:
    """A model that an earlier attempt had trained, and asked."""
    stage = CreatingStage()
    stage.trained()
    stage.again()
    for name in ANSWERS:
        TrainingFiles(stage.store, stage.analysis.output).write(name, b"0.5", "text/csv")
    return Scenario(
        run=lambda _: stage.create(),
        world=[stage.store, stage.jobs, stage.models],
        paid=lambda: [json.dumps(one) for one in stage.models.created],
    )


def evaluate_model() -> Scenario:
    """Figures, pictures and a page."""
    stage = EvaluatingStage(customers(100))
    return Scenario(run=lambda _: stage.run(), world=[stage.store, stage.jobs])


def deploy_model() -> Scenario:
    """An endpoint, waited for."""
    stage = DeployingStage()
    return Scenario(
        run=lambda _: stage.begin(),
        world=[stage.store, stage.hosting, stage.table, stage.tokens],
        paid=lambda: list(stage.hosting.endpoints),
        seen=lambda: stage.table.rows,
    )


def publish_model() -> Scenario:
    """A version and a profile."""
    stage = PublishingStage()
    publisher = ModelPublisher(
        *(stage.store, stage.models, stage.hosting, stage.profiles),
        *("windfall-results", PREFIX, IMAGES),
    )
    task = PublishModelTask(analysis=stage.analysis, training=stage.training)
    return Scenario(
        run=lambda _: publisher.publish(task),
        world=[stage.store, stage.models, stage.hosting, stage.profiles],
        paid=lambda: list(stage.models.registered),
        seen=lambda: vars(stage.profiles).get("saved"),
    )


SCENARIOS: dict[str, list[Callable[[], Scenario]]] = {
    "prepare_table": [prepare_table, take_over_answers],
    "submit_inference": [submit_inference],
    "score_rows": [score_rows],
    "join_predictions": [join_predictions],
    "profile_table": [profile_table],
    "split_table": [split_table, split_again],
    "create_model": [create_model, create_again],
    "evaluate_model": [evaluate_model],
    "deploy_model": [deploy_model],
    "publish_model": [publish_model],
}
