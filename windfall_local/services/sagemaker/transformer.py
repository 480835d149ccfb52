"""What is done for a transform job: each object through the model, its answers into another."""

from __future__ import annotations

import asyncio
import gzip
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

from windfall_local.api import AuthorizingCloud, ServiceError
from windfall_local.functions.log_stream import LogStream
from windfall_local.services.sagemaker.batches import Processing, TransformError
from windfall_local.services.sagemaker.channels import DownloadError, found
from windfall_local.services.sagemaker.containers import (
    ContainerError,
    variables,
)
from windfall_local.services.sagemaker.filters import Filter
from windfall_local.services.sagemaker.hosting import DeploymentError, ModelFolder, lay_out
from windfall_local.services.sagemaker.jobs import JobFailedError, Jobs, head, picked
from windfall_local.services.sagemaker.objects import Objects, Place, read_uri, reading_failed
from windfall_local.services.sagemaker.records import Document, moment, now
from windfall_local.services.sagemaker.serving import ServingContainer
from windfall_local.services.sagemaker.tags import tags_of

LOGS = "/aws/sagemaker/TransformJobs"
PAYLOAD_MB = 6
"""The default of MaxPayloadInMB."""
_TIMEOUT, _RETRIES = 600, 3
"""The defaults of ModelClientConfig: seconds of an invocation, and how often it is tried again."""
_LOADING, _IDLE = 600.0, 3600.0
_IN_EVENTS = (
    "ModelName",
    "MaxConcurrentTransforms",
    "MaxPayloadInMB",
    "BatchStrategy",
    "Environment",
    "TransformInput",
    "TransformOutput",
    "TransformResources",
    "DataProcessing",
)


class Transformer:
    """Does the work of transform jobs.

    Args:
        cloud: Has the data, and the bus.
    """

    jobs: Jobs

    def __init__(self, cloud: AuthorizingCloud) -> None:
        self._cloud = cloud

    async def work(self, job: Document) -> None:
        """Put every object of the input through the model.

        Raises:
            JobFailedError: It can't be done.
            DownloadError: There is no input, or it must not be read.
        """
        folder = self.jobs.records.folder(job["name"]) / "work"
        shutil.rmtree(folder, ignore_errors=True)
        await self.jobs.enter(job, "InProgress", started=now())
        try:
            laid = await lay_out(
                self._cloud, job["model"], folder, {**_environment(job), "SAGEMAKER_BATCH": "true"}
            )
        except DeploymentError as error:
            raise JobFailedError(f"ClientError: {error}") from error
        stream = f"{job['name']}/i-{secrets.token_hex(8)}-{int(time.time())}"
        logs = [
            LogStream(self._cloud, LOGS, name, laid.principal)
            for name in (stream, f"{stream}/data-log")
        ]
        container = ServingContainer(
            laid.kind,
            laid.model,
            laid.code,
            variables(self._cloud, laid.principal, laid.environment),
            logs[0],
            _IDLE,
        )
        work = _Work(job, container, logs[1], folder)
        try:
            await self._load(container)
            await self._each(job, laid, work)
        finally:
            await container.stop()
            await logs[1].close()
            shutil.rmtree(folder, ignore_errors=True)

    async def announce(self, job: Document) -> None:
        """Put a job's state on the bus."""
        detail = {
            **head(job, "Transform", _time),
            **picked(job["request"], _IN_EVENTS),
            "Tags": {tag["Key"]: tag["Value"] for tag in tags_of(job)},
        }
        await self._cloud.emit(
            "aws.sagemaker", "SageMaker Transform Job State Change", detail, [job["arn"]]
        )

    async def _load(self, container: ServingContainer) -> None:
        try:
            await container.start(_LOADING)
        except (ContainerError, TimeoutError) as error:
            raise JobFailedError(
                "AlgorithmError: The container did not pass the ping health check. Please check "
                f"CloudWatch logs for this job. ({error})"
            ) from error

    async def _each(self, job: Document, laid: ModelFolder, work: _Work) -> None:
        objects = Objects(self._cloud, laid.principal)
        config = job["request"]["TransformInput"]
        out = read_uri(job["request"]["TransformOutput"]["S3OutputPath"])
        count = 0
        try:
            async for place, name in found(objects, config["DataSource"]["S3DataSource"]):
                count += 1
                if job["status"] == "Stopping":
                    return
                target = out.below(f"{name}.out")
                if target.uri in job["done"]:
                    continue
                await self._one(objects, place, target, work)
                self.jobs.records.change(job, done=[*job["done"], target.uri])
        except ServiceError as error:
            raise JobFailedError(f"ClientError: {reading_failed(error)}") from error
        if not count:
            uri = config["DataSource"]["S3DataSource"]["S3Uri"]
            raise DownloadError(f'ClientError: No S3 objects found under S3 URL "{uri}".')

    async def _one(self, objects: Objects, place: Place, target: Place, work: _Work) -> None:
        await objects.fetch(place, work.source)
        work.say(
            f"MaxConcurrentTransforms=1, MaxPayloadInMB={work.processing.limit // 1024**2}, "
            f"BatchStrategy={'SINGLE' if work.processing.single else 'MULTI'}_RECORD"
        )
        try:
            await work.transform()
        except TransformError as error:
            work.say(f"{place.bucket}/{place.key}: ClientError: {error}")
            raise JobFailedError(f"ClientError: {place.uri}: {error}") from error
        except _RefusedError as error:
            work.say(f"{place.bucket}/{place.key}: ClientError: {error.status}")
            work.say(f"{place.bucket}/{place.key}: Message: {error.message}")
            whose = "Client" if 400 <= error.status < 500 else "Algorithm"
            raise JobFailedError(f"{whose}Error: See job logs for more information") from error
        accept = work.processing.accept or work.content_type
        await objects.put(work.result, target, accept or None)


