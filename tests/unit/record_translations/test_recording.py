"""What became of each document is written down and told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from record_translations.logic import TranslationRecorder
from tests.fakes.collaborators import FakeBus
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.translations import (
    FolderTranslated,
    RecordTranslationsTask,
    TranslationManifest,
)
from windfall.folder_recording import FolderRecorder
from windfall.pricing import PriceList

EVENT = Path(__file__).parents[3] / "events/record_translations/partial.json"


def details(*entries: dict[str, Any]) -> bytes:
    document = {"targetLanguageCode": "es", "charactersTranslated": "1000", "details": entries}
    return json.dumps(document).encode()


def good(name: str) -> dict[str, Any]:
    return {"sourceFile": name, "targetFile": f"es.{name}", "auxiliaryData": {}}


BAD = {
    "sourceFile": "photo.txt",
    "auxiliaryData": {
        "error": {"errorCode": "InvalidRequestException", "errorMessage": "No UTF-8"}
    },
}


class Stage:
    """The function in memory, and what Translate wrote."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.store, self.bus = FakeObjectStore(), FakeBus()
        self.document: dict[str, Any] = json.loads(EVENT.read_text())
        output = self.document["translated"]["output"]
        key = f"{output['prefix']}details/es.auxiliary-translation-details.json"
        self.store.drop(output["bucket"], key, details(*entries))

    def record(self, **changes: Any) -> tuple[FolderTranslated, TranslationManifest]:
        recorder = TranslationRecorder(
            self.store,
            PriceList.of_region("us-east-1"),
            FolderRecorder(self.store, self.bus, "windfall-results"),
        )
        task = RecordTranslationsTask.model_validate({**self.document, **changes})
        told = recorder.record(task)
        manifest = self.store.read(told.manifest)
        return told, TranslationManifest.model_validate_json(manifest)


def test_each_document_has_its_translation_or_its_reason() -> None:
    stage = Stage(good("one.txt"), BAD)
    told, manifest = stage.record()
    one, photo = manifest.documents
    prefix = stage.document["translated"]["output"]["prefix"]
    assert one.translation == S3Pointer(bucket="windfall-results", key=f"{prefix}es.one.txt")
    assert (photo.translation, photo.reason) == (None, "No UTF-8 (InvalidRequestException)")
    # 15 USD a million characters.
    assert (manifest.status, manifest.characters, manifest.cost) == ("partial", 1_000, 0.015)
    assert (told.status, told.translations, told.failed) == ("partial", 2, 1)
    assert told.manifest.key == f"translations/{told.translation_id}/manifest.json"
    assert stage.bus.folders == [told]


def test_all_or_none_is_said_so() -> None:
    assert Stage(good("one.txt")).record()[0].status == "translated"
    assert Stage(BAD).record()[0].status == "failed"


def test_a_job_that_failed_is_told_with_its_reason() -> None:
    stage = Stage()
    told_by_lambda = {"errorMessage": "There are no documents.", "stackTrace": ["File …"]}
    error = {"Error": "InvalidInputError", "Cause": json.dumps(told_by_lambda)}
    told, manifest = stage.record(translated=None, error=error)
    assert (told.status, told.reason) == ("failed", "InvalidInputError: There are no documents.")
    assert manifest.documents == []


def test_translations_that_are_recorded_stand_when_they_are_asked_for_again_in_vain() -> None:
    stage = Stage(good("one.txt"), BAD)
    first, manifest = stage.record()
    error = {"Error": "TransientError", "Cause": "Translate is busy."}
    again, stands = stage.record(translated=None, error=error)
    assert (again, stands) == (first, manifest)
    assert stage.bus.folders == [first, first]
