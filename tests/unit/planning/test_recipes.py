"""Recipes: what a change of settings leaves as it was."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.contracts.features import ImageFeature, TextFeature, VideoFeature
from windfall.contracts.profile import Profile
from windfall.contracts.subject import FileIdentity, Kind
from windfall.planning.plans import plan_for
from windfall.planning.profiles import Overrides
from windfall.planning.recipes import recipes_of

SPANISH = {"targets": ["es"]}
SPOKEN = {"voices": {"es": {"voice": "Lupe"}}}


def plan(kind: Kind, **profile: Any) -> AnalysisInput:
    """What admission makes of a profile."""
    made = plan_for(kind, Profile.model_validate(profile), Overrides())
    return AnalysisInput(
        analysis_id="a" * 40,
        attempt=1,
        kind=kind,
        profile="default",
        received="2026-11-23T14:00:00Z",
        file=FileIdentity(
            file_id="f" * 40,
            bucket="inbox",
            key="a",
            size=1,
            format="x",
            media_type="x/x",
            content_sha256="c" * 64,
        ),
        source=S3Pointer(bucket="inbox", key="a"),
        output=OutputLocation(bucket="results", prefix="results/a/"),
        features=made.features,
        text=made.text,
        audio=made.audio,
        video=made.video,
    )


def changed(kind: Kind, before: dict[str, Any], now: dict[str, Any]) -> set[str]:
    """The features that are to be found again, or for the first time."""
    known = recipes_of(plan(kind, **before))
    return {recipe.feature for recipe in recipes_of(plan(kind, **now)) if recipe not in known}


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.TEXT, Kind.AUDIO, Kind.VIDEO])
def test_the_same_settings_make_the_same_and_each_follows_what_it_reads(kind: Kind) -> None:
    profile = {"languages": SPANISH, "speech": SPOKEN}
    assert changed(kind, profile, profile) == set()
    seen: set[str] = set()
    for recipe in recipes_of(plan(kind, **profile)):
        assert recipe.of is None or recipe.of in seen
        seen.add(recipe.feature)
    assert "translation.es" in seen


@pytest.mark.parametrize(
    ("kind", "features"),
    [(Kind.IMAGE, ImageFeature), (Kind.VIDEO, VideoFeature), (Kind.TEXT, TextFeature),
     (Kind.AUDIO, TextFeature)],
)  # fmt: skip
def test_every_feature_there_is_has_a_recipe(kind: Kind, features: type[StrEnum]) -> None:
    section = "text" if kind is Kind.AUDIO else kind.value
    known = {} if section == "text" else {"known_faces": "our-people"}
    found = recipes_of(plan(kind, **{section: {"features": list(features), **known}}))
    assert {recipe.feature for recipe in found} >= set(features)


@pytest.mark.parametrize(
    ("kind", "before", "now", "found"),
    [
        (Kind.TEXT, {"text": {"features": ["pii"]}}, {"text": {"features": ["pii", "syntax"]}},
         {"syntax"}),
        (Kind.TEXT, {"languages": SPANISH}, {"languages": {"targets": ["es", "fr"]}},
         {"translation.fr"}),
        (Kind.TEXT, {"languages": SPANISH, "speech": SPOKEN},
         {"languages": SPANISH, "speech": {"voices": {"es": {"voice": "Mia"}}}}, {"speech.es"}),
        (Kind.TEXT, {"languages": SPANISH, "speech": SPOKEN},
         {"languages": SPANISH | {"formality": "FORMAL"}, "speech": SPOKEN},
         {"translation.es", "speech.es"}),
        (Kind.IMAGE, {"image": {"features": ["labels", "faces"], "min_confidence": 50}},
         {"image": {"features": ["labels", "faces"], "min_confidence": 60}}, {"labels"}),
        (Kind.AUDIO, {"text": {"features": ["pii"]}}, {"text": {"features": ["pii", "syntax"]}},
         {"syntax"}),
        (Kind.AUDIO, {"text": {"features": ["pii"]}, "languages": SPANISH, "speech": SPOKEN},
         {"text": {"features": ["pii"]}, "languages": SPANISH, "speech": SPOKEN,
          "audio": {"redact": True}},
         {"transcript", "pii", "translation.es", "dubbed.es"}),
        (Kind.VIDEO, {"video": {"features": ["labels"]}},
         {"video": {"features": ["labels", "segments"]}}, {"segments"}),
    ],
)  # fmt: skip
def test_a_change_of_settings_changes_what_is_made_from_them_and_no_more(
    kind: Kind, before: dict[str, Any], now: dict[str, Any], found: set[str]
) -> None:
    assert changed(kind, before, now) == found
