"""Functions on texts, killed at each step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from detect_text_feature.logic import TextFeatureDetector
from prepare_text.logic import TextPreparer
from synthesize_speech.logic import SpeechSynthesizer
from tests.fakes.language import FakeLanguage
from tests.fakes.speech import FakeSpeech
from tests.fakes.storage import FakeObjectStore
from tests.fakes.translation import FakeTranslation
from tests.unit.crashes.asking_once import By, claimed, nobody
from tests.unit.crashes.dying import Scenario
from tests.unit.detect_text_feature.test_detection import detection
from tests.unit.join_speech.test_joining import Stage as JoiningStage
from tests.unit.narrate_text.test_narrating import Stage as NarratingStage
from tests.unit.prepare_text.test_preparation import prepared_task
from tests.unit.record_translations.test_recording import BAD, good
from tests.unit.record_translations.test_recording import Stage as RecordingStage
from tests.unit.synthesize_speech.test_synthesis import synthesis
from tests.unit.translate_folder.test_folders import Stage as FolderStage
from tests.unit.translate_text.test_translation import translation
from translate_text.logic import TextTranslator

PLENTY = 600_000
_WORKERS = 4
"""Calls that a function makes side by side."""
LETTER = "Mary is good. Call 555 \N{EM DASH} or write to Mary."
LONG = "".join(f"Mary number {n} is good and called {n:07}. " for n in range(700))
"""Some 30 kB: seven pieces of a batch."""


def prepare_text(by: By = nobody) -> Scenario:
    """A text whose language is told."""
    store, language = FakeObjectStore(), FakeLanguage("es")
    task = prepared_task(store, b"# El ni\xc3\xb1o\n\nCome *bien*.", "md")
    preparer = TextPreparer(language, store)
    return Scenario(
        run=lambda _: preparer.prepare(claimed(task, by)),
        world=[store, language],
        paid=lambda: language.bought,
        may_repeat=1,
    )


def detect_short(by: By = nobody) -> Scenario:
    """One call, and personal data that is covered."""
    store, task = detection("pii", LETTER)
    language = FakeLanguage()
    detector = TextFeatureDetector(language, store)
    return Scenario(
        run=lambda _: detector.detect(claimed(task, by), lambda: PLENTY),
        world=[store, language],
        paid=lambda: language.bought,
        may_repeat=1,
    )


def detect_long(by: By = nobody) -> Scenario:
    """Pieces in batches, each of which is kept."""
    store, task = detection("sentiment", LONG * 8)
    language = FakeLanguage()
    detector = TextFeatureDetector(language, store)
    return Scenario(
        run=lambda _: detector.detect(claimed(task, by), lambda: PLENTY),
        world=[store, language],
        paid=lambda: language.batches,
        may_repeat=_WORKERS,
    )


def translate_text(by: By = nobody) -> Scenario:
    """A text of several requests."""
    store, task = translation(LONG)
    service = FakeTranslation()
    translator = TextTranslator(service, store)
    return Scenario(
        run=lambda _: translator.translate(claimed(task, by), lambda: PLENTY),
        world=[store, service],
        paid=lambda: service.bought,
        may_repeat=_WORKERS,
    )


def synthesize_speech(by: By = nobody) -> Scenario:
    """Sound and marks of a short text."""
    store, task = synthesis("Hola & adi\N{LATIN SMALL LETTER O WITH ACUTE}s. Bien.")
    service = FakeSpeech()
    synthesizer = SpeechSynthesizer(service, store)
    return Scenario(
        run=lambda _: synthesizer.synthesize(claimed(task, by)),
        world=[store, service],
        paid=lambda: service.bought,
        may_repeat=2,
    )


def plan_narrations() -> Scenario:
    """A long text becomes what is to be narrated."""
    store, task = synthesis(LONG)
    service = FakeSpeech()
    synthesizer = SpeechSynthesizer(service, store)
    return Scenario(
        run=lambda _: synthesizer.synthesize(task),
        world=[store, service],
        paid=lambda: service.bought,
    )


def narrate_text() -> Scenario:
    """A task of Polly, which has no name of its own."""
    stage = NarratingStage()

    def run(delivery: int) -> str:
        stage.now += timedelta(hours=1)
        return stage.begin(f"token-{delivery}")

    return Scenario(
        run=run,
        world=[stage.table, stage.tokens, stage.store, stage.tasks],
        paid=lambda: [request.output.key for request in stage.tasks.started],
        seen=lambda: [(job.name, row.handle) for job, row in stage.table.rows.items()],
    )


def join_speech() -> Scenario:
    """Narrations become one sound."""
    stage = JoiningStage(LONG[:7_000])
    return Scenario(run=lambda _: stage.join(), world=[stage.store])


def translate_folder() -> Scenario:
    """A batch job under one token."""
    stage = FolderStage()
    return Scenario(
        run=lambda _: stage.begin(),
        world=[stage.table, stage.tokens, stage.service],
        paid=lambda: sorted({request.name for request in stage.service.requests}),
        seen=lambda: stage.table.rows,
    )


def record_translations() -> Scenario:
    """What became of a folder is written and told; it may be told twice."""
    stage = RecordingStage(good("one.txt"), BAD)
    return Scenario(
        run=lambda _: stage.record(),
        world=[stage.store, stage.bus],
        seen=lambda: {repr(one) for one in stage.bus.folders},
    )


SCENARIOS: dict[str, list[Callable[[], Scenario]]] = {
    "translate_folder": [translate_folder],
    "record_translations": [record_translations],
    "prepare_text": [prepare_text],
    "detect_text_feature": [detect_short, detect_long],
    "translate_text": [translate_text],
    "synthesize_speech": [synthesize_speech, plan_narrations],
    "narrate_text": [narrate_text],
    "join_speech": [join_speech],
}
