"""botocore's service models, loaded once, and the names under which requests ask for them."""

from __future__ import annotations

from functools import cache

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

SERVICES = (
    "s3",
    "dynamodb",
    "sqs",
    "sns",
    "ssm",
    "kms",
    "logs",
    "cloudwatch",
    "iam",
    "sts",
    "service-quotas",
    "application-autoscaling",
    "xray",
    "events",
    "lambda",
    "stepfunctions",
    "rekognition",
    "comprehend",
    "translate",
    "polly",
    "transcribe",
    "sagemaker",
    "sagemaker-runtime",
    "cloudformation",
)
"""Every service of the local cloud, by botocore's name."""

_SIGNING_NAMES = {
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
}

loader = Loader()
"""Reads each model once; everything in this process shares what it holds."""


@cache
def service_model(service: str) -> ServiceModel:
    """The model of a service, by botocore's name."""
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    """The model of an operation.

    Raises:
        botocore.model.OperationNotFoundError: The service has no such operation.
    """
    return service_model(service).operation_model(operation)


@cache
def operation_names(service: str) -> frozenset[str]:
    """The names of a service's operations."""
    return frozenset(service_model(service).operation_names)


def service_of_signing_name(name: str) -> str | None:
    """The service that a credential scope names, or None when the local cloud has none."""
    service = _SIGNING_NAMES.get(name, name)
    return service if service in SERVICES else None


@cache
def services_by_target_prefix() -> dict[str, str]:
    """From the first half of `X-Amz-Target` to the service."""
    prefixes = {}
    for service in SERVICES:
        prefix = service_model(service).metadata.get("targetPrefix")
        if prefix:
            prefixes[prefix] = service
    return prefixes
