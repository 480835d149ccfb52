"""The API: buses, rules, targets, PutEvents, archives, replays, schedules."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.events.conftest import Api
from tests.unit.events.doubles import FakeCloud, ManualClock, queue_arn, settle
from windfall_local.api import ACCOUNT, ServiceError
from windfall_local.events.service import EventBridgeService

ANY = '{"account": ["000000000000"]}'
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus"


def entry(**fields: Any) -> dict[str, Any]:
    return {"Source": "app", "DetailType": "Done", "Detail": "{}", **fields}


async def refused(call: Any) -> str:
    with pytest.raises(ServiceError) as caught:
        await call
    return caught.value.code


# --- PutEvents -------------------------------------------------------------------------------


async def test_each_entry_is_taken_or_refused_by_itself(api: Api) -> None:
    answer = await api(
        "PutEvents",
        Entries=[
            entry(),
            entry(Source="aws.s3"),
            entry(Detail="no JSON"),
            entry(Detail="[]"),
            entry(Source=""),
            {"Source": "app", "Detail": "{}"},
            {"Source": "app", "DetailType": "x"},
            entry(EventBusName="nowhere"),
        ],
    )
    assert answer["FailedEntryCount"] == 7
    assert "EventId" in answer["Entries"][0]
    assert [result.get("ErrorCode") for result in answer["Entries"]] == [
        None,
        "NotAuthorizedForSourceException",
        "MalformedDetail",
        "MalformedDetail",
        "InvalidArgument",
        "InvalidArgument",
        "InvalidArgument",
        "ResourceNotFoundException",
    ]


async def test_more_than_ten_entries_are_refused(api: Api) -> None:
    assert await refused(api("PutEvents", Entries=[entry()] * 11)) == "ValidationException"


async def test_a_request_stays_below_a_mebibyte(api: Api) -> None:
    head = len("app") + len("Done")
    for size, is_taken in ((1_048_576 - head - 1, True), (1_048_576 - head, False)):
        text = json.dumps({"x": ""})[:-2] + "y" * (size - len('{"x": ""}')) + '"}'
        assert len(text) == size
        call = api("PutEvents", Entries=[entry(Detail=text)])
        if is_taken:
            assert (await call)["FailedEntryCount"] == 0
        else:
            assert await refused(call) == "ValidationException"


async def test_an_entry_may_have_its_own_time(api: Api, cloud: FakeCloud) -> None:
    queue = cloud.queue("q")
    await api("PutRule", Name="r", EventPattern=ANY)
    await api("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": queue_arn("q")}])
    time = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    await api("PutEvents", Entries=[entry(Time=time)])
    await settle()
    assert queue.bodies()[0]["time"] == "2020-01-02T03:04:05Z"


async def test_services_put_their_events_on_the_default_bus(
    api: Api, bridge: EventBridgeService, cloud: FakeCloud
) -> None:
    queue = cloud.queue("q")
    await api("PutRule", Name="r", EventPattern='{"source": ["aws.s3"]}')
    await api("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": queue_arn("q")}])
    await bridge.emit("aws.s3", "Object Created", {"x": 1}, ["arn:b"])
    await settle()
    (event,) = queue.bodies()
    assert (event["source"], event["detail"], event["resources"]) == (
        "aws.s3",
        {"x": 1},
        ["arn:b"],
    )


async def test_a_pattern_can_be_tested(api: Api) -> None:
    event = {
        "id": "1",
        "account": "1",
        "source": "a",
        "time": "2026-11-23T06:00:00Z",
        "region": "r",
        "resources": [],
        "detail-type": "t",
    }
    for source, expected in (("a", True), ("b", False)):
        answer = await api(
            "TestEventPattern",
            EventPattern=json.dumps({"source": [source]}),
            Event=json.dumps(event),
        )
        assert answer == {"Result": expected}
    bad = api("TestEventPattern", EventPattern='{"source": "a"}', Event=json.dumps(event))
    assert await refused(bad) == "InvalidEventPatternException"
    incomplete = api("TestEventPattern", EventPattern='{"source": ["a"]}', Event="{}")
    assert await refused(incomplete) == "ValidationException"


# --- Buses -----------------------------------------------------------------------------------


async def test_a_bus_is_made_shown_listed_and_removed(api: Api) -> None:
    made = await api(
        "CreateEventBus", Name="app", Description="d", Tags=[{"Key": "k", "Value": "v"}]
    )
    assert made["EventBusArn"] == f"{BUS}/app"
    assert await refused(api("CreateEventBus", Name="app")) == "ResourceAlreadyExistsException"
    shown = await api("DescribeEventBus", Name=f"{BUS}/app")
    assert (shown["Name"], shown["Description"]) == ("app", "d")
    assert (await api("DescribeEventBus"))["Name"] == "default"
    tags = await api("ListTagsForResource", ResourceARN=f"{BUS}/app")
    assert tags == {"Tags": [{"Key": "k", "Value": "v"}]}
    listed = await api("ListEventBuses", NamePrefix="ap")
    assert [bus["Name"] for bus in listed["EventBuses"]] == ["app"]
    await api("PutRule", Name="r", EventBusName="app", EventPattern=ANY)
    assert await refused(api("DeleteEventBus", Name="app")) == "ValidationException"
    await api("DeleteRule", Name="r", EventBusName="app")
    await api("DeleteEventBus", Name="app")
    assert await refused(api("DescribeEventBus", Name="app")) == "ResourceNotFoundException"
    assert await refused(api("DeleteEventBus", Name="default")) == "ValidationException"


async def test_a_bus_has_a_policy(api: Api, bridge: EventBridgeService) -> None:
    await api("PutPermission", StatementId="s", Action="events:PutEvents", Principal="111122223333")
    policy = json.loads((await api("DescribeEventBus"))["Policy"])
    assert policy["Statement"][0]["Resource"] == f"{BUS}/default"
    assert json.loads(bridge.bus_policy("default") or "") == policy
    await api("RemovePermission", StatementId="s")
    assert "Policy" not in await api("DescribeEventBus")
    assert await refused(api("RemovePermission", StatementId="s")) == "ResourceNotFoundException"


# --- Rules and targets -----------------------------------------------------------------------


async def test_a_rule_of_another_bus_sees_only_that_bus(api: Api, cloud: FakeCloud) -> None:
    queue = cloud.queue("q")
    await api("CreateEventBus", Name="app")
    made = await api("PutRule", Name="r", EventBusName="app", EventPattern=ANY)
    assert made["RuleArn"] == f"arn:aws:events:us-east-1:{ACCOUNT}:rule/app/r"
    target = {"Id": "t", "Arn": queue_arn("q")}
    await api("PutTargets", Rule="r", EventBusName="app", Targets=[target])
    await api("PutEvents", Entries=[entry(), entry(EventBusName="app", DetailType="here")])
    await settle()
    assert [event["detail-type"] for event in queue.bodies()] == ["here"]


async def test_a_disabled_rule_rests_and_an_enabled_one_works(api: Api, cloud: FakeCloud) -> None:
    queue = cloud.queue("q")
    await api("PutRule", Name="r", EventPattern=ANY, State="DISABLED")
    await api("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": queue_arn("q")}])
    await api("PutEvents", Entries=[entry()])
    await api("EnableRule", Name="r")
    await api("PutEvents", Entries=[entry()])
    await api("DisableRule", Name="r")
    await api("PutEvents", Entries=[entry()])
    await settle()
    assert len(queue.messages) == 1
    assert (await api("DescribeRule", Name="r"))["State"] == "DISABLED"


async def test_putting_a_rule_again_keeps_its_targets(api: Api) -> None:
    target = {"Id": "t", "Arn": queue_arn("q"), "Input": "1"}
    await api("PutRule", Name="r", EventPattern=ANY, Description="old")
    await api("PutTargets", Rule="r", Targets=[target])
    await api("PutRule", Name="r", EventPattern='{"source": ["x"]}')
    assert (await api("ListTargetsByRule", Rule="r"))["Targets"] == [target]
    shown = await api("DescribeRule", Name="r")
    assert shown["EventPattern"] == '{"source": ["x"]}'
    assert "Description" not in shown


async def test_rules_and_targets_are_listed_and_removed(api: Api) -> None:
    for name in ("a1", "a2", "b1"):
        await api("PutRule", Name=name, EventPattern=ANY)
    first = await api("ListRules", NamePrefix="a", Limit=1)
    second = await api("ListRules", NamePrefix="a", Limit=1, NextToken=first["NextToken"])
    assert [first["Rules"][0]["Name"], second["Rules"][0]["Name"]] == ["a1", "a2"]
    assert "NextToken" not in second
    await api("PutTargets", Rule="a1", Targets=[{"Id": "t", "Arn": queue_arn("q")}])
    names = await api("ListRuleNamesByTarget", TargetArn=queue_arn("q"))
    assert names["RuleNames"] == ["a1"]
    assert await refused(api("DeleteRule", Name="a1")) == "ValidationException"
    await api("RemoveTargets", Rule="a1", Ids=["t"])
    await api("DeleteRule", Name="a1")
    await api("DeleteRule", Name="a1")
    assert await refused(api("DescribeRule", Name="a1")) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({}, "ValidationException"),
        ({"EventPattern": "[]"}, "InvalidEventPatternException"),
        ({"EventPattern": '{"a": ["' + "x" * 4096 + '"]}'}, "InvalidEventPatternException"),
        ({"EventPattern": ANY, "EventBusName": "nowhere"}, "ResourceNotFoundException"),
        ({"ScheduleExpression": "rate(1 minutes)"}, "ValidationException"),
        ({"EventPattern": ANY, "State": "MAYBE"}, "ValidationException"),
        ({"EventPattern": ANY, "Name": "no spaces"}, "ValidationException"),
    ],
)
async def test_a_rule_that_eventbridge_refuses(
    api: Api, settings: dict[str, Any], code: str
) -> None:
    assert await refused(api("PutRule", **{"Name": "r", **settings})) == code


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"Arn": "no arn"}, "ValidationException"),
        ({"Arn": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"}, "ValidationException"),
        ({"Arn": queue_arn("q.fifo")}, "ValidationException"),
        ({"Arn": queue_arn("q"), "Input": "no JSON"}, "ValidationException"),
        (
            {"Arn": queue_arn("q"), "DeadLetterConfig": {"Arn": queue_arn("d.fifo")}},
            "ValidationException",
        ),
        (
            {"Arn": queue_arn("q"), "RetryPolicy": {"MaximumRetryAttempts": 186}},
            "ValidationException",
        ),
        (
            {"Arn": queue_arn("q"), "RetryPolicy": {"MaximumEventAgeInSeconds": 59}},
            "ValidationException",
        ),
        (
            {"Arn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/c", "EcsParameters": {}},
            "NotImplementedException",
        ),
        ({"Arn": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"}, "NotImplementedException"),
    ],
)
async def test_a_target_that_is_refused(api: Api, target: dict[str, Any], code: str) -> None:
    await api("PutRule", Name="r", EventPattern=ANY)
    assert await refused(api("PutTargets", Rule="r", Targets=[{"Id": "t", **target}])) == code
    assert (await api("ListTargetsByRule", Rule="r"))["Targets"] == []


async def test_a_rule_has_at_most_five_targets(api: Api) -> None:
    await api("PutRule", Name="r", EventPattern=ANY)
    targets = [{"Id": str(n), "Arn": queue_arn("q")} for n in range(6)]
    assert await refused(api("PutTargets", Rule="r", Targets=targets)) == "LimitExceededException"


async def test_what_is_not_done_here_is_refused_by_name(api: Api) -> None:
    with pytest.raises(ServiceError, match="CreateConnection"):
        await api("CreateConnection", Name="c")


async def test_definitions_outlive_the_process(cloud: FakeCloud, clock: ManualClock) -> None:
    cloud.services["events"] = first = EventBridgeService(cloud, clock)
    api = Api(cloud)
    await api("CreateEventBus", Name="app")
    await api("PutRule", Name="r", EventBusName="app", EventPattern=ANY)
    target = {"Id": "t", "Arn": queue_arn("q")}
    await api("PutTargets", Rule="r", EventBusName="app", Targets=[target])
    await api("PutRule", Name="s", ScheduleExpression="rate(5 minutes)")
    await api("CreateArchive", ArchiveName="a", EventSourceArn=f"{BUS}/app", EventPattern=ANY)
    first.journal.close()
    cloud.services["events"] = second = EventBridgeService(cloud, clock)
    queue = cloud.queue("q")
    await second.start()
    await api("PutEvents", Entries=[entry(EventBusName="app")])
    await settle()
    assert len(queue.messages) == 1
    assert (await api("DescribeArchive", ArchiveName="a"))["EventCount"] == 1
    assert (await api("DescribeRule", Name="s"))["ScheduleExpression"] == "rate(5 minutes)"
    await second.stop()


# --- Archives and replays --------------------------------------------------------------------


async def test_an_archive_keeps_what_matches_and_replays_it(
    api: Api, cloud: FakeCloud, clock: ManualClock
) -> None:
    queue, other = cloud.queue("q"), cloud.queue("other")
    await api(
        "CreateArchive",
        ArchiveName="a",
        EventSourceArn=f"{BUS}/default",
        EventPattern='{"detail-type": ["Keep"]}',
        RetentionDays=1,
    )
    start = clock.now()
    await api("PutEvents", Entries=[entry(DetailType="Keep"), entry(DetailType="Drop")])
    await clock.advance(10)
    shown = await api("DescribeArchive", ArchiveName="a")
    assert shown["EventCount"] == 1
    assert shown["SizeBytes"] > 100
    rule = await api("PutRule", Name="r", EventPattern=ANY)
    await api("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": queue_arn("q")}])
    await api("PutRule", Name="unwanted", EventPattern=ANY)
    await api("PutTargets", Rule="unwanted", Targets=[{"Id": "t", "Arn": queue_arn("other")}])
    await api(
        "StartReplay",
        ReplayName="again",
        EventSourceArn=shown["ArchiveArn"],
        EventStartTime=datetime.fromtimestamp(start, UTC),
        EventEndTime=datetime.fromtimestamp(clock.now(), UTC),
        Destination={"Arn": f"{BUS}/default", "FilterArns": [rule["RuleArn"]]},
    )
    await settle()
    (event,) = queue.bodies()
    assert (event["detail-type"], event["replay-name"]) == ("Keep", "again")
    assert other.messages == {}
    assert (await api("DescribeReplay", ReplayName="again"))["State"] == "COMPLETED"
    assert (await api("DescribeArchive", ArchiveName="a"))["EventCount"] == 1
    await clock.advance(86_400)
    assert (await api("DescribeArchive", ArchiveName="a"))["EventCount"] == 0


async def test_archives_are_listed_changed_and_deleted(api: Api) -> None:
    bus = f"{BUS}/default"
    await api("CreateArchive", ArchiveName="a", EventSourceArn=bus)
    twice = api("CreateArchive", ArchiveName="a", EventSourceArn=bus)
    assert await refused(twice) == "ResourceAlreadyExistsException"
    await api("UpdateArchive", ArchiveName="a", Description="d", RetentionDays=3)
    shown = await api("DescribeArchive", ArchiveName="a")
    assert (shown["Description"], shown["RetentionDays"]) == ("d", 3)
    assert len((await api("ListArchives", EventSourceArn=bus))["Archives"]) == 1
    await api("DeleteArchive", ArchiveName="a")
    assert await refused(api("DeleteArchive", ArchiveName="a")) == "ResourceNotFoundException"


# --- Schedules -------------------------------------------------------------------------------


async def test_a_schedule_fires_for_its_own_targets(
    api: Api, cloud: FakeCloud, clock: ManualClock
) -> None:
    queue = cloud.queue("q")
    rule = await api("PutRule", Name="s", ScheduleExpression="rate(5 minutes)")
    await api("PutTargets", Rule="s", Targets=[{"Id": "t", "Arn": queue_arn("q")}])
    await clock.advance(299)
    assert queue.messages == {}
    await clock.advance(302)
    first, second = queue.bodies()
    assert first["time"] == "2026-11-23T06:05:00Z"
    assert second["time"] == "2026-11-23T06:10:00Z"
    assert first["source"] == "aws.events"
    assert first["detail-type"] == "Scheduled Event"
    assert first["resources"] == [rule["RuleArn"]]
    assert first["detail"] == {}
    await api("DisableRule", Name="s")
    await clock.advance(3600)
    assert len(queue.messages) == 2
