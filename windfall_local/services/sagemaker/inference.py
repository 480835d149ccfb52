"""One asynchronous inference: from S3 through the container to S3, and told of by SNS."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from windfall_local.api import Cloud, Principal, ServiceError
from windfall_local.services.sagemaker.containers import (
    SESSION,
    ContainerError,
    ContainerTimeoutError,
)
from windfall_local.services.sagemaker.hosting import DeploymentError, Variant
from windfall_local.services.sagemaker.objects import Objects, Place, read_uri, reading_failed
from windfall_local.services.sagemaker.records import Document, moment

LARGEST = 1024**3
"""Bytes of an input in S3."""
INLINE = "inline"
"""The file of a body that came with its request."""
_INCLUDED = 128 * 1024
"""Bytes of a response that a notification may carry."""

_log = logging.getLogger(__name__)

Served = Callable[[Document], Awaitable[list[Variant]]]
"""What serves an endpoint."""


class InferenceFailedError(Exception):
    """The inference failed.

    Args:
        reason: The failureReason of the notification.
        body: What the container said, for FailureLocation.
    """

    def __init__(self, reason: str, body: bytes | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.body = reason.encode() if body is None else body


class Inferences:
    """Does what requests ask for.

    Args:
        cloud: Has S3 and SNS.
        served: Finds what serves an endpoint.
    """

    def __init__(self, cloud: Cloud, served: Served) -> None:
        self._cloud = cloud
        self._served = served

    async def run(self, endpoint: Document, request: Document, folder: Path) -> None:
        """Predict, write the answer or the failure, and tell of it.

        Args:
            endpoint: Its record.
            request: Its record.
            folder: The request's; an inline body lies in it.
        """
        try:
            content_type = await self._infer(endpoint, request, folder)
            await self._succeed(endpoint, request, content_type, folder / "work" / "output")
        except InferenceFailedError as error:
            await self._fail(endpoint, request, error, folder)
        except Exception as error:
            # A bug of ours ends this request, and says so; the others go on.
            _log.exception("The inference %s failed", request["name"])
            failure = InferenceFailedError(f"InternalFailure: {type(error).__name__}: {error}")
            await self._fail(endpoint, request, failure, folder)

    async def _infer(self, endpoint: Document, request: Document, folder: Path) -> str:
        """Predict into a file; its content type."""
        age = time.time() - moment(request["created"]).timestamp()
        if age > request["ttl"]:
            raise InferenceFailedError(
                f"ClientError: The request expired: it was {age:.0f} seconds in the queue, and its "
                f"RequestTTLSeconds is {request['ttl']}."
            )
        work = folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        source = await self._fetch(request, folder, self._objects(endpoint))
        asked = {
            "input": str(source),
            "output": str(work / "output"),
            "content_type": request.get("content_type") or "",
            "accept": request.get("accept") or "",
            "attributes": request.get("attributes") or "",
        }
        try:
            variants = await self._served(endpoint)
            answer = await variants[0].container.ask(asked, request["timeout"], patient=True)
        except ContainerTimeoutError as error:
            raise InferenceFailedError(
                "ClientError: Amazon SageMaker timed out while waiting for a response from the "
                f"model. ({error})"
            ) from error
        except (ContainerError, DeploymentError) as error:
            raise InferenceFailedError(f"{_model_error(500)} ({error})") from error
        if answer["status"] >= 300:
            body = await asyncio.to_thread((work / "output").read_bytes)
            raise InferenceFailedError(_model_error(answer["status"]), body)
        return str(answer["content_type"])

    async def _fetch(self, request: Document, folder: Path, objects: Objects) -> Path:
        if request.get("input") is None:
            return folder / INLINE
        work, place = folder / "work", read_uri(request["input"])
        try:
            size = await objects.size(place)
            if size > LARGEST:
                raise InferenceFailedError(
                    f"ClientError: The input has {size:,} bytes, more than {LARGEST:,}."
                )
            await objects.fetch(place, work / "input")
        except ServiceError as error:
            raise InferenceFailedError(
                f"ClientError: Unable to download the input from {request['input']}: "
                f"{reading_failed(error)}"
            ) from error
        return work / "input"

    async def _succeed(
        self, endpoint: Document, request: Document, content_type: str, output: Path
    ) -> None:
        place = read_uri(request["output"])
        try:
            await self._objects(endpoint).put(output, place, content_type)
        except ServiceError as error:
            raise InferenceFailedError(
                f"ClientError: Unable to upload the response to {request['output']}: "
                f"{reading_failed(error)}"
            ) from error
        message = self._message(request, "Completed")
        message["responseParameters"] = {
            "contentType": content_type,
            "outputLocation": request["output"],
        }
        size = output.stat().st_size
        if size <= _INCLUDED and _includes(endpoint, "SUCCESS_NOTIFICATION_TOPIC"):
            message["responseBody"] = {
                "content": output.read_text(encoding="utf-8", errors="replace"),
                "encoding": "UTF8",
            }
        await self._notify(endpoint, "SuccessTopic", message)

    async def _fail(
        self,
        endpoint: Document,
        request: Document,
        failure: InferenceFailedError,
        folder: Path,
    ) -> None:
        message = self._message(request, "Failed")
        message["failureReason"] = failure.reason
        if request.get("failure"):
            written = folder / "failure"
            written.write_bytes(failure.body)
            try:
                await self._objects(endpoint).put(written, read_uri(request["failure"]))
            except ServiceError as error:
                _log.warning("No failure object %s: %s", request["failure"], error)
        await self._notify(endpoint, "ErrorTopic", message)

    def _message(self, request: Document, status: str) -> dict[str, Any]:
        asked = {"endpointName": request["endpoint"]}
        if request.get("content_type"):
            asked = {"contentType": request["content_type"], **asked}
        if request.get("input"):
            asked["inputLocation"] = request["input"]
        if request.get("attributes"):
            asked["customAttributes"] = request["attributes"]
        return {
            "awsRegion": self._cloud.region,
            "eventTime": _time(datetime.now(UTC)),
            "receivedTime": _time(moment(request["created"])),
            "invocationStatus": status,
            "requestParameters": asked,
            "inferenceId": request["inference_id"],
            "eventVersion": "1.0",
            "eventSource": "aws:sagemaker",
            "eventName": "InferenceResult",
        }

    async def _notify(self, endpoint: Document, member: str, message: dict[str, Any]) -> None:
        topic = (_output(endpoint).get("NotificationConfig") or {}).get(member)
        if not topic:
            return
        try:
            await self._cloud.call(
                "sns",
                "Publish",
                {"TopicArn": topic, "Message": json.dumps(message)},
                _principal(endpoint),
            )
        except ServiceError as error:
            # As on AWS: the object is there, and nobody is told.
            _log.warning("No notification at %s: %s", topic, error)

    def _objects(self, endpoint: Document) -> Objects:
        return Objects(self._cloud, _principal(endpoint))


def locations(
    endpoint: Document, parameters: dict[str, Any], name: str
) -> tuple[Place, Place | None]:
    """Where the answer to a request goes, and where a failure."""
    output = _output(endpoint)
    extension = parameters.get("S3OutputPathExtension")
    file = parameters.get("Filename")
    found: list[Place | None] = []
    for member, own in (("S3OutputPath", f"{name}.out"), ("S3FailurePath", f"{name}-error.out")):
        path = output.get(member)
        if not path:
            found.append(None)
            continue
        place = read_uri(path)
        if extension:
            place = place.below(extension.strip("/"))
        found.append(place.below(file or own))
    result, failure = found
    assert result is not None  # CreateEndpointConfig asks for it
    return result, failure


def _output(endpoint: Document) -> dict[str, Any]:
    config: dict[str, Any] = endpoint["serving"]["asynchronous"]["OutputConfig"]
    return config


def _includes(endpoint: Document, topic: str) -> bool:
    told = _output(endpoint).get("NotificationConfig") or {}
    return topic in (told.get("IncludeInferenceResponseIn") or ())


def _principal(endpoint: Document) -> Principal:
    model = endpoint["serving"]["variants"][0]["model"]
    return Principal.role(model["request"]["ExecutionRoleArn"], SESSION)


def _model_error(status: int) -> str:
    whose = "server" if status >= 500 else "client"
    return (
        f"ClientError: Received {whose} error ({status}) from model. See the SageMaker Endpoint "
        "logs in your account for more information."
    )


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
