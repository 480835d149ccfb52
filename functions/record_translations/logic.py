"""Writes what became of each document of a folder, and says so on the bus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from windfall import identity
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import ServiceCall
from windfall.contracts.translations import DocumentTranslation, TranslationManifest
from windfall.reasons import reason_of

if TYPE_CHECKING:
    from windfall.contracts.translations import (
        FolderTranslated,
        FolderTranslationRequested,
        RecordTranslationsTask,
        TranslatedFolder,
    )
    from windfall.folder_recording import FolderRecorder
    from windfall.ports.storage import ObjectStore
    from windfall.pricing import PriceList


@dataclass(frozen=True, slots=True)
class TranslationRecorder:
    """Records translated folders."""

    store: ObjectStore
    prices: PriceList
    recorder: FolderRecorder

    def record(self, task: RecordTranslationsTask) -> FolderTranslated:
        """Tell what became of a folder; the same again is harmless.

        Raises:
            TransientError: S3 or the bus can not take it now.
        """
        if task.translated is None:
            error = task.error or {}
            return self.recorder.fail(
                task.request, reason_of(error.get("Error"), error.get("Cause"))
            )
        return self.recorder.record(self._manifest(task.request, task.translated))

    def _manifest(
        self, request: FolderTranslationRequested, translated: TranslatedFolder
    ) -> TranslationManifest:
        details = [self._details(translated, target) for target in request.targets]
        documents = [one for target in details for one in _documents(translated, target)]
        characters = sum(int(target["charactersTranslated"]) for target in details)
        call = ServiceCall(
            service="translate", operation="StartTextTranslationJob", count=1, units=characters
        )
        return TranslationManifest(
            translation_id=identity.translation_id(request.model_dump(mode="json")),
            request=request,
            status=_status(documents),
            characters=characters,
            cost=self.prices.cost_of([call]),
            documents=documents,
        )

    def _details(self, translated: TranslatedFolder, target: str) -> dict[str, Any]:
        output = translated.output
        key = f"{output.prefix}details/{target}.auxiliary-translation-details.json"
        document: dict[str, Any] = json.loads(
            self.store.read(S3Pointer(bucket=output.bucket, key=key))
        )
        return document


def _documents(translated: TranslatedFolder, details: dict[str, Any]) -> list[DocumentTranslation]:
    language, output = details["targetLanguageCode"], translated.output
    found = []
    for one in details["details"]:
        error = (one.get("auxiliaryData") or {}).get("error")
        if error is None:
            key = output.prefix + one["targetFile"]
            place = S3Pointer(bucket=output.bucket, key=key)
            found.append(
                DocumentTranslation(
                    document=one["sourceFile"], language=language, translation=place
                )
            )
        else:
            reason = f"{error.get('errorMessage', '')} ({error.get('errorCode', 'unknown')})"
            found.append(
                DocumentTranslation(document=one["sourceFile"], language=language, reason=reason)
            )
    return found


def _status(documents: list[DocumentTranslation]) -> Literal["translated", "partial", "failed"]:
    failed = sum(one.translation is None for one in documents)
    if not failed:
        return "translated"
    return "failed" if failed == len(documents) else "partial"