class _RefusedError(Exception):
    """The container's answer is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class _Work:
    """The files of one job, and one object at a time through its container."""

    def __init__(
        self, job: Document, container: ServingContainer, log: LogStream, folder: Path
    ) -> None:
        self.processing = processing_of(job["request"])
        self.source, self.result = folder / "source", folder / "result"
        self.content_type = ""
        self._job = job
        self._container = container
        self._log = log
        self._payload, self._answer = folder / "payload", folder / "answer"
        client = job["request"].get("ModelClientConfig") or {}
        self._timeout = client.get("InvocationsTimeoutInSeconds", _TIMEOUT)
        self._retries = client.get("InvocationsMaxRetries", _RETRIES)
        gzipped = job["request"]["TransformInput"].get("CompressionType") == "Gzip"
        self._open: Any = gzip.open if gzipped else open

    def say(self, line: str) -> None:
        """Write a line to the data log."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        self._log.write(f"{at}:[sagemaker logs]: {line}")

    async def transform(self) -> None:
        """Put `source` through the model into `result`.

        Raises:
            TransformError: The records are not as they must be.
            _RefusedError: The container says no.
        """
        with self._open(self.source, "rb") as source, self.result.open("wb") as result:
            size = self.source.stat().st_size
            batches = self.processing.batches(source, size)
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                if self._job["status"] == "Stopping":
                    return
                records, payload = batch
                self._payload.write_bytes(payload)
                self.content_type = await self._ask()
                out = await asyncio.to_thread(
                    self.processing.assembled, records, self._answer, self.content_type
                )
                await asyncio.to_thread(result.write, out)

    async def _ask(self) -> str:
        asked = {
            "input": str(self._payload),
            "output": str(self._answer),
            "content_type": self.processing.content_type,
            "accept": self.processing.accept,
        }
        for left in range(self._retries, -1, -1):
            try:
                answer = await self._container.ask(asked, self._timeout)
            except ContainerError as error:
                answer = {"status": 500}
                self._answer.write_text(str(error), encoding="utf-8")
            if answer["status"] < 300:
                return str(answer["content_type"])
            if answer["status"] < 500 or not left:
                break
        message = self._answer.read_text(encoding="utf-8", errors="replace")
        raise _RefusedError(answer["status"], message)


def processing_of(request: Document) -> Processing:
    """How a job's records are processed.

    Raises:
        ServiceError: A filter is none.
    """
    data = request.get("DataProcessing") or {}
    source, output = request["TransformInput"], request["TransformOutput"]
    megabytes = request.get("MaxPayloadInMB", PAYLOAD_MB)
    return Processing(
        split=source.get("SplitType", "None") == "Line",
        single=request.get("BatchStrategy") == "SingleRecord",
        limit=megabytes * 1024**2,
        assemble=output.get("AssembleWith") == "Line",
        content_type=source.get("ContentType", ""),
        accept=output.get("Accept", ""),
        before=Filter(data.get("InputFilter")),
        after=Filter(data.get("OutputFilter")),
        joins=data.get("JoinSource") == "Input",
    )


def _environment(job: Document) -> dict[str, str]:
    own: dict[str, str] = job["request"].get("Environment") or {}
    return own


def _time(at: str) -> str:
    return moment(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
