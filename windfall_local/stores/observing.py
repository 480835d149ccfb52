"""Observers of the stores: told of successful calls, whether from the wire or from inside."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from windfall_local.api import CompletedCall, Observer, Principal, ServiceError
from windfall_local.mirror.entries import Observed
from windfall_local.mirror.mirror import Mirror
from windfall_local.stores.stores import Stores
from windfall_local.wire.identify import identify, protocol_of
from windfall_local.wire.parse import parse_parameters

_log = logging.getLogger(__name__)


class Observers:
    """Who wants to know of which calls."""

    def __init__(self) -> None:
        self._by_operation: dict[tuple[str, str], list[Observer]] = {}
        self._heard_for_sure: set[tuple[str, str]] = set()

    def add(
        self, service: str, operations: Iterable[str], observer: Observer, *, for_sure: bool = False
    ) -> None:
        """Have an observer told of every successful call of these operations.

        Args:
            service: botocore's name.
            operations: As the model names them.
            observer: Who is told.
            for_sure: Whether it is told, by the next process, even when this one is killed between
                the call and the telling.
        """
        for operation in operations:
            self._by_operation.setdefault((service, operation), []).append(observer)
            if for_sure:
                self._heard_for_sure.add((service, operation))

    def wanted(self, service: str, operation: str) -> bool:
        """Whether anybody wants to know of an operation."""
        return (service, operation) in self._by_operation

    def observed(
        self, service: str, operation: str, call_id: str, principal: Principal
    ) -> Observed | None:
        """What the stores are to keep of a call until it was told; None where nothing is."""
        if (service, operation) not in self._heard_for_sure:
            return None
        return Observed(call_id, principal)

    async def tell(self, call: CompletedCall) -> None:
        """Tell everybody who wants to know.

        Raises:
            ServiceError: Somebody could not take notice, as when the disk is full. The call took
                effect; as it is not noted as told, the next start of the cloud tells of it.
        """
        failure = None
        for observer in self._by_operation.get((call.service, call.operation), ()):
            try:
                await observer(call)
            except Exception as error:
                _log.exception("An observer failed on %s %s", call.service, call.operation)
                failure = error
        if failure is not None:
            raise ServiceError(
                "InternalFailure",
                f"The local cloud did what was asked, and could not tell of it: {failure!r}",
                status=500,
            ) from failure


async def tell_again(mirror: Mirror, stores: Stores, observers: Observers) -> None:
    """Tell of the calls of an earlier process that ended before it could."""
    for untold, response in list(mirror.untold.values()):
        request = mirror.with_body(untold)
        assert request.observed is not None
        asked = identify(request.service, protocol_of(request.service, request.http), request.http)
        call = CompletedCall(
            request.service,
            request.operation,
            parse_parameters(request.http, asked),
            stores.parse(request.service, request.operation, response),
            request.observed.principal,
        )
        await observers.tell(call)
        stores.told(request.observed)
