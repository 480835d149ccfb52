"""Who runs when, and in which environment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from windfall_local.api import ServiceError
from windfall_local.functions.invocations import Invocation, Outcome
from windfall_local.functions.pool import EnvironmentPool
from windfall_local.tracing import Trace


@dataclass(eq=False)
class FakeEnvironment:
    """Runs an invocation until the test lets it end."""

    name: str
    journal: list[str]
    idle_since: float = 0.0
    alive: bool = True
    closed: bool = False
    gates: dict[str, asyncio.Event] = field(default_factory=dict)

    @property
    def principal_arn(self) -> str:
        return f"session/{self.name}"

    async def run(self, invocation: Invocation) -> Outcome:
        self.journal.append(f"{self.name}:{invocation.request_id}")
        gate = self.gates.get(invocation.request_id)
        if gate is not None:
            await gate.wait()
        return Outcome(invocation.request_id.encode(), failed=False)

    def watch_memory(self) -> None:
        """Holds nothing."""

    async def close(self) -> None:
        self.closed = True
        self.alive = False


class Bench:
    """A pool, and what became of what it was given."""

    def __init__(self, **settings: float) -> None:
        self.pool = EnvironmentPool(**{"stall_seconds": 60.0, **settings})  # type: ignore[arg-type]
        self.journal: list[str] = []
        self.made: list[FakeEnvironment] = []
        self.gates: dict[str, asyncio.Event] = {}

    def invoke(
        self, name: str, request_id: str, *, version: int = 1, nested: bool = False
    ) -> asyncio.Task[Outcome]:
        def build() -> FakeEnvironment:
            self.made.append(FakeEnvironment(name, self.journal, gates=self.gates))
            return self.made[-1]

        trace = Trace.begun(0.0, sampled=False)
        invocation = Invocation(request_id, b"{}", "arn", 3.0, trace)
        return asyncio.create_task(
            self.pool.invoke(name, version, build, invocation, nested=nested)
        )

    def hold(self, *request_ids: str) -> None:
        for request_id in request_ids:
            self.gates[request_id] = asyncio.Event()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


async def test_no_more_run_at_once_than_there_are_places() -> None:
    bench = Bench(places=2)
    bench.hold("1", "2", "3")
    tasks = [bench.invoke("a", name) for name in "123"]
    await bench.settle()
    assert bench.journal == ["a:1", "a:2"]

    bench.gates["1"].set()
    await bench.settle()
    assert bench.journal == ["a:1", "a:2", "a:3"]
    for gate in bench.gates.values():
        gate.set()
    assert [(await task).payload for task in tasks] == [b"1", b"2", b"3"]


async def test_functions_take_turns_however_long_one_queue_is() -> None:
    bench = Bench(places=1)
    bench.hold("first")
    tasks = [bench.invoke("busy", "first")]
    await bench.settle()
    tasks += [bench.invoke("busy", f"b{number}") for number in range(5)]
    tasks += [bench.invoke("rare", "r0")]
    await bench.settle()

    bench.gates["first"].set()
    await asyncio.gather(*tasks)

    assert bench.journal.index("rare:r0") <= 2
    assert [line for line in bench.journal if line.startswith("busy")] == [
        "busy:first",
        *(f"busy:b{number}" for number in range(5)),
    ]


async def test_a_nested_invocation_does_not_wait_for_the_place_its_caller_holds() -> None:
    bench = Bench(places=1)
    bench.hold("outer")
    outer = bench.invoke("outer", "outer")
    await bench.settle()
    assert bench.pool.is_running("session/outer")
    assert not bench.pool.is_running("session/inner")

    assert (await bench.invoke("inner", "inner", nested=True)).payload == b"inner"

    bench.gates["outer"].set()
    await outer


async def test_a_standstill_opens_one_more_place() -> None:
    bench = Bench(places=1, stall_seconds=0.01)
    bench.hold("1")
    first = bench.invoke("a", "1")
    await bench.settle()

    assert (await bench.invoke("b", "2")).payload == b"2"

    assert not first.done()
    bench.gates["1"].set()
    await first


async def test_the_environment_used_last_is_used_first() -> None:
    bench = Bench(places=2)
    bench.hold("1", "2")
    tasks = [bench.invoke("a", "1"), bench.invoke("a", "2")]
    await bench.settle()
    for name in "12":
        bench.gates[name].set()
        await bench.settle()
    await asyncio.gather(*tasks)

    await bench.invoke("a", "3")
    await bench.invoke("a", "4")

    assert len(bench.made) == 2
    assert bench.made[1].idle_since > bench.made[0].idle_since


async def test_another_version_gets_an_environment_of_its_own() -> None:
    bench = Bench(places=2)
    await bench.invoke("a", "1", version=1)
    await bench.invoke("a", "2", version=2)
    assert len(bench.made) == 2


async def test_an_environment_that_ended_is_not_used_again() -> None:
    bench = Bench(places=2)
    await bench.invoke("a", "1")
    bench.made[0].alive = False
    await bench.invoke("a", "2")
    await bench.settle()
    assert len(bench.made) == 2
    assert bench.made[0].closed


async def test_the_longest_idle_makes_room_for_another_function() -> None:
    bench = Bench(places=2, environments=2)
    await bench.invoke("a", "1")
    await bench.invoke("b", "2")
    await bench.invoke("c", "3")
    await bench.settle()
    assert [one.closed for one in bench.made] == [True, False, False]


async def test_a_cancelled_waiter_leaves_its_place_to_the_next() -> None:
    bench = Bench(places=1)
    bench.hold("1")
    first = bench.invoke("a", "1")
    await bench.settle()
    second, third = bench.invoke("a", "2"), bench.invoke("a", "3")
    await bench.settle()
    second.cancel()
    bench.gates["1"].set()
    assert (await third).payload == b"3"
    await first
    assert second.cancelled()


async def test_an_invocation_goes_on_when_its_caller_goes_away() -> None:
    bench = Bench(places=1)
    bench.hold("1")
    caller = bench.invoke("a", "1")
    await bench.settle()
    caller.cancel()
    await bench.settle()
    assert bench.pool.is_running("session/a")
    bench.gates["1"].set()
    await bench.settle()
    assert not bench.pool.is_running("session/a")


async def test_stopping_ends_every_environment() -> None:
    bench = Bench(places=2)
    await bench.invoke("a", "1")
    await bench.invoke("b", "2")
    await bench.pool.stop()
    assert all(one.closed for one in bench.made)


async def test_what_waits_when_the_pool_stops_is_told_so() -> None:
    bench = Bench(places=1)
    bench.hold("1")
    first = bench.invoke("a", "1")
    await bench.settle()
    waiting = bench.invoke("a", "2")
    await bench.settle()
    stopping = asyncio.create_task(bench.pool.stop())
    with pytest.raises(ServiceError, match="ending"):
        await waiting
    with pytest.raises(ServiceError, match="ending"):
        await bench.invoke("a", "3")
    bench.gates["1"].set()
    await stopping
    assert (await first).payload == b"1"
