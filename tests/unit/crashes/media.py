"""Functions on pictures and recordings, killed at each step."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

from detect_image_feature.logic import ImageFeatureDetector
from dub_audio.logic import AudioDubber
from tests.fakes.leases import FakeLeaseTable
from tests.fakes.recordings import encode, tone
from tests.fakes.speech import FakeSpeech
from tests.fakes.storage import FakeObjectStore
from tests.fakes.translation import FakeTranslation
from tests.fakes.vision import FakeVision
from tests.unit.await_slot.test_waiting import Stage as WaitingStage
from tests.unit.convert_media.test_conversion import Stage as ConvertingStage
from tests.unit.crashes.asking_once import By, claimed, nobody
from tests.unit.crashes.dying import Scenario
from tests.unit.detect_image_feature.test_detection import ANSWERS
from tests.unit.detect_image_feature.test_detection import task as image_task
from tests.unit.dub_audio.test_dubbing import CUES, dubbing
from tests.unit.reconcile_jobs.test_executions import Stage as ExecutionsStage
from tests.unit.reconcile_jobs.test_reconciliation import DONE
from tests.unit.reconcile_jobs.test_reconciliation import Stage as ReconcilingStage
from tests.unit.reconcile_jobs.test_slots import Stage as SlotsStage
from tests.unit.resume_job.test_resuming import DONE as TRANSCRIBED
from tests.unit.resume_job.test_resuming import Stage as ResumingStage
from tests.unit.resume_job.test_resuming import event
from tests.unit.transcribe_audio.test_transcription import NOW
from tests.unit.transcribe_audio.test_transcription import Stage as TranscribingStage
from tests.unit.transcribe_audio.test_transcription import task as recording
from tests.unit.translate_captions.test_translation import CUES as SAID
from tests.unit.translate_captions.test_translation import translation
from tests.unit.write_captions.test_writing import TALK, writing
from transcribe_audio.logic import AudioTranscriber
from translate_captions.logic import CaptionTranslator
from windfall.contracts.jobs import JobId
from windfall.governor import Governor
from windfall.rendezvous import Rendezvous
from write_captions.logic import CaptionWriter

PLENTY = 600_000


def detect_image_feature(by: By = nobody) -> Scenario:
    """Text of a picture, which is kept as a text too."""
    store, vision = FakeObjectStore(), FakeVision(ANSWERS)
    detector = ImageFeatureDetector(vision, store)
    return Scenario(
        run=lambda _: detector.detect(claimed(image_task("text"), by)),
        world=[store, vision],
        paid=lambda: vision.bought,
        may_repeat=1,
    )


def convert_media() -> Scenario:
    """A working copy."""
    stage = ConvertingStage(encode("wav", tone(0.5)))
    return Scenario(
        run=lambda _: stage.convert("wav", "sound"),
        world=[stage.store],
        unwatched=frozenset({"read_range"}),
    )


def transcribe_audio() -> Scenario:
    """A job with a name, and a slot."""
    stage, leases = TranscribingStage(), FakeLeaseTable(limit=1)
    governor = Governor(leases, stage.tokens, clock=lambda: NOW)
    rendezvous = Rendezvous(stage.table, stage.tokens, lambda: NOW, governor)
    transcriber = AudioTranscriber(stage.service, rendezvous, stage.store, "windfall-results")
    return Scenario(
        run=lambda _: transcriber.begin(recording()),
        world=[stage.table, stage.tokens, stage.service, stage.store, leases],
        paid=lambda: list(stage.service.requests),
        seen=lambda: (
            stage.table.rows,
            stage.table.due,
            [lease.holder for lease in leases.leases["transcribe"].values()],
        ),
    )


def await_slot() -> Scenario:
    """Wait, while both slots are held."""
    stage = WaitingStage()
    stage.take("a")
    stage.take("b")
    return Scenario(
        run=lambda _: stage.wait("c", 1),
        world=[stage.leases, stage.tokens],
        seen=lambda: (stage.holders, stage.leases.look("transcribe").waiters, stage.tokens.told),
    )


def resume_job() -> Scenario:
    """A job ended."""
    stage = ResumingStage(TRANSCRIBED)
    return Scenario(
        run=lambda _: stage.resumer.resume(event("completed")),
        world=[stage.table, stage.tokens, stage.service],
        seen=lambda: (stage.table.rows, stage.table.due, stage.tokens.told),
    )


def reconcile_jobs() -> Scenario:
    """Two events were lost."""
    stage = ReconcilingStage()
    stage.park("a", ending=DONE)
    stage.park("b", ending=DONE)

    def run(_: int) -> None:
        stage.reconciler.reconcile()

    return Scenario(
        run=run,
        world=[stage.table, stage.tokens, stage.service],
        seen=lambda: (stage.table.rows, stage.table.due, stage.tokens.told, stage.broken),
    )


def reconcile_slots() -> Scenario:
    """The quota grew, and somebody waits."""
    stage = SlotsStage()
    stage.quotas.limits["transcribe"] = 2

    def run(delivery: int) -> set[str]:
        if "b" in stage.tokens.told:  # and has begun by now
            governor = Governor(stage.leases, stage.tokens, clock=lambda: stage.now)
            governor.take(JobId("transcribe", "results-b"), "y", timedelta(minutes=30))
        return stage.reconcile(later=timedelta(minutes=5 * delivery))

    return Scenario(
        run=run,
        world=[stage.leases, stage.quotas, stage.tokens, stage.table, stage.service, stage.census],
        seen=lambda: (set(stage.tokens.told), stage.leases.look("transcribe").waiters),
    )


def reconcile_executions() -> Scenario:
    """Two executions broke off; each may be told again."""
    stage = ExecutionsStage()
    return Scenario(
        run=lambda _: stage.reconciler.reconcile(timedelta(minutes=20)),
        world=[stage.executions, stage.failures],
        seen=lambda: set(stage.told()),
    )


def write_captions() -> Scenario:
    """A transcript becomes text and captions."""
    store, task = writing(TALK, seconds=6.0)
    return Scenario(run=lambda _: CaptionWriter(store).write(task), world=[store])


def translate_captions(by: By = nobody) -> Scenario:
    """Captions in one more language."""
    store, task = translation(SAID)
    service = FakeTranslation()
    translator = CaptionTranslator(service, store)
    return Scenario(
        run=lambda _: translator.translate(claimed(task, by), lambda: PLENTY),
        world=[store, service],
        paid=lambda: service.bought,
        may_repeat=1,
    )


def dub_audio(by: By = nobody) -> Scenario:
    """Each cue is spoken, and kept."""
    store, task = dubbing(CUES)
    service = FakeSpeech()
    dubber = AudioDubber(service, store)
    return Scenario(
        run=lambda _: dubber.dub(claimed(task, by), lambda: PLENTY),
        world=[store, service],
        paid=lambda: [json.dumps(one) for one in service.bought],
        may_repeat=8,
    )


SCENARIOS: dict[str, list[Callable[[], Scenario]]] = {
    "detect_image_feature": [detect_image_feature],
    "convert_media": [convert_media],
    "transcribe_audio": [transcribe_audio],
    "await_slot": [await_slot],
    "resume_job": [resume_job],
    "reconcile_jobs": [reconcile_jobs, reconcile_slots, reconcile_executions],
    "write_captions": [write_captions],
    "translate_captions": [translate_captions],
    "dub_audio": [dub_audio],
}
