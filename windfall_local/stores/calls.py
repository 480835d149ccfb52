"""Calls from inside, shaped as requests: botocore serialises them and parses the answers."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from botocore.awsrequest import HeadersDict
from botocore.handlers import json_decode_policies
from botocore.model import Shape
from botocore.parsers import ResponseParser, create_parser
from botocore.serialize import Serializer, create_serializer

from windfall_local.api import ServiceError
from windfall_local.wire.message import HttpRequest, HttpResponse
from windfall_local.wire.models import operation_model, service_model
from windfall_local.wire.serialize import check_parameters

_ERROR_FRAME = frozenset({"Error", "ResponseMetadata", "message", "Message"})


class CallShaper:
    """Writes requests as boto3 would, and reads answers as boto3 would.

    Args:
        region: The cloud's region.
    """

    def __init__(self, region: str) -> None:
        self._region = region

    def request(self, service: str, operation: str, parameters: dict[str, Any]) -> HttpRequest:
        """The request of a call.

        Raises:
            ServiceError: `ValidationException`: the parameters do not fit the model.
        """
        if service == "s3" and isinstance(parameters.get("CopySource"), dict):
            parameters = {**parameters, "CopySource": _copy_source(parameters["CopySource"])}
        check_parameters(service, operation, parameters)
        made = _serializer(service).serialize_to_request(
            parameters, operation_model(service, operation)
        )
        body = made["body"]
        if isinstance(body, dict):
            body = urlencode(body, doseq=True)
        path, _, fixed_query = made["url_path"].partition("?")
        query = made["query_string"]
        encoded = query if isinstance(query, str) else urlencode(query, doseq=True)
        return HttpRequest(
            made["method"],
            path or "/",
            "&".join(filter(None, (fixed_query, encoded))),
            {name.lower(): str(value) for name, value in made["headers"].items()},
            body.encode() if isinstance(body, str) else bytes(body or b""),
        )

    def result(self, service: str, operation: str, response: HttpResponse) -> Any:
        """What boto3 would return, without `ResponseMetadata`; streaming bodies are `bytes`.

        Raises:
            ServiceError: The answer is an error.
        """
        model = operation_model(service, operation)
        blob = _blob_payload(service, operation) if response.status < 300 else None
        parsed = _parse(service, response, b"" if blob else response.body, model.output_shape)
        if response.status >= 300:
            raise _error(service, response, parsed)
        parsed.pop("ResponseMetadata", None)
        if blob:
            parsed[blob] = response.whole()
        if service == "iam":
            json_decode_policies(parsed, model)
        return parsed


def _parse(service: str, response: HttpResponse, body: bytes, shape: Shape | None) -> Any:
    answer = {
        "status_code": response.status,
        "headers": HeadersDict(response.headers),
        "body": body,
    }
    return _parser(service).parse(answer, shape)


def _error(service: str, response: HttpResponse, parsed: dict[str, Any]) -> ServiceError:
    error = parsed.get("Error", {})
    code = error.get("Code") or str(response.status)
    # What an error tells beyond its message (CancellationReasons) is in its own shape.
    shape = service_model(service).shape_for_error_code(code)
    members = _parse(service, response, response.body, shape) if shape is not None else {}
    fields = {name: value for name, value in members.items() if name not in _ERROR_FRAME}
    return ServiceError(code, error.get("Message", ""), status=response.status, fields=fields)


def _copy_source(source: dict[str, str]) -> str:
    text = quote(f"{source['Bucket']}/{source['Key']}", safe="/")
    return f"{text}?versionId={source['VersionId']}" if source.get("VersionId") else text


@cache
def _serializer(service: str) -> Serializer:
    return create_serializer(service_model(service).resolved_protocol, include_validation=False)


@cache
def _parser(service: str) -> ResponseParser:
    return create_parser(service_model(service).resolved_protocol)


@cache
def _blob_payload(service: str, operation: str) -> str | None:
    """The member that is the answer's whole body as bytes; botocore would decode it as text."""
    shape = operation_model(service, operation).output_shape
    payload: str | None = shape.serialization.get("payload") if shape is not None else None
    if payload is None or shape.members[payload].type_name != "blob":
        return None
    return payload
