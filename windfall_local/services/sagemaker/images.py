"""Which of AWS's container images can be run here, and whether a role may pull them.

Which registry and which tag an image has doesn't matter here. On AWS SageMaker pulls it with the
permissions of the execution role, AWS's own images too; here there is nothing to pull, and the
permissions are asked for all the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from windfall_local.api import AuthorizingCloud, Principal, ServiceError, UnsupportedOperationError

Kind = Literal["xgboost", "scikit-learn", "triton"]

_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/(?P<name>[a-z0-9._/-]+)"
    r"(?:[:@](?P<tag>[A-Za-z0-9._:-]+))?"
)
_KINDS: dict[str, Kind] = {
    "sagemaker-xgboost": "xgboost",
    "sagemaker-scikit-learn": "scikit-learn",
    "sagemaker-tritonserver": "triton",
}
_PULLING = (
    "GetAuthorizationToken",
    "BatchCheckLayerAvailability",
    "BatchGetImage",
    "GetDownloadUrlForLayer",
)
"""What the guide of SageMaker says that an execution role needs for images (sagemaker-roles)."""

_CLARIFY = "sagemaker-clarify-processing"


class PullError(Exception):
    """A role may not pull an image; the message is what SageMaker says of it."""


@dataclass(frozen=True, slots=True)
class Image:
    """A container image of AWS that has a counterpart here.

    Attributes:
        uri: As the caller named it.
        kind: What stands in it.
    """

    uri: str
    kind: Kind


def read_processing_image(uri: str | None) -> str:
    """What stands in the image of a processing job: `clarify`, or what runs a script.

    Raises:
        UnsupportedOperationError: It is none that can be run here.
    """
    match = _IMAGE.fullmatch(uri or "")
    return "clarify" if match and match["name"] == _CLARIFY else read_working_image(uri).kind


def read_working_image(uri: str | None) -> Image:
    """The image of a job that trains or runs a script.

    Raises:
        UnsupportedOperationError: It is none that does.
    """
    image = read_image(uri)
    if image.kind == "triton":
        raise UnsupportedOperationError(f"The image {uri} serves models only.")
    return image


def read_image(uri: str | None) -> Image:
    """Understand an image's URI.

    Raises:
        UnsupportedOperationError: It is none that can be run here.
    """
    match = _IMAGE.fullmatch(uri or "")
    kind = _KINDS.get(match["name"]) if match else None
    if uri is None or kind is None:
        raise UnsupportedOperationError(
            f"The local SageMaker has no container {uri!r}. It runs AWS's own images "
            f"{', '.join(_KINDS)} (any registry and tag), such as "
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5; others work on "
            "AWS only."
        )
    return Image(uri, kind)


async def check_pull(cloud: AuthorizingCloud, uri: str, principal: Principal) -> None:
    """See that a role may pull an image.

    Raises:
        PullError: It may not.
    """
    match = _IMAGE.fullmatch(uri)
    assert match is not None  # only images that were understood are run
    repository = {"registryId": match["account"], "repositoryName": match["name"]}
    for action in _PULLING:
        try:
            await cloud.authorize("ecr", action, repository, principal)
        except ServiceError as error:
            raise PullError(
                f"The role '{principal.role_arn}' does not have {action} permission for the image: "
                f"'{uri}'."
            ) from error
