"""InvokeEndpoint and InvokeEndpointAsync."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any
from uuid import uuid4

from windfall_local.api import ACCOUNT, CallContext, OperationService, ServiceError
from windfall_local.services.sagemaker.asynchronous import (
    DEFAULT_TIMEOUT,
    DEFAULT_TTL,
    AsynchronousQueues,
    concurrency,
)
from windfall_local.services.sagemaker.constraints import check_constraints
from windfall_local.services.sagemaker.containers import ContainerError, ContainerTimeoutError
from windfall_local.services.sagemaker.hosting import DeploymentError, Hosting, Variant, choose
from windfall_local.services.sagemaker.inference import locations
from windfall_local.services.sagemaker.objects import read_uri
from windfall_local.services.sagemaker.records import Document, Records
from windfall_local.services.sagemaker.wording import refuse

Answer = dict[str, Any]

REAL_TIME, SERVERLESS = 25 * 1024**2, 4 * 1024**2
"""Bytes of a request and of its answer; SageMaker's quotas."""
SECONDS = 60.0
"""How long a container may take."""
_INLINE = 128_000
_ATTRIBUTES = 1024


class RuntimeService(OperationService):
    """What SageMaker's endpoints answer.

    Args:
        endpoints: Every endpoint.
        hosting: What serves them.
        queues: Of the asynchronous ones.
    """

    name = "sagemaker-runtime"

    def __init__(self, endpoints: Records, hosting: Hosting, queues: AsynchronousQueues) -> None:
        self._endpoints = endpoints
        self._hosting = hosting
        self._queues = queues
        self._busy: dict[str, int] = {}

    async def invoke_endpoint(self, parameters: Answer, context: CallContext) -> Answer:
        """Predict, and answer with it."""
        refuse(
            parameters,
            "TargetModel",
            "TargetContainerHostname",
            "EnableExplanations",
            "InferenceComponentName",
            "SessionId",
        )
        endpoint = self._in_service(parameters["EndpointName"])
        if endpoint["serving"].get("asynchronous"):
            raise _refused(
                f"Endpoint {endpoint['name']} is asynchronous: it takes InvokeEndpointAsync only."
            )
        variant = await self._variant(endpoint, parameters.get("TargetVariant"))
        limit = REAL_TIME if variant.serverless is None else SERVERLESS
        body = bytes(parameters["Body"])
        if len(body) > limit:
            raise _refused(
                f"Request size {len(body):,} bytes exceeds the limit of {limit:,} bytes."
            )
        if variant.serverless is None:
            return await self._invoke(endpoint, variant, parameters, body, limit)
        return await self._invoke_serverless(endpoint, variant, parameters, body, limit)

    async def invoke_endpoint_async(self, parameters: Answer, context: CallContext) -> Answer:
        """Take a request in; its answer will lie in S3."""
        check_constraints("sagemaker-runtime", "InvokeEndpointAsync", parameters, "ValidationError")
        source, body = parameters.get("InputLocation"), parameters.get("Body")
        if (source is None) == (not body):
            raise _refused("Exactly one of InputLocation and Body must be given.")
        if body and len(body) > _INLINE:
            raise _refused(f"Body has {len(body):,} bytes, more than {_INLINE:,}.")
        if source is not None:
            try:
                read_uri(source)
            except ServiceError as error:
                raise _refused(error.message) from error
        endpoint = self._in_service(parameters["EndpointName"])
        if not endpoint["serving"].get("asynchronous"):
            raise _refused(f"Endpoint {endpoint['name']} is not asynchronous: use InvokeEndpoint.")
        inference_id = parameters.get("InferenceId") or str(uuid4())
        name = str(uuid4())
        output, failure = locations(endpoint, parameters, name)
        self._queues.accept(
            name,
            bytes(body) if body else None,
            endpoint=endpoint["name"],
            concurrency=concurrency(endpoint),
            inference_id=inference_id,
            input=source,
            output=output.uri,
            failure=failure.uri if failure else None,
            content_type=parameters.get("ContentType"),
            accept=parameters.get("Accept"),
            attributes=parameters.get("CustomAttributes"),
            ttl=parameters.get("RequestTTLSeconds") or DEFAULT_TTL,
            timeout=parameters.get("InvocationTimeoutSeconds") or DEFAULT_TIMEOUT,
        )
        answer = {"InferenceId": inference_id, "OutputLocation": output.uri}
        return {**answer, "FailureLocation": failure.uri} if failure else answer

    # --- What they are made of ------------------------------------------------------------------

    def _in_service(self, name: str) -> Document:
        endpoint = self._endpoints.get(name)
        if endpoint is None or endpoint["serving"] is None:
            raise _refused(f"Endpoint {name} of account {ACCOUNT} not found.")
        return endpoint

    async def _variant(self, endpoint: Document, target: str | None) -> Variant:
        folder = self._endpoints.folder(endpoint["name"]) / endpoint["serving"]["folder"]
        try:
            variants = await self._hosting.variants(
                endpoint["name"], endpoint["serving"]["variants"], folder
            )
        except DeploymentError as error:
            raise ServiceError("ServiceUnavailable", str(error), status=503) from error
        variant = choose(variants, target)
        if variant is None:
            raise _refused(f"Could not find variant {target} of endpoint {endpoint['name']}.")
        return variant

    async def _invoke_serverless(
        self, endpoint: Document, variant: Variant, parameters: Answer, body: bytes, limit: int
    ) -> Answer:
        assert variant.serverless is not None  # the caller looked
        most = variant.serverless["MaxConcurrency"]
        busy = self._busy.get(endpoint["name"], 0)
        if busy >= most:
            raise ServiceError(
                "ThrottlingException",
                f"Endpoint {endpoint['name']} has {busy} invocations under way, and its "
                f"MaxConcurrency is {most}.",
                status=429,
            )
        self._busy[endpoint["name"]] = busy + 1
        try:
            return await self._invoke(endpoint, variant, parameters, body, limit)
        finally:
            self._busy[endpoint["name"]] -= 1

    async def _invoke(
        self, endpoint: Document, variant: Variant, parameters: Answer, body: bytes, limit: int
    ) -> Answer:
        with tempfile.TemporaryDirectory(prefix="windfall-invocation-") as folder:
            source, output = Path(folder, "input"), Path(folder, "output")
            source.write_bytes(body)
            asked = {
                "input": str(source),
                "output": str(output),
                "content_type": parameters.get("ContentType") or "",
                "accept": parameters.get("Accept") or "",
                "attributes": parameters.get("CustomAttributes") or "",
            }
            try:
                found = await variant.container.ask(asked, SECONDS)
            except ContainerTimeoutError as error:
                raise _timed_out(endpoint, variant) from error
            except ContainerError as error:
                raise _model_error(endpoint, variant, 500, str(error)) from error
            answer = await asyncio.to_thread(output.read_bytes) if output.exists() else b""
        if found["status"] >= 300:
            text = answer.decode("utf-8", "replace")
            raise _model_error(endpoint, variant, found["status"], text)
        if len(answer) > limit:
            raise _model_error(
                endpoint, variant, 500, f"The response has {len(answer):,} bytes of {limit:,}."
            )
        shown: Answer = {
            "Body": answer,
            "ContentType": found["content_type"],
            "InvokedProductionVariant": variant.name,
        }
        attributes = parameters.get("CustomAttributes")
        return {**shown, "CustomAttributes": attributes} if attributes else shown


def _refused(message: str) -> ServiceError:
    return ServiceError("ValidationError", message, fields={"Message": message})


def _timed_out(endpoint: Document, variant: Variant) -> ServiceError:
    reason = "Your invocation timed out while waiting for a response from container primary."
    return _model_error(endpoint, variant, 0, f"{reason} Review the latency metrics for it.")


def _model_error(endpoint: Document, variant: Variant, status: int, text: str) -> ServiceError:
    whose = "client" if 400 <= status < 500 else "server"
    logs = f"/aws/sagemaker/Endpoints/{endpoint['name']}"
    region = endpoint["arn"].split(":")[3]
    message = (
        f'Received {whose} error ({status}) from primary with message "{text}". See '
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        f"#logEventViewer:group={logs} in account {ACCOUNT} for more information."
    )
    return ServiceError(
        "ModelError",
        message,
        status=424,
        fields={
            "OriginalStatusCode": status,
            "OriginalMessage": text,
            "LogStreamArn": f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{logs}",
        },
    )
