"""moto's stores as the local cloud uses them: requests from the wire and calls from inside."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import AsyncIterator, Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from windfall_local.api import ACCOUNT, ServiceError
from windfall_local.mirror.bodies import Bodies
from windfall_local.mirror.disk import said_of_the_disk
from windfall_local.mirror.entries import Observed, Request, Told
from windfall_local.mirror.mirror import Mirror
from windfall_local.mirror.snapshot import State
from windfall_local.stores import moto_fit, objects
from windfall_local.stores.accepting import Acceptor
from windfall_local.stores.calls import CallShaper
from windfall_local.stores.changes import may_change
from windfall_local.stores.dispatch import check_known, dispatch
from windfall_local.stores.moments import chance, moment
from windfall_local.stores.queues import (
    Arrivals,
    has_messages,
    seconds_until_next,
    without_waiting,
)
from windfall_local.wire.message import HttpRequest, HttpResponse

LARGE_BODY = 1_000_000
"""From this size on, a request is answered in a thread, so that the loop stays free."""

_LONGEST_POLL = 20
"""Seconds; the limit of WaitTimeSeconds."""

Result = TypeVar("Result")


class Stores:
    """The state of all stores of one local cloud, and every way to it.

    moto keeps its state in globals and is not thread-safe. So everything that touches it takes a
    turn, and a turn begins with this cloud's state in those globals: two clouds in one process
    (in tests) do not see each other.

    Args:
        region: The one region of this cloud.
        host: Host and port of the endpoint, as queue URLs show it.
        mirror: Where what changes them is kept; without it they last as long as this process.
    """

    services = frozenset(moto_fit.MOTO_NAMES)
    """What these stores answer, by botocore's name."""

    _in_globals: Stores | None = None
    _globals = threading.RLock()

    def __init__(self, region: str, host: str, mirror: Mirror | None = None) -> None:
        moto_fit.fit()
        self.region = region
        self._host = host
        self._mirror = mirror
        self._bodies = mirror.bodies if mirror is not None else Bodies(None)
        self._acceptor = Acceptor(mirror, self._ask_moto) if mirror is not None else None
        self._state: State = {}
        self._turns = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stores")
        self._arrivals = Arrivals()
        self._shaper = CallShaper(region)
        moto_fit.listen_for_messages(self._arrivals.tell)

    @property
    def bodies(self) -> Bodies:
        """Where large bodies lie."""
        return self._bodies

    def close(self) -> None:
        """Let go of the thread and the globals; the state stays with this object."""
        moto_fit.forget_listener(self._arrivals.tell)
        self._thread.shutdown()
        with Stores._globals:
            if Stores._in_globals is self:
                self._state = _take_out()
                Stores._in_globals = None

    async def handle(
        self,
        service: str,
        operation: str,
        request: HttpRequest,
        observed: Observed | None = None,
    ) -> HttpResponse:
        """Answer one request from the wire.

        Args:
            service: botocore's name.
            operation: As the model names it.
            request: As it came.
            observed: Given where observers will be told of it: until `told` is called, a start
                of the cloud tells them.

        Raises:
            ServiceError: The service cannot answer; errors of the service itself are answers.
        """
        check_known(service, operation)
        if service == "sqs" and operation == "ReceiveMessage":
            return await self._receive(request)
        return await self._answer(service, operation, request, observed)

    async def call(
        self,
        service: str,
        operation: str,
        parameters: dict[str, Any],
        observed: Observed | None = None,
    ) -> Any:
        """Run an operation with boto3's parameters and return boto3's response.

        Raises:
            ServiceError: As boto3 would raise `ClientError`.
        """
        request = self._shaper.request(service, operation, parameters)
        response = await self.handle(service, operation, request, observed)
        return self._shaper.result(service, operation, response)

    def told(self, observed: Observed | None) -> None:
        """The observers have heard of a call."""
        if self._mirror is not None and observed is not None:
            with said_of_the_disk():
                self._mirror.note(Told(observed.call_id))

    def parse(self, service: str, operation: str, response: HttpResponse) -> Any:
        """An answer from the wire as boto3 would return it."""
        return self._shaper.result(service, operation, response)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Stores]:
        """A turn for reading or changing moto's models directly."""
        async with self._turns:
            with self._own_globals():
                yield self

    def backend(self, service: str) -> Any:
        """Moto's backend of a service; only within a turn."""
        region = "aws" if service in ("s3", "iam", "sts") else self.region
        return moto_fit.backends(service)[ACCOUNT][region]

    def _make(self, service: str) -> None:
        """Have a backend made, if it is not there: it draws ids of its own, always the same."""
        made = moto_fit.backends(service)[ACCOUNT]
        if not dict.__len__(made):
            with moment(0.0, 0):
                self.backend(service)
            chance.seed()

    @contextmanager
    def _own_globals(self) -> Iterator[None]:
        with Stores._globals:
            if Stores._in_globals is not self:
                if Stores._in_globals is not None:
                    Stores._in_globals._state = _take_out()
                _put_in(self._state)
                objects.use(self._bodies)
                Stores._in_globals = self
            yield

    # --- What the mirror sees (`mirror.Restorable`) ---------------------------------------------

    def state(self) -> State:
        """All of it; only within a turn."""
        with self._own_globals():
            return {service: dict(moto_fit.backends(service)) for service in moto_fit.MOTO_NAMES}

    def load(self, state: State) -> None:
        """Take over a state, as `state` gave it; before the first request."""
        self._state = state

    def replace(self, service: str, state: bytes) -> None:
        """Take over the pickled state of one service."""
        with self._own_globals():
            moto_fit.replace_backends(service, pickle.loads(state))

    def replay(self, request: Request) -> HttpResponse | None:
        """Answer a request of an earlier process again; None where that failed, as it did then."""
        with self._own_globals():
            self._make(request.service)
            with moment(request.at, request.seed, is_replay=True):
                try:
                    return self._ask_moto(request.service, request.http)
                except ServiceError:
                    return None

    def release(self) -> None:
        """Make every message receivable again: who had received it is gone."""
        with self._own_globals():
            for regions in moto_fit.backends("sqs").values():
                for backend in regions.values():
                    for queue in backend.queues.values():
                        queue.pending_messages.clear()
                        for message in queue._messages:
                            message.visible_at = 0.0

    # --- Answering ------------------------------------------------------------------------------

    async def _answer(
        self,
        service: str,
        operation: str,
        request: HttpRequest,
        observed: Observed | None = None,
    ) -> HttpResponse:
        asked = (service, operation, request, observed)
        async with self._turns:
            if len(request.body) < LARGE_BODY:
                return self._dispatch(*asked)
            work = asyncio.get_running_loop().run_in_executor(self._thread, self._dispatch, *asked)
            return await _to_its_end(work)

    def _dispatch(
        self, service: str, operation: str, request: HttpRequest, observed: Observed | None
    ) -> HttpResponse:
        with self._own_globals(), said_of_the_disk():
            self._make(service)
            try:
                if self._acceptor is None or not may_change(service, operation):
                    return self._ask_moto(service, request)
                return self._acceptor.accept(service, operation, request, observed)
            finally:
                self._bodies.forget_met()

    def _ask_moto(self, service: str, request: HttpRequest) -> HttpResponse:
        return dispatch(service, request, self._host, self.region)

    # --- Receiving messages ---------------------------------------------------------------------

    async def _receive(self, request: HttpRequest) -> HttpResponse:
        """ReceiveMessage: moto is asked without waiting, again whenever a message may be there."""
        queue, wait, at_once = await self._poll_of(request)
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            response = await self._answer("sqs", "ReceiveMessage", at_once)
            left = deadline - asyncio.get_running_loop().time()
            if response.status != 200 or left <= 0 or has_messages(response):
                return response
            await self._arrivals.wait(queue, min(left, await self._until_visible(queue)))

    async def _poll_of(self, request: HttpRequest) -> tuple[str, float, HttpRequest]:
        queue, wait, at_once = without_waiting(request)
        if wait is None:
            async with self.turn():
                stored = self.backend("sqs").queues.get(queue)
                wait = stored.receive_message_wait_time_seconds if stored else 0
        # A wait that is out of range goes to moto as it is, for its error.
        return (
            queue,
            wait if 0 <= wait <= _LONGEST_POLL else 0,
            (at_once if 0 <= wait <= _LONGEST_POLL else request),
        )

    async def _until_visible(self, queue: str) -> float:
        async with self.turn():
            stored = self.backend("sqs").queues.get(queue)
            seconds = seconds_until_next(stored._messages) if stored else None
        return _LONGEST_POLL if seconds is None else seconds


async def _to_its_end(work: Awaitable[Result]) -> Result:
    """Wait for a thread's work even when the waiter is cancelled: it still touches moto."""
    future = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


def _take_out() -> State:
    state = {}
    for service in moto_fit.MOTO_NAMES:
        backends = moto_fit.backends(service)
        state[service] = dict(backends)
        backends.clear()
    moto_fit.backends("s3").bucket_accounts.clear()
    return state


def _put_in(state: State) -> None:
    for service, accounts in state.items():
        moto_fit.backends(service).update(accounts)
    # S3 alone keeps a second index, of every bucket's account.
    buckets = moto_fit.backends("s3")
    for account, partitions in buckets.items():
        for partition, backend in partitions.items():
            buckets.bucket_accounts |= dict.fromkeys(backend.buckets, (partition, account))
