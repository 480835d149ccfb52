"""Batch translation jobs over an engine that shouts what it translates."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import docx
import pytest

from tests.fakes.cloud import FakeCloud
from tests.fakes.service_model import model_violations
from windfall_local.api import CallContext, Cloud, Principal, ServiceError
from windfall_local.engines import EngineDiedError, UnsupportedFeatureError
from windfall_local.engines.host import EngineHost
from windfall_local.services.translate import TranslateService, batch, jobs

ROLE = "arn:aws:iam::000000000000:role/translator"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PAIRS = {"en": ["es", "ca"], "es": ["en"]}


class FakeHost(EngineHost):
    """Shouts; `gate` holds it back until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.translated: list[str] = []
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        if method == "targets":
            return PAIRS
        texts, source, target = arguments
        self.translated += texts
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        if target not in PAIRS.get(source, []):
            raise UnsupportedFeatureError(f"No way from {source} to {target}.")
        return [f"{target}:{text.upper()}" for text in texts]


class Translate:
    """The service, its cloud and its engine."""

    def __init__(self, data_dir: Path) -> None:
        self.cloud = FakeCloud(data_dir)
        self.host = FakeHost()
        self.service = self.make()

    def make(self) -> TranslateService:
        """As a new process would."""
        return TranslateService(cast(Cloud, self.cloud), self.host)

    def put(self, **files: str | bytes) -> None:
        """Documents of the input folder; `a__b` is a key with a slash."""
        for name, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            self.cloud.objects["inbox", f"docs/{name.replace('__', '/')}"] = body

    async def call(self, operation: str, **parameters: Any) -> Any:
        caller = Principal.role("arn:aws:iam::000000000000:role/caller", "test")
        context = CallContext(cast(Cloud, self.cloud), caller, "request")
        answer = await self.service.call(operation, parameters, context)
        assert model_violations("translate", operation, answer) == []
        return answer

    async def begin(self, **parameters: Any) -> str:
        asked: dict[str, Any] = {
            "InputDataConfig": {"S3Uri": "s3://inbox/docs/", "ContentType": "text/plain"},
            "OutputDataConfig": {"S3Uri": "s3://out/here"},
            "DataAccessRoleArn": ROLE,
            "SourceLanguageCode": "en",
            "TargetLanguageCodes": ["es"],
            "ClientToken": f"token-{len(list(self.service._jobs))}",
            **parameters,
        }
        return str((await self.call("StartTextTranslationJob", **asked))["JobId"])

    async def state(self, job: str) -> Any:
        answer = await self.call("DescribeTextTranslationJob", JobId=job)
        return answer["TextTranslationJobProperties"]

    async def ended(self, job: str) -> Any:
        """The job when it has ended and was announced."""
        while True:
            found = await self.state(job)
            if any(detail["jobId"] == job for _, _, detail in self.cloud.events):
                return found
            await asyncio.sleep(0.001)

    async def working(self) -> None:
        """The engine has begun."""
        while not self.host.translated:
            await asyncio.sleep(0.001)

    def written(self, job: str) -> dict[str, Any]:
        """What the job wrote, by its name in the job's folder."""
        folder = f"here/000000000000-TranslateText-{job}/"
        return {
            key.removeprefix(folder): json.loads(body) if "/details/" in key else body
            for (bucket, key), body in self.cloud.objects.items()
            if bucket == "out" and key.startswith(folder)
        }

    def details(self, job: str, target: str = "es") -> Any:
        return self.written(job)[f"details/{target}.auxiliary-translation-details.json"]


@pytest.fixture
async def translate(tmp_path: Path) -> AsyncIterator[Translate]:
    translate = Translate(tmp_path)
    translate.put(**{"one.txt": "house", "sub__two.txt": "cat\n\ndog"})
    yield translate
    await translate.service.stop()


