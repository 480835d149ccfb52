"""What a StartTranscriptionJob asks for, checked as AWS checks it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from windfall_local.api import ServiceError, UnsupportedOperationError
from windfall_local.wire.models import service_model

NAME = re.compile(r"[0-9a-zA-Z._-]{1,200}")
_KEY = re.compile(r"[a-zA-Z0-9\-_.!*'()/]{1,1024}")
_REDACTED_IN = ("en-US", "es-US")
_ABSENT = ("IdentifyMultipleLanguages", "ModelSettings", "ToxicityDetection", "Tags")
_PATH_HOST = re.compile(r"s3[.-][a-z0-9-]+\.amazonaws\.com|s3\.amazonaws\.com")
_BUCKET_HOST = re.compile(r"(.+?)\.(s3[.-][a-z0-9-]+\.amazonaws\.com|s3\.amazonaws\.com)")


@dataclass(frozen=True, slots=True)
class Location:
    """An object in S3."""

    bucket: str
    key: str

    def beside(self, name: str) -> Location:
        """Another object in the same folder."""
        folder, slash, _ = self.key.rpartition("/")
        return Location(self.bucket, f"{folder}{slash}{name}")


class Order:
    """A request for a transcription, known to be sound.

    Args:
        request: The parameters of StartTranscriptionJob.
        endpoint: Of this cloud, for media named by a link to it.

    Raises:
        ServiceError: What AWS refuses, with its code, or what is not done here.
    """

    def __init__(self, request: dict[str, Any], endpoint: str) -> None:
        self.request = request
        self.name = str(request["TranscriptionJobName"])
        self.settings: dict[str, Any] = request.get("Settings") or {}
        self.redaction: dict[str, Any] | None = request.get("ContentRedaction")
        check_name(self.name, "transcriptionJobName")
        _check_absent(request)
        self.media = read_uri(str((request["Media"] or {}).get("MediaFileUri") or ""), endpoint)
        self._check_languages()
        self._check_settings()
        self._check_redaction()
        self.output = self._output()

    @property
    def language(self) -> str | None:
        """The language that the caller named."""
        return self.request.get("LanguageCode")

    @property
    def options(self) -> list[str]:
        """The languages among which to identify one; empty for all."""
        return list(self.request.get("LanguageOptions") or [])

    @property
    def subtitles(self) -> list[str]:
        """`vtt`, `srt` or both."""
        return list((self.request.get("Subtitles") or {}).get("Formats") or [])

    def filter_for(self, language: str) -> tuple[str, str] | None:
        """The vocabulary filter for a language and its method."""
        name = self.settings.get("VocabularyFilterName")
        if self.request.get("IdentifyLanguage"):
            by_language = self.request.get("LanguageIdSettings") or {}
            name = (by_language.get(language) or {}).get("VocabularyFilterName")
        return (name, self.settings.get("VocabularyFilterMethod") or "mask") if name else None

    def vocabularies(self) -> tuple[set[str], set[str]]:
        """Every vocabulary and every filter that is named."""
        every = [self.settings, *(self.request.get("LanguageIdSettings") or {}).values()]
        return (
            {str(one["VocabularyName"]) for one in every if one.get("VocabularyName")},
            {str(one["VocabularyFilterName"]) for one in every if one.get("VocabularyFilterName")},
        )

    def _check_languages(self) -> None:
        identify = bool(self.request.get("IdentifyLanguage"))
        if identify == (self.language is not None):
            raise bad_request(
                "You must include one of LanguageCode, IdentifyLanguage or "
                "IdentifyMultipleLanguages in your request, and no more than one."
            )
        if self.language is not None:
            check_language(self.language)
        if (self.options or self.request.get("LanguageIdSettings")) and not identify:
            raise bad_request("LanguageOptions can be used with IdentifyLanguage only.")
        if self.request.get("LanguageIdSettings") and not self.options:
            raise bad_request("LanguageIdSettings needs LanguageOptions.")
        if len(self.options) == 1:
            raise bad_request("LanguageOptions must have at least two languages.")
        for option in self.options:
            check_language(option)

    def _check_settings(self) -> None:
        for first, second in (
            ("ShowSpeakerLabels", "MaxSpeakerLabels"),
            ("ShowAlternatives", "MaxAlternatives"),
        ):
            if bool(self.settings.get(first)) != (self.settings.get(second) is not None):
                raise bad_request(f"{first} and {second} must be used together.")
            if self.settings.get(second) is not None and not (
                2 <= int(self.settings[second]) <= (30 if "Speaker" in second else 10)
            ):
                raise bad_request(f"{second} is out of range.")
        rate = self.request.get("MediaSampleRateHertz")
        if rate is not None and not 8_000 <= int(rate) <= 48_000:
            raise bad_request("MediaSampleRateHertz must be between 8000 and 48000.")
        execution = self.request.get("JobExecutionSettings") or {}
        if execution.get("AllowDeferredExecution") and not execution.get("DataAccessRoleArn"):
            raise bad_request("AllowDeferredExecution needs a DataAccessRoleArn.")

    def _check_redaction(self) -> None:
        if self.redaction is None:
            return
        if self.language not in _REDACTED_IN:
            raise bad_request(
                f"Content redaction is done in {' and '.join(_REDACTED_IN)}, named by LanguageCode."
            )

    def _output(self) -> Location:
        bucket, key = self.request.get("OutputBucketName"), self.request.get("OutputKey")
        if not bucket:
            raise UnsupportedOperationError(
                "The local transcribe has no bucket of its own for transcripts: name an "
                "OutputBucketName."
            )
        if key is None:
            return Location(str(bucket), f"{self.name}.json")
        if not _KEY.fullmatch(key):
            raise bad_request("OutputKey does not match [a-zA-Z0-9-_.!*'()/]{1,1024}.")
        if not key.endswith(".json"):
            key = f"{key.rstrip('/')}/{self.name}.json"
        return Location(str(bucket), key)


def read_uri(uri: str, endpoint: str) -> Location:
    """The object that a URI names: `s3://`, a link of AWS in either style, a link to this cloud.

    Raises:
        ServiceError: It names none.
    """
    parts = urlsplit(uri)
    host, path = parts.netloc, unquote(parts.path.lstrip("/"))
    bucket, _, key = path.partition("/")
    named = _BUCKET_HOST.fullmatch(host)
    if parts.scheme == "s3":
        # A key may hold what ends a path in other URIs, and nothing in it is encoded.
        bucket, _, key = uri.removeprefix("s3://").partition("/")
    elif named and not _PATH_HOST.fullmatch(host):
        bucket, key = named[1], path
    elif not _PATH_HOST.fullmatch(host) and host != urlsplit(endpoint).netloc:
        bucket = ""
    if not bucket or not key:
        raise bad_request(f"The media file URI {uri!r} does not name an object in Amazon S3.")
    return Location(bucket, key)


def check_name(name: str, member: str) -> None:
    """Refuse a name that AWS does not take."""
    if not NAME.fullmatch(name):
        raise bad_request(
            f"1 validation error detected: Value '{name}' at '{member}' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: ^[0-9a-zA-Z._-]+"
        )


def check_language(code: str) -> None:
    """Refuse a language that AWS does not know."""
    if code not in service_model("transcribe").shape_for("LanguageCode").enum:
        raise bad_request(f"The language code {code!r} is not supported.")


def bad_request(message: str) -> ServiceError:
    """Transcribe's answer to what it does not take."""
    return ServiceError("BadRequestException", message, fields={"Message": message})


def _check_absent(request: dict[str, Any]) -> None:
    for name in _ABSENT:
        if request.get(name):
            raise UnsupportedOperationError(
                f"The local transcribe does not do {name}; it works on AWS only."
            )
