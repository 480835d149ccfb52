"""What the features of a text cost, be it a file's own, one in a picture, or a transcript."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from windfall.contracts.outcome import ServiceCall
from windfall.estimating.rates import TAKES, TRANSLATION
from windfall.metering import comprehend_units
from windfall.text.specifications import SPECIFICATIONS

if TYPE_CHECKING:
    from windfall.contracts.analysis import TextPlan
    from windfall.contracts.languages import LanguagePlan

_LANGUAGE_SAMPLE = 5_000
"""Characters by which prepare_text has the language told."""


class Text(NamedTuple):
    """A text as far as it is known.

    Attributes:
        language: As Translate writes it; None when it can't be told before it is analyzed.
    """

    characters: int
    language: str | None


class Reckoned(NamedTuple):
    """The calls of one feature.

    Attributes:
        note: Why there are none, or why they have no price.
        is_rough: They are no count and no mean, but a job's seconds that nobody knows beforehand.
    """

    feature: str
    calls: Sequence[ServiceCall] = ()
    note: str | None = None
    is_rough: bool = False


def assumed_language(plan: TextPlan) -> str | None:
    """The language of what is not read yet.

    Who translates into two languages or more has files in one of them, as a rule, and wants the
    others; who translates into one has files in another.
    """
    targets = [target.language for target in plan.languages]
    return targets[0] if len(targets) > 1 else None


def features_of_text(plan: TextPlan, text: Text) -> Iterator[Reckoned]:
    """The features of a text that is read."""
    if not text.characters:
        yield Reckoned("language", note="no text")
        return
    yield Reckoned(
        "language", [_comprehend("DetectDominantLanguage", min(text.characters, _LANGUAGE_SAMPLE))]
    )
    yield from _detected(plan, text)
    for target in plan.languages:
        translation, length = _translated(target, text)
        yield translation
        if target.speech is not None and length:
            yield _spoken(target, length)


def features_of_speech(plan: TextPlan, text: Text) -> Iterator[Reckoned]:
    """The features of a transcript; the language that is spoken is not rendered again."""
    yield from _detected(plan, text)
    for target in plan.languages:
        if target.language == text.language:
            continue
        translation, length = _translated(target, text)
        yield translation
        if target.speech is not None and length:
            yield _dubbed(target, length)


def _detected(plan: TextPlan, text: Text) -> Iterator[Reckoned]:
    for planned in plan.features:
        specification = SPECIFICATIONS[planned.feature]
        if text.language is not None and text.language not in specification.languages:
            yield Reckoned(planned.feature, note=f"Comprehend does not find it in {text.language}")
        else:
            call = _comprehend(specification.operation, text.characters)
            yield Reckoned(planned.feature, [call])


def _comprehend(operation: str, characters: int) -> ServiceCall:
    units = comprehend_units(characters)
    return ServiceCall(service="comprehend", operation=operation, count=1, units=units)


def _translated(target: LanguagePlan, text: Text) -> tuple[Reckoned, int]:
    """The translation, and how long it is; nothing when it is not made."""
    feature = f"translation.{target.language}"
    if target.language == text.language:
        return Reckoned(feature, note="the text is in that language"), text.characters
    if text.characters > target.max_characters:
        return Reckoned(feature, note="longer than languages.max_characters"), 0
    call = ServiceCall(
        service="translate", operation="TranslateText", count=1, units=text.characters
    )
    return Reckoned(feature, [call]), round(TRANSLATION.value * text.characters)


def _spoken(target: LanguagePlan, characters: int) -> Reckoned:
    """Sound and marks, each billed."""
    return _said(f"speech.{target.language}", target, characters, times=2)


def _dubbed(target: LanguagePlan, characters: int) -> Reckoned:
    return _said(f"dubbed.{target.language}", target, characters, times=TAKES.value)


def _said(feature: str, target: LanguagePlan, characters: int, *, times: float) -> Reckoned:
    speech = target.speech
    if speech is None or characters > speech.max_characters:
        return Reckoned(feature, note="longer than speech.max_characters")
    call = ServiceCall(
        service="polly",
        operation="SynthesizeSpeech",
        variant=speech.engine,
        count=1,
        units=round(times * characters),
    )
    return Reckoned(feature, [call])
