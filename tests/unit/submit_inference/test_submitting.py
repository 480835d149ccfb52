"""submit_inference: nothing is asked for twice, though SageMaker would take it each time."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from prepare_table.logic import TablePreparer
from submit_inference.logic import TRIES, InferenceSubmitter
from submit_inference.models import SubmitInferenceTask
from tests.fakes.jobs import FakeJobTable, FakeTokens
from tests.fakes.scoring import RESULTS, FakeAsynchronousScoring, scoring_analysis
from tests.fakes.service_model import request_violations
from tests.fakes.storage import FakeObjectStore
from windfall import identity
from windfall.adapters.sagemaker_runtime import (
    Handle,
    SageMakerAsynchronousScoring,
    failure_of,
    request_of,
)
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import InvalidInputError, QuotaExceededError, TransientError
from windfall.rendezvous import Rendezvous

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
DONE = Completion(result={"output": f"s3://{RESULTS}/scoring/answers/1.out"})
BROKE = Completion(error=TransientError.__name__, reason="Received server error (500) from model.")
REFUSED = Completion(error=InvalidInputError.__name__, reason="Received client error (400).")


class Stage:
    """The function in memory, with one prepared table."""

    def __init__(self) -> None:
        self.store = FakeObjectStore()
        self.table, self.tokens = FakeJobTable(), FakeTokens()
        self.service = FakeAsynchronousScoring()
        self.analysis = scoring_analysis(self.store, b"a,b\n1,2\n3,4\n", request_seconds=600)
        TablePreparer(self.store).prepare(self.analysis, lambda: 900_000)
        self.submitter = InferenceSubmitter(
            self.store,
            self.service,
            self.table,
            Rendezvous(self.table, self.tokens, clock=lambda: NOW),
            RESULTS,
        )

    def submit(
        self, token: str, attempt: int = 1, forced: bool = False, claimed_by: int | None = None
    ) -> str:
        output = self.analysis.output.model_copy(update={"claimed_by": claimed_by})
        told = {"attempt": attempt, "forced": forced, "output": output}
        analysis = self.analysis.model_copy(update=told)
        if attempt > 1:
            TablePreparer(self.store).prepare(analysis, lambda: 900_000)
        return self.submitter.submit(SubmitInferenceTask(token=token, analysis=analysis, payload=1))

    def end(self, completion: Completion) -> JobId:
        """The request that was made last ended."""
        job = JobId("sagemaker", self.service.requests[-1].name)
        self.table.complete(job, completion)
        return job


def test_a_request_is_named_after_what_is_sent_and_after_the_stack() -> None:
    stage = Stage()
    assert stage.submit("one") == "parked"
    (request,) = stage.service.requests
    mark, analysis, payload, number = request.name.split("-")
    assert mark == identity.stack_mark(RESULTS)
    assert stage.analysis.analysis_id.startswith(analysis)
    assert (len(payload), number) == (20, "1")
    assert len(request.name) <= 64
    assert request.payload.key.endswith("/parts/table/payloads/000001.csv")
    assert request_violations("sagemaker-runtime", "InvokeEndpointAsync", request_of(request)) == []
    assert stage.table.due == {JobId("sagemaker", request.name): "2026-11-23T14:05:00.000Z"}


def test_a_task_that_is_tried_again_waits_for_the_request_that_is_under_way() -> None:
    stage = Stage()
    stage.submit("one")
    stage.submit("two")
    assert len(stage.service.requests) == 1
    ((job, row),) = stage.table.rows.items()
    assert row.tokens == {"one", "two"}
    assert row.handle == "handle-1"
    stage.end(DONE)
    stage.submit("three")
    assert stage.tokens.told == {"one": DONE, "two": DONE, "three": DONE}
    assert job not in stage.table.due


def test_what_ended_before_it_was_parked_is_not_asked_for_again() -> None:
    stage = Stage()
    stage.submit("one")
    name = stage.service.requests[0].name
    stage.table.rows.clear()
    # The function died before it could park; the notification was there first.
    stage.table.complete(JobId("sagemaker", name), DONE)
    assert stage.submit("two") == "ended already"
    assert len(stage.service.requests) == 1


def test_a_container_that_broke_is_asked_again_some_times() -> None:
    stage = Stage()
    for number in range(1, TRIES + 1):
        stage.submit(f"token-{number}")
        stage.end(BROKE)
    assert [request.name[-2:] for request in stage.service.requests] == ["-1", "-2", "-3"]
    with pytest.raises(InvalidInputError, match=r"failed 3 times: Received server error \(500\)"):
        stage.submit("last")
    assert len(stage.service.requests) == TRIES


def test_a_container_that_breaks_each_second_time_gets_there() -> None:
    stage = Stage()
    stage.submit("one")
    stage.end(BROKE)
    stage.submit("two")
    stage.end(DONE)
    stage.submit("three")
    assert stage.tokens.told["three"] == DONE
    assert len(stage.service.requests) == 2


def test_what_the_container_refused_is_not_sent_again_before_a_rerun() -> None:
    stage = Stage()
    stage.submit("one")
    stage.end(REFUSED)
    stage.submit("two")
    assert stage.tokens.told["two"] == REFUSED
    assert len(stage.service.requests) == 1
    stage.submit("three", attempt=2)
    assert stage.service.requests[-1].name.endswith("-4")


def test_a_rerun_finds_what_was_paid_for_unless_it_is_gone() -> None:
    stage = Stage()
    stage.submit("one")
    stage.end(DONE)
    stage.store.drop(RESULTS, "scoring/answers/1.out", b"1\n")
    stage.submit("two", attempt=2)
    assert stage.tokens.told["two"] == DONE
    stage.store.delete(RESULTS, "scoring/answers/1.out")
    stage.submit("three", attempt=3)
    assert len(stage.service.requests) == 2


def test_a_forced_attempt_pays_for_what_is_there() -> None:
    stage = Stage()
    stage.submit("one")
    stage.end(DONE)
    stage.store.drop(RESULTS, "scoring/answers/1.out", b"3\n7\n")

    assert stage.submit("two", attempt=2) == "ended already"
    assert stage.submit("three", attempt=2, forced=True) == "parked"
    assert [request.name[-2:] for request in stage.service.requests] == ["-1", "-4"]


def test_a_full_queue_leaves_nothing_behind() -> None:
    stage = Stage()
    stage.service.refusal = QuotaExceededError("full")
    with pytest.raises(QuotaExceededError):
        stage.submit("one")
    assert stage.table.rows == {}
    stage.service.refusal = None
    assert stage.submit("one") == "parked"


class Answers:
    """The adapter, of which only the objects are looked at."""

    def __init__(self, now: datetime = NOW) -> None:
        self.store, self.table = FakeObjectStore(), FakeJobTable()
        self.scoring = SageMakerAsynchronousScoring(self.store, self.table, clock=lambda: now)
        self.handle = Handle(
            output="s3://b/out/1.out", failure="s3://b/no/1.out", until="2026-11-23T15:00:00.000Z"
        )

    def ended(self, handle: Handle | None = None) -> Completion | None:
        return self.scoring.ended("name", (handle or self.handle).text())


def test_a_request_has_ended_when_its_answer_or_its_failure_lies_there() -> None:
    answers = Answers()
    assert answers.ended() is None
    answers.store.drop("b", "no/1.out", b"could not convert string to float: 'abc'")
    failed = answers.ended()
    assert failed is not None
    assert failed.reason is not None
    assert failed.reason.endswith("It said: could not convert string to float: 'abc'")
    answers.store.drop("b", "out/1.out", b"1\n")
    assert answers.ended() == Completion(result={"output": "s3://b/out/1.out"})


def test_a_request_of_which_nothing_lies_there_expires_when_it_must_have_ended() -> None:
    later = Answers(datetime(2026, 11, 23, 15, 0, 1, tzinfo=UTC)).ended()
    assert later is not None
    assert later.error == "NotFoundError"
    assert "expired" in (later.reason or "")


def test_a_notified_failure_comes_with_the_containers_words_from_the_requests_own_row() -> None:
    answers = Answers()
    answers.table.park(JobId("sagemaker", "name"), "token", "due", answers.handle.text())
    answers.store.drop("b", "no/1.out", b"Traceback ... ValueError: nine columns")
    told = answers.ended(Handle(reason="ClientError: Received server error (500) from model."))
    assert told is not None
    assert told.error == "TransientError"
    assert told.reason is not None
    assert told.reason.endswith("ValueError: nine columns")


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("ClientError: Received server error (500) from model.", "TransientError"),
        ("ClientError: Received server error (503) from model.", "TransientError"),
        ("ClientError: Received client error (400) from model.", "InvalidInputError"),
        ("ClientError: Received client error (413) from model.", "InvalidInputError"),
        ("ClientError: Amazon SageMaker timed out.", "InvalidInputError"),
        ("ClientError: The request expired.", "InvalidInputError"),
        (None, "InvalidInputError"),
    ],
)
def test_only_a_container_that_broke_is_worth_another_try(reason: str | None, error: str) -> None:
    assert failure_of(reason, b"500 words").error == error


def test_a_handle_says_only_what_is_known() -> None:
    assert json.loads(Handle(output="s3://b/k").text()) == {"output": "s3://b/k"}
