"""Amazon Translate's batch jobs: folders of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.addresses import object_at
from windfall.contracts.jobs import Completion
from windfall.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from windfall.ports.jobs import FolderRequest

_DONE = frozenset({"COMPLETED", "COMPLETED_WITH_ERROR"})
_RUNNING = frozenset({"SUBMITTED", "IN_PROGRESS", "STOP_REQUESTED"})
_LOST = frozenset({"FAILED", "STOPPED", "STOP_REQUESTED"})


class TranslateFolders:
    """Starts jobs and tells how they ended.

    Args:
        bucket: The results bucket; jobs of this stack are named after it.
        role: The ARN of the role that Translate reads and writes with; only who starts needs it.
    """

    def __init__(self, bucket: str, role: str | None = None) -> None:
        self._bucket = bucket
        self._role = role

    def start(self, request: FolderRequest) -> str:
        """Start a job, or find the one of that name that did not fail; answers with its id."""
        name = f"{self._bucket}-{request.name}"
        jobs = self._jobs_of(name)
        kept = [job for job in jobs if job["JobStatus"] not in _LOST]
        if kept:
            return str(kept[0]["JobId"])
        asked: dict[str, Any] = {
            "JobName": name,
            # Nobody says for how long a token counts, nor is a new job listed at once: the list
            # finds old ones, the token those of a moment ago. After a failure it is another job's.
            "ClientToken": _token(request.name, jobs[0]["JobId"] if jobs else ""),
            "DataAccessRoleArn": self._role,
            "InputDataConfig": {
                "S3Uri": f"s3://{request.source.bucket}/{request.source.prefix}",
                "ContentType": request.content_type,
            },
            "OutputDataConfig": {"S3Uri": f"s3://{request.output.bucket}/{request.output.prefix}"},
            "SourceLanguageCode": request.language,
            "TargetLanguageCodes": list(request.targets),
        }
        if request.terminology is not None:
            asked["TerminologyNames"] = [request.terminology]
        with translated_errors():
            return str(ai_client("translate").start_text_translation_job(**asked)["JobId"])

    def _jobs_of(self, name: str) -> list[dict[str, Any]]:
        """The jobs of a name, the newest first."""
        pages = ai_client("translate").list_text_translation_jobs
        asked: dict[str, Any] = {"Filter": {"JobName": name}}
        found: list[dict[str, Any]] = []
        while True:
            with translated_errors():
                page = pages(**asked)
            found += page["TextTranslationJobPropertiesList"]
            if "NextToken" not in page:
                return sorted(found, key=lambda job: job["SubmittedTime"], reverse=True)
            asked["NextToken"] = page["NextToken"]

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """How a job ended; its name is what Translate calls it.

        Raises:
            NotFoundError: It is a job of somebody else.
        """
        with translated_errors():
            try:
                answer = ai_client("translate").describe_text_translation_job(JobId=name)
            except ClientError as error:
                if error.response["Error"]["Code"] == "ResourceNotFoundException":
                    reason = "The batch translation job vanished."
                    return Completion(error=NotFoundError.__name__, reason=reason)
                raise
        job = answer["TextTranslationJobProperties"]
        if not str(job.get("JobName", "")).startswith(f"{self._bucket}-"):
            raise NotFoundError(f"The batch translation job {name} is not of this stack.")
        return completion_of(job)


def _token(name: str, failed: str) -> str:
    """What makes the same request again the same job: 64 letters, digits and hyphens at most."""
    return f"{name[:31]}-{failed}" if failed else name


def completion_of(job: dict[str, Any]) -> Completion | None:
    """How a job of Translate's ended; None while it waits or runs."""
    if job["JobStatus"] in _RUNNING:
        return None
    if job["JobStatus"] in _DONE:
        written = object_at(job["OutputDataConfig"]["S3Uri"])
        counts = job.get("JobDetails", {})
        result = {
            "job": job["JobId"],
            "output": {"bucket": written.bucket, "prefix": f"{written.key.rstrip('/')}/"},
            "documents": counts.get("InputDocumentsCount", 0),
            "failed": counts.get("DocumentsWithErrorsCount", 0),
        }
        return Completion(result=result)
    reason = job.get("Message") or f"The batch translation job is {job['JobStatus']}."
    return Completion(error=InvalidInputError.__name__, reason=reason)