async def test_every_document_is_translated_into_every_language(translate: Translate) -> None:
    job = await translate.begin(TargetLanguageCodes=["es", "ca"])
    state = await translate.ended(job)
    assert state["JobStatus"] == "COMPLETED"
    assert state["Message"] == "Your job has completed successfully."
    assert state["JobDetails"] == {
        "InputDocumentsCount": 2,
        "TranslatedDocumentsCount": 2,
        "DocumentsWithErrorsCount": 0,
    }
    uri = f"s3://out/here/000000000000-TranslateText-{job}/"
    assert state["OutputDataConfig"] == {"S3Uri": uri}
    written = translate.written(job)
    assert {name: body for name, body in written.items() if "details" not in name} == {
        "es.one.txt": b"es:HOUSE",
        "sub/es.two.txt": b"es:CAT\n\nes:DOG",
        "ca.one.txt": b"ca:HOUSE",
        "sub/ca.two.txt": b"ca:CAT\n\nca:DOG",
    }
    assert translate.details(job) == {
        "sourceLanguageCode": "en",
        "targetLanguageCode": "es",
        "charactersTranslated": str(len("house") + len("catdog")),
        "documentCountWithCustomerError": "0",
        "documentCountWithServerError": "0",
        "inputDataPrefix": "s3://inbox/docs/",
        "outputDataPrefix": uri,
        "details": [
            {"sourceFile": "one.txt", "targetFile": "es.one.txt", "auxiliaryData": {}},
            {"sourceFile": "sub/two.txt", "targetFile": "sub/es.two.txt", "auxiliaryData": {}},
        ],
    }


async def test_the_end_is_put_on_the_bus(translate: Translate) -> None:
    job = await translate.begin()
    await translate.ended(job)
    assert translate.cloud.events == [
        (
            "aws.translate",
            "Translate TextTranslationJob State Change",
            {"jobId": job, "jobStatus": "COMPLETED"},
        )
    ]


async def test_documents_are_read_and_written_as_the_role(translate: Translate) -> None:
    job = await translate.begin()
    await translate.ended(job)
    session = f"arn:aws:sts::000000000000:assumed-role/translator/translate-{job}"
    assert set(translate.cloud.callers) == {session, "translate.amazonaws.com"}
    # As AWS does, it leaves what it tried with whether it may write.
    assert ("out", "here/.write_access_check_file.temp") in translate.cloud.objects


async def test_what_is_wrong_with_a_document_is_told_and_holds_up_no_other(
    translate: Translate,
) -> None:
    translate.put(**{"bad.txt": b"\xff\xfe"})
    translate.put(**{"large.txt": "x"})
    translate.cloud.sizes = {"docs/large.txt": batch.LARGEST_DOCUMENT + 1}
    translate.put(**{"long.txt": "x" * (batch.LONGEST_DOCUMENT + 1)})
    job = await translate.begin()
    state = await translate.ended(job)
    assert state["JobStatus"] == "COMPLETED_WITH_ERROR"
    assert state["JobDetails"] == {
        "InputDocumentsCount": 5,
        "TranslatedDocumentsCount": 2,
        "DocumentsWithErrorsCount": 3,
    }
    details = translate.details(job)
    assert details["documentCountWithCustomerError"] == "3"
    errors = {
        one["sourceFile"]: one["auxiliaryData"]["error"]
        for one in details["details"]
        if "targetFile" not in one
    }
    assert {name: error["errorCode"] for name, error in errors.items()} == dict.fromkeys(
        ("bad.txt", "large.txt", "long.txt"), "InvalidRequestException"
    )
    assert "UTF-8" in errors["bad.txt"]["errorMessage"]


async def test_an_engine_that_died_is_asked_again_and_then_told_as_its_fault(
    translate: Translate,
) -> None:
    translate.host.failures = [EngineDiedError("died")] * 4
    job = await translate.begin()
    assert (await translate.ended(job))["JobStatus"] == "COMPLETED_WITH_ERROR"
    assert translate.details(job)["documentCountWithServerError"] == "1"
    assert translate.details(job)["details"][0]["auxiliaryData"]["error"] == {
        "errorCode": "InternalServerException",
        "errorMessage": "died",
    }


