"""Amazon Transcribe's batch jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.addresses import object_at
from windfall.contracts.jobs import Completion
from windfall.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from windfall.ports.jobs import TranscriptionRequest


class TranscribeTranscription:
    """Starts jobs and tells how they ended; Transcribe reads and writes with this role."""

    def submit(self, request: TranscriptionRequest) -> str:
        """Start a job; a name that was used before is no error."""
        with translated_errors():
            try:
                ai_client("transcribe").start_transcription_job(**request_of(request))
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ConflictException":
                    return request.name
                if code == "BadRequestException":
                    raise InvalidInputError(error.response["Error"]["Message"]) from error
                raise
        return request.name

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """How a job ended; None while it is queued or runs."""
        with translated_errors():
            try:
                answer = ai_client("transcribe").get_transcription_job(TranscriptionJobName=name)
            except ClientError as error:
                # A name that is not there is a bad request to Transcribe, not always a missing one.
                if error.response["Error"]["Code"] in {"BadRequestException", "NotFoundException"}:
                    return Completion(
                        error=NotFoundError.__name__, reason="The transcription job vanished."
                    )
                raise
        return completion_of(answer["TranscriptionJob"])

    def running(self, prefix: str) -> Collection[str]:
        """The names of jobs that are queued or run."""
        names = [name for status in ("QUEUED", "IN_PROGRESS") for name in _listed(status, prefix)]
        return {name for name in names if name.startswith(prefix)}


def _listed(status: str, part: str) -> Iterator[str]:
    request = {"Status": status, "JobNameContains": part, "MaxResults": 100}
    while True:
        with translated_errors():
            answer = ai_client("transcribe").list_transcription_jobs(**request)
        yield from (job["TranscriptionJobName"] for job in answer["TranscriptionJobSummaries"])
        if "NextToken" not in answer:
            return
        request["NextToken"] = answer["NextToken"]


def request_of(request: TranscriptionRequest) -> dict[str, Any]:
    """What StartTranscriptionJob is asked."""
    plan = request.plan
    settings: dict[str, Any] = {}
    if request.channels:
        settings["ChannelIdentification"] = True
    elif plan.speakers:
        settings |= {"ShowSpeakerLabels": True, "MaxSpeakerLabels": plan.max_speakers}
    if plan.vocabulary is not None:
        settings["VocabularyName"] = plan.vocabulary
    if plan.vocabulary_filter is not None:
        settings["VocabularyFilterName"] = plan.vocabulary_filter.name
        settings["VocabularyFilterMethod"] = plan.vocabulary_filter.method
    asked: dict[str, Any] = {
        "TranscriptionJobName": request.name,
        "Media": {"MediaFileUri": f"s3://{request.source.bucket}/{request.source.key}"},
        "MediaFormat": request.media_format,
        "OutputBucketName": request.output.bucket,
        "OutputKey": request.output.key,
        **_language(plan.languages),
    }
    if settings:
        asked["Settings"] = settings
    if plan.redact:
        asked["ContentRedaction"] = {"RedactionType": "PII", "RedactionOutput": "redacted"}
    return asked


def _language(languages: list[str]) -> dict[str, Any]:
    match languages:
        case []:
            return {"IdentifyLanguage": True}
        case [language]:
            return {"LanguageCode": language}
        case _:
            return {"IdentifyLanguage": True, "LanguageOptions": list(languages)}


def completion_of(job: dict[str, Any]) -> Completion | None:
    """How a job of Transcribe's ended."""
    status = job["TranscriptionJobStatus"]
    if status == "COMPLETED":
        transcript = job["Transcript"]
        uri = transcript.get("RedactedTranscriptFileUri") or transcript["TranscriptFileUri"]
        result = {
            "job": job["TranscriptionJobName"],
            "status": status,
            "transcript": object_at(uri).model_dump(mode="json"),
        }
        return Completion(result=result)
    if status == "FAILED":
        reason = job.get("FailureReason") or "Transcribe gave no reason."
        return Completion(error=InvalidInputError.__name__, reason=reason)
    return None
