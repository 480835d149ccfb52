"""Requests that may change the stores: kept on disk, and only then answered."""

from __future__ import annotations

import pickle
import secrets
import time
from collections.abc import Callable

from windfall_local.api import ACCOUNT
from windfall_local.mirror.entries import Observed, Request, Whole
from windfall_local.mirror.mirror import Mirror
from windfall_local.mirror.snapshot import pickled
from windfall_local.stores import moto_fit
from windfall_local.stores.dispatch import handed_on
from windfall_local.stores.moments import moment
from windfall_local.stores.queues import has_receivable, queue_name
from windfall_local.wire.message import HttpRequest, HttpResponse

_KEPT_WHOLE = frozenset({"kms"})
"""Services that draw keys from the operating system: what they answer cannot be repeated."""

Answer = Callable[[str, HttpRequest], HttpResponse]
"""Has moto answer a request to a service."""


class Acceptor:
    """Answers requests so that what they change survives this process.

    Args:
        mirror: Keeps them.
        answer: Has moto answer one.
    """

    def __init__(self, mirror: Mirror, answer: Answer) -> None:
        self._mirror = mirror
        self._answer = answer

    def accept(
        self, service: str, operation: str, http: HttpRequest, observed: Observed | None
    ) -> HttpResponse:
        """Answer a request at a moment of its own; only within a turn of the stores.

        Raises:
            OSError: The disk is full, or fails; nothing has changed.
        """
        at, seed = time.time(), secrets.randbits(128)
        request = Request(at, seed, service, operation, handed_on(http), observed)
        with moment(at, seed):
            if operation == "ReceiveMessage" and not _is_anything_receivable(request):
                return self._answer(service, request.http)
            if service in _KEPT_WHOLE:
                return self._accept_whole(request)
            return self._accept(request)

    def _accept(self, request: Request) -> HttpResponse:
        place = self._mirror.accept(request)
        try:
            response = self._answer(request.service, request.http)
        except OSError:
            self._mirror.take_back(place)
            raise
        self._mirror.answered(request, response)
        return response

    def _accept_whole(self, request: Request) -> HttpResponse:
        backends = moto_fit.backends(request.service)
        before = pickled(dict(backends))
        response = self._answer(request.service, request.http)
        try:
            self._mirror.note(Whole(request.service, pickled(dict(backends))))
        except OSError:
            moto_fit.replace_backends(request.service, pickle.loads(before))
            raise
        return response


def _is_anything_receivable(request: Request) -> bool:
    """Whether receiving changes anything: a queue without visible messages stays as it is."""
    for backend in moto_fit.backends("sqs")[ACCOUNT].values():
        queue = backend.queues.get(queue_name(request.http))
        if queue is not None and has_receivable(queue._messages):
            return True
    return False
