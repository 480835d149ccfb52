"""The text of a document and its language."""

import contextlib
import json
from typing import Any

import pytest

from prepare_text.logic import TextPreparer
from prepare_text.models import PrepareTextTask
from tests.fakes.hooks import CrashAfter, CrashError
from tests.fakes.language import FakeLanguage
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import OutcomeStatus

TEXT = S3Pointer(bucket="results", key="results/f/text.txt")


def prepared_task(store: FakeObjectStore, body: bytes, format_name: str = "txt") -> PrepareTextTask:
    source = store.drop("inbox", "a.txt", body)
    document: dict[str, Any] = {"source": source.model_dump(), "format": format_name}
    output = {"bucket": "results", "prefix": "results/f/"}
    return PrepareTextTask.model_validate({**document, "output": output})


def test_the_text_is_kept_and_its_language_told() -> None:
    store, language = FakeObjectStore(), FakeLanguage("es")

    prepared = TextPreparer(language, store).prepare(
        prepared_task(store, b"# El ni\xc3\xb1o\n\nCome *bien*.", "md")
    )

    assert prepared.text == TEXT
    assert store.read(TEXT).decode() == "El niño\n\nCome bien."
    assert (prepared.characters, prepared.language) == (19, "es")
    assert prepared.outcome.feature == "language"
    assert prepared.outcome.summary["languages"] == [{"language": "es", "score": 0.99}]
    raw = store.read(S3Pointer(bucket="results", key="results/f/language.json"))
    assert json.loads(raw)["Languages"][0]["LanguageCode"] == "es"


def test_only_the_beginning_of_a_long_text_is_asked_about() -> None:
    store, language = FakeObjectStore(), FakeLanguage()
    prepared = TextPreparer(language, store).prepare(prepared_task(store, b"A word. " * 100_000))
    (sample,) = language.bought
    assert len(sample) <= 5_000
    assert prepared.outcome.calls[0].units == -(-len(sample) // 100)


@pytest.mark.parametrize("body", [b"", b" \n\t ", b"\xef\xbb\xbf"])
def test_a_document_without_text_is_skipped(body: bytes) -> None:
    store, language = FakeObjectStore(), FakeLanguage()
    prepared = TextPreparer(language, store).prepare(prepared_task(store, body))
    assert prepared.outcome.status is OutcomeStatus.SKIPPED
    assert prepared.outcome.reason == "no text"
    assert (prepared.text, prepared.characters, prepared.language) == (None, 0, None)
    assert language.bought == []


def test_a_broken_document_fails_with_a_reason() -> None:
    store = FakeObjectStore()
    prepared = TextPreparer(FakeLanguage(), store).prepare(prepared_task(store, b"PK", "docx"))
    assert prepared.outcome.status is OutcomeStatus.FAILED
    assert prepared.outcome.reason == "The file is no Word document, or it is broken."
    assert prepared.text is None


def test_a_language_that_can_not_be_told_is_null() -> None:
    store = FakeObjectStore()
    prepared = TextPreparer(FakeLanguage(None), store).prepare(prepared_task(store, b"12 + 30"))
    assert prepared.outcome.status is OutcomeStatus.OK
    assert prepared.language is None
    assert prepared.text == TEXT


def test_a_crash_after_any_write_asks_for_the_language_once() -> None:
    for step in range(1, 4):
        store, language = FakeObjectStore(CrashAfter(step)), FakeLanguage()
        task = prepared_task(store, b"Some words.")
        preparer = TextPreparer(language, store)
        with contextlib.suppress(CrashError):
            preparer.prepare(task)
        assert preparer.prepare(task).language == "en"
        assert len(language.bought) == 1
