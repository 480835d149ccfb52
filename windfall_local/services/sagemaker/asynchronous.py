"""The queues of asynchronous endpoints: requests wait, are answered into S3, are told of by SNS.

A request is a record, so that it survives the process; what is under way when the process ends is
done again, into the same object.
"""

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
from windfall_local.services.sagemaker.records import Document, Records, moment

LARGEST = 1024**3
"""Bytes of an input in S3."""
DEFAULT_TTL, DEFAULT_TIMEOUT = 21_600, 900
_DEFAULT_CONCURRENCY = 4
"""How many requests one instance gets at a time, where the configuration doesn't say."""
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


class AsynchronousQueues:
    """One queue for each asynchronous endpoint.

    Args:
        cloud: Has S3 and SNS.
        folder: For the requests that wait.
        endpoints: Every endpoint.
        served: Finds what serves one.
    """

    def __init__(self, cloud: Cloud, folder: Path, endpoints: Records, served: Served) -> None:
        self._cloud = cloud
        self._endpoints = endpoints
        self._requests = Records(folder)
        self._served = served
        self._waking: dict[str, asyncio.Event] = {}
        self._dispatching: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Go on with the requests that an earlier process accepted."""
        self._requests.load()
        for endpoint in {request["endpoint"] for request in self._requests}:
            self.wake(endpoint)

    async def stop(self) -> None:
        """Lay the work down; the requests are kept."""
        tasks = list(self._dispatching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self, endpoint: str) -> None:
        """Forget the queue of an endpoint that is deleted."""
        task = self._dispatching.pop(endpoint, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for request in self._requests:
            if request["endpoint"] == endpoint:
                self._requests.delete(request["name"])

    def accept(self, name: str, body: bytes | None, **members: Any) -> None:
        """Take a request in; when this returns it will survive."""
        if body is not None:
            folder = self._requests.folder(name)
            folder.mkdir(parents=True)
            (folder / "inline").write_bytes(body)
        request = self._requests.add(name, **members)
        self.wake(request["endpoint"])

    def backlog(self, endpoint: str) -> int:
        """Requests that have not ended."""
        return sum(request["endpoint"] == endpoint for request in self._requests)

    def wake(self, endpoint: str) -> None:
        """Look at a queue: something came in, or its endpoint has changed."""
        self._waking.setdefault(endpoint, asyncio.Event()).set()
        if endpoint not in self._dispatching and self.backlog(endpoint):
            task = asyncio.create_task(self._dispatch(endpoint), name=f"queue of {endpoint}")
            self._dispatching[endpoint] = task
            task.add_done_callback(lambda _: self._dispatching.pop(endpoint, None))

    async def _dispatch(self, endpoint: str) -> None:
        """Hand requests to the container, in their order, as many at a time as it takes."""
        working: set[asyncio.Task[None]] = set()
        begun: set[str] = set()
        waking = self._waking[endpoint]
        try:
            while True:
                waking.clear()
                waiting = [
                    request
                    for request in self._requests
                    if request["endpoint"] == endpoint and request["name"] not in begun
                ]
                if not waiting and not working:
                    return
                for request in waiting[: _at_a_time(waiting) - len(working)]:
                    begun.add(request["name"])
                    task = asyncio.create_task(self._work(request))
                    working.add(task)
                    task.add_done_callback(working.discard)
                    task.add_done_callback(lambda _: waking.set())
                await waking.wait()
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    # --- One request ----------------------------------------------------------------------------

    async def _work(self, request: Document) -> None:
        endpoint = self._endpoints.get(request["endpoint"])
        if endpoint is None:
            return  # It is being deleted, and its queue with it.
        work = self._requests.folder(request["name"]) / "work"
        try:
            outcome = await self._infer(endpoint, request, work)
            await self._succeed(endpoint, request, outcome, work / "output")
        except InferenceFailedError as error:
            await self._fail(endpoint, request, error)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # A bug of ours ends this request, and says so; the others go on.
            _log.exception("The inference %s failed", request["name"])
            failure = InferenceFailedError(f"InternalFailure: {type(error).__name__}: {error}")
            await self._fail(endpoint, request, failure)
        self._requests.delete(request["name"])

    async def _infer(self, endpoint: Document, request: Document, work: Path) -> str:
        """Predict into a file; its content type."""
        age = time.time() - moment(request["created"]).timestamp()
        if age > request["ttl"]:
            raise InferenceFailedError(
                f"ClientError: The request expired: it was {age:.0f} seconds in the queue, and its "
                f"RequestTTLSeconds is {request['ttl']}."
            )
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        source = await self._fetch(request, work, self._objects(endpoint))
        asked = {
            "input": str(source),
            "output": str(work / "output"),
            "content_type": request.get("content_type") or "",
            "accept": request.get("accept") or "",
            "attributes": request.get("attributes") or "",
        }
        try:
            variants = await self._served(endpoint)
            answer = await variants[0].container.ask(asked, request["timeout"])
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

    async def _fetch(self, request: Document, work: Path, objects: Objects) -> Path:
        if request.get("input") is None:
            return self._requests.folder(request["name"]) / "inline"
        place = read_uri(request["input"])
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
        self, endpoint: Document, request: Document, failure: InferenceFailedError
    ) -> None:
        message = self._message(request, "Failed")
        message["failureReason"] = failure.reason
        if request.get("failure"):
            written = self._requests.folder(request["name"]) / "failure"
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


def _at_a_time(waiting: list[Document]) -> int:
    """How many of an endpoint's requests are worked on at a time."""
    return int(waiting[0]["concurrency"]) if waiting else 0


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


def concurrency(endpoint: Document) -> int:
    """Requests at a time, over all instances."""
    served = endpoint["serving"]
    client = served["asynchronous"].get("ClientConfig") or {}
    each = client.get("MaxConcurrentInvocationsPerInstance") or _DEFAULT_CONCURRENCY
    instances = served["variants"][0]["variant"].get("InitialInstanceCount") or 1
    return int(each) * int(instances)


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
