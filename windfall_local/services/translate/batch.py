"""A batch job's work: read each document, translate it, write it, and tell of it.

What is done is kept beside the job, so that an end of the process costs one document of one
language:

    documents.json   the documents of the input folder, as they were when the work began
    done.jsonl       what became of each document in each language
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windfall_local.api import ACCOUNT, Cloud, Principal, ServiceError
from windfall_local.services.translate import documents
from windfall_local.services.translate.details import (
    SERVER_ERRORS,
    Done,
    append_done,
    details,
    read_done,
    target_name,
)
from windfall_local.services.translate.job import TranslationJob, invalid_request
from windfall_local.services.translate.translating import Translating

HOST = "translate.amazonaws.com"
"""The service that roles must trust."""

LARGEST = 5 * 1024**3
LARGEST_DOCUMENT = 20 * 1024**2
MOST_DOCUMENTS = 1_000_000
LONGEST_DOCUMENT = 1_000_000
"""AWS's limits: bytes of all documents, bytes of one, how many, characters of one."""

_CHECK_FILE = ".write_access_check_file.temp"
"""What AWS leaves in the output folder when it has tried whether it may write there."""

_ATTEMPTS = 3
"""How often a document is tried when the engine's process dies of it."""


class JobFailedError(Exception):
    """The job has failed for good; the message says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the input folder; `name` is its key without the folder."""

    name: str
    size: int


