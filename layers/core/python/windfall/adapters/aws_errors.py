"""AWS's errors as ours: every `ClientError` code that Windfall expects, in one place.

A code that stands nowhere here (AccessDenied, ValidationException, …) is a mistake in the
template or in the code. It is not translated, so it stays visible under its own name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
)
from botocore.exceptions import ConnectionError as RefusedConnectionError

from windfall.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    QuotaExceededError,
    TransientError,
    UnsupportedError,
    WindfallError,
)

TRANSIENT = frozenset(
    {
        "ConcurrentModificationException",
        # Two wrote at once under a condition of S3's, and one is told to try again.
        "ConditionalRequestConflict",
        "InternalError",
        "InternalFailure",
        "InternalFailureException",
        "InternalServerError",
        "InternalServerException",
        "KmsThrottlingException",
        "OperationAborted",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceFailureException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
QUOTA = frozenset({"ExecutionLimitExceeded", "LimitExceededException", "ServiceQuotaExceeded"})
NOT_FOUND = frozenset(
    {
        "404",
        "ExecutionDoesNotExist",
        "LexiconNotFoundException",
        "NoSuchBucket",
        "NoSuchKey",
        "NoSuchResourceException",
        "NoSuchVersion",
        "NotFoundException",
        "ParameterNotFound",
        "ResourceNotFoundException",
        # A delete marker was asked for by its version.
        "MethodNotAllowed",
    }
)
CONFLICT = frozenset(
    {"ConditionalCheckFailedException", "ConflictException", "PreconditionFailed", "412"}
)
UNSUPPORTED = frozenset(
    {
        "EngineNotSupportedException",
        "LanguageNotSupportedException",
        "NotImplementedException",
        "UnsupportedLanguageException",
        "UnsupportedLanguagePairException",
    }
)
INVALID = frozenset(
    {
        "DetectedLanguageLowConfidenceException",
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidLexiconException",
        "InvalidObjectState",
        "InvalidPaginationTokenException",
        "InvalidParameterException",
        "InvalidParameterValueException",
        "InvalidRequestException",
        "InvalidS3ObjectException",
        "InvalidSampleRateException",
        "InvalidSsmlException",
        "MarksNotSupportedForFormatException",
        "SsmlMarksNotSupportedForTextTypeException",
        "TextLengthExceededException",
        "TextSizeLimitExceededException",
        "VideoTooLargeException",
    }
)
# Rekognition words a throttle as a failure of its own, with 500.
_THROTTLES = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException"})
_UNSENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
_BY_CODE: dict[str, type[WindfallError]] = {
    **dict.fromkeys(TRANSIENT, TransientError),
    **dict.fromkeys(QUOTA, QuotaExceededError),
    **dict.fromkeys(NOT_FOUND, NotFoundError),
    **dict.fromkeys(CONFLICT, ConflictError),
    **dict.fromkeys(UNSUPPORTED, UnsupportedError),
    **dict.fromkeys(INVALID, InvalidInputError),
}


def as_windfall_error(error: ClientError) -> WindfallError | None:
    """Our error for AWS's; None for one that only a mistake of ours can cause."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    detail = str(error.response.get("Error", {}).get("Message", "")) or code
    message = f"{error.operation_name}: {detail} ({code})"
    if code == "TransactionCanceledException":
        return _cancelled(error, message)
    if status == 501:
        return UnsupportedError(detail)
    ours = _BY_CODE.get(code)
    if ours is TransientError or (ours is None and (status >= 500 or status == 429)):
        return TransientError(message, is_refusal=is_refusal(error.response, None))
    return None if ours is None else ours(message)


def is_refusal(answer: Mapping[str, Any] | None, error: Exception | None) -> bool:
    """Whether a call that failed was certainly not done, and so not paid for.

    An answer of 500, 502 or 504 does not tell how far the service came, and neither does a
    connection that broke after the request was sent.

    Args:
        answer: As botocore parses it, where there was one.
        error: Botocore's own, where there was none.
    """
    if answer is None:
        return isinstance(error, _UNSENT)
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return 400 <= status < 500 or status == 503 or answer.get("Error", {}).get("Code") in _THROTTLES


def _cancelled(error: ClientError, message: str) -> WindfallError | None:
    """Why DynamoDB cancelled a transaction: a condition goes before a collision."""
    reasons = {str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])}
    if "ConditionalCheckFailed" in reasons:
        return ConflictError(message)
    if reasons & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
        return TransientError(message)
    return None


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise AWS's errors as ours for the calls inside."""
    try:
        yield
    except ClientError as error:
        ours = as_windfall_error(error)
        if ours is None:
            raise
        raise ours from error
    except (HTTPClientError, RefusedConnectionError) as error:
        message = f"The connection broke: {error}"
        raise TransientError(message, is_refusal=is_refusal(None, error)) from error
