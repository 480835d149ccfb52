"""Translate's batch jobs: found again by their names, and told by how they ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from windfall.adapters.clients import ai_client
from windfall.adapters.translate_batch import TranslateFolders
from windfall.contracts.base import OutputLocation
from windfall.errors import NotFoundError, TransientError
from windfall.ports.jobs import FolderRequest

NAME = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
ROLE = "arn:aws:iam::111122223333:role/translate"
FIRST, SECOND = "1" * 32, "2" * 32
OUTPUT = f"s3://results/translations/{NAME}/111122223333-TranslateText-{FIRST}/"
REQUEST = FolderRequest(
    name=NAME,
    source=OutputLocation(bucket="inbox", prefix="letters/"),
    output=OutputLocation(bucket="results", prefix=f"translations/{NAME}/"),
    content_type="text/plain",
    language="auto",
    targets=("es", "ca"),
    terminology="products",
)
ASKED = {
    "JobName": f"results-{NAME}",
    "ClientToken": NAME,
    "DataAccessRoleArn": ROLE,
    "InputDataConfig": {"S3Uri": "s3://inbox/letters/", "ContentType": "text/plain"},
    "OutputDataConfig": {"S3Uri": f"s3://results/translations/{NAME}/"},
    "SourceLanguageCode": "auto",
    "TargetLanguageCodes": ["es", "ca"],
    "TerminologyNames": ["products"],
}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(ai_client("translate")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def job(name: str, status: str, hour: int = 1, **more: Any) -> dict[str, Any]:
    submitted = datetime(2026, 11, 25, hour, tzinfo=UTC)
    return {"JobId": name, "JobStatus": status, "SubmittedTime": submitted, **more}


def listing(stub: Stubber, *pages: list[dict[str, Any]]) -> None:
    for number, page in enumerate(pages):
        answer: dict[str, Any] = {"TextTranslationJobPropertiesList": page}
        asked: dict[str, Any] = {"Filter": {"JobName": f"results-{NAME}"}}
        if number:
            asked["NextToken"] = str(number)
        if number < len(pages) - 1:
            answer["NextToken"] = str(number + 1)
        stub.add_response("list_text_translation_jobs", answer, asked)


def starting(stub: Stubber, token: str) -> None:
    answer = {"JobId": SECOND, "JobStatus": "SUBMITTED"}
    stub.add_response("start_text_translation_job", answer, {**ASKED, "ClientToken": token})


def start() -> str:
    return TranslateFolders("results", ROLE).start(REQUEST)


def ended(stub: Stubber, status: str, **more: Any) -> Any:
    told = job(FIRST, status, JobName=f"results-{NAME}", **more)
    answer = {"TextTranslationJobProperties": told}
    stub.add_response("describe_text_translation_job", answer, {"JobId": FIRST})
    return TranslateFolders("results").ended(FIRST)


def test_a_folder_is_started_under_a_token_that_is_its_name(stub: Stubber) -> None:
    listing(stub, [])
    starting(stub, NAME)
    assert start() == SECOND


@pytest.mark.parametrize("status", ["SUBMITTED", "IN_PROGRESS", "COMPLETED_WITH_ERROR"])
def test_a_job_that_is_there_is_found_on_any_page(stub: Stubber, status: str) -> None:
    listing(stub, [job(SECOND, "FAILED", 2)], [job(FIRST, status)])
    assert start() == FIRST


def test_after_a_failure_there_is_one_more_job_and_no_third(stub: Stubber) -> None:
    listing(stub, [job(FIRST, "STOPPED", 1), job("0" * 32, "FAILED", 0)])
    starting(stub, f"{NAME[:31]}-{FIRST}")
    assert start() == SECOND


def test_a_busy_service_is_asked_again(stub: Stubber) -> None:
    stub.add_client_error("list_text_translation_jobs", "TooManyRequestsException", "Slowly.")
    with pytest.raises(TransientError):
        start()


@pytest.mark.parametrize("status", ["SUBMITTED", "IN_PROGRESS", "STOP_REQUESTED"])
def test_a_job_that_runs_has_not_ended(stub: Stubber, status: str) -> None:
    assert ended(stub, status) is None


def test_a_job_that_is_done_tells_where_it_wrote(stub: Stubber) -> None:
    counts = {
        "InputDocumentsCount": 3, "TranslatedDocumentsCount": 2, "DocumentsWithErrorsCount": 1
    }  # fmt: skip
    place = {"S3Uri": OUTPUT}
    done = ended(stub, "COMPLETED_WITH_ERROR", JobDetails=counts, OutputDataConfig=place)
    prefix = OUTPUT.removeprefix("s3://results/")
    output = {"bucket": "results", "prefix": prefix}
    assert done.result == {"job": FIRST, "output": output, "documents": 3, "failed": 1}


@pytest.mark.parametrize(
    ("status", "message", "reason"),
    [("FAILED", "No documents.", "No documents."), ("STOPPED", "", "is STOPPED")],
)
def test_a_job_that_failed_tells_why(stub: Stubber, status: str, message: str, reason: str) -> None:
    done = ended(stub, status, Message=message)
    assert (done.error, reason in done.reason) == ("InvalidInputError", True)


def test_a_job_that_vanished_has_failed(stub: Stubber) -> None:
    stub.add_client_error("describe_text_translation_job", "ResourceNotFoundException", "None.")
    assert TranslateFolders("results").ended(FIRST).error == "NotFoundError"  # type: ignore[union-attr]


def test_a_job_of_another_stack_is_nobodys_here(stub: Stubber) -> None:
    told = {"TextTranslationJobProperties": job(FIRST, "COMPLETED", JobName="other-results-1")}
    stub.add_response("describe_text_translation_job", told)
    with pytest.raises(NotFoundError, match="not of this stack"):
        TranslateFolders("results").ended(FIRST)