async def test_html_and_word_keep_their_form(translate: Translate) -> None:
    translate.cloud.objects.clear()
    translate.put(**{"page.html": "<p class='a'>house</p>"})
    kind = {"S3Uri": "s3://inbox/docs", "ContentType": "text/html"}
    job = await translate.begin(InputDataConfig=kind)
    await translate.ended(job)
    assert translate.written(job)["es.page.html"] == b"<p class='a'>es:HOUSE</p>"
    document, buffer = docx.Document(), io.BytesIO()
    document.add_heading("house")
    document.save(buffer)
    translate.cloud.objects.clear()
    translate.put(**{"letter.docx": buffer.getvalue()})
    job = await translate.begin(InputDataConfig={**kind, "ContentType": WORD})
    await translate.ended(job)
    written = docx.Document(io.BytesIO(translate.written(job)["es.letter.docx"]))
    assert [p.text for p in written.paragraphs] == ["es:HOUSE"]


async def test_terms_are_applied_and_told_in_the_languages_that_have_them(
    translate: Translate,
) -> None:
    terms = {"File": b"en,es\nhouse,CASA mia\n", "Format": "CSV"}
    await translate.call(
        "ImportTerminology", Name="t", MergeStrategy="OVERWRITE", TerminologyData=terms
    )
    job = await translate.begin(TerminologyNames=["t"], TargetLanguageCodes=["es", "ca"])
    await translate.ended(job)
    assert translate.written(job)["es.one.txt"] == b"es:CASA mia"
    assert translate.written(job)["ca.one.txt"] == b"ca:HOUSE"
    applied = [
        translate.details(job, target)["details"][0]["auxiliaryData"]["appliedTerminologies"]
        for target in ("es", "ca")
    ]
    assert applied == [
        [{"name": "t", "terms": [{"sourceText": "house", "targetText": "CASA mia"}]}],
        [{"name": "t", "terms": []}],
    ]


async def test_the_language_of_each_document_is_found(translate: Translate) -> None:
    translate.cloud.languages = [{"LanguageCode": "en", "Score": 0.9}]
    job = await translate.begin(SourceLanguageCode="auto")
    await translate.ended(job)
    assert [one["sourceLanguage"] for one in translate.details(job)["details"]] == ["en", "en"]
    translate.cloud.languages = [{"LanguageCode": "en", "Score": 0.1}]
    job = await translate.begin(SourceLanguageCode="auto")
    assert (await translate.ended(job))["JobStatus"] == "COMPLETED_WITH_ERROR"
    error = translate.details(job)["details"][0]["auxiliaryData"]["error"]
    assert error["errorCode"] == "DetectedLanguageLowConfidenceException"


# --- Tokens, limits and stops -------------------------------------------------------------------


async def test_a_token_makes_one_job(translate: Translate) -> None:
    first = await translate.begin(ClientToken="same")
    again = await asyncio.gather(*(translate.begin(ClientToken="same") for _ in range(3)))
    assert set(again) == {first}
    with pytest.raises(ServiceError) as caught:
        await translate.begin(ClientToken="same", TargetLanguageCodes=["ca"])
    assert caught.value.code == "InvalidRequestException"


async def test_requests_with_one_token_at_once_make_one_job(translate: Translate) -> None:
    made = await asyncio.gather(*(translate.begin(ClientToken="same") for _ in range(5)))
    assert len(set(made)) == 1


async def test_a_token_is_remembered_by_the_next_process(translate: Translate) -> None:
    job = await translate.begin(ClientToken="same")
    await translate.ended(job)
    translate.service = translate.make()
    await translate.service.start()
    assert await translate.begin(ClientToken="same") == job


async def test_ten_jobs_run_and_the_others_wait_in_order(
    translate: Translate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "QUEUED", 2)
    translate.host.gate.clear()
    begun = [await translate.begin() for _ in range(12)]
    statuses = [(await translate.state(job))["JobStatus"] for job in begun]
    assert statuses == ["IN_PROGRESS"] * 10 + ["SUBMITTED"] * 2
    with pytest.raises(ServiceError) as caught:
        await translate.begin(ClientToken="one-more")
    assert (caught.value.code, caught.value.status) == ("TooManyRequestsException", 429)
    translate.host.gate.set()
    for job in begun:
        assert (await translate.ended(job))["JobStatus"] == "COMPLETED"


