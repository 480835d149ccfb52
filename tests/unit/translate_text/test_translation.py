"""One text in one more language: limits, paragraphs, settings, checkpoints."""

import contextlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.hooks import CrashAfter, CrashError, Hook
from tests.fakes.storage import FakeObjectStore
from tests.fakes.translation import FakeTranslation
from translate_text.logic import TextTranslator
from translate_text.models import TranslateTextTask
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import WorkContinuesError

LONG = "".join(
    f"This is sentence {n}, more or less. {'' if n % 9 else chr(10) * 2}" for n in range(1500)
)


def plenty() -> int:
    return 600_000


def translation(
    text: str, hook: Hook | None = None, source: str | None = "en", **target: Any
) -> tuple[FakeObjectStore, TranslateTextTask]:
    store = FakeObjectStore(hook)
    pointer = store.drop("results", "results/f/text.txt", text.encode())
    task = TranslateTextTask.model_validate(
        {
            "text": pointer.model_dump(),
            "language": source,
            "output": {"bucket": "results", "prefix": "results/f/"},
            "target": {"language": "es", "max_characters": 1_000_000, **target},
        }
    )
    return store, task


def test_a_text_is_translated_with_its_settings() -> None:
    store, task = translation(
        "Good day.", terminologies=["trade"], formality="FORMAL", profanity="MASK"
    )
    service = FakeTranslation()

    outcome = TextTranslator(service, store).translate(task, plenty)

    assert outcome.feature == "translation.es"
    assert outcome.result is not None
    assert outcome.result.key == "results/f/translation.es.txt"
    assert store.read(outcome.result) == b"GOOD DAY."
    assert service.options == [
        {"terminologies": ["trade"], "formality": "FORMAL", "profanity": "MASK"}
    ]
    (call,) = outcome.calls
    assert (call.service, call.count, call.units) == ("translate", 1, 9)


def test_a_long_text_keeps_its_paragraphs() -> None:
    store, task = translation(LONG)
    service = FakeTranslation()
    outcome = TextTranslator(service, store).translate(task, plenty)
    assert outcome.result is not None
    assert store.read(outcome.result).decode() == LONG.upper()
    assert outcome.calls[0].count == len(service.bought) > 4


@given(
    st.text(alphabet=st.sampled_from("ab. \n\té文"), min_size=1, max_size=80), st.integers(1, 400)
)
@settings(max_examples=40)
def test_white_space_is_kept_whatever_the_service_drops(text: str, times: int) -> None:
    store, task = translation(text * times)
    outcome = TextTranslator(FakeTranslation(), store).translate(task, plenty)
    if not text.strip():
        assert outcome.status is OutcomeStatus.SKIPPED
    else:
        assert outcome.result is not None
        assert store.read(outcome.result).decode() == (text * times).upper()


def test_a_text_in_the_target_language_is_its_own_translation() -> None:
    store, task = translation("Buenos días.", source="es")
    service = FakeTranslation()
    outcome = TextTranslator(service, store).translate(task, plenty)
    assert outcome.status is OutcomeStatus.OK
    assert outcome.result == task.text
    assert outcome.summary == {"unchanged": True}
    assert outcome.calls == []
    assert service.bought == []


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"max_characters": 8}, OutcomeStatus.SKIPPED, "9 characters; the profile translates"),
        ({"source": None}, OutcomeStatus.SKIPPED, "could not be told"),
        ({"language": "sw"}, OutcomeStatus.SKIPPED, "not supported"),
        ({"terminologies": ["missing"]}, OutcomeStatus.FAILED, "no terminology"),
    ],
)
def test_what_can_not_be_translated_has_a_reason(
    changes: dict[str, Any], status: OutcomeStatus, reason: str
) -> None:
    store, task = translation("Good day.", **changes)
    outcome = TextTranslator(FakeTranslation(), store).translate(task, plenty)
    assert outcome.status is status
    assert reason in str(outcome.reason)


def test_when_time_runs_low_the_next_try_goes_on() -> None:
    store, task = translation(LONG)
    service = FakeTranslation()
    translator = TextTranslator(service, store)
    for _ in range(10):
        try:
            outcome = translator.translate(task, lambda: 1_000)
            break
        except WorkContinuesError:
            continue
    assert outcome.result is not None
    assert store.read(outcome.result).decode() == LONG.upper()
    assert max(Counter(service.bought).values()) == 1


def test_a_crash_after_any_write_buys_nothing_twice() -> None:
    for step in range(1, 10):
        hook = CrashAfter(step)
        store, task = translation(LONG, hook)
        service = FakeTranslation()
        translator = TextTranslator(service, store)
        with contextlib.suppress(CrashError):
            translator.translate(task, plenty)
        outcome = translator.translate(task, plenty)
        assert outcome.result is not None
        assert store.read(outcome.result).decode() == LONG.upper()
        assert max(Counter(service.bought).values()) == 1, hook.crashed_at
