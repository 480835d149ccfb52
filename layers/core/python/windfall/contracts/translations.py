"""A folder of documents that Translate's batch jobs translate: asked for, and done."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from windfall.contracts.base import Contract, HexId, LanguageCode, OutputLocation, S3Pointer


class DocumentType(StrEnum):
    """What Translate's batch jobs take; all documents of a job are of one type."""

    TEXT = "text/plain"
    HTML = "text/html"
    WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    XLIFF = "application/x-xliff+xml"


class FolderTranslationRequested(Contract):
    """Somebody asks for all documents of a folder in other languages.

    Attributes:
        request: The asker's own name for this translation. The same again is the same
            translation: it is not paid for twice.
        prefix: The folder, with all folders in it; none of them may be called `details`.
        source: The language of all documents, or `auto` for each its own.
    """

    version: Literal["1"] = "1"
    request: str = Field(min_length=1, max_length=256)
    bucket: str = Field(min_length=1)
    prefix: str = Field(min_length=2, max_length=900, pattern=r"[^/]/$")
    content_type: DocumentType = DocumentType.TEXT
    source: LanguageCode | Literal["auto"] = "auto"
    targets: list[LanguageCode] = Field(min_length=1, max_length=10)
    terminology: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,256}$")] | None = None


class TranslatedFolder(Contract):
    """What a batch job answers: where it wrote, and whether every document went well."""

    job: str
    output: OutputLocation
    documents: int = Field(ge=0)
    failed: int = Field(ge=0)


class DocumentTranslation(Contract):
    """One document in one language; `reason` says why there is no translation."""

    document: str
    language: LanguageCode
    translation: S3Pointer | None = None
    reason: str | None = None


class TranslationManifest(Contract):
    """What became of a folder: `translations/<translation_id>/manifest.json`."""

    translation_id: HexId
    request: FolderTranslationRequested
    status: Literal["translated", "partial", "failed"]
    reason: str | None = None
    characters: int = Field(default=0, ge=0)
    cost: float | None = None
    documents: list[DocumentTranslation] = Field(default_factory=list)


class FolderTranslated(Contract):
    """A folder's translation ended; `translations` counts documents times languages."""

    version: Literal["1"] = "1"
    translation_id: HexId
    request: str
    bucket: str
    prefix: str
    status: Literal["translated", "partial", "failed"]
    reason: str | None = None
    translations: int = Field(ge=0)
    failed: int = Field(ge=0)
    manifest: S3Pointer


class TranslateFolderTask(Contract):
    """A folder to translate, and the token of the task that waits for it."""

    token: str = Field(min_length=1)
    request: FolderTranslationRequested


class RecordTranslationsTask(Contract):
    """A folder whose job ended: with what it wrote, or with an error."""

    request: FolderTranslationRequested
    translated: TranslatedFolder | None = None
    error: dict[str, Any] | None = None
