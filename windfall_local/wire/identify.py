"""What a request asks for: the service, the operation, the protocol."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from windfall_local.api import ServiceError
from windfall_local.wire.message import HttpRequest, split_query
from windfall_local.wire.models import (
    operation_names,
    service_model,
    service_of_signing_name,
    services_by_target_prefix,
)
from windfall_local.wire.routes import match_route

WireProtocol = Literal["json", "query", "rest-json", "rest-xml"]


@dataclass(frozen=True, slots=True)
class Identified:
    """A request's operation.

    Attributes:
        service: botocore's name.
        operation: As the model names it.
        protocol: What this client speaks; errors are answered in it.
        labels: Values of the path's labels, decoded.
        form: Fields of a query-protocol request.
    """

    service: str
    operation: str
    protocol: WireProtocol
    labels: dict[str, str] = field(default_factory=dict)
    form: tuple[tuple[str, str], ...] = ()


def identify_service(request: HttpRequest) -> str:
    """The service, by the credential scope of the signature, then by what else tells it.

    An unsigned request that says nothing is S3's: only S3 knows anonymous requests.
    """
    scope_name = _signing_name(request)
    if scope_name is not None:
        service = service_of_signing_name(scope_name)
        if service is None:
            raise ServiceError(
                "UnknownService", f"The local cloud has no service {scope_name!r}.", status=501
            )
        if service == "sagemaker" and "x-amz-target" not in request.headers:
            # Both sign alike; only the runtime is asked by paths.
            return "sagemaker-runtime"
        return service
    target = request.headers.get("x-amz-target")
    if target:
        found = services_by_target_prefix().get(target.partition(".")[0])
        if found is not None:
            return found
    return "s3"


def protocol_of(service: str, request: HttpRequest) -> WireProtocol:
    """The protocol that the client speaks; services with several are told by the request."""
    if "x-amz-target" in request.headers:
        return "json"
    model = service_model(service)
    protocols = model.metadata.get("protocols") or [model.metadata["protocol"]]
    if "query" in protocols or "awsQueryCompatible" in model.metadata:
        return "query"
    for protocol in protocols:
        if protocol in ("rest-json", "rest-xml", "json"):
            return protocol  # type: ignore[no-any-return]
    return "json"


def identify(service: str, protocol: WireProtocol, request: HttpRequest) -> Identified:
    """The operation that a request asks its service for.

    Raises:
        ServiceError: There is no such operation, or the protocol is one not served here.
    """
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        raise ServiceError(
            "NotImplementedException",
            f"The local {service} speaks JSON, not RPC v2 CBOR; use an SDK that does.",
            status=501,
        )
    if protocol == "json":
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if operation in operation_names(service):
            return Identified(service, operation, protocol)
        raise ServiceError("UnknownOperationException", f"{service} has no {operation!r}.")
    if protocol == "query":
        form = tuple(_form(request))
        operation = dict(form).get("Action", "")
        if operation in operation_names(service):
            return Identified(service, operation, protocol, form=form)
        raise ServiceError(
            "InvalidAction", f"Could not find operation {operation} of {service}.", status=400
        )
    match = match_route(service, request)
    if match is None:
        code = "MethodNotAllowed" if protocol == "rest-xml" else "UnknownOperationException"
        status = 405 if protocol == "rest-xml" else 404
        raise ServiceError(
            code, f"{service} has nothing for {request.method} {request.path}.", status=status
        )
    return Identified(service, match[0], protocol, labels=match[1])


def _signing_name(request: HttpRequest) -> str | None:
    authorization = request.headers.get("authorization", "")
    credential = authorization.partition("Credential=")[2].partition(",")[0].strip()
    if not credential:
        credential = request.arguments.get("X-Amz-Credential", "")
    parts = credential.split("/")
    return parts[-2] if len(parts) >= 5 else None


def _form(request: HttpRequest) -> list[tuple[str, str]]:
    pairs = list(request.argument_pairs)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        pairs += split_query(request.body.decode("utf-8", "surrogateescape"))
    return pairs
