"""Delivery: who receives, who acts, what is tried again, what becomes a dead letter."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.unit.events.conftest import Api
from tests.unit.events.doubles import FakeCloud, ManualClock, function_arn, queue_arn, settle
from windfall_local.api import ACCOUNT, Principal, ServiceError
from windfall_local.events.service import EventBridgeService
from windfall_local.mirror.disk import DiskError

ROLE = f"arn:aws:iam::{ACCOUNT}:role/rules"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"
BUSY = ServiceError("ThrottlingException", "slow down", status=429)
SQS_BUSY = ServiceError("RequestThrottled", "slow down", status=403)
DENIED = ServiceError("AccessDeniedException", "not allowed", status=403)


async def connect(api: Api, arn: str, **settings: Any) -> None:
    await api("PutRule", Name="r", EventPattern='{"source": ["app"]}')
    await api("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": arn, **settings}])


async def put(api: Api, **fields: Any) -> Any:
    entry = {"Source": "app", "DetailType": "Done", "Detail": '{"a": 1}', **fields}
    answer = await api("PutEvents", Entries=[entry])
    await settle()
    return answer


async def test_a_queue_receives_the_whole_event_from_the_rule(api: Api, cloud: FakeCloud) -> None:
    queue = cloud.queue("q")
    await connect(api, queue_arn("q"))
    answer = await put(api, Resources=["arn:x"])
    (event,) = queue.bodies()
    assert event == {
        "version": "0",
        "id": answer["Entries"][0]["EventId"],
        "detail-type": "Done",
        "source": "app",
        "account": ACCOUNT,
        "time": "2026-11-23T06:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:x"],
        "detail": {"a": 1},
    }
    sender = cloud.calls[-1][3]
    assert sender == Principal.service(
        "events.amazonaws.com", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"
    )


async def test_a_fifo_queue_receives_its_group_and_one_message_per_event(
    api: Api, cloud: FakeCloud
) -> None:
    cloud.queue("q.fifo")
    await connect(api, queue_arn("q.fifo"), SqsParameters={"MessageGroupId": "g"})
    answer = await put(api)
    (sent,) = cloud.called("SendMessage")
    assert sent["MessageGroupId"] == "g"
    assert sent["MessageDeduplicationId"] == answer["Entries"][0]["EventId"]


async def test_a_machine_is_started_once_as_the_role_however_often_it_is_tried(
    api: Api, cloud: FakeCloud, clock: ManualClock
) -> None:
    cloud.refuse("stepfunctions", "StartExecution", BUSY)
    await connect(api, MACHINE, RoleArn=ROLE)
    answer = await put(api)
    cloud.refuse("stepfunctions", "StartExecution", ServiceError("ExecutionAlreadyExists", "there"))
    await clock.advance(5)
    starts = cloud.called("StartExecution")
    assert len(starts) == 2
    assert len({start["name"] for start in starts}) == 1
    assert starts[0]["name"].startswith(answer["Entries"][0]["EventId"])
    assert len(starts[0]["name"]) <= 80
    assert cloud.calls[-1][3].role_arn == ROLE
    await clock.advance(3600)
    assert len(cloud.called("StartExecution")) == 2


async def test_a_function_is_invoked_asynchronously(api: Api, cloud: FakeCloud) -> None:
    received = []

    async def handler(event: dict[str, Any]) -> dict[str, Any]:
        received.append(event)
        return {"StatusCode": 202}

    cloud.functions["f"] = handler
    await connect(api, function_arn("f"))
    await put(api)
    assert received[0]["detail"] == {"a": 1}
    assert cloud.called("Invoke")[0]["InvocationType"] == "Event"


async def test_another_bus_receives_the_event_as_it_is(api: Api, cloud: FakeCloud) -> None:
    queue = cloud.queue("q")
    await api("CreateEventBus", Name="other")
    await api("PutRule", Name="all", EventBusName="other", EventPattern='{"source": ["app"]}')
    await api(
        "PutTargets",
        Rule="all",
        EventBusName="other",
        Targets=[{"Id": "t", "Arn": queue_arn("q")}],
    )
    await connect(api, f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/other", RoleArn=ROLE)
    answer = await put(api)
    assert [event["id"] for event in queue.bodies()] == [answer["Entries"][0]["EventId"]]


async def test_a_topic_and_a_log_group_receive_events(api: Api, cloud: FakeCloud) -> None:
    await api("PutRule", Name="r", EventPattern='{"source": ["app"]}')
    targets = [
        {"Id": "1", "Arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t"},
        {"Id": "2", "Arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/g:*"},
    ]
    await api("PutTargets", Rule="r", Targets=targets)
    await put(api)
    assert json.loads(cloud.called("Publish")[0]["Message"])["source"] == "app"
    (logged,) = cloud.called("PutLogEvents")
    assert logged["logGroupName"] == "/aws/events/g"
    assert json.loads(logged["logEvents"][0]["message"])["source"] == "app"


async def test_a_busy_target_is_tried_again_later_and_later(
    api: Api, cloud: FakeCloud, clock: ManualClock
) -> None:
    queue = cloud.queue("q")
    cloud.refuse("sqs", "SendMessage", *[BUSY] * 5)
    await connect(api, queue_arn("q"))
    await put(api)
    assert queue.messages == {}
    await clock.advance(0.2)
    tries = len(cloud.called("SendMessage"))
    assert tries < 6
    await clock.advance(60)
    assert len(queue.messages) == 1


async def test_when_the_attempts_are_used_up_the_event_becomes_a_dead_letter(
    api: Api, cloud: FakeCloud, clock: ManualClock
) -> None:
    dead = cloud.queue("dead")
    cloud.refuse("stepfunctions", "StartExecution", *[BUSY] * 3)
    await connect(
        api,
        MACHINE,
        RoleArn=ROLE,
        RetryPolicy={"MaximumRetryAttempts": 2},
        DeadLetterConfig={"Arn": queue_arn("dead")},
        Input='{"constant": true}',
    )
    answer = await put(api)
    await clock.advance(60)
    (letter,) = dead.messages.values()
    assert json.loads(letter.body)["id"] == answer["Entries"][0]["EventId"]
    assert {name: value["StringValue"] for name, value in letter.attributes.items()} == {
        "RULE_ARN": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r",
        "TARGET_ARN": MACHINE,
        "ERROR_CODE": "THROTTLING",
        "ERROR_MESSAGE": "slow down",
        "RETRY_ATTEMPTS": "2",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }


@pytest.mark.parametrize(
    "refusal",
    [DiskError("The disk of the local cloud is full"), BUSY, SQS_BUSY],
    ids=["full disk", "throttled", "throttled by SQS"],
)
async def test_a_dead_letter_that_is_not_taken_now_waits(
    api: Api, cloud: FakeCloud, clock: ManualClock, refusal: ServiceError
) -> None:
    dead = cloud.queue("dead")
    cloud.refuse("stepfunctions", "StartExecution", DENIED, DENIED)
    cloud.refuse("sqs", "SendMessage", refusal)
    await connect(api, MACHINE, RoleArn=ROLE, DeadLetterConfig={"Arn": queue_arn("dead")})
    await put(api)
    assert not dead.messages
    await clock.advance(5)
    assert len(dead.messages) == 1


async def test_a_queue_that_throttles_gets_the_event_later(
    api: Api, cloud: FakeCloud, clock: ManualClock
) -> None:
    inbox = cloud.queue("inbox")
    cloud.refuse("sqs", "SendMessage", SQS_BUSY)  # 403, and yet no lack of a permission
    await connect(api, queue_arn("inbox"))
    await put(api)
    assert not inbox.messages
    await clock.advance(5)
    assert len(inbox.messages) == 1


async def test_when_the_event_is_too_old_it_becomes_a_dead_letter(
    api: Api, cloud: FakeCloud, clock: ManualClock
) -> None:
    dead = cloud.queue("dead")
    cloud.refuse("stepfunctions", "StartExecution", *[BUSY] * 100)
    await connect(
        api,
        MACHINE,
        RoleArn=ROLE,
        RetryPolicy={"MaximumEventAgeInSeconds": 60},
        DeadLetterConfig={"Arn": queue_arn("dead")},
    )
    await put(api)
    await clock.advance(200)
    (letter,) = dead.messages.values()
    condition = letter.attributes["EXHAUSTED_RETRY_CONDITION"]["StringValue"]
    assert condition == "MaximumEventAgeInSeconds"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DENIED, "NO_PERMISSIONS"),
        (ServiceError("StateMachineDoesNotExist", "gone"), "NO_RESOURCE"),
        (ServiceError("InvalidExecutionInput", "no JSON"), "INVALID_PARAMETER"),
    ],
)
async def test_what_trying_again_cannot_help_is_a_dead_letter_at_once(
    api: Api, cloud: FakeCloud, error: ServiceError, code: str
) -> None:
    dead = cloud.queue("dead")
    cloud.refuse("stepfunctions", "StartExecution", error)
    await connect(api, MACHINE, RoleArn=ROLE, DeadLetterConfig={"Arn": queue_arn("dead")})
    await put(api)
    (letter,) = dead.messages.values()
    assert letter.attributes["ERROR_CODE"]["StringValue"] == code
    assert letter.attributes["RETRY_ATTEMPTS"]["StringValue"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in letter.attributes


async def test_a_template_that_fills_to_broken_json_is_a_dead_letter(
    api: Api, cloud: FakeCloud
) -> None:
    cloud.queue("q")
    dead = cloud.queue("dead")
    await connect(
        api,
        queue_arn("q"),
        InputTransformer={"InputPathsMap": {"d": "$.detail.d"}, "InputTemplate": '{"d": "<d>"}'},
        DeadLetterConfig={"Arn": queue_arn("dead")},
    )
    await put(api, Detail=json.dumps({"d": 'a "quote"'}))
    (letter,) = dead.messages.values()
    assert letter.attributes["ERROR_CODE"]["StringValue"] == "INVALID_JSON"


async def test_a_slow_target_holds_up_neither_the_caller_nor_the_others(
    api: Api, cloud: FakeCloud
) -> None:
    queue = cloud.queue("q")

    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(_: dict[str, Any]) -> dict[str, Any]:
        entered.set()
        await leave.wait()
        return {}

    cloud.functions["f"] = slow
    await connect(api, function_arn("f"))
    await api("PutTargets", Rule="r", Targets=[{"Id": "2", "Arn": queue_arn("q")}])
    assert (await put(api))["FailedEntryCount"] == 0
    assert entered.is_set()
    assert len(queue.messages) == 1
    leave.set()


async def test_what_was_accepted_is_delivered_after_a_restart(
    cloud: FakeCloud, clock: ManualClock
) -> None:
    first = EventBridgeService(cloud, clock)
    cloud.services["events"] = first
    api = Api(cloud)
    await connect(api, queue_arn("q"))
    await put(api)  # never started: nothing is sent, as when the process is killed
    first.journal.close()

    second = EventBridgeService(cloud, clock)
    await second.start()
    await clock.advance(2)
    queue = cloud.queue("q")  # the queue comes back after EventBridge
    await clock.advance(2)
    assert len(queue.messages) == 1
    await second.stop()

    third = EventBridgeService(cloud, clock)
    await third.start()
    await clock.advance(2)
    assert len(queue.messages) == 1
    await third.stop()


async def test_a_waiting_retry_survives_a_restart(cloud: FakeCloud, clock: ManualClock) -> None:
    first = EventBridgeService(cloud, clock)
    cloud.services["events"] = first
    await first.start()
    queue = cloud.queue("q")
    cloud.refuse("sqs", "SendMessage", BUSY)
    api = Api(cloud)
    await connect(api, queue_arn("q"))
    await put(api)
    await first.stop()
    second = EventBridgeService(cloud, clock)
    await second.start()
    await settle()
    assert len(queue.messages) == 1
    await second.stop()


async def test_on_a_full_disk_an_event_is_refused_and_what_was_delivered_is_struck_later(
    api: Api, cloud: FakeCloud, bridge: EventBridgeService, clock: ManualClock
) -> None:
    queue = cloud.queue("q")
    await connect(api, queue_arn("q"))
    connection = bridge.journal._connection
    connection.execute("PRAGMA max_page_count = 1")  # no page more than it has
    with pytest.raises(OSError, match="No space left"):
        await put(api, Detail=json.dumps({"a": "x" * 100_000}))
    assert queue.bodies() == []

    connection.execute("PRAGMA max_page_count = 1000000")
    await put(api)
    assert len(queue.bodies()) == 1
    assert bridge.journal.pending() == []
