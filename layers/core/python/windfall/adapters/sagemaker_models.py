"""Amazon SageMaker's models and their registry."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.errors import InvalidInputError, QuotaExceededError

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXISTS = "already exist"
"""What SageMaker says of a name that is taken, in an error like that for any mistake."""


class SageMakerRegistry:
    """Creates models and registers their versions; what is there already is left as it is."""

    def create(self, request: dict[str, Any]) -> None:
        """Create a model; the same name is the same model: it tells what it is made of."""
        unless_it_exists(lambda client: client.create_model(**request))

    def register(self, group: str, description: str, request: dict[str, Any]) -> str:
        """Register a version; the request's token makes the same again the same version."""
        unless_it_exists(
            lambda client: client.create_model_package_group(
                ModelPackageGroupName=group, ModelPackageGroupDescription=description
            )
        )
        with refusals():
            answer = ai_client("sagemaker").create_model_package(**request)
        return str(answer["ModelPackageArn"])


def unless_it_exists(create: Callable[[Any], Any]) -> bool:
    """Create something; False when its name was taken, which is as good."""
    with refusals():
        try:
            create(ai_client("sagemaker"))
        except ClientError as error:
            if _EXISTS in error.response["Error"]["Message"].lower():
                return False
            raise
    return True


@contextmanager
def refusals() -> Iterator[None]:
    """What SageMaker refuses, in our words.

    Raises:
        InvalidInputError: It does not take the request.
        QuotaExceededError: The account has too many.
        TransientError: It can not answer now.
    """
    with translated_errors():
        try:
            yield
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code == "ResourceLimitExceeded":
                raise QuotaExceededError(message) from error
            if code in {"ValidationException", "ValidationError"}:
                raise InvalidInputError(f"SageMaker: {message}") from error
            raise
