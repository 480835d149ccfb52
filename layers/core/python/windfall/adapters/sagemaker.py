"""Amazon SageMaker: what its endpoints and models are."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.errors import InvalidInputError, NotFoundError, TransientError, WindfallError

_FRESH_SECONDS = 30.0
"""How long an endpoint's version is believed, as a profile is."""
_SERVES = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack"})


class SageMakerModels:
    """Asks for endpoints and models, and remembers the answers for half a minute.

    Args:
        clock: Seconds that never go back.
        client: A SageMaker client; the process's own by default.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, client: Any = None) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[str, tuple[float, str]] = {}

    def endpoint_version(self, endpoint: str, *, asynchronous: bool) -> str:
        """The name of the endpoint's configuration: a deployment makes another one."""
        name = f"endpoint/{endpoint}/{asynchronous}"
        return self._remembered(
            name, lambda: _endpoint_version(endpoint, asynchronous, self._client)
        )

    def model_version(self, model: str) -> str:
        """The model's ARN and the time of its making: a name may be used again."""
        return self._remembered(f"model/{model}", lambda: _model_version(model, self._client))

    def _remembered(self, name: str, ask: Callable[[], str]) -> str:
        asked_at, version = self._known.get(name, (float("-inf"), ""))
        if self._clock() - asked_at >= _FRESH_SECONDS:
            version = ask()
            self._known[name] = (self._clock(), version)
        return version


def why_refused(endpoint: str, message: str) -> WindfallError:
    """Why an endpoint refused a request that is right in itself.

    SageMaker answers with the same error for an endpoint that is not there, that is being created
    and that does not take such requests; its description tells them apart.
    """
    try:
        status, reason = _endpoint_status(endpoint)
    except NotFoundError as error:
        return error
    if status == "Creating":
        message = f"the endpoint {endpoint!r} is being created"
        return TransientError(message, is_refusal=True)
    if status in _SERVES:
        return InvalidInputError(f"the endpoint {endpoint!r} refused the request: {message}")
    return InvalidInputError(_does_not_serve(endpoint, status, reason))


def _endpoint_version(endpoint: str, asynchronous: bool, client: Any) -> str:
    answer = _describe_endpoint(endpoint, client)
    status = answer["EndpointStatus"]
    if status not in _SERVES and status != "Creating":
        raise InvalidInputError(_does_not_serve(endpoint, status, answer.get("FailureReason")))
    if status in _SERVES and ("AsyncInferenceConfig" in answer) != asynchronous:
        kind = "not asynchronous" if asynchronous else "asynchronous"
        raise InvalidInputError(f"the endpoint {endpoint!r} is {kind}, unlike the profile's mode")
    return str(answer["EndpointConfigName"])


def _endpoint_status(endpoint: str) -> tuple[str, str | None]:
    answer = _describe_endpoint(endpoint)
    return answer["EndpointStatus"], answer.get("FailureReason")


def _does_not_serve(endpoint: str, status: str, reason: str | None) -> str:
    return f"the endpoint {endpoint!r} does not serve ({status}{f': {reason}' if reason else ''})"


def _describe_endpoint(endpoint: str, client: Any = None) -> dict[str, Any]:
    what = f"endpoint named {endpoint!r}"
    return _described(client, "describe_endpoint", what, EndpointName=endpoint)


def _model_version(model: str, client: Any) -> str:
    answer = _described(client, "describe_model", f"model named {model!r}", ModelName=model)
    return f"{answer['ModelArn']} {answer['CreationTime']:%Y-%m-%dT%H:%M:%SZ}"


def _described(client: Any, operation: str, what: str, **names: str) -> dict[str, Any]:
    """The answer; SageMaker says of a name that is not there that it could not be found (400)."""
    with translated_errors():
        try:
            answer: dict[str, Any] = getattr(client or ai_client("sagemaker"), operation)(**names)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"ValidationException", "ResourceNotFound"}:
                raise NotFoundError(f"there is no {what} in SageMaker") from error
            if code == "AccessDeniedException":
                reason = "its name has to begin as the stack's parameter ModelPrefix says"
                raise InvalidInputError(f"Windfall may not ask for the {what}: {reason}") from error
            raise
    return answer
