"""From a result or an error to the answer on the wire, in the protocol the client speaks."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import OperationModel, Shape, StructureShape
from botocore.validate import ParamValidator

from windfall_local.api import ServiceError
from windfall_local.wire.identify import WireProtocol
from windfall_local.wire.message import HttpResponse
from windfall_local.wire.models import operation_model, service_model

_validator = ParamValidator()

_MESSAGE_NAMES = ("message", "Message", "errorMessage")


def check_response(service: str, operation: str, result: Mapping[str, Any]) -> None:
    """Hold a local service's answer against the model.

    Raises:
        ServiceError: `InternalFailure`, naming the members that the model does not allow.
    """
    shape = operation_model(service, operation).output_shape
    if shape is None:
        return
    report = _validator.validate(result, shape)
    if report.has_errors():
        raise ServiceError(
            "InternalFailure",
            f"The local {service} answered {operation} against its model: "
            f"{report.generate_report()}",
            status=500,
        )


def check_parameters(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
    """Hold a call's parameters against the model: required members, types, unknown names.

    Raises:
        ServiceError: `ValidationException`, as a client would see it from most services.
    """
    shape = operation_model(service, operation).input_shape
    if shape is None:
        return
    report = _validator.validate(parameters, shape)
    if report.has_errors():
        raise ServiceError("ValidationException", report.generate_report())


# --- Results ------------------------------------------------------------------------------------


def serialize_result(
    service: str, operation: str, protocol: WireProtocol, result: Mapping[str, Any], request_id: str
) -> HttpResponse:
    """Write what boto3 would return back onto the wire."""
    model = operation_model(service, operation)
    if protocol == "query":
        return _query_result(model, result, request_id)
    if protocol == "rest-json":
        return _rest_json_result(model, result)
    shape = model.output_shape
    document = _json_structure(shape, result) if shape is not None else {}
    version = model.service_model.metadata.get("jsonVersion", "1.0")
    return HttpResponse(
        200, {"content-type": f"application/x-amz-json-{version}"}, dump_json(document)
    )


def _rest_json_result(model: OperationModel, result: Mapping[str, Any]) -> HttpResponse:
    response = HttpResponse(model.http.get("responseCode", 200))
    shape = model.output_shape
    if shape is None:
        return response
    payload = shape.serialization.get("payload")
    document: dict[str, Any] = {}
    for name, member in shape.members.items():
        value = result.get(name)
        if value is None:
            continue
        location = member.serialization.get("location")
        key = member.serialization.get("name", name)
        if location == "header":
            response.headers[key.lower()] = _header_text(member, value)
        elif location == "headers":
            response.headers.update({f"{key}{k}".lower(): str(v) for k, v in value.items()})
        elif location == "statusCode":
            response.status = int(value)
        elif name == payload:
            response.body = _payload(member, value)
        else:
            document[key] = _json_value(member, value)
    if not payload:
        response.body = dump_json(document) if response.status != 204 else b""
    response.headers.setdefault("content-type", "application/json")
    return response


def _payload(member: Shape, value: Any) -> bytes:
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode()
    return dump_json(_json_value(member, value))


def _header_text(member: Shape, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    if isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value)
    return str(value)


def _query_result(
    model: OperationModel, result: Mapping[str, Any], request_id: str
) -> HttpResponse:
    shape = model.output_shape
    inner = ""
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{model.name}Result")
        inner = f"<{wrapper}>{_xml_members(shape, result)}</{wrapper}>"
    namespace = model.service_model.metadata.get("xmlNamespace", "")
    body = (
        f'<{model.name}Response xmlns="{escape(namespace)}">{inner}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        f"</{model.name}Response>"
    )
    return HttpResponse(200, {"content-type": "text/xml"}, body.encode())


def _xml_members(shape: StructureShape, value: Mapping[str, Any]) -> str:
    return "".join(
        _xml(member.serialization.get("name", name), member, value[name])
        for name, member in shape.members.items()
        if value.get(name) is not None
    )


def _xml(name: str, shape: Shape, value: Any) -> str:
    if shape.type_name == "structure":
        inner = _xml_members(shape, value)
    elif shape.type_name == "list":
        item = shape.member.serialization.get("name", "member")
        inner = "".join(_xml(item, shape.member, entry) for entry in value)
    elif shape.type_name == "map":
        inner = "".join(
            f"<entry>{_xml('key', shape.key, key)}{_xml('value', shape.value, entry)}</entry>"
            for key, entry in value.items()
        )
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    elif isinstance(value, datetime):
        inner = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        inner = escape(str(value))
    return f"<{name}>{inner}</{name}>"


# --- JSON ---------------------------------------------------------------------------------------


def dump_json(document: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _json_structure(shape: StructureShape, value: Mapping[str, Any]) -> dict[str, Any]:
    if getattr(shape, "is_document_type", False):
        return dict(value)
    found = {}
    for name, member in shape.members.items():
        given = value.get(name)
        if given is not None:
            found[member.serialization.get("name", name)] = _json_value(member, given)
    return found


def _json_value(shape: Shape, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _json_structure(shape, value)
    if kind == "list":
        return [_json_value(shape.member, item) for item in value]
    if kind == "map":
        return {key: _json_value(shape.value, item) for key, item in value.items()}
    if kind == "blob":
        return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
    if kind == "timestamp":
        return _json_timestamp(shape, value)
    if kind in ("float", "double") and value is not None:
        return float(value)
    return value


def _json_timestamp(shape: Shape, value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    if shape.serialization.get("timestampFormat") == "iso8601":
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return round(moment.timestamp(), 3)


# --- Errors -------------------------------------------------------------------------------------


def serialize_error(
    service: str,
    protocol: WireProtocol,
    error: ServiceError,
    request_id: str,
    resource: str = "",
) -> HttpResponse:
    """Write an error as its protocol has it; the model's own status goes first."""
    shape = _error_shape(service, error.code)
    status = _status(shape, error)
    if protocol == "rest-xml":
        return HttpResponse(
            status,
            {"content-type": "application/xml"},
            _s3_error(error, request_id, resource).encode(),
        )
    if protocol == "query":
        fault = "Receiver" if status >= 500 else "Sender"
        body = (
            f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(_wire_code(shape, error))}"
            f"</Code><Message>{escape(error.message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return HttpResponse(status, {"content-type": "text/xml"}, body.encode())
    return _json_error(service, protocol, shape, status, error)


