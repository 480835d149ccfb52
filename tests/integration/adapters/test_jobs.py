"""The rows of jobs through real boto3, as the fake keeps them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from windfall.adapters import stepfunctions
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.s3 import S3ObjectStore
from windfall.adapters.stepfunctions import StepFunctionsTokens
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import TransientError
from windfall.ports.jobs import ParkedJob

JOB = JobId("transcribe", "results-1")
DONE = Completion(result={"status": "COMPLETED"})
BROKEN = Completion(error="InvalidInputError", reason="Bad sound.")
EARLY, DUE, LATE = (f"2026-11-23T14:{minute}:00.000Z" for minute in (10, 20, 30))


@pytest.fixture
def jobs(table: Any) -> DynamoJobTable:
    return DynamoJobTable("insights", table)


def test_tokens_add_up_and_the_first_completion_stays(jobs: DynamoJobTable) -> None:
    assert jobs.park(JOB, "one", DUE).completion is None
    assert jobs.park(JOB, "two", DUE).tokens == {"one", "two"}
    row = jobs.complete(JOB, DONE)
    assert row.tokens == {"one", "two"}
    assert (row.completion, row.listed) == (DONE, True)
    assert jobs.complete(JOB, BROKEN).completion == DONE
    assert jobs.park(JOB, "three", DUE).completion == DONE


def test_a_completion_that_comes_first_is_not_asked_after(jobs: DynamoJobTable) -> None:
    row = jobs.complete(JOB, DONE)
    assert (row.tokens, row.listed) == (frozenset(), False)
    assert jobs.overdue(LATE, 10) == []


def test_a_parked_job_is_overdue_once_it_is_due_and_until_it_is_unlisted(
    jobs: DynamoJobTable,
) -> None:
    jobs.park(JOB, "one", DUE)
    assert jobs.overdue(EARLY, 10) == []
    assert jobs.overdue(LATE, 10) == [ParkedJob(JOB)]
    jobs.postpone(JOB, "2026-11-23T14:45:00.000Z")
    assert jobs.overdue(LATE, 10) == []
    jobs.park(JOB, "two", EARLY)
    jobs.unlist(JOB)
    assert jobs.overdue(LATE, 10) == []


def test_a_job_that_ended_meanwhile_is_not_listed_again(jobs: DynamoJobTable) -> None:
    jobs.park(JOB, "one", DUE)
    jobs.unlist(JOB)
    jobs.postpone(JOB, EARLY)
    assert jobs.overdue(LATE, 10) == []
    assert jobs.complete(JOB, DONE).listed is False


def test_the_longest_overdue_come_first_and_no_more_than_asked(jobs: DynamoJobTable) -> None:
    later, first = JobId("transcribe", "later"), JobId("transcribe", "first")
    jobs.park(later, "t", DUE)
    jobs.park(first, "t", EARLY)
    assert jobs.overdue(LATE, 10) == [ParkedJob(first), ParkedJob(later)]
    assert jobs.overdue(LATE, 1) == [ParkedJob(first)]


class Client:
    """Step Functions, which answers with an error."""

    def __init__(self, code: str | None = None) -> None:
        self.code = code
        self.sent: list[dict[str, Any]] = []

    def send_task_success(self, **request: Any) -> None:
        self._send(request, "SendTaskSuccess")

    def send_task_failure(self, **request: Any) -> None:
        self._send(request, "SendTaskFailure")

    def _send(self, request: dict[str, Any], operation: str) -> None:
        if self.code is not None:
            raise ClientError({"Error": {"Code": self.code, "Message": "m"}}, operation)
        self.sent.append(request)


def tell(monkeypatch: pytest.MonkeyPatch, client: Client, completion: Completion) -> bool:
    monkeypatch.setattr(stepfunctions, "store_client", lambda service: client)
    return StepFunctionsTokens().tell("token", completion)


def test_a_task_is_told_the_end_of_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    assert tell(monkeypatch, client, DONE)
    assert tell(monkeypatch, client, BROKEN)
    assert client.sent == [
        {"taskToken": "token", "output": '{"status": "COMPLETED"}'},
        {"taskToken": "token", "error": "InvalidInputError", "cause": "Bad sound."},
    ]


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_task_that_waits_no_more_is_no_error(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    assert not tell(monkeypatch, Client(code), DONE)


def test_a_busy_step_functions_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TransientError):
        tell(monkeypatch, Client("ThrottlingException"), DONE)


def test_an_object_is_read_by_ranges(bucket: str) -> None:
    store = S3ObjectStore()
    pointer = store.write(bucket, "a", b"0123456789", "text/plain")
    assert store.read_range(pointer, 2, 5) == b"234"
    assert store.read_range(pointer, 8, 10) == b"89"


def test_what_the_service_calls_a_job_stays_with_it(jobs: DynamoJobTable) -> None:
    assert jobs.park(JOB, "one", DUE, "arn:of:the:job").handle == "arn:of:the:job"
    assert jobs.park(JOB, "two", DUE).handle == "arn:of:the:job"
    assert jobs.overdue(LATE, 10) == [ParkedJob(JOB, "arn:of:the:job")]


def test_the_first_claim_stands_until_it_is_replaced_by_its_name(jobs: DynamoJobTable) -> None:
    assert jobs.claim(JOB, "one") == "one"
    assert jobs.claim(JOB, "two") == "one"
    assert jobs.claim(JOB, "two", instead_of="one") == "two"
    # Somebody else was quicker.
    assert jobs.claim(JOB, "three", instead_of="one") == "two"
    assert jobs.park(JOB, "token", DUE).tokens == {"token"}
