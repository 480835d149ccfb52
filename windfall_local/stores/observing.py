"""Observers of the stores: told of successful calls, whether from the wire or from inside."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from windfall_local.api import CompletedCall, Observer

_log = logging.getLogger(__name__)


class Observers:
    """Who wants to know of which calls."""

    def __init__(self) -> None:
        self._by_operation: dict[tuple[str, str], list[Observer]] = {}

    def add(self, service: str, operations: Iterable[str], observer: Observer) -> None:
        """Have an observer told of every successful call of these operations."""
        for operation in operations:
            self._by_operation.setdefault((service, operation), []).append(observer)

    def wanted(self, service: str, operation: str) -> bool:
        """Whether anybody wants to know of an operation."""
        return (service, operation) in self._by_operation

    async def tell(self, call: CompletedCall) -> None:
        """Tell everybody who wants to know; the call took effect, so nobody can fail it."""
        for observer in self._by_operation.get((call.service, call.operation), ()):
            try:
                await observer(call)
            except Exception:
                _log.exception("An observer failed on %s %s", call.service, call.operation)
