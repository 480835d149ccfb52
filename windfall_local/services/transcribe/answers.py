"""What Transcribe tells of jobs and lists of words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from windfall_local.services.transcribe.jobs import Job
from windfall_local.services.transcribe.orders import bad_request

Answer = dict[str, Any]


def shown(job: Job, endpoint: str) -> Answer:
    """A job, with links to what it wrote."""
    answer = {**_common(job), **_echo(job)}
    answer["Media"] = job.request["Media"]
    if job.found:
        answer["MediaFormat"] = job.found["format"]
        answer["MediaSampleRateHertz"] = job.found["rate"]
        # AWS names the caller's own model here; locally the one that listened.
        answer["ModelSettings"] = {"LanguageModelName": job.found["model"]}
        files = job.found["files"]
        answer["Transcript"] = {
            name: _link(files[kind], endpoint)
            for name, kind in (
                ("TranscriptFileUri", "transcript"),
                ("RedactedTranscriptFileUri", "redacted"),
            )
            if kind in files
        }
        if "Subtitles" in answer:
            uris = [_link(place, endpoint) for place in files["subtitles"]]
            answer["Subtitles"] = {**answer["Subtitles"], "SubtitleFileUris": uris}
    return answer


def summary(job: Job) -> Answer:
    """A job, in a list."""
    answer = _common(job)
    for name in ("ContentRedaction", "IdentifyLanguage"):
        if job.request.get(name) is not None:
            answer[name] = job.request[name]
    return {**answer, "OutputLocationType": "CUSTOMER_BUCKET"}


def _link(place: dict[str, str], endpoint: str) -> str:
    return f"{endpoint}/{place['bucket']}/{place['key']}"


def _common(job: Job) -> Answer:
    """What an answer and a summary both tell."""
    answer: Answer = {
        "TranscriptionJobName": job.name,
        "TranscriptionJobStatus": job.status,
        "CreationTime": datetime.fromisoformat(job.created),
    }
    for member, at in (("StartTime", job.started), ("CompletionTime", job.ended)):
        if at is not None:
            answer[member] = datetime.fromisoformat(at)
    language = job.found.get("language") or job.request.get("LanguageCode")
    if language:
        answer["LanguageCode"] = language
    if job.reason:
        answer["FailureReason"] = job.reason
    if "score" in job.found:
        answer["IdentifiedLanguageScore"] = job.found["score"]
    return answer


def _echo(job: Job) -> Answer:
    """What the caller asked for, as AWS gives it back."""
    names = (
        "MediaFormat",
        "MediaSampleRateHertz",
        "Settings",
        "JobExecutionSettings",
        "ContentRedaction",
        "IdentifyLanguage",
        "LanguageOptions",
        "LanguageIdSettings",
        "Subtitles",
    )
    return {name: job.request[name] for name in names if job.request.get(name) is not None}


def vocabulary(record: dict[str, Any]) -> Answer:
    """A vocabulary, as it is kept."""
    return {
        "VocabularyName": record["name"],
        "LanguageCode": record["language"],
        "LastModifiedTime": datetime.fromisoformat(record["modified"]),
        "VocabularyState": "READY",
    }


def vocabulary_filter(record: dict[str, Any]) -> Answer:
    """A vocabulary filter, as it is kept."""
    return {
        "VocabularyFilterName": record["name"],
        "LanguageCode": record["language"],
        "LastModifiedTime": datetime.fromisoformat(record["modified"]),
    }


def page(items: list[Answer], parameters: Answer) -> tuple[list[Answer], Answer]:
    """A page of a list; the token is where the next one begins."""
    token = str(parameters.get("NextToken") or "0")
    if not token.isdigit() or int(token) > len(items):
        raise bad_request("The NextToken is invalid.")
    begin = int(token)
    end = begin + int(parameters.get("MaxResults") or 5)
    return items[begin:end], {"NextToken": str(end)} if end < len(items) else {}
