"""The gateway: every request to the local cloud, step by step.

One ASGI application on one port. `Gateway.STEPS` is the whole path of a request, in order; each
step reads and completes the `Exchange`, and the first error ends it as an answer in the
client's own protocol.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from windfall_local.api import (
    CallContext,
    Cloud,
    CompletedCall,
    Principal,
    Service,
    ServiceError,
)
from windfall_local.faults.faults import Faults, Met
from windfall_local.identity.authorizer import Authorizer
from windfall_local.identity.keys import KeyRegistry
from windfall_local.identity.signature import SignatureError, Signed, signature_failure, verify
from windfall_local.identity.streaming import Opening, open_body
from windfall_local.mirror.disk import said_of_the_disk
from windfall_local.mirror.mirror import CONTENT_OPERATIONS
from windfall_local.mirror.passing import Draft
from windfall_local.stores.observing import Observers
from windfall_local.stores.stores import LARGE_BODY, Stores
from windfall_local.tracing import HEADER, arrived, lineage_of
from windfall_local.wire.identify import (
    Identified,
    WireProtocol,
    identify,
    identify_service,
    protocol_of,
)
from windfall_local.wire.message import HttpRequest, HttpResponse
from windfall_local.wire.parse import parse_parameters
from windfall_local.wire.receive import (
    LARGEST_OBJECT,
    LARGEST_REQUEST,
    Receive,
    announced_size,
    blocks,
    read_whole,
    too_large,
)
from windfall_local.wire.serialize import (
    check_parameters,
    check_response,
    dump_json,
    serialize_error,
    serialize_result,
)

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

RUNTIME_PREFIX = "/_runtime/"
HEALTH_PATH = "/_windfall/health"

_log = logging.getLogger(__name__)


@dataclass
class Exchange:
    """One request and what the steps found out about it."""

    request: HttpRequest
    receive: Receive
    request_id: str
    body_taken: bool = False
    service: str = "s3"
    protocol: WireProtocol = "rest-xml"
    signed: Signed | None = None
    identified: Identified | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    response: HttpResponse | None = None
    draft: Draft | None = None

    @property
    def principal(self) -> Principal:
        """Who calls; only after `authenticate`."""
        assert self.signed is not None
        return self.signed.session.principal

    @property
    def operation(self) -> Identified:
        """What is asked; only after `identify_operation`."""
        assert self.identified is not None
        return self.identified


class Gateway:
    """Answers every request to the local cloud.

    Args:
        cloud: The cloud, for the services' own calls.
        stores: What moto keeps.
        services: What this project answers itself, by botocore's name.
        keys: Who can sign.
        authorizer: Who may do what.
        observers: Who is told of a store's successful calls.
        health: What `/_windfall/health` shows.
        runtime_api: The Lambda Runtime API, when there is one.
        faults: What is to go wrong, when anything is.
    """

    def __init__(
        self,
        cloud: Cloud,
        *,
        stores: Stores,
        services: Mapping[str, Service],
        keys: KeyRegistry,
        authorizer: Authorizer,
        observers: Observers,
        health: Callable[[], dict[str, Any]],
        runtime_api: AsgiApplication | None = None,
        faults: Faults | None = None,
    ) -> None:
        self._cloud = cloud
        self._stores = stores
        self._services = services
        self._keys = keys
        self._authorizer = authorizer
        self._observers = observers
        self._health = health
        self._runtime_api = runtime_api
        self._faults = faults
        self._steps = [getattr(self, f"_{step}") for step in self.STEPS]

    STEPS = (
        # The service and the protocol, by the credential scope and the headers alone: from here
        # on an error can be worded as this service words it.
        "identify_service",
        # The signature, before a byte of the body is taken in. → principal
        "authenticate",
        # The body, up to the service's limit; chunks opened, hashes and checksums compared. An
        # object's content that is large goes to its file as it comes.
        "receive_body",
        # The operation, by botocore's model.
        "identify_operation",
        # The parameters as boto3 took them, where a later step needs them.
        "parse",
        # The caller's policies and the resource's, conditions included.
        "authorize",
        # A local service, or moto with the request as it came; then the observers. Where faults
        # were asked for, one of them instead.
        "answer",
    )
    """The path of a request, in order."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            return
        headers = _headers(scope)
        if not _is_local(headers.get("host", "")):
            # A page in a browser can make a name of its own point here (DNS rebinding).
            await _send(send, HttpResponse(403, {}, b"This is a local cloud: use 127.0.0.1.\n"))
            return
        path = scope["raw_path"].decode("latin-1")
        if path.startswith(RUNTIME_PREFIX) and self._runtime_api is not None:
            await self._runtime_api(scope, receive, send)
        elif path == HEALTH_PATH:
            body = dump_json(self._health())
            await _send(send, HttpResponse(200, {"content-type": "application/json"}, body))
        else:
            request = HttpRequest(
                scope["method"], path, scope["query_string"].decode("latin-1"), headers
            )
            arrived(headers.get(HEADER, ""))
            await self._exchange(Exchange(request, receive, secrets.token_hex(16)), send)

    async def _exchange(self, exchange: Exchange, send: Send) -> None:
        try:
            for step in self._steps:
                await step(exchange)
            response = exchange.response or HttpResponse(200)
        except SignatureError as error:
            failure = signature_failure(exchange.service, exchange.protocol, error)
            response = self._failed(exchange, failure)
        except ServiceError as error:
            response = self._failed(exchange, error)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            _log.exception("A request failed: %s %s", exchange.service, exchange.identified)
            failure = ServiceError(
                "InternalFailure", f"The local cloud failed: {error!r}", status=500
            )
            response = self._failed(exchange, failure)
        finally:
            if exchange.draft is not None:
                exchange.draft.close()
        response.headers["x-amzn-requestid"] = exchange.request_id
        if exchange.service == "s3":
            response.headers["x-amz-request-id"] = exchange.request_id
        await _send(send, response, head=exchange.request.method == "HEAD")

    def _failed(self, exchange: Exchange, error: ServiceError) -> HttpResponse:
        response = serialize_error(
            exchange.service, exchange.protocol, error, exchange.request_id, exchange.request.path
        )
        if exchange.request.method == "HEAD":
            response.body = b""
        return response

    # --- The steps ------------------------------------------------------------------------------

    async def _identify_service(self, exchange: Exchange) -> None:
        exchange.service = identify_service(exchange.request)
        exchange.protocol = protocol_of(exchange.service, exchange.request)

    async def _authenticate(self, exchange: Exchange) -> None:
        request = exchange.request
        if "x-amz-content-sha256" not in request.headers and exchange.service != "s3":
            # The signature covers the body's hash, and the request does not tell it.
            await self._take_in(exchange)
        exchange.signed = verify(request, self._keys, self._cloud.region)

    async def _receive_body(self, exchange: Exchange) -> None:
        assert exchange.signed is not None
        if self._is_large_content(exchange):
            with said_of_the_disk():
                await self._take_in_content(exchange, exchange.signed)
            return
        await self._take_in(exchange)
        exchange.request = open_body(exchange.request, exchange.signed)

    async def _identify_operation(self, exchange: Exchange) -> None:
        exchange.identified = identify(exchange.service, exchange.protocol, exchange.request)

    async def _parse(self, exchange: Exchange) -> None:
        asked = exchange.operation
        if (
            asked.service in self._services
            or exchange.principal.kind != "root"
            or self._observers.wanted(asked.service, asked.operation)
        ):
            exchange.parameters = parse_parameters(exchange.request, asked)

    async def _authorize(self, exchange: Exchange) -> None:
        asked, principal = exchange.operation, exchange.principal
        await self._authorizer.authorize(
            asked.service,
            asked.operation,
            exchange.parameters,
            principal,
            self._keys.session_policy(principal),
        )

    async def _answer(self, exchange: Exchange) -> None:
        if self._faults is None:
            exchange.response = await self._answered(exchange)
            return
        asked, headers = exchange.operation, exchange.request.headers
        met = Met(
            asked.service,
            asked.operation,
            exchange.parameters,
            exchange.principal,
            lineage_of(headers.get(HEADER, "")),
        )
        exchange.response = await self._faults.meet(met, lambda: self._answered(exchange))

    async def _answered(self, exchange: Exchange) -> HttpResponse:
        service = self._services.get(exchange.service)
        if service is None:
            return await self._answer_from_store(exchange)
        return await self._answer_from_service(service, exchange)

    # --- What the steps are made of -------------------------------------------------------------

    async def _take_in(self, exchange: Exchange) -> None:
        # An empty body is one too: a second look would wait until the client goes away.
        if exchange.body_taken:
            return
        exchange.body_taken = True
        limit = LARGEST_OBJECT if exchange.service == "s3" else LARGEST_REQUEST
        if int(exchange.request.headers.get("content-length", "0")) > limit:
            raise too_large(limit)
        exchange.request.body = await read_whole(exchange.receive, limit)

    def _is_large_content(self, exchange: Exchange) -> bool:
        request = exchange.request
        return (
            exchange.service == "s3"
            and self._stores.bodies.has_folder
            and announced_size(request) >= LARGE_BODY
            and identify("s3", exchange.protocol, request).operation in CONTENT_OPERATIONS
        )

    async def _take_in_content(self, exchange: Exchange, signed: Signed) -> None:
        """Write an object's content into its file while it comes, opened and checked."""
        exchange.body_taken = True
        request = exchange.request
        if announced_size(request) > LARGEST_OBJECT:
            raise too_large(LARGEST_OBJECT)
        opening = Opening(request, signed)
        draft = exchange.draft = self._stores.bodies.draft(exchange.request_id)
        async for block in blocks(exchange.receive, LARGEST_OBJECT):
            for part in opening.feed(block):
                draft.write(part)
        headers = opening.finish()
        piece = draft.finish()
        exchange.request = HttpRequest(
            request.method,
            request.path,
            request.query,
            headers,
            self._stores.bodies.view(piece) if piece.size else b"",
            piece,
        )

    async def _answer_from_service(self, service: Service, exchange: Exchange) -> HttpResponse:
        asked = exchange.operation
        check_parameters(asked.service, asked.operation, exchange.parameters)
        context = CallContext(self._cloud, exchange.principal, exchange.request_id)
        result = await service.call(asked.operation, exchange.parameters, context) or {}
        check_response(asked.service, asked.operation, result)
        return serialize_result(
            asked.service, asked.operation, asked.protocol, result, exchange.request_id
        )

    async def _answer_from_store(self, exchange: Exchange) -> HttpResponse:
        asked = exchange.operation
        observed = self._observers.observed(
            asked.service, asked.operation, exchange.request_id, exchange.principal
        )
        response = await self._stores.handle(
            asked.service, asked.operation, exchange.request, observed
        )
        if response.status == 404 and asked.service == "s3":
            policy = self._keys.session_policy(exchange.principal)
            await self._authorizer.hide_missing(
                asked.operation, exchange.parameters, exchange.principal, policy
            )
        elif response.status < 300 and self._observers.wanted(asked.service, asked.operation):
            await self._observers.tell(
                CompletedCall(
                    asked.service,
                    asked.operation,
                    exchange.parameters,
                    self._stores.parse(asked.service, asked.operation, response),
                    exchange.principal,
                )
            )
            self._stores.told(observed)
        return response


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _is_local(host: str) -> bool:
    return host.partition(":")[0] in ("127.0.0.1", "localhost")


async def _send(send: Send, response: HttpResponse, *, head: bool = False) -> None:
    headers = response.headers
    if not (head and "content-length" in headers) and response.status not in (204, 304):
        reading = response.reading
        headers["content-length"] = str(len(response.body if reading is None else reading))
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1", "replace"))
                for name, value in headers.items()
            ],
        }
    )
    if response.reading is not None:
        for block in response.reading:
            await send({"type": "http.response.body", "body": block, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if head else response.body})
