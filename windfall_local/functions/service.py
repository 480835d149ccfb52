"""The Lambda API over local environments: Invoke, on top of the operations on what is defined."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections import Counter
from typing import Any
from uuid import uuid4

from windfall_local.api import CallContext, Cloud, ServiceError
from windfall_local.events.pollers import Pollers
from windfall_local.functions import source_tree
from windfall_local.functions.asynchronous import EventQueue
from windfall_local.functions.concurrency import ConcurrencyOperations
from windfall_local.functions.environment import ExecutionEnvironment, RunningInvocation
from windfall_local.functions.invocations import Invocation, Outcome
from windfall_local.functions.pool import EnvironmentPool
from windfall_local.functions.records import FunctionRecord
from windfall_local.functions.runtime_api import RuntimeApi
from windfall_local.functions.workers import ZygoteProcess
from windfall_local.tracing import Sampler, Trace, current

log = logging.getLogger(__name__)

MAX_REQUEST_BYTES = 6 * 1024 * 1024
MAX_EVENT_BYTES = 1024 * 1024
VERSION = "$LATEST"


class LambdaService(ConcurrencyOperations):
    """AWS Lambda, with `awslambdaric` processes on this machine.

    Args:
        cloud: Its neighbours; `data_dir/functions` keeps what outlives the process.
        runtime_api: Mounted by the gateway at `/_runtime/`; workers talk to it.
        pool: Bounds what runs.
        pollers: Read the queues of event source mappings.
        event_retry_seconds: Waits before an asynchronous invocation is tried again. AWS waits one
            and two minutes; a developer waits less.
    """

    def __init__(
        self,
        cloud: Cloud,
        *,
        runtime_api: RuntimeApi | None = None,
        pool: EnvironmentPool | None = None,
        pollers: Pollers | None = None,
        event_retry_seconds: tuple[float, float] = (1.0, 2.0),
    ) -> None:
        super().__init__(cloud, pollers or Pollers(cloud))
        self.runtime_api = runtime_api or RuntimeApi()
        self.pool = pool or EnvironmentPool()
        self._zygote = ZygoteProcess()
        self._trees = source_tree.SourceTrees()
        self._in_flight: Counter[str] = Counter()
        self._sampler = Sampler(time.time)
        self._events = EventQueue(
            cloud, self._home / "events", self._run_event, retry_seconds=event_retry_seconds
        )

    async def start(self) -> None:
        """Start the zygote, and go on with the events that a former run accepted."""
        self._zygote.start()
        self.pool.start()
        self._events.start()
        for mapping in self.records.mappings.values():
            await self.pollers.put(mapping)
        await self.pollers.start()

    async def stop(self) -> None:
        """Let what runs end, keep accepted events for the next start, end every process."""
        await self.pollers.stop()
        await self._events.stop()
        await self.pool.stop()
        self._zygote.stop()

    async def invoke(self, parameters: dict[str, Any], context: CallContext) -> dict[str, Any]:
        """Invoke."""
        record = self.find(parameters["FunctionName"], parameters.get("Qualifier"))
        kind = parameters.get("InvocationType", "RequestResponse")
        payload = _payload(parameters, MAX_EVENT_BYTES if kind == "Event" else MAX_REQUEST_BYTES)
        if kind == "DryRun":
            return {"StatusCode": 204}
        if kind == "Event":
            self._events.accept(record, payload, context.request_id)
            return {"StatusCode": 202, "Payload": b""}
        invocation = self._invocation(record, payload, context.request_id, current())
        invocation.client_context = _client_context(parameters)
        nested = self.pool.is_running(context.principal.arn)
        outcome = await self._run(record, invocation, nested=nested)
        answer: dict[str, Any] = {
            "StatusCode": 200,
            "ExecutedVersion": VERSION,
            "Payload": outcome.payload,
        }
        if outcome.failed:
            answer["FunctionError"] = "Unhandled"
        if parameters.get("LogType") == "Tail":
            answer["LogResult"] = base64.b64encode(outcome.log_tail).decode()
        return answer

    def running(self, lineage: str) -> RunningInvocation | None:
        """The invocation whose calls carry this lineage."""
        for environment in self.pool.running():
            if isinstance(environment, ExecutionEnvironment):
                found = environment.running(lineage)
                if found is not None:
                    return found
        return None

    def _invocation(
        self, record: FunctionRecord, payload: bytes, request_id: str, trace: Trace | None
    ) -> Invocation:
        if trace is None and record.is_traced:
            trace = self._sampler.begin(record.name)
        return Invocation(
            request_id or str(uuid4()),
            payload,
            record.arn,
            record.timeout,
            trace or Trace.begun(time.time(), sampled=False),
        )

    async def _run_event(self, reference: str, payload: bytes, request_id: str) -> Outcome:
        record = self.find(reference)
        invocation = self._invocation(record, payload, request_id, None)
        return await self._run(record, invocation, nested=False)

    async def _run(
        self, record: FunctionRecord, invocation: Invocation, *, nested: bool
    ) -> Outcome:
        if record.reserved is not None and self._in_flight[record.name] >= record.reserved:
            raise ServiceError(
                "TooManyRequestsException",
                "Rate Exceeded.",
                status=429,
                fields={
                    "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
                    "Type": "User",
                },
            )
        self._in_flight[record.name] += 1
        try:
            layers = [self.find_layer(arn).directory for arn in record.settings["Layers"]]
            trees = tuple(dict.fromkeys((record.directory, *layers)))
            version = (record.revision, self._trees.fingerprint(trees))

            def build() -> ExecutionEnvironment:
                return self._start_environment(record, layers)

            return await self.pool.invoke(record.name, version, build, invocation, nested=nested)
        finally:
            self._in_flight[record.name] -= 1

    def _start_environment(self, record: FunctionRecord, layers: list[str]) -> ExecutionEnvironment:
        path = source_tree.import_path(record.directory, layers)
        environment = ExecutionEnvironment(
            self._cloud, record, path, self._zygote.fork, on_close=self.runtime_api.remove
        )
        self.runtime_api.add(environment.worker_id, environment)
        return environment


def _payload(parameters: dict[str, Any], limit: int) -> bytes:
    payload = parameters.get("Payload") or b"{}"
    if isinstance(payload, str):
        payload = payload.encode()
    if len(payload) > limit:
        raise ServiceError(
            "RequestTooLargeException",
            f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
            status=413,
            fields={"Type": "User"},
        )
    try:
        json.loads(payload)
    except ValueError as error:
        raise ServiceError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: {error}",
            fields={"Type": "User"},
        ) from error
    return payload


def _client_context(parameters: dict[str, Any]) -> str | None:
    encoded = parameters.get("ClientContext")
    if encoded is None:
        return None
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        json.loads(text)
    except ValueError as error:
        raise ServiceError(
            "InvalidRequestContentException", "Client context must be JSON in base 64."
        ) from error
    return text
