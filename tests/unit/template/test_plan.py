"""What a template asks for: refused by name, or ordered."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.template import TemplateError, UnsupportedTemplateError
from windfall_local.template.intrinsics import Resolver
from windfall_local.template.no_local_meaning import NO_LOCAL_MEANING, reason
from windfall_local.template.plan import Plan, make_plan
from windfall_local.template.resources.kinds import ANY, Shape, unhonoured
from windfall_local.template.resources.registry import KINDS


def plan_of(resources: dict[str, Any], **sections: Any) -> Plan:
    template = {"Resources": resources, **sections}
    resolver = Resolver(
        {}, "app", "us-east-1", {}, sections.get("Conditions", {}), lambda name, _: name
    )
    return make_plan(template, resolver)


def queue(**changes: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", **changes}


def test_everything_that_is_not_honoured_is_named_at_once() -> None:
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC"},
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "ReplicationConfiguration": {},
                "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "Transitions": []}]},
                "NotificationConfiguration": {"LambdaConfigurations": []},
            },
        },
        "Queue": queue(UpdatePolicy={}),
    }
    with pytest.raises(UnsupportedTemplateError) as failure:
        plan_of(resources, Hooks={})
    assert failure.value.problems == [
        "section Hooks",
        "Vpc: type AWS::EC2::VPC",
        "Bucket: property ReplicationConfiguration of AWS::S3::Bucket",
        "Bucket: property NotificationConfiguration.LambdaConfigurations of AWS::S3::Bucket",
        "Queue.UpdatePolicy",
    ]


def test_what_has_no_local_meaning_is_skipped_with_its_reason() -> None:
    plan = plan_of(
        {
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Anything": 1}},
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 1}},
        }
    )
    assert [one.logical_id for one in plan.resources] == ["Group"]
    assert plan.skipped.keys() == {"Alarm", "Group.RetentionInDays"}


def test_a_reference_to_what_is_skipped_is_refused() -> None:
    resources = {
        "Alarm": {"Type": "AWS::CloudWatch::Alarm"},
        "Queue": queue(Properties={"QueueName": {"Ref": "Alarm"}}),
    }
    with pytest.raises(UnsupportedTemplateError, match="Queue: Alarm"):
        plan_of(resources)


def test_a_reference_to_nothing_is_an_error() -> None:
    with pytest.raises(TemplateError, match="Queue refers to Nothing"):
        plan_of({"Queue": queue(Properties={"QueueName": {"Ref": "Nothing"}})})


def test_a_circle_is_named() -> None:
    resources = {
        "A": queue(Properties={"QueueName": {"Ref": "B"}}),
        "B": queue(DependsOn="C"),
        "C": queue(Properties={"QueueName": {"Fn::Sub": "${A}"}}),
    }
    with pytest.raises(TemplateError, match="Circular dependency: A -> B -> C -> A"):
        plan_of(resources)


def test_conditions_leave_resources_and_outputs_out() -> None:
    plan = plan_of(
        {"A": queue(Condition="Never"), "B": queue(Condition="Always")},
        Conditions={
            "Always": {"Fn::Equals": ["1", "1"]},
            "Never": {"Fn::Not": [{"Condition": "Always"}]},
        },
        Outputs={"O": {"Value": {"Ref": "A"}, "Condition": "Never"}},
    )
    assert [one.logical_id for one in plan.resources] == ["B"]
    assert plan.outputs == {}


@given(st.data())
def test_resources_come_after_what_they_need(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 12))
    names = data.draw(st.permutations([f"R{number}" for number in range(size)]))
    needs = {
        name: data.draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else []
        for index, name in enumerate(names)
    }
    shuffled = data.draw(st.permutations(names))
    plan = plan_of({name: queue(DependsOn=needs[name]) for name in shuffled})
    order = [one.logical_id for one in plan.resources]
    assert sorted(order) == sorted(names)
    assert all(order.index(need) < order.index(name) for name in names for need in needs[name])


def test_shapes_name_what_is_beyond_them() -> None:
    shape: Shape = {"A": ANY, "B": {"C": ANY}}
    value = {"A": {"x": 1}, "B": [{"C": 1, "D": 2}, {"E": 3}], "F": 4}
    assert unhonoured(shape, value) == ["B.D", "B.E", "F"]


def test_the_reviewed_list_holds_nothing_unknown() -> None:
    for key, why in NO_LOCAL_MEANING.items():
        assert why.endswith(".")
        if isinstance(key, tuple):
            assert key[0] in KINDS
        else:
            assert key not in KINDS


def test_a_reason_covers_what_is_inside() -> None:
    assert reason("AWS::S3::Bucket", "LifecycleConfiguration.Rules.Id")
    assert reason("AWS::S3::Bucket", "BucketName") is None
