"""The Step Functions interpreter by itself: executions a second, and what waiting ones cost.

Through the service's API, in process, one execution after the other, with the journal that
`windfall up` uses and without; the state that a Task calls costs nothing here.
"""

from __future__ import annotations

import asyncio
import json
import resource
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import uvloop

from bench.results import write_result
from windfall_local.api import CallContext, Credentials, Principal
from windfall_local.workflows import SqliteJournal, StepFunctionsService

EXECUTIONS = 500
WAITING = 1_000
ENDED = {"SUCCEEDED", "FAILED"}


class _Neighbours:
    """A cloud whose functions answer at once."""

    region = "us-east-1"
    endpoint = ""
    data_dir = Path()

    async def call(self, *_: object) -> Any:
        return {"StatusCode": 200, "Payload": b'{"x":1}', "ExecutedVersion": "$LATEST"}

    async def emit(self, *_: object) -> None:
        """Nobody listens."""

    def credentials(self, _: Principal) -> Credentials:
        return Credentials("", "")


class _Client:
    """Calls the service as the root user, and waits for executions to end."""

    def __init__(self, service: StepFunctionsService, cloud: _Neighbours) -> None:
        self._service = service
        self._context = CallContext(cloud, Principal.root(), "bench")

    async def call(self, operation: str, **parameters: Any) -> Any:
        return await self._service.call(operation, parameters, self._context)

    async def make(self, name: str, states: dict[str, Any]) -> str:
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        role = "arn:aws:iam::000000000000:role/bench"
        answer = await self.call(
            "CreateStateMachine", name=name, definition=json.dumps(definition), roleArn=role
        )
        return str(answer["stateMachineArn"])

    async def run(self, machine: str) -> None:
        execution = await self.call("StartExecution", stateMachineArn=machine, input='{"a": [1]}')
        while True:
            answer = await self.call("DescribeExecution", executionArn=execution["executionArn"])
            if answer["status"] in ENDED:
                assert answer["status"] == "SUCCEEDED", answer
                return
            await asyncio.sleep(0)


def measure() -> dict[str, Any]:
    """Figures without a journal and with it."""
    with tempfile.TemporaryDirectory() as folder:
        journal = SqliteJournal(Path(folder) / "journal.sqlite")
        return {
            "without_journal": uvloop.run(_measure(None)),
            "with_journal": uvloop.run(_measure(journal)),
            "bar_ten_pass_states_per_second": 300,
        }


async def _measure(journal: SqliteJournal | None) -> dict[str, Any]:
    cloud = _Neighbours()
    service = StepFunctionsService(cloud, journal)
    await service.start()
    client = _Client(service, cloud)
    try:
        return {
            "ten_pass_states_per_second": round(1 / await _time(client, "pass", _passes())),
            "ten_expressions_per_second": round(
                1 / await _time(client, "query", _passes("{% $merge([$states.input, {'n': 1}]) %}"))
            ),
            "map_of_100_ms": round(await _time(client, "map", _map(), 50) * 1000, 1),
            "task_ms": round(await _time(client, "task", _task()) * 1000, 2),
            "thousand_waiting": await _wait_many(client),
        }
    finally:
        await service.stop()


async def _time(
    client: _Client, name: str, states: dict[str, Any], executions: int = EXECUTIONS
) -> float:
    machine = await client.make(name, states)
    await client.run(machine)
    start = time.perf_counter()
    for _ in range(executions):
        await client.run(machine)
    return (time.perf_counter() - start) / executions


async def _wait_many(client: _Client) -> dict[str, Any]:
    machine = await client.make("wait", {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}})
    threads, memory = threading.active_count(), _peak_memory()
    for _ in range(WAITING):
        await client.call("StartExecution", stateMachineArn=machine)
    return {
        "more_memory_mb": round((_peak_memory() - memory) / 1e6, 1),
        "more_threads": threading.active_count() - threads,
    }


def _passes(output: str | None = None) -> dict[str, Any]:
    last = 9
    return {
        f"S{n}": {
            "Type": "Pass",
            **({"Output": output} if output else {}),
            **({"Next": f"S{n + 1}"} if n < last else {"End": True}),
        }
        for n in range(last + 1)
    }


def _map() -> dict[str, Any]:
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    return {"M": {"Type": "Map", "Items": "{% [1..100] %}", "ItemProcessor": inner, "End": True}}


def _task() -> dict[str, Any]:
    return {
        "T": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "f", "Payload": "{% $states.input %}"},
            "Output": "{% $states.result.Payload %}",
            "End": True,
        }
    }


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    write_result("workflows", measure())
