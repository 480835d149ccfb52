"""SQS event source mappings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.events.doubles import (
    FakeCloud,
    ManualClock,
    function_arn,
    queue_arn,
    settle,
)
from windfall_local.api import ACCOUNT, Principal, ServiceError
from windfall_local.events.errors import InvalidPatternError
from windfall_local.events.pollers import Pollers

Records = list[dict[str, Any]]


class Function:
    """Writes down what it is given; answers what it is told to."""

    def __init__(self) -> None:
        self.batches: list[Records] = []
        self.answers: list[dict[str, Any] | ServiceError] = []
        self.hold: asyncio.Event | None = None
        self.running = 0
        self.most_running = 0

    async def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        answer = self.answers.pop(0) if self.answers else {"Payload": b"null"}
        if isinstance(answer, ServiceError):
            raise answer
        self.batches.append(event["Records"])
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        if self.hold is not None:
            await self.hold.wait()
        self.running -= 1
        return answer

    @property
    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in batch] for batch in self.batches]


@pytest.fixture
def function(cloud: FakeCloud) -> Function:
    cloud.functions["f"] = function = Function()
    cloud.queue("q")
    return function


@pytest.fixture
async def pollers(cloud: FakeCloud, clock: ManualClock) -> AsyncIterator[Pollers]:
    pollers = Pollers(cloud, clock)
    cloud.observers.append(pollers)
    await pollers.start()
    yield pollers
    await pollers.stop()


async def connect(pollers: Pollers, **settings: Any) -> None:
    await pollers.put(
        {
            "UUID": "u",
            "EventSourceArn": queue_arn("q"),
            "FunctionArn": function_arn("f"),
            **settings,
        }
    )
    await settle()


async def send(cloud: FakeCloud, *bodies: str, **settings: Any) -> None:
    url = f"{cloud.endpoint}/{ACCOUNT}/q"
    for body in bodies:
        parameters = {"QueueUrl": url, "MessageBody": body, **settings}
        await cloud.call("sqs", "SendMessage", parameters, Principal.root())
    await settle()


async def test_a_sent_message_reaches_the_function_at_once_and_is_deleted(
    pollers: Pollers, cloud: FakeCloud, function: Function
) -> None:
    await connect(pollers)
    await send(cloud, "hello")
    assert function.bodies == [["hello"]]
    assert cloud.queue("q").messages == {}
    assert pollers.last_result("u") == "OK"


async def test_the_queue_is_read_as_the_functions_role(
    pollers: Pollers, cloud: FakeCloud, function: Function
) -> None:
    await connect(pollers)
    await send(cloud, "hello")
    roles = {
        call[3].role_arn
        for call in cloud.calls
        if call[1] in {"ReceiveMessage", "DeleteMessageBatch", "GetQueueAttributes"}
    }
    assert roles == {f"arn:aws:iam::{ACCOUNT}:role/f"}


async def test_messages_come_in_batches(
    pollers: Pollers, cloud: FakeCloud, function: Function
) -> None:
    await send(cloud, *map(str, range(7)))
    await connect(pollers, BatchSize=3)
    assert sorted(map(len, function.batches)) == [1, 3, 3]
    assert cloud.queue("q").messages == {}


async def test_a_window_collects_a_large_batch(
    pollers: Pollers, cloud: FakeCloud, function: Function, clock: ManualClock
) -> None:
    await connect(pollers, BatchSize=100, MaximumBatchingWindowInSeconds=10)
    await send(cloud, "a")
    await clock.advance(5)
    await send(cloud, "b", "c")
    assert function.bodies == []
    await clock.advance(6)
    assert function.bodies == [["a", "b", "c"]]


async def test_a_full_batch_does_not_wait_for_its_window(
    pollers: Pollers, cloud: FakeCloud, function: Function
) -> None:
    await connect(pollers, BatchSize=2, MaximumBatchingWindowInSeconds=10)
    await send(cloud, "a", "b")
    assert function.bodies == [["a", "b"]]


async def test_no_more_invocations_at_once_than_allowed(
    pollers: Pollers, cloud: FakeCloud, function: Function
) -> None:
    function.hold = asyncio.Event()
    await connect(pollers, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    await send(cloud, *"abcde")
    assert function.running == 2
    function.hold.set()
    await settle()
    assert function.most_running == 2
    assert cloud.queue("q").messages == {}


async def test_a_failed_batch_comes_back_after_its_visibility_timeout(
    pollers: Pollers, cloud: FakeCloud, function: Function, clock: ManualClock
) -> None:
    function.answers = [{"FunctionError": "Unhandled", "Payload": b"{}"}]
    await connect(pollers)
    await send(cloud, "a")
    assert len(cloud.queue("q").messages) == 1
    assert pollers.last_result("u") == "PROBLEM: Function call failed"
    await clock.advance(29)
    assert len(function.batches) == 1
    await clock.advance(2)
    assert function.bodies == [["a"], ["a"]]
    assert function.batches[1][0]["attributes"]["ApproximateReceiveCount"] == "2"
    assert cloud.queue("q").messages == {}


async def test_only_reported_messages_come_back(
    pollers: Pollers, cloud: FakeCloud, function: Function, clock: ManualClock
) -> None:
    await send(cloud, "a", "b", "c")
    failed = next(key for key, m in cloud.queue("q").messages.items() if m.body == "b")
    answer = {"batchItemFailures": [{"itemIdentifier": failed}]}
    function.answers = [{"Payload": json.dumps(answer).encode()}]
    await connect(pollers, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert list(cloud.queue("q").messages) == [failed]
    await clock.advance(31)
    assert function.bodies == [["a", "b", "c"], ["b"]]


async def test_without_the_setting_reports_do_not_count(
    pollers: Pollers, cloud: FakeCloud, function: Function
) -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    function.answers = [{"Payload": json.dumps(answer).encode()}]
    await connect(pollers)
    await send(cloud, "a")
    assert cloud.queue("q").messages == {}


async def test_a_throttled_invocation_is_tried_again_until_the_messages_reappear(
    pollers: Pollers, cloud: FakeCloud, function: Function, clock: ManualClock
) -> None:
    busy = ServiceError("TooManyRequestsException", "busy", status=429)
    function.answers = [busy, busy]
    await connect(pollers)
    await send(cloud, "a")
    await clock.advance(1)
    assert function.bodies == [["a"]]
    function.answers = [busy] * 50
    await send(cloud, "b")
    await clock.advance(29)
    assert len(cloud.queue("q").messages) == 1
    function.answers = []
    await clock.advance(10)
    assert function.bodies == [["a"], ["b"]]


async def test_what_the_filter_does_not_take_is_deleted(
    pollers: Pollers, cloud: FakeCloud, function: Function
) -> None:
    pattern = json.dumps({"body": {"kind": ["good"]}})
    await connect(pollers, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    await send(cloud, '{"kind": "bad"}', '{"kind": "good"}', "plain")
    assert function.bodies == [['{"kind": "good"}']]
    assert cloud.queue("q").messages == {}


async def test_an_invalid_filter_is_refused_and_the_old_mapping_goes_on(
    pollers: Pollers, cloud: FakeCloud, function: Function
) -> None:
    await connect(pollers)
    with pytest.raises(InvalidPatternError):
        await connect(pollers, FilterCriteria={"Filters": [{"Pattern": '{"body": "x"}'}]})
    await send(cloud, "a")
    assert function.bodies == [["a"]]


async def test_a_delayed_message_is_read_when_it_is_due(
    pollers: Pollers, cloud: FakeCloud, function: Function, clock: ManualClock
) -> None:
    await connect(pollers)
    await send(cloud, "a", DelaySeconds=3)
    await clock.advance(2.9)
    assert function.bodies == []
    await clock.advance(0.2)
    assert function.bodies == [["a"]]


async def test_a_fifo_queue_is_looked_at_again_when_a_batch_is_done(
    pollers: Pollers, cloud: FakeCloud, function: Function
) -> None:
    cloud.queue("q.fifo")
    await connect(pollers, EventSourceArn=queue_arn("q.fifo"))
    url = f"{cloud.endpoint}/{ACCOUNT}/q.fifo"
    function.hold = asyncio.Event()
    first = {"QueueUrl": url, "MessageBody": "a", "MessageGroupId": "g"}
    await cloud.call("sqs", "SendMessage", first, Principal.root())
    await settle()
    looked = len(cloud.called("ReceiveMessage"))
    function.hold.set()
    await settle()
    assert len(cloud.called("ReceiveMessage")) == looked + 1


async def test_a_message_that_came_unseen_is_found_soon(
    pollers: Pollers, cloud: FakeCloud, function: Function, clock: ManualClock
) -> None:
    await connect(pollers)
    cloud.observers.clear()
    await send(cloud, "a")
    await clock.advance(5)
    assert function.bodies == [["a"]]


async def test_a_queue_that_may_not_be_read_is_tried_again(
    pollers: Pollers, cloud: FakeCloud, function: Function, clock: ManualClock
) -> None:
    cloud.refuse("sqs", "ReceiveMessage", ServiceError("AccessDenied", "not you", status=403))
    await send(cloud, "a")
    await connect(pollers)
    assert pollers.last_result("u") == "PROBLEM: not you"
    await clock.advance(5)
    assert function.bodies == [["a"]]


async def test_a_disabled_or_removed_mapping_rests(
    pollers: Pollers, cloud: FakeCloud, function: Function, clock: ManualClock
) -> None:
    await connect(pollers)
    await connect(pollers, State="Disabled")
    await send(cloud, "a")
    await clock.advance(20)
    assert function.bodies == []
    await connect(pollers, State="Enabled")
    assert function.bodies == [["a"]]
    await pollers.remove("u")
    await send(cloud, "b")
    await clock.advance(20)
    assert function.bodies == [["a"]]


async def test_stopping_lets_an_invocation_finish(
    cloud: FakeCloud, clock: ManualClock, function: Function
) -> None:
    pollers = Pollers(cloud, clock)
    function.hold = asyncio.Event()
    await connect(pollers)
    await pollers.start()
    await send(cloud, "a")
    await settle()
    stopping = asyncio.create_task(pollers.stop())
    await settle()
    function.hold.set()
    await stopping
    assert cloud.queue("q").messages == {}


async def test_stopping_gives_collected_messages_back(
    cloud: FakeCloud, clock: ManualClock, function: Function
) -> None:
    pollers = Pollers(cloud, clock)
    await connect(pollers, BatchSize=100, MaximumBatchingWindowInSeconds=60)
    await send(cloud, "a")
    await pollers.start()
    await settle()
    await pollers.stop()
    (message,) = cloud.queue("q").messages.values()
    assert message.visible_at <= clock.now()
    assert function.bodies == []
    # A function's role need not allow it.
    assert cloud.calls[-1][1] == "ChangeMessageVisibility"
    assert cloud.calls[-1][3] == Principal.root()


async def test_settings_that_are_not_new_disturb_no_invocation(
    cloud: FakeCloud, clock: ManualClock, pollers: Pollers, function: Function
) -> None:
    function.hold = asyncio.Event()
    await connect(pollers)
    await send(cloud, "a")
    await settle()
    await connect(pollers)
    await clock.advance(10)
    assert function.running == 1
    function.hold.set()
    await settle()
    assert cloud.queue("q").messages == {}