class BatchTranslator:
    """Does the work of jobs.

    Args:
        cloud: Has the documents.
        translating: Translates texts.
    """

    def __init__(self, cloud: Cloud, translating: Translating) -> None:
        self._cloud = cloud
        self._translating = translating

    async def check_access(self, job: TranslationJob) -> None:
        """Refuse a job whose role can't be assumed, or may not read or write.

        Raises:
            ServiceError: Says which.
        """
        principal = await self._assume(job)
        inside = {"Bucket": job.input.bucket, "Prefix": job.input.prefix, "MaxKeys": 1}
        root = job.output_root
        probe = {"Bucket": root.bucket, "Key": f"{root.prefix}{_CHECK_FILE}", "Body": b""}
        for operation, asked, what in (
            ("ListObjectsV2", inside, f"read access to the input folder {job.input.uri}"),
            ("PutObject", probe, f"write access to the output folder {root.uri}"),
        ):
            try:
                await self._cloud.call("s3", operation, asked, principal)
            except ServiceError as error:
                raise invalid_request(
                    f"The role {job.role} has no {what}. ({error.code})"
                ) from error

    async def translate(self, job: TranslationJob, folder: Path) -> None:
        """Do the whole work of a job, or what an earlier process left of it.

        Leaves the job's status as it is; fills its counts.

        Raises:
            JobFailedError: It can't be done.
        """
        try:
            principal = await self._assume(job)
            found = await self._documents(job, principal, folder)
            done = read_done(folder / "done.jsonl")
            for target in job.targets:
                for document in found:
                    if (target, document.name) in done:
                        continue
                    if job.status == "STOP_REQUESTED":
                        return
                    one = await self._document(job, document, target, principal)
                    done[target, document.name] = one
                    append_done(folder / "done.jsonl", one)
                outcomes = [done[target, document.name] for document in found]
                await self._tell(job, target, outcomes, principal)
        except ServiceError as error:
            raise JobFailedError(f"{error.message} ({error.code})") from error
        broken = {one.name for one in done.values() if one.error}
        job.counts = {
            "InputDocumentsCount": len(found),
            "TranslatedDocumentsCount": len(found) - len(broken),
            "DocumentsWithErrorsCount": len(broken),
        }

    async def _assume(self, job: TranslationJob) -> Principal:
        """The job's role, if it trusts Translate."""
        arn = f"arn:aws:translate:{self._cloud.region}:{ACCOUNT}:job/{job.name}"
        session = f"translate-{job.name}"
        asked = {"RoleArn": job.role, "RoleSessionName": session}
        try:
            await self._cloud.call("sts", "AssumeRole", asked, Principal.service(HOST, arn))
        except ServiceError as error:
            raise invalid_request(
                f"The role {job.role} can't be assumed: it must exist, and trust {HOST}."
            ) from error
        return Principal.role(job.role, session)

    async def _documents(
        self, job: TranslationJob, principal: Principal, folder: Path
    ) -> list[Document]:
        """Every document of the folder and the folders in it."""
        path = folder / "documents.json"
        if path.exists():
            return [Document(**one) for one in json.loads(path.read_text(encoding="utf-8"))]
        asked: dict[str, Any] = {"Bucket": job.input.bucket, "Prefix": job.input.prefix}
        found: list[Document] = []
        while True:
            page = await self._cloud.call("s3", "ListObjectsV2", asked, principal)
            for one in page.get("Contents") or ():
                name = one["Key"].removeprefix(job.input.prefix)
                # What stands for a folder in S3's console is no document.
                if name and not name.endswith("/"):
                    found.append(Document(name, int(one["Size"])))
            if not page.get("IsTruncated"):
                break
            asked["ContinuationToken"] = page["NextContinuationToken"]
        _check_documents(found)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps([{"name": d.name, "size": d.size} for d in found]))
        draft.replace(path)
        return found

    async def _document(
        self, job: TranslationJob, document: Document, target: str, principal: Principal
    ) -> Done:
        """Translate one document into one language; what is wrong with it is told, not raised."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._translated(job, document, target, principal)
            except documents.DocumentError as error:
                failure = ("InvalidRequestException", str(error))
            except ServiceError as error:
                failure = (error.code, error.message)
                if error.code in SERVER_ERRORS and attempt < _ATTEMPTS:
                    continue
            break
        return Done(target, document.name, error=failure)

    async def _translated(
        self, job: TranslationJob, document: Document, target: str, principal: Principal
    ) -> Done:
        if document.size > LARGEST_DOCUMENT:
            raise documents.DocumentError(
                f"The document has {document.size} bytes; at most {LARGEST_DOCUMENT} are allowed."
            )
        place = {"Bucket": job.input.bucket, "Key": job.input.prefix + document.name}
        read = await self._cloud.call("s3", "GetObject", place, principal)
        texts, rebuild = await asyncio.to_thread(
            documents.take_apart, bytes(read["Body"]), job.content_type
        )
        characters = sum(map(len, texts))
        if characters > LONGEST_DOCUMENT:
            raise documents.DocumentError(
                f"The document has {characters} characters; at most {LONGEST_DOCUMENT} are allowed."
            )
        done = await self._translating.translate(
            texts, job.source, target, job.terminologies, principal
        )
        written = {
            "Bucket": job.output.bucket,
            "Key": job.output.prefix + target_name(document.name, target),
            "Body": await asyncio.to_thread(rebuild, done.texts),
            "ContentType": job.content_type,
        }
        await self._cloud.call("s3", "PutObject", written, principal)
        return Done(target, document.name, characters, terms=done.terms, source=done.source)

    async def _tell(
        self, job: TranslationJob, target: str, done: Sequence[Done], principal: Principal
    ) -> None:
        """Write what became of each document beside the documents."""
        key = f"{job.output.prefix}details/{target}.auxiliary-translation-details.json"
        body = json.dumps(details(job, target, done), ensure_ascii=False).encode()
        written = {"Bucket": job.output.bucket, "Key": key, "Body": body}
        await self._cloud.call(
            "s3", "PutObject", {**written, "ContentType": "application/json"}, principal
        )


def _check_documents(found: Sequence[Document]) -> None:
    if not found:
        raise JobFailedError("There are no documents in the input folder.")
    if len(found) > MOST_DOCUMENTS:
        raise JobFailedError(f"There are {len(found)} documents; at most {MOST_DOCUMENTS} go.")
    size = sum(document.size for document in found)
    if size > LARGEST:
        raise JobFailedError(f"The documents have {size} bytes; at most {LARGEST} are allowed.")
    if any("details" in document.name.split("/")[:-1] for document in found):
        raise JobFailedError("A folder in the input folder must not be called details.")
