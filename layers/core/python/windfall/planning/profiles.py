"""The profile of a file, and what is asked for instead of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from windfall.contracts.base import problems_of
from windfall.contracts.profile import Profile
from windfall.errors import InvalidInputError

if TYPE_CHECKING:
    from windfall.ports.collaborators import Profiles

DEFAULT_PROFILE = "default"
_PROFILE_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")


class InvalidProfileError(Exception):
    """The profile itself is wrong: the operator's fault, not the file's.

    Inner to admission: it never leaves the function.
    """

    def __init__(self, name: str, problems: str) -> None:
        super().__init__(f"The profile {name!r} is wrong: {problems}.")


class Overrides(NamedTuple):
    """What is asked for instead of the profile; None where nothing is.

    Attributes:
        source: Where it was asked, for the reason of a rejection.
        train: Fields of `table.train` as JSON; a table that has some is a dataset.
    """

    source: str = "The request"
    profile: str | None = None
    features: tuple[str, ...] | None = None
    targets: tuple[str, ...] | None = None
    train: str | None = None


def overrides_of(metadata: Mapping[str, str], request: Overrides) -> Overrides:
    """What the request asks for, else what the object's own metadata asks for."""
    names = ("profile", "features", "targets", "train")
    given = {name: metadata.get(f"windfall-{name}") for name in names}
    if all(value is None for value in given.values()):
        return request
    features, targets = given["features"], given["targets"]
    return Overrides(
        source="The request, or the object's metadata",
        profile=request.profile or (given["profile"] or "").strip() or None,
        features=request.features if request.features is not None else _listed(features),
        targets=request.targets if request.targets is not None else _listed(targets),
        train=given["train"],
    )


def _listed(value: str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(part.strip() for part in value.split(",") if part.strip())


def choose_profile(key: str, wanted: str | None, profiles: Profiles) -> tuple[str, Profile]:
    """The profile asked for, else that of the key's first folder, else the default one.

    Raises:
        InvalidInputError: The profile that was asked for does not exist.
        InvalidProfileError: The profile's document does not fit its contract.
        TransientError: The profiles can not be read now.
    """
    if wanted is not None:
        document = _wanted(wanted, profiles) if _PROFILE_NAME.match(wanted) else None
        if document is None and wanted != DEFAULT_PROFILE:
            raise InvalidInputError(f"There is no profile named {wanted!r}.")
        return wanted, _parsed(wanted, document)
    folder, slash, _ = key.partition("/")
    if slash and _PROFILE_NAME.match(folder) and folder not in {".", ".."}:
        document = profiles.find(folder)
        if document is not None:
            return folder, _parsed(folder, document)
    return DEFAULT_PROFILE, _parsed(DEFAULT_PROFILE, profiles.find(DEFAULT_PROFILE))


def _wanted(name: str, profiles: Profiles) -> str | None:
    document = profiles.find(name)
    if document is None:
        # It may have been made since it was last looked for, by training, a moment before the file.
        profiles.forget(0)
        document = profiles.find(name)
    return document


def _parsed(name: str, document: str | None) -> Profile:
    if document is None:
        return Profile()
    try:
        return Profile.model_validate_json(document)
    except ValidationError as error:
        raise InvalidProfileError(name, problems_of(error)) from error
