"""One HTTP request to the moto service that answers it, without moto's own URL matching.

moto finds the service by trying every service's URL patterns; here it is known already. The
request is handed over under the local endpoint, so that queue URLs name it.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    Request,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException

from windfall_local.api import ServiceError, UnsupportedOperationError
from windfall_local.mirror.passing import Reading
from windfall_local.stores.moto_fit import MOTO_NAMES, backends
from windfall_local.wire.message import HttpRequest, HttpResponse

_Handler = Callable[[Any, str, Any], tuple[int, dict[str, Any], Any]]

# What the gateway has dealt with; moto walks through every header several times. It would also
# read a region out of the user agent, and take a chunked body apart again.
_NOT_HANDED_ON = frozenset(
    {
        "accept-encoding",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "connection",
        "content-length",
        "expect",
        "host",
        "transfer-encoding",
        "user-agent",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
    }
)
_NOT_ANSWERED = frozenset({"status", "date", "server", "connection", "transfer-encoding"})

_UNKNOWN_S3_PARTS = (
    "Abac",
    "Analytics",
    "Annotation",
    "IntelligentTiering",
    "Metadata",
    "Metrics",
    "Torrent",
)
_UNKNOWN_S3_OPERATIONS = frozenset(
    {
        "CreateSession",
        "GetBucketRequestPayment",
        "ListDirectoryBuckets",
        "PutBucketRequestPayment",
        "RenameObject",
        "UpdateObjectEncryption",
        "WriteGetObjectResponse",
    }
)

_NO_FIELDS: ImmutableMultiDict[str, Any] = ImmutableMultiDict()

_log = logging.getLogger(__name__)


def check_known(service: str, operation: str) -> None:
    """Refuse what moto would take for something else.

    moto's S3 passes over query names that it does not know: `PUT /bucket?metrics` would create
    the bucket.

    Raises:
        UnsupportedOperationError: It is such an operation.
    """
    if service == "s3" and (
        operation in _UNKNOWN_S3_OPERATIONS or any(part in operation for part in _UNKNOWN_S3_PARTS)
    ):
        raise UnsupportedOperationError(
            f"The local s3 does not answer {operation}; it works on AWS only."
        )


def handed_on(request: HttpRequest) -> HttpRequest:
    """A request with as much of it as moto sees."""
    headers = {name: value for name, value in request.headers.items() if name not in _NOT_HANDED_ON}
    return HttpRequest(
        request.method, request.path, request.query, headers, request.body, request.piece
    )


def dispatch(service: str, request: HttpRequest, host: str, region: str) -> HttpResponse:
    """Answer one request from moto.

    Raises:
        UnsupportedOperationError: moto does not implement the operation.
        ServiceError: `InternalFailure`, when moto failed.
        OSError: The disk is full, or fails.
    """
    werkzeug_request = _to_werkzeug(service, request, host, region)
    try:
        status, headers, body = _handler(service, request.path)(
            werkzeug_request, werkzeug_request.raw_url, werkzeug_request.headers
        )
    except HTTPException as error:
        status, body = error.code or 500, error.get_body()
        headers = dict(error.get_headers())
    except NotImplementedError as error:
        raise UnsupportedOperationError(
            f"The local {service} does not answer this; it works on AWS only. ({error})"
        ) from error
    except OSError:
        raise
    except Exception as error:
        _log.exception("moto failed on %s %s %s", service, request.method, request.path)
        raise ServiceError(
            "InternalFailure", f"The local {service} failed: {error!r}", status=500
        ) from error
    reading = body if isinstance(body, Reading) and request.method != "HEAD" else None
    if reading is not None:
        body = b""
    return HttpResponse(
        int(status),
        {
            name.lower(): str(value)
            for name, value in headers.items()
            if name.lower() not in _NOT_ANSWERED
        },
        _content(body) if request.method != "HEAD" else b"",
        reading,
    )


def _content(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")


@cache
def _handlers(service: str) -> tuple[tuple[re.Pattern[str], _Handler], ...]:
    backends(service)  # The service's modules, and the fitting of them.
    urls = __import__(f"moto.{MOTO_NAMES[service]}.urls", fromlist=["url_paths"])
    return tuple(
        (re.compile(pattern.format("")), handler) for pattern, handler in urls.url_paths.items()
    )


def _handler(service: str, path: str) -> _Handler:
    for pattern, handler in _handlers(service):
        if pattern.match(path):
            return handler
    raise UnsupportedOperationError(f"The local {service} has nothing at {path}.")


def _to_werkzeug(service: str, request: HttpRequest, host: str, region: str) -> Request:
    name, _, port = host.partition(":")
    is_content = service == "s3" and request.method == "PUT"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        # `urlparse` would cut a key at a semicolon.
        "RAW_URI": request.path.replace(";", "%3B"),
        "QUERY_STRING": request.query,
        "SERVER_NAME": name,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        # moto reads the region out of it, and nothing else.
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=k/0/{region}/{service}/aws4_request",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b"" if is_content else request.body),
        "wsgi.input_terminated": True,
    }
    preserved = {}
    for header, value in request.headers.items():
        if header in _NOT_HANDED_ON:
            continue
        key = environ_key_for_header(header)
        environ[key] = value
        if should_preserve_original_header_name(header):
            preserved[key] = header
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = preserved
    made = Request(environ)
    if is_content:
        # An object's content is never a form, whatever its Content-Type says.
        made._cached_data = request.body
        made.__dict__.update(form=_NO_FIELDS, files=_NO_FIELDS)
    return made
