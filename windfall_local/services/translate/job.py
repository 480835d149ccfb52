"""One batch job: what StartTextTranslationJob asks for, checked, its record, and what is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from windfall_local.api import ACCOUNT, ServiceError, UnsupportedOperationError
from windfall_local.services.translate import documents
from windfall_local.wire.models import operation_model

Status = Literal[
    "SUBMITTED",
    "IN_PROGRESS",
    "COMPLETED",
    "COMPLETED_WITH_ERROR",
    "FAILED",
    "STOP_REQUESTED",
    "STOPPED",
]
ENDED = frozenset({"COMPLETED", "COMPLETED_WITH_ERROR", "FAILED", "STOPPED"})

MOST_TARGETS = 10

READ_HERE = (documents.TEXT, documents.HTML, documents.WORD)
_OFFICE = "application/vnd.openxmlformats-officedocument."
READ_ON_AWS = (
    f"{_OFFICE}presentationml.presentation",
    f"{_OFFICE}spreadsheetml.sheet",
    "application/x-xliff+xml",
)
"""Types of documents (developer guide, supported file formats)."""

_ECHOED = (
    "DataAccessRoleArn",
    "InputDataConfig",
    "JobName",
    "Settings",
    "SourceLanguageCode",
    "TargetLanguageCodes",
    "TerminologyNames",
)
_URI = re.compile(r"s3://([^/]+)/?(.*)")


@dataclass(slots=True)
class TranslationJob:
    """A job, as it is kept.

    Attributes:
        number: In the order in which jobs were accepted.
        name: Its id.
        request: The parameters of StartTextTranslationJob.
        status: Where it stands.
        created: When it was accepted.
        ended: When it ended.
        message: What is told of its end.
        counts: Documents: `InputDocumentsCount`, `TranslatedDocumentsCount`,
            `DocumentsWithErrorsCount`.
        announced: Whether its end has been put on the bus.
    """

    number: int
    name: str
    request: dict[str, Any]
    status: Status
    created: str
    ended: str | None = None
    message: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    announced: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change it any more."""
        return self.status in ENDED

    @property
    def role(self) -> str:
        """As whom documents are read and written."""
        return str(self.request["DataAccessRoleArn"])

    @property
    def source(self) -> str:
        """The documents' language, or `auto`."""
        return str(self.request["SourceLanguageCode"])

    @property
    def targets(self) -> list[str]:
        """The languages to translate into."""
        return list(self.request["TargetLanguageCodes"])

    @property
    def content_type(self) -> str:
        """What the documents are."""
        return str(self.request["InputDataConfig"]["ContentType"])

    @property
    def terminologies(self) -> list[str]:
        """The terminology to use, if any."""
        return list(self.request.get("TerminologyNames") or [])

    @property
    def input(self) -> Folder:
        """Where the documents are."""
        return Folder.of(self.request["InputDataConfig"]["S3Uri"])

    @property
    def output_root(self) -> Folder:
        """Where the caller wants the output."""
        return Folder.of(self.request["OutputDataConfig"]["S3Uri"])

    @property
    def output(self) -> Folder:
        """Where the translations go: the job's own folder there."""
        root = self.output_root
        return Folder(root.bucket, f"{root.prefix}{ACCOUNT}-TranslateText-{self.name}/")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of S3; its prefix is empty or ends with a slash."""

    bucket: str
    prefix: str

    @classmethod
    def of(cls, uri: str) -> Folder:
        """The folder that an `s3://` address names."""
        match = _URI.fullmatch(uri)
        bucket, key = (match[1], match[2]) if match else ("", "")
        return cls(bucket, f"{key.rstrip('/')}/" if key.strip("/") else "")

    @property
    def uri(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.prefix}"


def check_request(request: dict[str, Any]) -> None:
    """Refuse what Translate refuses, or what is not done here.

    Raises:
        ServiceError: With AWS's code.
    """
    _check_patterns(request)
    if request.get("ParallelDataNames"):
        raise UnsupportedOperationError(
            "The local translate knows no parallel data; it works on AWS only."
        )
    if request["OutputDataConfig"].get("EncryptionKey"):
        raise UnsupportedOperationError("The local translate writes without an EncryptionKey.")
    kind = str(request["InputDataConfig"]["ContentType"])
    if kind in READ_ON_AWS:
        raise UnsupportedOperationError(
            f"The local translate reads {', '.join(READ_HERE)}; {kind} on AWS only."
        )
    if kind not in READ_HERE:
        raise invalid_request(f"The content type {kind} is not supported.")
    if not Folder.of(request["InputDataConfig"]["S3Uri"]).prefix:
        raise invalid_request("The input documents must be in a folder of the bucket.")
    targets = request["TargetLanguageCodes"]
    if not 1 <= len(targets) <= MOST_TARGETS or len(set(targets)) < len(targets):
        raise ServiceError(
            "InvalidParameterValueException",
            f"TargetLanguageCodes must have 1 to {MOST_TARGETS} languages, each once.",
        )
    if len(request.get("TerminologyNames") or ()) > 1:
        raise ServiceError(
            "InvalidParameterValueException", "At most one terminology can be applied."
        )


def _check_patterns(request: dict[str, Any]) -> None:
    shape = operation_model("translate", "StartTextTranslationJob").input_shape
    for path in (
        ("ClientToken",),
        ("DataAccessRoleArn",),
        ("InputDataConfig", "S3Uri"),
        ("OutputDataConfig", "S3Uri"),
    ):
        value: Any = request
        member: Any = shape
        for name in path:
            value, member = value[name], member.members[name]
        if not re.fullmatch(member.metadata["pattern"], value):
            raise ServiceError(
                "InvalidParameterValueException",
                f"1 validation error detected: Value '{value}' at '{'.'.join(path)}' failed to "
                f"satisfy constraint: Member must satisfy regular expression pattern: "
                f"{member.metadata['pattern']}",
            )


def shown(job: TranslationJob) -> dict[str, Any]:
    """What the API tells of a job."""
    answer: dict[str, Any] = {
        "JobId": job.name,
        "JobStatus": job.status,
        "SubmittedTime": datetime.fromisoformat(job.created),
        "OutputDataConfig": {"S3Uri": job.output.uri},
    }
    answer |= {name: job.request[name] for name in _ECHOED if job.request.get(name)}
    if job.counts:
        answer["JobDetails"] = job.counts
    if job.message:
        answer["Message"] = job.message
    if job.ended:
        answer["EndTime"] = datetime.fromisoformat(job.ended)
    return answer


def is_wanted(job: TranslationJob, wanted: dict[str, Any]) -> bool:
    """Whether a job passes the filter of ListTextTranslationJobs."""
    submitted = datetime.fromisoformat(job.created)
    before, after = wanted.get("SubmittedBeforeTime"), wanted.get("SubmittedAfterTime")
    return (
        wanted.get("JobName") in (None, job.request.get("JobName"))
        and wanted.get("JobStatus") in (None, job.status)
        and (before is None or submitted < _aware(before))
        and (after is None or submitted > _aware(after))
    )


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def invalid_request(message: str) -> ServiceError:
    """Translate's answer to what it does not take."""
    return ServiceError("InvalidRequestException", message)