async def test_a_job_is_stopped_between_documents(translate: Translate) -> None:
    translate.host.gate.clear()
    job = await translate.begin()
    await translate.working()
    answer = await translate.call("StopTextTranslationJob", JobId=job)
    assert answer == {"JobId": job, "JobStatus": "STOP_REQUESTED"}
    translate.host.gate.set()
    state = await translate.ended(job)
    assert state["JobStatus"] == "STOPPED"
    assert "JobDetails" not in state
    assert list(translate.written(job)) == ["es.one.txt"]
    again = await translate.call("StopTextTranslationJob", JobId=job)
    assert again["JobStatus"] == "STOPPED"


async def test_a_job_that_waits_is_stopped_before_it_begins(translate: Translate) -> None:
    translate.host.gate.clear()
    begun = [await translate.begin() for _ in range(11)]
    await translate.call("StopTextTranslationJob", JobId=begun[-1])
    assert (await translate.ended(begun[-1]))["JobStatus"] == "STOPPED"
    assert translate.written(begun[-1]) == {}
    translate.host.gate.set()


async def test_a_job_that_was_done_before_the_stop_is_done(translate: Translate) -> None:
    translate.cloud.objects.clear()
    translate.put(**{"one.txt": "house"})
    translate.host.gate.clear()
    job = await translate.begin()
    await translate.working()
    await translate.call("StopTextTranslationJob", JobId=job)
    translate.host.gate.set()
    assert (await translate.ended(job))["JobStatus"] == "COMPLETED"


# --- Restarts -----------------------------------------------------------------------------------


async def test_a_job_goes_on_in_the_next_process_where_it_stood(translate: Translate) -> None:
    job = await translate.begin()
    state = await translate.ended(job)
    (record,) = (translate.cloud.data_dir / "translate/jobs").glob("*/job.json")
    kept = json.loads(record.read_text())
    fresh: dict[str, Any] = {"status": "IN_PROGRESS", "ended": None, "message": None, "counts": {}}
    record.write_text(json.dumps({**kept, **fresh, "announced": False}))
    done = record.parent / "done.jsonl"
    first, second = done.read_text().splitlines()
    # The process ended while it wrote the second line.
    done.write_text(f"{first}\n{second[:-5]}")
    translate.host.translated.clear()
    translate.cloud.events.clear()
    translate.service = translate.make()
    await translate.service.start()
    again = await translate.ended(job)
    assert again["JobDetails"] == state["JobDetails"]
    assert translate.host.translated == ["cat", "dog"]
    assert len(translate.details(job)["details"]) == 2


async def test_a_stop_is_kept_and_an_end_is_told_once(translate: Translate) -> None:
    translate.host.gate.clear()
    job = await translate.begin()
    await translate.working()
    await translate.call("StopTextTranslationJob", JobId=job)
    await translate.service.stop()
    translate.host.gate.set()
    for _ in range(2):
        translate.service = translate.make()
        await translate.service.start()
        assert (await translate.ended(job))["JobStatus"] == "STOPPED"
    assert len(translate.cloud.events) == 1


# --- What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("denied", "word"),
    [("AssumeRole", "trust"), ("ListObjectsV2", "read access"), ("PutObject", "write access")],
)
async def test_a_role_that_may_not_is_refused_at_once(
    translate: Translate, denied: str, word: str
) -> None:
    translate.cloud.denied = {denied}
    with pytest.raises(ServiceError, match=word) as caught:
        await translate.begin()
    assert caught.value.code == "InvalidRequestException"
    assert (await translate.call("ListTextTranslationJobs")) == {
        "TextTranslationJobPropertiesList": []
    }


async def test_a_role_that_lost_its_rights_meanwhile_fails_the_documents(
    translate: Translate,
) -> None:
    translate.host.gate.clear()
    job = await translate.begin()
    await translate.working()
    translate.cloud.denied = {"PutObject"}
    translate.host.gate.set()
    state = await translate.ended(job)
    assert state["JobStatus"] == "FAILED"
    assert "AccessDenied" in state["Message"]


