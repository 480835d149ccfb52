"""From a profile and what overrides it to a plan."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pydantic import ValidationError

from windfall.contracts.analysis import TextPlan
from windfall.contracts.audio import AudioPlan
from windfall.contracts.base import LANGUAGE_CODE, problems_of
from windfall.contracts.features import (
    ImageFeature,
    PlannedFeature,
    PlannedTextFeature,
    PlannedVideoFeature,
    TextFeature,
    VideoFeature,
)
from windfall.contracts.languages import LanguagePlan, SpeechPlan
from windfall.contracts.subject import Kind, SkippedFeature
from windfall.contracts.training import TrainProfile
from windfall.contracts.video import VideoPlan
from windfall.errors import InvalidInputError

if TYPE_CHECKING:
    from windfall.contracts.profile import Profile
    from windfall.contracts.table import TablePlan
    from windfall.planning.profiles import Overrides
    from windfall.preflight.inspection import Inspection

_Item = TypeVar("_Item")
_Feature = TypeVar("_Feature", ImageFeature, VideoFeature)

_VIDEO_WITH_CONFIDENCE = frozenset({VideoFeature.LABELS, VideoFeature.MODERATION})
_WITH_CONFIDENCE = frozenset(
    {ImageFeature.LABELS, ImageFeature.MODERATION, ImageFeature.PROTECTIVE_EQUIPMENT}
)


class Plan(NamedTuple):
    """What is done with a file."""

    features: list[PlannedFeature]
    text: TextPlan | None
    audio: AudioPlan | None = None
    video: VideoPlan | None = None
    skipped: Sequence[SkippedFeature] = ()
    table: TablePlan | None = None
    training: TrainProfile | None = None


def training_of(profile: Profile, overrides: Overrides) -> TrainProfile:
    """What is trained on a table: the profile's section, and what the object's metadata changes.

    Raises:
        InvalidInputError: The metadata is no JSON object, or does not fit the section.
    """
    section = profile.table.train if profile.table is not None else None
    if overrides.train is None:
        return section or TrainProfile()
    try:
        given = json.loads(overrides.train)
        said = {} if section is None else section.model_dump(mode="json", exclude_unset=True)
        return TrainProfile.model_validate({**said, **given})
    except ValidationError as error:
        problem = problems_of(error)
    except (ValueError, TypeError, RecursionError):
        problem = "it is no JSON object"
    raise InvalidInputError(f"The object's metadata windfall-train is wrong: {problem}.")


def plan_for(kind: Kind, profile: Profile, overrides: Overrides) -> Plan:
    """The plan for a kind of file; that of a table is made by `windfall.planning.tables`.

    Raises:
        InvalidInputError: An override names something that does not exist or does not fit.
    """
    targets = _targets(profile, overrides)
    image_features, video_features, text_features = _features(profile, overrides)
    text = TextPlan(
        features=[PlannedTextFeature(feature=feature) for feature in text_features],
        languages=[_language(language, profile) for language in targets],
    )
    if kind is Kind.TEXT:
        return Plan([], text)
    if kind is Kind.AUDIO:
        return Plan([], text, AudioPlan.model_validate(profile.audio.model_dump()))
    if kind is Kind.VIDEO:
        return _video_plan(video_features, text, profile)
    if not image_features:
        raise InvalidInputError("None of the features asked for is one of images.")
    reads_on = profile.image.read_text and ImageFeature.TEXT in image_features
    planned = [_planned(feature, profile) for feature in image_features]
    return Plan(planned, text if reads_on and (text.features or text.languages) else None)


def fitted(plan: Plan, inspection: Inspection) -> Plan:
    """The plan without what can't be found in this file, which is told as skipped."""
    if plan.video is None:
        return plan
    if inspection.no_sound is not None and plan.audio is not None:
        skipped = [SkippedFeature(feature="transcript", reason=inspection.no_sound)]
        plan = plan._replace(text=None, audio=None, skipped=skipped)
    if inspection.no_pictures is not None and plan.video is not None:
        skipped = [
            SkippedFeature(feature=planned.feature, reason=inspection.no_pictures)
            for planned in plan.video.features
        ]
        video = plan.video.model_copy(update={"features": []})
        plan = plan._replace(video=video, skipped=[*plan.skipped, *skipped])
    return plan


