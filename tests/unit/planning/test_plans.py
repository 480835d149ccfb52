"""Planning: profiles by folder and by name, and what overrides them."""

from __future__ import annotations

import pytest

from tests.fakes.collaborators import FakeProfiles
from windfall.contracts.profile import Profile
from windfall.contracts.subject import Kind
from windfall.errors import InvalidInputError
from windfall.planning.plans import plan_for
from windfall.planning.profiles import Overrides, choose_profile, overrides_of


@pytest.mark.parametrize(
    ("key", "chosen"),
    [
        ("receipts/a.png", "receipts"),
        ("receipts/2026/a.png", "receipts"),
        ("letters/a.png", "default"),
        ("receipts", "default"),
        ("../a.png", "default"),
        ("größe/a.png", "default"),
        ("/a.png", "default"),
    ],
)
def test_the_first_folder_chooses_a_profile_that_exists(key: str, chosen: str) -> None:
    profiles = FakeProfiles({"receipts": "{}"})
    assert choose_profile(key, None, profiles)[0] == chosen


def test_what_is_asked_for_goes_before_the_folder_and_the_object() -> None:
    metadata = {"windfall-profile": "object", "windfall-targets": "fr, de", "other": "x"}
    found = overrides_of(metadata, Overrides(profile="request"))
    assert (found.profile, found.features, found.targets) == ("request", None, ("fr", "de"))
    assert overrides_of({"windfall-targets": ""}, Overrides()).targets == ()
    with pytest.raises(InvalidInputError, match="missing"):
        choose_profile("a", "missing", FakeProfiles())


def test_an_image_is_read_on_only_if_its_text_is_looked_for() -> None:
    assert plan_for(Kind.IMAGE, Profile(), Overrides()).text is not None
    assert plan_for(Kind.IMAGE, Profile(), Overrides(features=("labels",))).text is None
    dumb = Profile.model_validate({"image": {"read_text": False}})
    assert plan_for(Kind.IMAGE, dumb, Overrides()).text is None


def test_confidence_goes_where_a_feature_takes_one() -> None:
    plan = plan_for(Kind.IMAGE, Profile(), Overrides(features=("labels", "faces", "labels")))
    assert [(item.feature, item.min_confidence) for item in plan.features] == [
        ("labels", 55),
        ("faces", None),
    ]


def test_text_features_asked_for_are_those_of_the_text() -> None:
    plan = plan_for(Kind.TEXT, Profile(), Overrides(features=("pii",), targets=("es-MX", "fr")))
    assert plan.text is not None
    assert [item.feature for item in plan.text.features] == ["pii"]
    spanish, french = plan.text.languages
    assert spanish.speech is not None
    assert (spanish.speech.voice, french.speech) == ("Lupe", None)


@pytest.mark.parametrize(
    ("kind", "overrides"),
    [
        (Kind.IMAGE, Overrides(features=("sentiment",))),
        (Kind.TEXT, Overrides(features=("smell",))),
        (Kind.TEXT, Overrides(targets=("Spanish!",))),
    ],
)
def test_overrides_that_do_not_fit_say_so(kind: Kind, overrides: Overrides) -> None:
    with pytest.raises(InvalidInputError):
        plan_for(kind, Profile(), overrides)


KNOWN = {"known_faces": "our-people"}


def test_who_names_a_collection_has_its_faces_found_in_images_and_videos() -> None:
    profile = Profile.model_validate({"image": KNOWN, "video": KNOWN})
    (image,) = plan_for(Kind.IMAGE, profile, Overrides()).features[-1:]
    assert (image.feature, image.collection) == ("known_faces", "our-people")
    video = plan_for(Kind.VIDEO, profile, Overrides()).video
    assert video is not None
    assert [one.collection for one in video.features].count("our-people") == 1
    labels = plan_for(Kind.IMAGE, profile, Overrides(features=("labels",))).features
    assert [one.feature for one in labels] == ["labels"]


def test_known_faces_need_a_collection() -> None:
    with pytest.raises(InvalidInputError, match="names no collection"):
        plan_for(Kind.IMAGE, Profile(), Overrides(features=("known_faces",)))
    with pytest.raises(ValueError, match="needs a collection"):
        Profile.model_validate({"video": {"features": ["known_faces"]}})


def test_plans_without_a_collection_keep_their_number() -> None:
    (planned,) = plan_for(Kind.IMAGE, Profile(), Overrides(features=("labels",))).features
    assert planned.model_dump(mode="json") == {"feature": "labels", "min_confidence": 55}