def _json_error(
    service: str,
    protocol: WireProtocol,
    shape: StructureShape | None,
    status: int,
    error: ServiceError,
) -> HttpResponse:
    code = _wire_code(shape, error)
    message_name = "message"
    document: dict[str, Any] = {}
    if shape is not None:
        message_name = next((name for name in _MESSAGE_NAMES if name in shape.members), "message")
        document.update(_json_structure(shape, error.fields))
    document[message_name] = error.message
    if protocol == "rest-json":
        content_type = "application/json"
    else:
        document["__type"] = code
        version = service_model(service).metadata.get("jsonVersion", "1.0")
        content_type = f"application/x-amz-json-{version}"
    return HttpResponse(
        status, {"content-type": content_type, "x-amzn-errortype": code}, dump_json(document)
    )


def _s3_error(error: ServiceError, request_id: str, resource: str) -> str:
    more = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in error.fields.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>{more}"
        f"<Resource>{escape(resource)}</Resource><RequestId>{request_id}</RequestId>"
        f"<HostId>windfall</HostId></Error>"
    )


def _error_shape(service: str, code: str) -> StructureShape | None:
    model = service_model(service)
    for shape in model.error_shapes:
        if shape.name == code or shape.metadata.get("error", {}).get("code") == code:
            return shape
    return None


def _wire_code(shape: StructureShape | None, error: ServiceError) -> str:
    if shape is None:
        return error.code
    code: str = shape.metadata.get("error", {}).get("code", shape.name)
    return code


def _status(shape: StructureShape | None, error: ServiceError) -> int:
    if shape is not None:
        modelled: int | None = shape.metadata.get("error", {}).get("httpStatusCode")
        if modelled:
            return modelled
    return error.status
