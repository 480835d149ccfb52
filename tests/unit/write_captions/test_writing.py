"""One transcript: text, cues and captions; silence; what a second try does."""

from __future__ import annotations

import json
from typing import Any

import pytest
import webvtt

from tests.fakes.storage import FakeObjectStore
from windfall.captions.cues import CueList
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import OutcomeStatus
from write_captions.logic import CaptionWriter
from write_captions.models import WriteCaptionsTask


def spoken(*words: tuple[str, str], **results: Any) -> dict[str, Any]:
    items = []
    for number, (speaker, content) in enumerate(words):
        bare = content.rstrip(".,?")
        alternatives = [{"content": bare, "confidence": "0.9"}]
        times = {"start_time": str(number / 2), "end_time": str(number / 2 + 0.4)}
        items.append(
            {"type": "pronunciation", "alternatives": alternatives, "speaker_label": speaker}
            | times
        )
        if bare != content:
            mark = [{"content": content[-1], "confidence": "0.0"}]
            items.append({"type": "punctuation", "alternatives": mark})
    return {"jobName": "j", "results": {"transcripts": [], "items": items, **results}}


TALK = spoken(
    *(("spk_0", word) for word in ["Did", "you", "count", "the", "boats?"]),
    *(("spk_1", word) for word in ["Yes,", "all", "of", "them.", "Twice."]),
    language_code="en-US",
)


def writing(document: Any, **task: Any) -> tuple[FakeObjectStore, WriteCaptionsTask]:
    store = FakeObjectStore()
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    pointer = store.drop("results", "results/f/transcript/j.json", body)
    output = {"bucket": "results", "prefix": "results/f/"}
    document = {"transcript": pointer.model_dump(), "output": output, **task}
    return store, WriteCaptionsTask.model_validate(document)


def stored(store: FakeObjectStore, name: str) -> bytes:
    return store.read(S3Pointer(bucket="results", key=f"results/f/{name}"))


def test_a_transcript_becomes_text_cues_and_captions() -> None:
    store, task = writing(TALK, seconds=6.0)

    written = CaptionWriter(store).write(task)

    assert stored(store, "text.txt").decode() == (
        "Did you count the boats?\n\nYes, all of them. Twice."
    )
    assert written.language == "en"
    assert written.characters == len(stored(store, "text.txt"))
    assert [outcome.feature for outcome in written.outcomes] == ["transcript", "captions.en"]
    assert written.text is not None
    assert written.text.key == "results/f/text.txt"
    cues = CueList.model_validate_json(stored(store, "cues.json"))
    assert [(cue.speaker, cue.text) for cue in cues.cues] == [
        ("spk_0", "Did you count the boats?"),
        ("spk_1", "Yes, all of them. Twice."),
    ]
    captions = webvtt.from_string(stored(store, "captions.en.vtt").decode())
    assert [caption.voice for caption in captions.captions] == ["Speaker 1", "Speaker 2"]
    assert stored(store, "captions.en.srt").startswith(b"1\n00:00:00,000 --> ")
    transcript = written.outcomes[0]
    assert transcript.summary["speakers"] == 2
    assert transcript.summary["confidence"] == 90.0
    assert [(call.service, call.units) for call in transcript.calls] == [("transcribe", 15)]


def test_a_second_try_answers_the_same() -> None:
    store, task = writing(TALK)
    first = CaptionWriter(store).write(task)
    store.delete("results", "results/f/transcript/j.json")
    assert CaptionWriter(store).write(task) == first


def test_silence_is_skipped_with_a_reason() -> None:
    store, task = writing(spoken(language_code="en-US"))
    written = CaptionWriter(store).write(task)
    (outcome,) = written.outcomes
    assert (outcome.status, outcome.reason) == (OutcomeStatus.SKIPPED, "No speech was found.")
    assert (written.text, written.language, written.characters, written.cues) == (
        None,
        None,
        0,
        None,
    )


@pytest.mark.parametrize("body", [b"not json", b"[]", b"{}"])
def test_what_is_no_transcript_fails_with_a_reason(body: bytes) -> None:
    store, task = writing(body)
    (outcome,) = CaptionWriter(store).write(task).outcomes
    assert outcome.status is OutcomeStatus.FAILED
    assert "transcript" in str(outcome.reason)


@pytest.mark.parametrize(
    ("results", "languages", "language"),
    [
        ({"language_code": "en-GB"}, [], "en"),
        ({"language_code": "zh-TW"}, [], "zh-TW"),
        ({"language_code": "zh-CN"}, [], "zh"),
        ({"language_codes": [{"language_code": "es-US"}, {"language_code": "en-US"}]}, [], "es"),
        ({}, ["fr-FR"], "fr"),
        ({}, ["fr-FR", "de-DE"], None),
    ],
)
def test_the_language_is_written_as_translate_does(
    results: dict[str, Any], languages: list[str], language: str | None
) -> None:
    store, task = writing(spoken(("spk_0", "Hello."), **results), languages=languages)
    written = CaptionWriter(store).write(task)
    assert written.language == language
    assert written.outcomes[1].feature == f"captions.{language or 'und'}"
