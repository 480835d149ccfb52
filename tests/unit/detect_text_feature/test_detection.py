"""One feature of a text of any length: limits, batches, checkpoints, merged results."""

import contextlib
import json
from collections import Counter

import pytest

from detect_text_feature.logic import TextFeatureDetector
from detect_text_feature.models import DetectTextFeatureTask
from tests.fakes.hooks import CrashAfter, CrashError, Hook
from tests.fakes.language import FakeLanguage
from tests.fakes.storage import FakeObjectStore
from windfall.contracts.base import S3Pointer
from windfall.contracts.features import TextFeature
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import TransientError, WorkContinuesError
from windfall.text.specifications import SPECIFICATIONS

LONG = "".join(f"Mary number {n} is good \U0001f600 and called {n:07}. " for n in range(8_000))
"""About 400 KB: 5 chunks of 100 KB, or 80 of 5 KB."""


def plenty() -> int:
    return 600_000


def detection(
    feature: str, text: str, hook: Hook | None = None, language: str | None = "en"
) -> tuple[FakeObjectStore, DetectTextFeatureTask]:
    store = FakeObjectStore(hook)
    pointer = store.drop("results", "results/f/text.txt", text.encode())
    task = DetectTextFeatureTask.model_validate(
        {
            "text": pointer.model_dump(),
            "language": language,
            "output": {"bucket": "results", "prefix": "results/f/"},
            "feature": {"feature": feature},
        }
    )
    return store, task


def result(store: FakeObjectStore, name: str) -> bytes:
    return store.read(S3Pointer(bucket="results", key=f"results/f/{name}"))


@pytest.mark.parametrize("feature", TextFeature)
def test_a_short_text_costs_one_call_and_no_parts(feature: TextFeature) -> None:
    store, task = detection(feature, "Mary is good. Call 555.")
    service = FakeLanguage()

    outcome = TextFeatureDetector(service, store).detect(task, plenty)

    assert outcome.status is OutcomeStatus.OK
    assert len(service.bought) == 1
    assert service.batches == []
    (call,) = outcome.calls
    assert (call.operation, call.count, call.units) == (SPECIFICATIONS[feature].operation, 1, 3)
    assert list(store.list("results", "results/f/parts/")) == []
    assert json.loads(result(store, f"{feature}.json"))


@pytest.mark.parametrize("feature", TextFeature)
def test_a_long_text_is_found_whole(feature: TextFeature) -> None:
    store, task = detection(feature, LONG)
    service = FakeLanguage()

    outcome = TextFeatureDetector(service, store).detect(task, plenty)

    raw = json.loads(result(store, f"{feature}.json"))
    entries = next(iter(raw.values())) if feature is not TextFeature.SENTIMENT else raw["Chunks"]
    for entry in entries:
        for found in entry.get("Mentions", [entry]):
            if "Text" in found:
                assert LONG[found["BeginOffset"] : found["EndOffset"]] == found["Text"]
    assert "".join(sorted(service.bought, key=LONG.index)) == LONG
    assert sum(call.count for call in outcome.calls) <= 6
    assert len(json.dumps(outcome.summary)) < 2_000


def test_sentiment_goes_in_batches_of_twenty_five() -> None:
    store, task = detection("sentiment", LONG)
    service = FakeLanguage()
    TextFeatureDetector(service, store).detect(task, plenty)
    assert max(service.batches) == 25
    assert len(service.batches) == -(-len(service.bought) // 25)


def test_pii_also_writes_the_text_without_it() -> None:
    text = "Call 5550142 or 5550143, please."
    store, task = detection("pii", text)
    outcome = TextFeatureDetector(FakeLanguage(), store).detect(task, plenty)
    assert result(store, "redacted.txt") == b"Call [PHONE] or [PHONE], please."
    assert outcome.summary == {"count": 2, "types": {"PHONE": 2}, "redacted": "redacted.txt"}


@pytest.mark.parametrize(
    ("feature", "language", "named"),
    [
        ("pii", "fr", "en, es"),
        ("syntax", "ja", "en, es, fr, de, it, pt"),
        ("sentiment", "sw", "zh"),
    ],
)
def test_a_language_that_comprehend_does_not_read_is_skipped_by_name(
    feature: str, language: str, named: str
) -> None:
    store, task = detection(feature, "Du texte.", language=language)
    service = FakeLanguage()
    outcome = TextFeatureDetector(service, store).detect(task, plenty)
    assert outcome.status is OutcomeStatus.SKIPPED
    assert named in str(outcome.reason)
    assert str(outcome.reason).endswith(f"the text is in {language}.")
    assert service.bought == []


def test_a_text_that_failed_in_its_batch_is_asked_for_alone() -> None:
    store, task = detection("sentiment", LONG)
    service = FakeLanguage(failing=lambda text: "number 500 " in text)
    outcome = TextFeatureDetector(service, store).detect(task, plenty)
    assert outcome.status is OutcomeStatus.OK
    assert sum(len(text) for text in service.bought) == len(LONG)


def test_when_time_runs_low_the_next_try_goes_on() -> None:
    store, task = detection("entities", LONG)
    service = FakeLanguage()
    detector = TextFeatureDetector(service, store)
    tries = 0
    while True:
        tries += 1
        try:
            outcome = detector.detect(task, lambda: 1_000)
            break
        except WorkContinuesError:
            assert tries < 20
    assert outcome.status is OutcomeStatus.OK
    assert tries > 2
    assert max(Counter(service.bought).values()) == 1


@pytest.mark.parametrize("feature", ["entities", "sentiment", "pii"])
def test_a_crash_after_any_write_buys_nothing_twice(feature: str) -> None:
    text = LONG[: 250_000 if feature != "sentiment" else 130_000]
    expected = None
    for step in range(12):
        hook = CrashAfter(step)
        store, task = detection(feature, text, hook)
        service = FakeLanguage()
        detector = TextFeatureDetector(service, store)
        with contextlib.suppress(CrashError):
            detector.detect(task, plenty)
        outcome = detector.detect(task, plenty)
        assert max(Counter(service.bought).values()) == 1, hook.crashed_at
        answer = result(store, f"{feature}.json"), outcome.summary, outcome.calls
        expected = expected or answer
        assert answer == expected


def test_a_finished_feature_is_not_found_again() -> None:
    store, task = detection("entities", "Mary.")
    service = FakeLanguage()
    detector = TextFeatureDetector(service, store)
    assert detector.detect(task, plenty) == detector.detect(task, plenty)
    assert len(service.bought) == 1


def test_parts_that_were_cut_otherwise_are_not_used() -> None:
    store, task = detection("entities", LONG)
    store.write("results", "results/f/parts/entities/000000.0-7.json", b"[]", "")
    outcome = TextFeatureDetector(FakeLanguage(), store).detect(task, plenty)
    assert outcome.summary["count"] == 8_000


class Busy(FakeLanguage):
    """Answers twice, then is busy."""

    def detect(self, feature: TextFeature, text: str, language: str) -> dict[str, object]:
        if len(self.bought) >= 2:
            raise TransientError("slow down")
        return super().detect(feature, text, language)


def test_a_busy_service_loses_nothing_that_was_bought() -> None:
    store, task = detection("entities", LONG)
    with pytest.raises(TransientError, match="slow down"):
        TextFeatureDetector(Busy(), store).detect(task, plenty)
    assert len(list(store.list("results", "results/f/parts/entities/"))) >= 2
