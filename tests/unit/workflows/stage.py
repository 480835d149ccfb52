"""A stage for state machines: a cloud of plain functions, and a clock that waits for nobody."""

from __future__ import annotations

import asyncio
import json
import selectors
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from botocore.model import ListShape, MapShape, Shape, StructureShape

from windfall_local.api import CallContext, Credentials, Principal, ServiceError
from windfall_local.workflows import Journal, StepFunctionsService
from windfall_local.workflows.machine_roles import Authorize
from windfall_local.workflows.resources import service_model

ROLE = "arn:aws:iam::000000000000:role/machines"
EPOCH = 1_790_000_000.0

Result = TypeVar("Result")
Function = Callable[[Any], Any]


class _JumpingSelector(selectors.SelectSelector):
    """Where a loop would wait for a timer, its clock jumps there instead."""

    elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits, and nothing will ever happen")
        ready = super().select(0)
        if not ready:
            self.elapsed += max(0.0, timeout)
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose hours pass in no time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.elapsed


def act(scene: Callable[[], Awaitable[Result]]) -> Result:
    """Run a scene to its end, on a loop that waits for nobody."""

    async def main() -> Result:
        return await scene()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main())


def now() -> float:
    """The time on stage."""
    return EPOCH + asyncio.get_running_loop().time()


def failing(error_type: str, message: str = "no") -> Function:
    """A function that raises."""

    def fail(_: Any) -> Any:
        raise FunctionError(error_type, message)

    return fail


class FunctionError(Exception):
    """What a function on stage raises, as Lambda reports it."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.payload = {"errorMessage": message, "errorType": error_type, "stackTrace": []}


@dataclass
class StageCloud:
    """A cloud whose Lambda functions and services are Python functions.

    Attributes:
        functions: By name; they take the payload, and may be coroutine functions.
        services: By `service.Operation`; they take the parameters.
        calls: Every call, as (service, operation, parameters, principal).
        events: Every event that was emitted.
    """

    functions: dict[str, Function] = field(default_factory=dict)
    services: dict[str, Function] = field(default_factory=dict)
    calls: list[tuple[str, str, dict[str, Any], Principal]] = field(default_factory=list)
    events: list[tuple[str, str, dict[str, Any], list[str]]] = field(default_factory=list)
    region: str = "us-east-1"
    endpoint: str = ""
    data_dir: Path = Path()
    workflows: StepFunctionsService | None = None

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        self.calls.append((service, operation, parameters, principal))
        if service == "stepfunctions" and self.workflows is not None:
            context = CallContext(self, principal, "request")
            return await self.workflows.call(operation, parameters, context)
        if service == "lambda":
            return await self._invoke(parameters)
        return await _result(self.services[f"{service}.{operation}"](parameters))

    async def _invoke(self, parameters: dict[str, Any]) -> dict[str, Any]:
        name = parameters["FunctionName"].rsplit(":", 1)[-1]
        if name not in self.functions:
            raise ServiceError(
                "ResourceNotFoundException", f"Function not found: {name}", status=404
            )
        payload = json.loads(parameters.get("Payload") or b"null")
        answer = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        try:
            result = await _result(self.functions[name](payload))
        except FunctionError as error:
            body = json.dumps(error.payload).encode()
            return {**answer, "Payload": body, "FunctionError": "Unhandled"}
        return {**answer, "Payload": json.dumps(result).encode()}

    async def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        self.events.append((source, detail_type, detail, resources))

    def credentials(self, principal: Principal) -> Credentials:
        raise NotImplementedError


async def _result(value: Any) -> Any:
    return await value if asyncio.iscoroutine(value) else value


class Stage:
    """The service, called as the gateway calls it; every answer is checked against its model."""

    def __init__(
        self,
        cloud: StageCloud | None = None,
        journal: Journal | None = None,
        *,
        max_ended: int = 10_000,
        clock: Callable[[], float] = now,
        authorize: Authorize | None = None,
    ) -> None:
        self.cloud = cloud or StageCloud()
        self.service = StepFunctionsService(
            self.cloud, journal, now=clock, max_ended=max_ended, authorize=authorize
        )
        self.cloud.workflows = self.service

    async def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        context = CallContext(self.cloud, Principal.root(), "request")
        answer: dict[str, Any] = await self.service.call(operation, parameters, context)
        assert_fits(service_model("stepfunctions").operation_model(operation).output_shape, answer)
        return answer

    async def create(
        self, definition: dict[str, Any], name: str = "machine", **settings: Any
    ) -> str:
        document = json.dumps(definition)
        answer = await self.call(
            "CreateStateMachine", name=name, definition=document, roleArn=ROLE, **settings
        )
        arn: str = answer["stateMachineArn"]
        return arn

    async def begin(self, machine: str, value: Any = None, name: str | None = None) -> str:
        parameters = {"name": name} if name else {}
        answer = await self.call(
            "StartExecution", stateMachineArn=machine, input=json.dumps(value), **parameters
        )
        arn: str = answer["executionArn"]
        return arn

    async def end(self, execution: str) -> dict[str, Any]:
        """The description of an execution, once it has ended."""
        is_jumping = isinstance(asyncio.get_running_loop(), JumpingLoop)
        while True:
            description = await self.call("DescribeExecution", executionArn=execution)
            if description["status"] != "RUNNING":
                return description
            await asyncio.sleep(5 if is_jumping else 0.01)

    async def events(self, execution: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        token: dict[str, Any] = {}
        while True:
            answer = await self.call(
                "GetExecutionHistory", executionArn=execution, maxResults=1000, **token
            )
            events += answer["events"]
            if "nextToken" not in answer:
                return events
            token = {"nextToken": answer["nextToken"]}

    async def until_kind(self, execution: str, kind: str) -> None:
        """Come back when an event of a kind is in the history."""
        while all(event["type"] != kind for event in await self.events(execution)):
            await asyncio.sleep(0.01)


@dataclass
class Played:
    """An execution that has been played to its end."""

    description: dict[str, Any]
    events: list[dict[str, Any]]
    cloud: StageCloud
    seconds: float

    @property
    def status(self) -> str:
        return str(self.description["status"])

    @property
    def output(self) -> Any:
        assert self.status == "SUCCEEDED", self.description
        return json.loads(self.description["output"])

    @property
    def error(self) -> str | None:
        return self.description.get("error")

    @property
    def cause(self) -> str:
        return str(self.description.get("cause"))

    @property
    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events]

    def details(self, kind: str) -> list[dict[str, Any]]:
        """The details of every event of a kind."""
        name = "state" + kind[kind.index("State") + 5 :] if "StateE" in kind else kind
        member = f"{name[0].lower()}{name[1:]}EventDetails"
        return [event[member] for event in self.events if event["type"] == kind]


def machine(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A definition in JSONata that starts at its first state."""
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **fields}


