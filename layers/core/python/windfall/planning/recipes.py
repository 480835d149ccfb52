"""What each paid feature of an analysis is made from: equal recipes for equal bytes, equal results.

A profile that changes makes another analysis of the same file. What is made from the same as
before need not be paid for again; this says what that is, and which files it comes with. Tables
and datasets are not here: all of their settings go into all of their results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from windfall.contracts.features import ImageFeature, TextFeature
from windfall.contracts.subject import Kind

if TYPE_CHECKING:
    from windfall.contracts.analysis import AnalysisInput
    from windfall.contracts.base import Contract
    from windfall.contracts.languages import LanguagePlan


class Recipe(NamedTuple):
    """One feature.

    Attributes:
        made_from: Its settings and those of all that it is made from.
        of: The feature whose result it reads; None where it reads the file itself.
        files: The names of its files; one that ends with a slash is a folder.
    """

    feature: str
    made_from: Sequence[Any]
    of: str | None
    files: Sequence[str]


def recipes_of(plan: AnalysisInput) -> list[Recipe]:
    """Each paid feature of a plan, after the one whose result it reads."""
    match plan.kind:
        case Kind.IMAGE:
            return list(_of_image(plan))
        case Kind.TEXT:
            return list(_of_text(plan, [], None))
        case Kind.AUDIO | Kind.VIDEO:
            return [*_of_pictures(plan), *_of_sound(plan)]
    return []


def _of_image(plan: AnalysisInput) -> Iterator[Recipe]:
    for planned in plan.features:
        name = planned.feature
        files = [f"{name}.json"]
        if name is ImageFeature.TEXT:
            files.append("found_text.txt")
        recipe = Recipe(name, [_said(planned)], None, files)
        yield recipe
        if name is ImageFeature.TEXT:
            yield from _of_text(plan, recipe.made_from, name)


def _of_text(plan: AnalysisInput, source: Sequence[Any], of: str | None) -> Iterator[Recipe]:
    if plan.text is None:
        return
    yield Recipe("language", source, of, ["language.json", "text.txt"])
    yield from _of_words(plan, source, "language")
    for target in plan.text.languages:
        translation, made_from = f"translation.{target.language}", _translated(source, target)
        yield Recipe(translation, made_from, "language", [f"{translation}.txt"])
        if target.speech is not None:
            speech = f"speech.{target.language}"
            files = [f"{speech}.mp3", f"{speech}.marks.jsonl"]
            yield Recipe(speech, [*made_from, _said(target.speech)], translation, files)


def _of_words(plan: AnalysisInput, source: Sequence[Any], of: str) -> Iterator[Recipe]:
    for planned in plan.text.features if plan.text is not None else ():
        files = [f"{planned.feature}.json"]
        if planned.feature is TextFeature.PII:
            files.append("redacted.txt")
        yield Recipe(planned.feature, [*source, _said(planned)], of, files)


def _of_pictures(plan: AnalysisInput) -> Iterator[Recipe]:
    for planned in plan.video.features if plan.video is not None else ():
        name = planned.feature
        yield Recipe(name, [_said(planned)], None, [f"{name}.json", f"{name}/"])


def _of_sound(plan: AnalysisInput) -> Iterator[Recipe]:
    if plan.audio is None:
        return
    source = [_said(plan.audio)]
    yield Recipe("transcript", source, None, ["transcript/", "text.txt", "cues.json"])
    yield from _of_words(plan, source, "transcript")
    for target in plan.text.languages if plan.text is not None else ():
        code, made_from = target.language, _translated(source, target)
        translation = f"translation.{code}"
        files = [f"{translation}.txt", f"cues.{code}.json"]
        yield Recipe(translation, made_from, "transcript", files)
        if target.speech is not None:
            files = [f"dubbed.{code}.mp3", f"dubbed.{code}.timing.json"]
            spoken = [*made_from, _said(target.speech)]
            yield Recipe(f"dubbed.{code}", spoken, translation, files)


def _translated(source: Sequence[Any], target: LanguagePlan) -> Sequence[Any]:
    return [*source, target.model_dump(mode="json", exclude={"speech"})]


def _said(settings: Contract) -> dict[str, Any]:
    return settings.model_dump(mode="json")
