"""The captions of one recording in one more language: whole sentences, times, checkpoints."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

import srt
import webvtt

from tests.fakes.hooks import CrashAfter, CrashError, Hook
from tests.fakes.storage import FakeObjectStore
from tests.fakes.translation import FakeTranslation
from translate_captions.logic import CaptionTranslator
from translate_captions.models import TranslateCaptionsTask
from windfall.captions.cues import Cue, CueList
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import WorkContinuesError
from windfall.ports.analysis_services import Translated

CUES = [
    Cue(start=0, end=2_000, text="He had counted", speaker="spk_0"),
    Cue(start=2_100, end=4_000, text="the boats.", speaker="spk_0"),
    Cue(start=5_000, end=6_000, text="All of them?", speaker="spk_1"),
]
LONG = [
    Cue(start=n * 4_000, end=n * 4_000 + 3_500, text=f"This is sentence number {n}, more or less.")
    for n in range(400)
]


def plenty() -> int:
    return 600_000


def translation(
    cues: list[Cue], hook: Hook | None = None, **target: Any
) -> tuple[FakeObjectStore, TranslateCaptionsTask]:
    store = FakeObjectStore(hook)
    body = CueList(language="en", cues=cues).model_dump_json().encode()
    task = {
        "cues": store.drop("results", "results/f/cues.json", body).model_dump(),
        "language": "en",
        "output": {"bucket": "results", "prefix": "results/f/"},
        "target": {"language": "es", "max_characters": 1_000_000, **target},
    }
    return store, TranslateCaptionsTask.model_validate(task)


def stored(store: FakeObjectStore, name: str) -> str:
    return store.read(S3Pointer(bucket="results", key=f"results/f/{name}")).decode()


def test_a_sentence_is_translated_whole_and_keeps_its_cues() -> None:
    store, task = translation(CUES, terminologies=["trade"])
    service = FakeTranslation()

    translated = CaptionTranslator(service, store).translate(task, plenty)

    assert service.bought == ["He had counted the boats.\nAll of them?"]
    assert service.options[0]["terminologies"] == ["trade"]
    cues = CueList.model_validate_json(stored(store, "cues.es.json"))
    assert cues.language == "es"
    assert [(cue.start, cue.end, cue.speaker) for cue in cues.cues] == [
        (cue.start, cue.end, cue.speaker) for cue in CUES
    ]
    assert [cue.text for cue in cues.cues] == ["HE HAD COUNTED", "THE BOATS.", "ALL OF THEM?"]
    assert stored(store, "translation.es.txt") == "HE HAD COUNTED THE BOATS.\n\nALL OF THEM?"
    assert len(webvtt.from_string(stored(store, "captions.es.vtt"))) == 3
    assert len(list(srt.parse(stored(store, "captions.es.srt")))) == 3
    assert [one.feature for one in translated.outcomes] == ["translation.es", "captions.es"]
    assert translated.cues is not None
    assert translated.cues.key == "results/f/cues.es.json"
    assert translated.outcomes[0].calls[0].units == len(service.bought[0])


class Joining(FakeTranslation):
    """Puts lines together, as a service may."""

    def translate(self, text: str, source: str, target: str, **options: Any) -> Translated:
        found = super().translate(text, source, target, **options)
        return Translated(found.text.replace("\n", " "), found.source_language)


def test_sentences_that_come_back_as_one_are_asked_for_one_by_one() -> None:
    store, task = translation(CUES)
    translated = CaptionTranslator(Joining(), store).translate(task, plenty)
    assert stored(store, "translation.es.txt") == "HE HAD COUNTED THE BOATS.\n\nALL OF THEM?"
    assert translated.outcomes[0].calls[0].count == 3


def test_a_language_that_is_not_known_is_skipped_twice() -> None:
    store, task = translation(CUES, language="xx")
    translated = CaptionTranslator(FakeTranslation(), store).translate(task, plenty)
    assert [(one.feature, one.status) for one in translated.outcomes] == [
        ("translation.xx", OutcomeStatus.SKIPPED),
        ("captions.xx", OutcomeStatus.SKIPPED),
    ]
    assert translated.cues is None


def test_captions_that_are_too_long_are_skipped() -> None:
    store, task = translation(CUES, max_characters=10)
    translated = CaptionTranslator(FakeTranslation(), store).translate(task, plenty)
    assert "languages.max_characters" in str(translated.outcomes[0].reason)


def test_long_captions_go_on_where_time_ran_out_and_buy_nothing_twice() -> None:
    store, task = translation(LONG)
    service = FakeTranslation()
    translator = CaptionTranslator(service, store)
    for _ in range(10):
        try:
            translator.translate(task, lambda: 1_000)
            break
        except WorkContinuesError:
            continue
    assert max(Counter(service.bought).values()) == 1
    assert len(service.bought) > 3
    cues = CueList.model_validate_json(stored(store, "cues.es.json"))
    assert [cue.text for cue in cues.cues] == [cue.text.upper() for cue in LONG]
    assert [cue.start for cue in cues.cues] == [cue.start for cue in LONG]


def test_a_crash_after_any_write_buys_nothing_twice() -> None:
    for step in range(1, 12):
        store, task = translation(LONG, CrashAfter(step))
        service = FakeTranslation()
        with contextlib.suppress(CrashError):
            CaptionTranslator(service, store).translate(task, plenty)
        CaptionTranslator(service, store).translate(task, plenty)
        assert max(Counter(service.bought).values()) == 1
        assert len(CueList.model_validate_json(stored(store, "cues.es.json")).cues) == len(LONG)