def play(definition: dict[str, Any], value: Any = None, cloud: StageCloud | None = None) -> Played:
    """Play one execution from start to end."""

    async def scene() -> Played:
        stage = Stage(cloud)
        await stage.service.start()
        execution = await stage.begin(await stage.create(definition), value, "played")
        description = await stage.end(execution)
        events = await stage.events(execution)
        await stage.service.stop()
        seconds = (description["stopDate"] - description["startDate"]).total_seconds()
        return Played(description, events, stage.cloud, seconds)

    return act(scene)


_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": float,
    "timestamp": datetime,
}


def assert_fits(shape: Shape | None, value: Any, path: str = "") -> None:
    """An answer has the members, types and sizes of botocore's model."""
    if shape is None:
        assert not value, path
    elif isinstance(shape, StructureShape):
        assert isinstance(value, dict), path
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{path}: unknown {unknown}"
        missing = set(shape.required_members) - set(value)
        assert not missing, f"{path}: missing {missing}"
        for name, item in value.items():
            assert_fits(shape.members[name], item, f"{path}.{name}")
    elif isinstance(shape, ListShape):
        assert isinstance(value, list), path
        for index, item in enumerate(value):
            assert_fits(shape.member, item, f"{path}[{index}]")
    elif isinstance(shape, MapShape):
        assert isinstance(value, dict), path
        for key, item in value.items():
            assert_fits(shape.value, item, f"{path}.{key}")
    else:
        assert isinstance(value, _TYPES[shape.type_name]), f"{path}: {value!r}"
        if isinstance(value, str):
            assert len(value) >= shape.metadata.get("min", 0), path
            assert len(value) <= shape.metadata.get("max", len(value)), path
            assert not shape.metadata.get("enum") or value in shape.metadata["enum"], path
