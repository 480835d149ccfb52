"""From a request to the parameters that boto3's caller gave.

Blobs become `bytes`, timestamps become `datetime`, everything else is as JSON has it. What the
model does not know is dropped, as AWS drops it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as ET

from botocore.model import Shape, StructureShape

from windfall_local.api import ServiceError
from windfall_local.wire.identify import Identified
from windfall_local.wire.message import HttpRequest
from windfall_local.wire.models import operation_model

_NAMESPACE = re.compile(r"\{[^}]*\}")


def parse_parameters(request: HttpRequest, identified: Identified) -> dict[str, Any]:
    """The parameters of an identified request.

    Raises:
        ServiceError: `SerializationException` or `MalformedXML`: the body is not what it must be.
    """
    shape = operation_model(identified.service, identified.operation).input_shape
    if shape is None:
        return {}
    try:
        if identified.protocol == "json":
            return _json_structure(shape, _load_json(request.body))
        if identified.protocol == "query":
            return _query_structure(shape, _nest(identified.form))
        return _rest_parameters(shape, request, identified)
    except (ValueError, TypeError, AttributeError, binascii.Error, ET.ParseError) as error:
        code = "MalformedXML" if identified.protocol == "rest-xml" else "SerializationException"
        raise ServiceError(code, f"The request could not be read: {error}") from error


# --- JSON ---------------------------------------------------------------------------------------


def _load_json(body: bytes) -> dict[str, Any]:
    document = json.loads(body) if body else {}
    if not isinstance(document, dict):
        raise TypeError("a JSON object was expected")
    return document


def _json_structure(shape: StructureShape, value: Mapping[str, Any]) -> dict[str, Any]:
    if getattr(shape, "is_document_type", False):
        return dict(value)
    found = {}
    for name, member in shape.members.items():
        given = value.get(member.serialization.get("name", name))
        if given is not None:
            found[name] = _json_value(member, given)
    return found


def _json_value(shape: Shape, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _json_structure(shape, value) if isinstance(value, dict) else value
    if kind == "list" and isinstance(value, list):
        return [_json_value(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _json_value(shape.value, item) for key, item in value.items()}
    if kind == "blob":
        return base64.b64decode(value, validate=True)
    if kind == "timestamp":
        return parse_timestamp(value)
    if kind in ("float", "double") and isinstance(value, str):
        return float(value)
    return value


# --- Query --------------------------------------------------------------------------------------


def _nest(form: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """`A.member.1.B=x` becomes `{"A": {"member": {"1": {"B": "x"}}}}`."""
    root: dict[str, Any] = {}
    for name, value in form:
        node = root
        *parents, last = name.split(".")
        for parent in parents:
            child = node.setdefault(parent, {})
            if not isinstance(child, dict):
                raise ValueError(f"{name} is given as a value and as a structure")
            node = child
        node[last] = value
    return root


def _query_structure(shape: StructureShape, node: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        key = member.serialization.get("name", name)
        flattened = member.type_name == "list" and member.serialization.get("flattened")
        if flattened and member.member.serialization.get("name"):
            key = member.member.serialization["name"]
        given = node.get(key)
        if given is not None:
            found[name] = _query_value(member, given)
    return found


def _query_value(shape: Shape, node: Any) -> Any:
    if shape.type_name == "structure":
        return _query_structure(shape, node)
    if shape.type_name == "list":
        if node == "":
            return []
        if not shape.serialization.get("flattened"):
            node = node[shape.member.serialization.get("name", "member")]
        return [_query_value(shape.member, node[index]) for index in sorted(node, key=int)]
    if shape.type_name == "map":
        entries = node if shape.serialization.get("flattened") else node["entry"]
        key, value = (
            shape.key.serialization.get("name", "key"),
            shape.value.serialization.get("name", "value"),
        )
        return {
            entries[index][key]: _query_value(shape.value, entries[index][value])
            for index in sorted(entries, key=int)
        }
    return _text_value(shape, node)


# --- REST ---------------------------------------------------------------------------------------


def _rest_parameters(
    shape: StructureShape, request: HttpRequest, identified: Identified
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    in_body: dict[str, Shape] = {}
    payload = shape.serialization.get("payload")
    for name, member in shape.members.items():
        key = member.serialization.get("name", name)
        location = member.serialization.get("location")
        if location == "uri":
            if key in identified.labels:
                found[name] = _text_value(member, identified.labels[key])
        elif location == "querystring":
            _take_query(found, name, member, key, request)
        elif location == "header":
            if key.lower() in request.headers:
                found[name] = _header_value(member, request.headers[key.lower()])
        elif location == "headers":
            found.update(_prefixed_headers(name, key.lower(), request))
        elif name != payload:
            in_body[name] = member
    if payload:
        _take_payload(found, payload, shape.members[payload], request, identified)
    elif in_body and request.body:
        body = _read_body(identified, shape, request.body)
        found.update({name: body[name] for name in in_body if name in body})
    return found


def _take_query(
    found: dict[str, Any], name: str, member: Shape, key: str, request: HttpRequest
) -> None:
    if member.type_name == "list":
        values = [value for given, value in request.argument_pairs if given == key]
        if values:
            found[name] = [_text_value(member.member, value) for value in values]
    elif key in request.arguments:
        found[name] = _text_value(member, request.arguments[key])


def _prefixed_headers(name: str, prefix: str, request: HttpRequest) -> dict[str, Any]:
    values = {
        key[len(prefix) :]: value
        for key, value in request.headers.items()
        if key.startswith(prefix)
    }
    return {name: values} if values else {}


def _take_payload(
    found: dict[str, Any], name: str, member: Shape, request: HttpRequest, identified: Identified
) -> None:
    if member.type_name == "blob":
        found[name] = request.body
    elif member.type_name == "string":
        found[name] = request.body.decode()
    elif request.body:
        found[name] = _read_body(identified, member, request.body)


def _read_body(identified: Identified, shape: Shape, body: bytes) -> dict[str, Any]:
    if identified.protocol == "rest-json":
        return _json_structure(shape, _load_json(body))
    return _xml_structure(shape, ET.fromstring(body))


def _header_value(member: Shape, text: str) -> Any:
    if member.type_name == "list":
        return [_text_value(member.member, part.strip()) for part in text.split(",")]
    if member.serialization.get("jsonvalue") or getattr(member, "metadata", {}).get("jsonvalue"):
        return json.loads(base64.b64decode(text))
    return _text_value(member, text)


# --- XML ----------------------------------------------------------------------------------------


def _xml_structure(shape: StructureShape, node: ET.Element) -> dict[str, Any]:
    children: dict[str, list[ET.Element]] = {}
    for child in node:
        children.setdefault(_NAMESPACE.sub("", child.tag), []).append(child)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        if member.serialization.get("xmlAttribute"):
            continue
        key = member.serialization.get("name", name)
        if member.type_name == "list" and member.serialization.get("flattened"):
            key = member.member.serialization.get("name", key)
            if key in children:
                found[name] = [_xml_value(member.member, child) for child in children[key]]
        elif key in children:
            found[name] = _xml_value(member, children[key][0])
    return found


def _xml_value(shape: Shape, node: ET.Element) -> Any:
    if shape.type_name == "structure":
        return _xml_structure(shape, node)
    if shape.type_name == "list":
        return [_xml_value(shape.member, child) for child in node]
    return _text_value(shape, node.text or "")


# --- Scalars ------------------------------------------------------------------------------------


def _text_value(shape: Shape, text: str) -> Any:
    convert = _FROM_TEXT.get(shape.type_name)
    return convert(text) if convert else text


def parse_timestamp(value: Any) -> datetime:
    """A timestamp in any of AWS's three forms: epoch seconds, ISO 8601, RFC 822."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return parsedate_to_datetime(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda text: text.lower() == "true",
    "blob": base64.b64decode,
    "timestamp": parse_timestamp,
}