def _video_plan(features: Sequence[VideoFeature], text: TextPlan, profile: Profile) -> Plan:
    chosen = profile.video
    planned = [
        PlannedVideoFeature(
            feature=feature,
            min_confidence=chosen.min_confidence if feature in _VIDEO_WITH_CONFIDENCE else None,
            collection=_collection(feature, chosen.known_faces),
        )
        for feature in features
    ]
    video = VideoPlan(features=planned, thumbnails=chosen.thumbnails)
    if not chosen.sound:
        return Plan([], None, video=video)
    return Plan([], text, AudioPlan.model_validate(profile.audio.model_dump()), video)


def _features(
    profile: Profile, overrides: Overrides
) -> tuple[Sequence[ImageFeature], Sequence[VideoFeature], Sequence[TextFeature]]:
    """Features of each kind; who names only those of pictures leaves texts to the profile."""
    named = overrides.features
    if named is None:
        return (
            _unique([*profile.image.features, *_known(ImageFeature, profile.image.known_faces)]),
            _unique([*profile.video.features, *_known(VideoFeature, profile.video.known_faces)]),
            _unique(profile.text.features),
        )
    unknown = set(named) - {*ImageFeature, *VideoFeature, *TextFeature}
    if unknown:
        known = ", ".join(dict.fromkeys([*ImageFeature, *VideoFeature, *TextFeature]))
        names = ", ".join(sorted(unknown))
        raise InvalidInputError(
            f"{overrides.source} asks for features that do not exist: {names}. There are: {known}."
        )
    images = _unique([ImageFeature(name) for name in named if name in set(ImageFeature)])
    videos = _unique([VideoFeature(name) for name in named if name in set(VideoFeature)])
    texts = _unique([TextFeature(name) for name in named if name in set(TextFeature)])
    if not texts and (images or videos):
        texts = _unique(profile.text.features)
    return images, videos, texts


def _targets(profile: Profile, overrides: Overrides) -> list[str]:
    if overrides.targets is None:
        return _unique(profile.languages.targets)
    wrong = [target for target in overrides.targets if not re.fullmatch(LANGUAGE_CODE, target)]
    if wrong:
        raise InvalidInputError(
            f"{overrides.source} names target languages that are no language codes: "
            f"{', '.join(map(repr, wrong))}."
        )
    return _unique(overrides.targets)


def _planned(feature: ImageFeature, profile: Profile) -> PlannedFeature:
    confidence = profile.image.min_confidence if feature in _WITH_CONFIDENCE else None
    collection = _collection(feature, profile.image.known_faces)
    return PlannedFeature(feature=feature, min_confidence=confidence, collection=collection)


def _known(features: type[_Feature], collection: str | None) -> list[_Feature]:
    """Who names a collection wants its faces found."""
    return [] if collection is None else [features("known_faces")]


def _collection(feature: ImageFeature | VideoFeature, collection: str | None) -> str | None:
    if feature not in {ImageFeature.KNOWN_FACES, VideoFeature.KNOWN_FACES}:
        return None
    if collection is None:
        raise InvalidInputError(
            "known_faces is asked for, and the profile names no collection in known_faces."
        )
    return collection


def _language(language: str, profile: Profile) -> LanguagePlan:
    chosen, speech = profile.languages, profile.speech
    voice = _for_language(language, speech.voices)
    speakers = speech.speaker_voices
    return LanguagePlan(
        language=language,
        terminologies=list(chosen.terminologies),
        formality=chosen.formality,
        profanity=chosen.profanity,
        max_characters=chosen.max_characters,
        speech=None
        if voice is None
        else SpeechPlan(
            voice=voice.voice,
            engine=voice.engine,
            lexicons=list(speech.lexicons),
            max_characters=speech.max_characters,
            speaker_voices=list(
                speakers.get(language) or speakers.get(language.partition("-")[0], [])
            ),
        ),
    )


def _for_language(language: str, chosen: Mapping[str, _Item]) -> _Item | None:
    """What is chosen for a language, else for the language without its region."""
    return chosen.get(language) or chosen.get(language.partition("-")[0])


def _unique(items: Sequence[_Item]) -> list[_Item]:
    return list(dict.fromkeys(items))
