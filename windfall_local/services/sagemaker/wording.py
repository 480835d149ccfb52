"""ARNs, and how SageMaker words a refusal. Most are a ValidationException, whatever is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windfall_local.api import ACCOUNT, ServiceError, UnsupportedOperationError


def arn_of(region: str, kind: str, name: str) -> str:
    """The ARN of a resource; AWS writes its name in small letters."""
    return f"arn:aws:sagemaker:{region}:{ACCOUNT}:{kind}/{name.lower()}"


def invalid(message: str) -> ServiceError:
    """A request that can't be met."""
    return ServiceError("ValidationException", message)


def missing(kind: str, arn: str) -> ServiceError:
    """There is none of this name."""
    return invalid(f'Could not find {kind} "{arn}".')


def existing(kind: str, arn: str) -> ServiceError:
    """There is one of this name."""
    return invalid(f'Cannot create already existing {kind} "{arn}".')


def conflict(message: str) -> ServiceError:
    """A request that contradicts an earlier one."""
    return ServiceError("ConflictException", message)


def in_use(message: str) -> ServiceError:
    """The name of a job is taken."""
    return ServiceError("ResourceInUse", message)


def taken(arn: str) -> ServiceError:
    """The name of a processing or transform job is taken."""
    return in_use(
        "Job name must be unique within an AWS account and region, and a job with this name "
        f"already exists ({arn})"
    )


def limit_exceeded(quota: str, limit: int, used: int) -> ServiceError:
    """A quota of the account is used up."""
    return ServiceError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{quota}' is {limit}, with current utilization of {used} "
        "and a request delta of 1. Please use AWS Service Quotas to request an increase for this "
        "quota.",
    )


def refuse(parameters: Mapping[str, Any], *names: str) -> None:
    """Refuse what is not done here, by name.

    Raises:
        UnsupportedOperationError: One of the members is given.
    """
    for name in names:
        if parameters.get(name):
            raise UnsupportedOperationError(
                f"The local SageMaker does not do {name}; it works on AWS only."
            )
