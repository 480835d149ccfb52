"""A folder is one batch job under one token, found again by everybody who asks the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.jobs import FakeFolderTranslation, FakeJobTable, FakeTokens
from translate_folder.logic import FolderTranslator
from windfall.contracts.base import OutputLocation
from windfall.contracts.jobs import Completion, JobId
from windfall.contracts.translations import TranslateFolderTask
from windfall.errors import InvalidInputError
from windfall.rendezvous import Rendezvous

EVENT = Path(__file__).parents[3] / "events/translate_folder/letters.json"


class Stage:
    """The function in memory."""

    def __init__(self) -> None:
        self.table, self.tokens = FakeJobTable(), FakeTokens()
        self.service = FakeFolderTranslation()
        self.document: dict[str, Any] = json.loads(EVENT.read_text())

    def begin(self, token: str = "token", **changes: Any) -> str:
        request = {**self.document["request"], **changes}
        task = TranslateFolderTask.model_validate({"token": token, "request": request})
        rendezvous = Rendezvous(self.table, self.tokens)
        return FolderTranslator(self.service, rendezvous, "windfall-results").begin(task)


def test_a_folder_is_submitted_and_waited_for_under_the_services_own_id() -> None:
    stage = Stage()
    assert stage.begin() == "parked"
    (request,) = stage.service.requests
    assert request.source == OutputLocation(bucket="windfall-inbox", prefix="letters/2026-11/")
    assert request.output.bucket == "windfall-results"
    assert request.output.prefix == f"translations/{request.name}/"
    assert (request.language, tuple(request.targets)) == ("en", ("es", "ca"))
    assert (request.content_type, request.terminology) == ("text/plain", "products")
    assert stage.table.rows[JobId("translate", "job-1")].tokens == {"token"}


def test_the_same_again_is_the_same_job_and_another_request_is_another() -> None:
    stage = Stage()
    stage.begin("first")
    stage.begin("second")
    assert stage.table.rows[JobId("translate", "job-1")].tokens == {"first", "second"}
    stage.begin(request="letters of December")
    stage.begin(targets=["es"])
    assert len({request.name for request in stage.service.requests}) == 3


def test_a_job_that_ended_before_is_told_at_once() -> None:
    stage = Stage()
    done = Completion(result={"job": "job-1"})
    stage.table.complete(JobId("translate", "job-1"), done)
    assert stage.begin() == "ended already"
    assert stage.tokens.told == {"token": done}


def test_translations_are_not_translated_again() -> None:
    with pytest.raises(InvalidInputError, match="not translated again"):
        Stage().begin(bucket="windfall-results", prefix="translations/a/")


@pytest.mark.parametrize(
    "changes", [{"prefix": "/"}, {"prefix": "letters"}, {"targets": []}, {"content_type": "a/b"}]
)
def test_a_request_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        Stage().begin(**changes)
