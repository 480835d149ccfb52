"""Amazon SageMaker's endpoints: rows in, predictions out, at once or by way of a queue.

An asynchronous request can not be asked after. Its handle is all that is known of it: where its
answer will lie, or its failure, and until when it has ended for certain. A notification has a
handle of its own, with what it says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ReadTimeoutError

from windfall.adapters.aws_errors import translated_errors
from windfall.adapters.clients import ai_client
from windfall.adapters.sagemaker import why_refused
from windfall.addresses import object_at
from windfall.clock import Clock, timestamp, utc_now
from windfall.contracts.jobs import Completion, JobId
from windfall.errors import InvalidInputError, NotFoundError, TransientError
from windfall.ports.scoring import BrokenModelError

if TYPE_CHECKING:
    from windfall.contracts.input_contract import ContentType
    from windfall.ports.jobs import JobTable
    from windfall.ports.scoring import InferenceRequest
    from windfall.ports.storage import ObjectStore

SERVICE = "sagemaker"
"""What `JobId.service` is for asynchronous requests."""
_MARGIN = timedelta(minutes=10)
_LONGEST_ANSWER = 300
"""Characters of what a container said that are shown."""
_STATUS = re.compile(r"Received (?:client|server) error \((\d+)\)")


@dataclass(frozen=True, slots=True)
class Handle:
    """What is known of a request.

    Attributes:
        output: Where its answer will lie, if it succeeds.
        failure: Where what the container said will lie, if it fails.
        until: When it has ended for certain; null in what a notification says.
        reason: Why it failed, as its notification says.
    """

    output: str | None = None
    failure: str | None = None
    until: str | None = None
    reason: str | None = None

    def text(self) -> str:
        """The handle as a job's row keeps it."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})


class SageMakerAsynchronousScoring:
    """Submits requests and tells how they ended, by the objects that they leave.

    Args:
        store: Has the objects.
        table: Has the handles of requests: a notification of a failure does not say where the
            container's words lie.
    """

    def __init__(self, store: ObjectStore, table: JobTable, clock: Clock = utc_now) -> None:
        self._store = store
        self._table = table
        self._clock = clock

    def submit(self, request: InferenceRequest) -> str:
        """Put a request into the endpoint's queue; the handle says where its end will show."""
        answer = _asked(
            request.endpoint,
            lambda client: client.invoke_endpoint_async(**request_of(request)),
        )
        longest = timedelta(seconds=request.request_seconds + request.invocation_seconds)
        return Handle(
            output=answer["OutputLocation"],
            failure=answer.get("FailureLocation"),
            until=timestamp(self._clock() + longest + _MARGIN),
        ).text()

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """How a request ended; None while it may still be queued or run."""
        known = Handle(**json.loads(handle or "{}"))
        if known.output is not None and self._exists(known.output):
            return Completion(result={"output": known.output})
        said = self._words(name, known)
        if known.reason is not None or said is not None:
            return failure_of(known.reason, said)
        if known.until is None or timestamp(self._clock()) < known.until:
            return None
        return Completion(
            error=NotFoundError.__name__,
            reason="The request expired: neither its answer nor its failure lies in S3.",
        )

    def _words(self, name: str, known: Handle) -> bytes | None:
        """What the container said when it failed."""
        failure = known.failure
        if failure is None and known.reason is not None:
            submitted = self._table.find(JobId(SERVICE, name)).handle
            failure = Handle(**json.loads(submitted or "{}")).failure
        return None if failure is None else self._store.find(object_at(failure))

    def _exists(self, uri: str) -> bool:
        try:
            self._store.open(object_at(uri)).close()
        except NotFoundError:
            return False
        return True


class SageMakerSynchronousScoring:
    """Asks endpoints that answer at once."""

    def score(self, endpoint: str, body: bytes, content_type: ContentType) -> bytes:
        """The model's answer."""
        answer = _asked(
            endpoint,
            lambda client: client.invoke_endpoint(
                EndpointName=endpoint, Body=body, ContentType=content_type, Accept=content_type
            ),
        )
        content: bytes = answer["Body"].read()
        return content


def request_of(request: InferenceRequest) -> dict[str, Any]:
    """What InvokeEndpointAsync is asked."""
    return {
        "EndpointName": request.endpoint,
        "InputLocation": f"s3://{request.payload.bucket}/{request.payload.key}",
        "ContentType": request.content_type,
        "Accept": request.content_type,
        "InferenceId": request.name,
        "RequestTTLSeconds": request.request_seconds,
        "InvocationTimeoutSeconds": request.invocation_seconds,
    }


def failure_of(reason: str | None, said: bytes | None) -> Completion:
    """A request that failed: worth another try only when the container broke (5xx)."""
    told = reason or "The model failed."
    status = _STATUS.search(told)
    broke = status is not None and status[1].startswith("5")
    if said:
        words = " ".join(said.decode("utf-8", "replace").split())
        told = f"{told} It said: {words[-_LONGEST_ANSWER:]}"
    error = TransientError if broke else InvalidInputError
    return Completion(error=error.__name__, reason=told)


def _asked(endpoint: str, ask: Callable[[Any], Any]) -> dict[str, Any]:
    """An answer of the runtime, or what its refusal means."""
    with translated_errors():
        try:
            answer: dict[str, Any] = ask(ai_client("sagemaker-runtime"))
        except ReadTimeoutError as error:
            raise TransientError(f"The endpoint {endpoint!r} did not answer in time.") from error
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code == "ModelError":
                raise _model_error(error) from error
            if code in {"ValidationError", "ValidationException"}:
                raise why_refused(endpoint, message) from error
            raise
    return answer


def _model_error(error: ClientError) -> InvalidInputError | BrokenModelError:
    """What the container said; 5xx is worth another try."""
    status = int(error.response.get("OriginalStatusCode") or 500)
    said = error.response.get("OriginalMessage") or error.response["Error"]["Message"]
    words = " ".join(str(said).split())[:_LONGEST_ANSWER]
    kind = InvalidInputError if 400 <= status < 500 else BrokenModelError
    return kind(f"The model answered with {status}: {words}")