def described(**parameters: Any) -> dict[str, Any]:
    return {
        "InputDataConfig": {"S3Uri": "s3://inbox/docs/", "ContentType": "text/plain"} | parameters
    }


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        (described(S3Uri="s3://inbox"), "InvalidRequestException"),
        (described(S3Uri="s3://inbox/"), "InvalidRequestException"),
        (described(S3Uri="inbox/docs"), "InvalidParameterValueException"),
        (described(ContentType="application/pdf"), "InvalidRequestException"),
        ({"ClientToken": "a_b"}, "InvalidParameterValueException"),
        ({"DataAccessRoleArn": "arn:aws:iam::1:user/me-myself"}, "InvalidParameterValueException"),
        ({"TargetLanguageCodes": ["es"] * 2}, "InvalidParameterValueException"),
        ({"TargetLanguageCodes": []}, "InvalidParameterValueException"),
        ({"TargetLanguageCodes": list("abcdefghijk")}, "InvalidParameterValueException"),
        ({"TargetLanguageCodes": ["es", "de"]}, "UnsupportedLanguagePairException"),
        ({"SourceLanguageCode": "auto", "TargetLanguageCodes": ["de"]}, "UnsupportedLanguagePair"),
        ({"TerminologyNames": ["none"]}, "ResourceNotFoundException"),
        ({"ParallelDataNames": ["p"]}, "NotImplementedException"),
        (described(ContentType="application/x-xliff+xml"), "NotImplementedException"),
    ],
)
async def test_what_translate_refuses_is_refused_before_there_is_a_job(
    translate: Translate, parameters: dict[str, Any], code: str
) -> None:
    with pytest.raises(ServiceError) as caught:
        await translate.begin(**parameters)
    assert caught.value.code.startswith(code)
    listed = await translate.call("ListTextTranslationJobs")
    assert listed["TextTranslationJobPropertiesList"] == []


@pytest.mark.parametrize(
    ("files", "sizes", "word"),
    [
        ({"": ""}, {}, "no documents"),
        ({"details__one.txt": "x"}, {}, "details"),
        ({"one.txt": "x"}, {"docs/one.txt": batch.LARGEST + 1}, "bytes"),
    ],
)
async def test_a_folder_that_can_not_be_translated_fails_the_job(
    translate: Translate, files: dict[str, str], sizes: dict[str, int], word: str
) -> None:
    translate.cloud.objects.clear()
    translate.put(**files)
    translate.cloud.sizes = sizes
    state = await translate.ended(await translate.begin())
    assert state["JobStatus"] == "FAILED"
    assert word in state["Message"]


# --- Lists --------------------------------------------------------------------------------------


async def test_jobs_are_listed_the_latest_first_by_page_and_filter(translate: Translate) -> None:
    begun = [await translate.begin(JobName=name) for name in ("a", "b", "a")]
    for job in begun:
        await translate.ended(job)

    async def listed(**parameters: Any) -> list[str]:
        answer = await translate.call("ListTextTranslationJobs", **parameters)
        return [job["JobId"] for job in answer["TextTranslationJobPropertiesList"]]

    page = await translate.call("ListTextTranslationJobs", MaxResults=2)
    assert await listed() == begun[::-1]
    assert await listed(NextToken=page["NextToken"]) == begun[:1]
    assert await listed(Filter={"JobName": "a"}) == [begun[2], begun[0]]
    assert await listed(Filter={"JobStatus": "FAILED"}) == []
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert await listed(Filter={"SubmittedAfterTime": tomorrow}) == []
    assert len(await listed(Filter={"SubmittedBeforeTime": tomorrow})) == 3


async def test_a_job_that_is_not_there_is_said_to_be_missing(translate: Translate) -> None:
    for operation in ("DescribeTextTranslationJob", "StopTextTranslationJob"):
        with pytest.raises(ServiceError) as caught:
            await translate.call(operation, JobId="none")
        assert caught.value.code == "ResourceNotFoundException"
