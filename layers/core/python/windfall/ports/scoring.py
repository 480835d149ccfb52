"""Amazon SageMaker's models, as far as tables are scored by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from windfall.ports.jobs import JobService

if TYPE_CHECKING:
    from windfall.contracts.base import S3Pointer
    from windfall.contracts.input_contract import ContentType


class ScoringModels(Protocol):
    """What SageMaker knows of endpoints and models.

    Each raises `NotFoundError` when there is none of that name, `InvalidInputError` when it can
    not serve, and `TransientError` when SageMaker can not answer now.
    """

    def endpoint_version(self, endpoint: str, *, asynchronous: bool) -> str:
        """What an endpoint serves: another text after each deployment.

        An endpoint that is being created has a version already; requests to it wait. One that takes
        the other kind of request, queued or answered at once, can not serve.
        """
        ...

    def model_version(self, model: str) -> str:
        """What a model is; SageMaker's models never change under their name."""
        ...


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """Rows to be scored at once.

    Attributes:
        name: Comes back with the notification; at most 64 characters.
        payload: Where the rows lie.
        request_seconds: How long it may wait in the endpoint's queue (60 to 21,600).
        invocation_seconds: How long the model may take (1 to 3,600).
    """

    name: str
    endpoint: str
    payload: S3Pointer
    content_type: ContentType
    request_seconds: int
    invocation_seconds: int


class AsynchronousScoring(JobService, Protocol):
    """Endpoints with a queue; a job's result is `{"output": "s3://…"}`, where its answer lies."""

    def submit(self, request: InferenceRequest) -> str:
        """Put a request into the endpoint's queue; answers with its handle.

        SageMaker knows no request by name: the same again is another request, and is paid for.

        Raises:
            NotFoundError: There is no such endpoint.
            InvalidInputError: It does not take such requests.
            TransientError: It is being created, or busy.
            QuotaExceededError: Its queue is full.
        """
        ...


class BrokenModelError(Exception):
    """The model's container answered with 5xx: the rows may be the reason. Inner to Windfall."""


class SynchronousScoring(Protocol):
    """Endpoints that answer at once: real-time and serverless ones."""

    def score(self, endpoint: str, body: bytes, content_type: ContentType) -> bytes:
        """The model's answer to some rows; raises as `AsynchronousScoring.submit`.

        Raises:
            InvalidInputError: The model's container refused the rows (4xx).
            BrokenModelError: It broke (5xx).
            TransientError: It is not ready yet, or did not answer in time.
        """
        ...
