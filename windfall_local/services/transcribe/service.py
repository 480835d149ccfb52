"""The operations of Transcribe that the local engines really answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from windfall_local.api import CallContext, Cloud, OperationService, ServiceError
from windfall_local.engines import EngineDiedError, EngineUnavailableError
from windfall_local.engines.host import EngineHost
from windfall_local.services.job_folders import now
from windfall_local.services.transcribe import answers
from windfall_local.services.transcribe.jobs import Job, JobStore, Status
from windfall_local.services.transcribe.listening import JobFailedError, Listener
from windfall_local.services.transcribe.orders import Order, bad_request, read_uri
from windfall_local.services.transcribe.vocabularies import (
    WordLists,
    words_of_list,
    words_of_table,
)

Answer = dict[str, Any]

CONCURRENT = 250
DEFERRED = 10_000
"""AWS's quotas: jobs in progress, and jobs that wait behind them."""

_WORKED_ON = 4
"""Jobs that take turns at the engines; the others are in progress for the caller only."""

_ATTEMPTS = 3
"""How often a job is tried when an engine's process dies of it."""

_log = logging.getLogger(__name__)


class TranscribeService(OperationService):
    """Transcribe; English by an embedded engine of low accuracy, or a model of the user's own.

    Alternatives and custom vocabularies are taken and not applied. Without the model that tells
    voices apart a transcript has no `speaker_labels`.

    Args:
        cloud: The cloud it is part of.
        host: Runs the engines.
    """

    name = "transcribe"

    def __init__(self, cloud: Cloud, host: EngineHost) -> None:
        self._cloud = cloud
        folder = cloud.data_dir / "transcribe"
        self._jobs = JobStore(folder / "jobs")
        self._vocabularies = WordLists(folder / "vocabularies", "vocabulary")
        self._filters = WordLists(folder / "filters", "filter")
        self._listener = Listener(cloud, host)
        self._turns = asyncio.Semaphore(_WORKED_ON)
        self._working: dict[str, asyncio.Task[None]] = {}

    # --- Life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Go on with the jobs that an earlier process accepted."""
        self._jobs.load()
        for job in reversed(list(self._jobs)):
            if job.status == "IN_PROGRESS":
                self._work_on(job)
            elif job.has_ended and not job.announced:
                await self._announce(job)
        self._begin_deferred()

    async def stop(self) -> None:
        """End the work; what is done of it is kept."""
        working = list(self._working.values())
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)

    # --- Jobs -----------------------------------------------------------------------------------

    async def start_transcription_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Accept a job."""
        order = Order(parameters, self._cloud.endpoint)
        self._check_lists(order)
        if order.name not in self._jobs:
            await self._check_readable(order, context)
        deferrable = (parameters.get("JobExecutionSettings") or {}).get("AllowDeferredExecution")
        # From here on nothing is awaited: a name is given once, and the limit holds.
        if order.name not in self._jobs:
            self._check_limit(bool(deferrable))
        free = self._count("IN_PROGRESS") < CONCURRENT
        status: Status = "IN_PROGRESS" if free else "QUEUED"
        job = self._jobs.accept(parameters, context.principal, status)
        if free:
            self._work_on(job)
        return {"TranscriptionJob": answers.shown(job, self._cloud.endpoint)}

    async def get_transcription_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Where a job stands."""
        return {"TranscriptionJob": answers.shown(self._find(parameters), self._cloud.endpoint)}

    async def list_transcription_jobs(self, parameters: Answer, context: CallContext) -> Answer:
        """Jobs, the latest first."""
        status, part = parameters.get("Status"), str(parameters.get("JobNameContains") or "")
        listed = [
            answers.summary(job)
            for job in self._jobs
            if status in (None, job.status) and part.lower() in job.name.lower()
        ]
        page, token = answers.page(listed, parameters)
        answer: Answer = {"TranscriptionJobSummaries": page, **token}
        return {"Status": status, **answer} if status else answer

    async def delete_transcription_job(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget a job that has ended, and its record here; the transcript stays in its bucket."""
        job = self._find(parameters)
        if not job.has_ended:
            raise bad_request("The requested job is in progress. Delete it when it has ended.")
        self._jobs.delete(job)
        return {}

    # --- Vocabularies ---------------------------------------------------------------------------

    async def create_vocabulary(self, parameters: Answer, context: CallContext) -> Answer:
        """Keep a vocabulary."""
        words = await self._words(parameters, "Phrases", "VocabularyFileUri", context)
        record = self._vocabularies.create(
            str(parameters["VocabularyName"]), str(parameters["LanguageCode"]), words
        )
        await self._cloud.emit(
            "aws.transcribe",
            "Vocabulary State Change",
            {"VocabularyName": record["name"], "VocabularyState": "READY"},
            [],
        )
        return {**answers.vocabulary(record), "VocabularyState": "PENDING"}

    async def update_vocabulary(self, parameters: Answer, context: CallContext) -> Answer:
        """Replace a vocabulary."""
        words = await self._words(parameters, "Phrases", "VocabularyFileUri", context)
        record = self._vocabularies.update(
            str(parameters["VocabularyName"]), str(parameters["LanguageCode"]), words
        )
        return {**answers.vocabulary(record), "VocabularyState": "PENDING"}

    async def get_vocabulary(self, parameters: Answer, context: CallContext) -> Answer:
        """A vocabulary; its words lie on this machine, there is no link to them."""
        return answers.vocabulary(self._vocabularies.get(str(parameters["VocabularyName"])))

    async def list_vocabularies(self, parameters: Answer, context: CallContext) -> Answer:
        """Vocabularies by name."""
        part = str(parameters.get("NameContains") or "").lower()
        wanted = parameters.get("StateEquals") or "READY"
        listed = [
            answers.vocabulary(record)
            for record in self._vocabularies.all()
            if part in record["name"].lower() and wanted == "READY"
        ]
        page, token = answers.page(listed, parameters)
        return {"Vocabularies": page, **token}

    async def delete_vocabulary(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget a vocabulary."""
        self._vocabularies.delete(str(parameters["VocabularyName"]))
        return {}

    async def create_vocabulary_filter(self, parameters: Answer, context: CallContext) -> Answer:
        """Keep a vocabulary filter."""
        words = await self._words(parameters, "Words", "VocabularyFilterFileUri", context)
        name, language = str(parameters["VocabularyFilterName"]), str(parameters["LanguageCode"])
        return answers.vocabulary_filter(self._filters.create(name, language, words))

    async def update_vocabulary_filter(self, parameters: Answer, context: CallContext) -> Answer:
        """Replace the words of a filter."""
        words = await self._words(parameters, "Words", "VocabularyFilterFileUri", context)
        name = str(parameters["VocabularyFilterName"])
        return answers.vocabulary_filter(
            self._filters.update(name, self._filters.get(name)["language"], words)
        )

    async def get_vocabulary_filter(self, parameters: Answer, context: CallContext) -> Answer:
        """A vocabulary filter."""
        return answers.vocabulary_filter(self._filters.get(str(parameters["VocabularyFilterName"])))

    async def list_vocabulary_filters(self, parameters: Answer, context: CallContext) -> Answer:
        """Filters by name."""
        part = str(parameters.get("NameContains") or "").lower()
        listed = [
            answers.vocabulary_filter(one)
            for one in self._filters.all()
            if part in one["name"].lower()
        ]
        page, token = answers.page(listed, parameters)
        return {"VocabularyFilters": page, **token}

    async def delete_vocabulary_filter(self, parameters: Answer, context: CallContext) -> Answer:
        """Forget a filter."""
        self._filters.delete(str(parameters["VocabularyFilterName"]))
        return {}

    # --- Checks ---------------------------------------------------------------------------------

    def _find(self, parameters: Answer) -> Job:
        job = self._jobs.get(str(parameters["TranscriptionJobName"]))
        if job is None:
            # AWS answers 400 here, and not NotFoundException.
            raise bad_request(
                "The requested job couldn't be found. Check the job name and try your request "
                "again."
            )
        return job

    def _check_lists(self, order: Order) -> None:
        vocabularies, filters = order.vocabularies()
        for name in vocabularies:
            self._vocabularies.get(name)
        for name in filters:
            self._filters.get(name)

    async def _check_readable(self, order: Order, context: CallContext) -> None:
        where = {"Bucket": order.media.bucket, "Key": order.media.key}
        try:
            await self._cloud.call("s3", "HeadObject", where, context.principal)
        except ServiceError as error:
            raise bad_request(
                "The URI that you provided can't be accessed. Make sure that you have read "
                "permission and try your request again."
            ) from error

    def _check_limit(self, deferrable: bool) -> None:
        if self._count("IN_PROGRESS") < CONCURRENT:
            return
        if not deferrable or self._count("QUEUED") >= DEFERRED:
            raise ServiceError(
                "LimitExceededException",
                f"You have {CONCURRENT} transcription jobs in progress, and that is the limit. "
                "Wait until some have ended, and try again.",
                status=429,
            )

    def _count(self, status: str) -> int:
        return sum(job.status == status for job in self._jobs)

    async def _words(
        self, parameters: Answer, words: str, uri: str, context: CallContext
    ) -> list[str]:
        """The words of a list: given, or in a file in S3 that the caller may read."""
        given = parameters.get(words)
        if (given is None) == (parameters.get(uri) is None):
            raise bad_request(f"Give exactly one of {words} and {uri}.")
        if given is not None:
            return [str(word) for word in given]
        place = read_uri(str(parameters[uri]), self._cloud.endpoint)
        try:
            answer = await self._cloud.call(
                "s3", "GetObject", {"Bucket": place.bucket, "Key": place.key}, context.principal
            )
        except ServiceError as error:
            raise bad_request(f"The file {parameters[uri]} can't be read.") from error
        read = words_of_table if words == "Phrases" else words_of_list
        return read(bytes(answer["Body"]))

    # --- Work -----------------------------------------------------------------------------------

    def _work_on(self, job: Job) -> None:
        task = asyncio.create_task(self._work(job), name=f"transcribe {job.name}")
        self._working[job.name] = task
        task.add_done_callback(lambda _: self._working.pop(job.name, None))

    def _begin_deferred(self) -> None:
        waiting = [job for job in reversed(list(self._jobs)) if job.status == "QUEUED"]
        for job in waiting[: max(0, CONCURRENT - self._count("IN_PROGRESS"))]:
            job.status, job.started = "IN_PROGRESS", now()
            self._jobs.save(job)
            self._work_on(job)

    async def _work(self, job: Job) -> None:
        async with self._turns:
            try:
                await self._listen(job)
            except JobFailedError as error:
                job.status, job.reason = "FAILED", str(error)
            except Exception as error:
                # A bug of ours ends this job, and says so; the others go on.
                _log.exception("The transcription job %s failed", job.name)
                job.status, job.reason = "FAILED", f"Internal failure: {type(error).__name__}"
        job.ended = now()
        self._jobs.save(job)
        await self._announce(job)
        self._begin_deferred()

    async def _listen(self, job: Job) -> None:
        order = Order(job.request, self._cloud.endpoint)
        _, named = order.vocabularies()
        filters = {
            name: frozenset(word.lower() for word in self._filters.get(name)["words"])
            for name in named
        }
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                folder = self._jobs.folder(job)
                heard = await self._listener.listen(order, job.principal, folder, filters)
            except (EngineDiedError, EngineUnavailableError) as error:
                if attempt == _ATTEMPTS:
                    raise JobFailedError(str(error)) from error
            except ServiceError as error:
                raise JobFailedError(error.message) from error
            else:
                job.status, job.found = "COMPLETED", heard.found
                return

    async def _announce(self, job: Job) -> None:
        detail = {"TranscriptionJobName": job.name, "TranscriptionJobStatus": job.status}
        if job.reason:
            detail["FailureReason"] = job.reason
        if job.request.get("IdentifyLanguage"):
            await self._cloud.emit(
                "aws.transcribe",
                "Language Identification State Change",
                {
                    "JobType": "TranscriptionJob",
                    "JobName": job.name,
                    "LanguageIdentificationStatus": job.status,
                },
                [],
            )
        await self._cloud.emit("aws.transcribe", "Transcribe Job State Change", detail, [])
        # After the event: an end of the process in between tells it twice, and never not at all.
        job.announced = True
        if self._jobs.is_current(job):
            self._jobs.save(job)
