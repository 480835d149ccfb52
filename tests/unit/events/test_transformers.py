"""What targets receive; the examples are those of the user guide's page on input transformation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.events.errors import InvalidInputError
from windfall_local.events.transformers import Origin, check_input, render_input

EVENT: dict[str, Any] = {
    "version": "0",
    "id": "1",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "time": "2015-11-11T21:29:54Z",
    "resources": ["arn:i"],
    "detail": {
        "instance-id": "i-0123456789",
        "state": "RUNNING",
        "count": 3,
        "on": True,
        "items": [{"n": 1}, {"n": 2}],
        "a/b": "slash",
    },
}
ORIGIN = Origin("arn:aws:events:us-east-2:123456789012:rule/example", 1_447_277_394.5)


def transform(template: str, **paths: str) -> str:
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    check_input({"Id": "t", "InputTransformer": transformer})
    return render_input({"InputTransformer": transformer}, EVENT, ORIGIN)


PATHS = {"instance": "$.detail.instance-id", "state": "$.detail.state"}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
        (
            '"instance \\"<instance>\\" is in <state>"',
            '"instance \\"i-0123456789\\" is in RUNNING"',
        ),
        (
            '{"instance" : <instance>, "state": <state>}',
            '{"instance" : "i-0123456789", "state": "RUNNING"}',
        ),
        (
            '{"instance": <instance>, "state": "<state>", "text": "\\"<instance>\\" is <state>"}',
            '{"instance": "i-0123456789", "state": "RUNNING", '
            '"text": "\\"i-0123456789\\" is RUNNING"}',
        ),
        ('{"state": [9, <state>, true]}', '{"state": [9, "RUNNING", true]}'),
        ('"<aws.events.rule-name> triggered"', '"example triggered"'),
        ('"Line <state>"\n"Line <instance>"', '"Line RUNNING"\n"Line i-0123456789"'),
        ('{"a": "<b"}', '{"a": "<b"}'),
    ],
)
def test_the_guides_templates(template: str, expected: str) -> None:
    assert transform(template, **PATHS) == expected


def test_reserved_variables() -> None:
    text = transform(
        '{"arn": <aws.events.rule-arn>, "name": <aws.events.rule-name>,'
        ' "at": "<aws.events.event.ingestion-time>", "all": <aws.events.event.json>,'
        ' "head": <aws.events.event>}'
    )
    assert json.loads(text) == {
        "arn": ORIGIN.rule_arn,
        "name": "example",
        "at": "2015-11-11T21:29:54Z",
        "all": EVENT,
        "head": {key: value for key, value in EVENT.items() if key != "detail"},
    }


def test_values_keep_their_types_outside_strings() -> None:
    text = transform(
        '{"n": <n>, "on": <on>, "list": <list>, "one": <one>, "all": <all>}',
        n="$.detail.count",
        on="$.detail.on",
        list="$.detail.items",
        one="$.detail.items[1].n",
        all="$.detail.items[*].n",
    )
    assert json.loads(text) == {
        "n": 3,
        "on": True,
        "list": [{"n": 1}, {"n": 2}],
        "one": 2,
        "all": [1, 2],
    }


def test_objects_inside_strings_lose_their_quotes() -> None:
    assert transform('"is <items>"', items="$.detail.items") == '"is [{n:1},{n:2}]"'


def test_a_path_that_finds_nothing_shows_nothing() -> None:
    text = transform('{"a": "x<gone>y", "b": <gone>}', gone="$.detail.gone.x")
    assert json.loads(text) == {"a": "xy", "b": ""}


def test_names_with_slashes_and_brackets() -> None:
    assert transform("<a>", a="$.detail.a/b") == '"slash"'
    assert transform("<a>", a="$['detail']['a/b']") == '"slash"'


def test_a_part_of_the_event_and_a_constant() -> None:
    assert render_input({"InputPath": "$.detail.state"}, EVENT, ORIGIN) == '"RUNNING"'
    assert render_input({"InputPath": "$.detail.gone"}, EVENT, ORIGIN) == "null"
    assert render_input({"Input": '{"x": 1}'}, EVENT, ORIGIN) == '{"x": 1}'


@pytest.mark.parametrize(
    "settings",
    [
        {"Input": "no JSON"},
        {"Input": "{}", "InputPath": "$"},
        {"InputPath": "detail"},
        {"InputPath": "$.a[x]"},
        {"InputTransformer": {"InputTemplate": "no quotes"}},
        {"InputTransformer": {"InputTemplate": '{"a": <b>'}},
        {"InputTransformer": {"InputTemplate": "<a>", "InputPathsMap": {"aws.x": "$"}}},
        {
            "InputTransformer": {
                "InputTemplate": '"x"',
                "InputPathsMap": {str(n): "$" for n in range(101)},
            }
        },
    ],
)
def test_settings_that_eventbridge_refuses(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        check_input({"Id": "t", **settings})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_a_variable_outside_strings_is_the_value_itself(value: Any) -> None:
    target = {
        "InputTransformer": {"InputPathsMap": {"v": "$.detail"}, "InputTemplate": '{"v": <v>}'}
    }
    assert json.loads(render_input(target, {"detail": value}, ORIGIN)) == {"v": value}
