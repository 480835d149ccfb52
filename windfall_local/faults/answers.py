"""How each service words it, by botocore's models and the services' lists of common errors."""

from __future__ import annotations

from typing import Any

from windfall_local.api import ServiceError
from windfall_local.faults.rules import Kind

_THROTTLES = {
    "comprehend": ("TooManyRequestsException", 400),
    "cloudwatch": ("Throttling", 400),
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "lambda": ("TooManyRequestsException", 429),
    "s3": ("SlowDown", 503),
    "service-quotas": ("TooManyRequestsException", 400),
    "sns": ("Throttled", 429),
    "sqs": ("RequestThrottled", 403),
    "sts": ("Throttling", 400),
    "translate": ("TooManyRequestsException", 400),
}
_FAILURES = {
    "comprehend": "InternalServerException",
    "dynamodb": "InternalServerError",
    "events": "InternalException",
    "lambda": "ServiceException",
    "polly": "ServiceFailureException",
    "rekognition": "InternalServerError",
    "s3": "InternalError",
    "service-quotas": "ServiceException",
    "ssm": "InternalServerError",
    "transcribe": "InternalFailureException",
    "translate": "InternalServerException",
}


def refusal(kind: Kind, service: str, operation: str, parameters: dict[str, Any]) -> ServiceError:
    """The answer that says so."""
    if kind is Kind.THROTTLE:
        code, status = _THROTTLES.get(service, ("ThrottlingException", 400))
        return ServiceError(code, "Rate exceeded", status=status)
    if kind is Kind.UNAVAILABLE:
        code = "ServiceUnavailableException" if service == "translate" else "ServiceUnavailable"
        return ServiceError(code, "Please reduce your request rate.", status=503)
    if kind is Kind.CONFLICT:
        return _conflict(operation, parameters)
    code = _FAILURES.get(service, "InternalFailure")
    return ServiceError(code, "We encountered an internal error. Please try again.", status=500)


def _conflict(operation: str, parameters: dict[str, Any]) -> ServiceError:
    items = parameters.get("TransactItems")
    if items is None:
        return ServiceError(
            "TransactionConflictException", "Transaction is ongoing for the item", status=400
        )
    reasons = [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}]
    reasons += [{"Code": "None"}] * (len(items) - 1)
    codes = ", ".join(reason["Code"] for reason in reasons)
    return ServiceError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        fields={"CancellationReasons": reasons},
    )
