"""Definitions: what is accepted runs whole; everything else is refused by name and place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.workflows.stage import machine
from windfall_local.workflows.parsing import InvalidDefinitionError, parse_definition

_DONE = {"Type": "Succeed"}
_INVOKE = "arn:aws:states:::lambda:invoke"
_FUNCTION = {"FunctionName": "f"}


def _problems(definition: dict[str, Any] | str) -> list[str]:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    with pytest.raises(InvalidDefinitionError) as caught:
        parse_definition(text)
    return [str(problem) for problem in caught.value.problems]


def _task(**fields: Any) -> dict[str, Any]:
    return machine(
        {"T": {"Type": "Task", "Resource": _INVOKE, "Arguments": _FUNCTION, "End": True, **fields}}
    )


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("", "Definition must be a valid JSON object"),
        ("[1]", "Definition must be a valid JSON object"),
        ("{nope", "INVALID_JSON_DESCRIPTION"),
        ({}, "These fields are required: [States, StartAt]"),
        (machine({"A": _DONE}, Nope=1), "The field 'Nope' is not supported"),
        (machine({"A": {"Type": "Nope"}}), "'Nope' is not one of"),
        (machine({"A": {"Type": "Pass"}}), "Either 'Next' or 'End' must be set"),
        (machine({"A": {"Type": "Pass", "Next": "A", "End": True}}), "must not both be set"),
        (machine({"A": {"Type": "Pass", "Next": "B"}}), "There is no state 'B'"),
        (machine({"A": _DONE, "B": _DONE}), "State 'B' is not reachable"),
        (machine({"A": {"Type": "Pass", "Next": "A"}}), "No terminal state"),
        ({**machine({"A": _DONE}), "StartAt": "B"}, "There is no state 'B'"),
        (machine({"A": {**_DONE, "Output": "{% ( %}"}}), "Invalid JSONata expression: Output"),
        (machine({"A": {**_DONE, "Output": {"x": ["{% 1 + %}"]}}}), "Output/x[0]"),
        (machine({"A": {**_DONE, "Assign": {"x": 1}}}), "The field 'Assign' is not supported"),
        (
            machine({"A": {"Type": "Pass", "Assign": {"states": 1}, "End": True}}),
            "'states' is not a valid variable name",
        ),
        (
            machine({"A": {"Type": "Pass", "QueryLanguage": "JSONPath", "End": True}}),
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
        ),
        (
            {"StartAt": "A", "States": {"A": _DONE}},
            "The local cloud runs states in JSONata only",
        ),
        (machine({"A": {"Type": "Wait", "End": True}}), "Exactly one of 'Seconds'"),
        (machine({"A": {"Type": "Wait", "Seconds": -1, "End": True}}), "must not be less than 0"),
        (
            machine({"A": {"Type": "Wait", "Timestamp": "2020-01-01", "End": True}}),
            "not an RFC 3339 timestamp",
        ),
        (machine({"A": {"Type": "Choice", "Choices": []}}), "'Choices' must have at least one"),
        (
            machine({"A": {"Type": "Choice", "Choices": [{"Variable": "$.x", "Next": "A"}]}}),
            "The field 'Variable' is not supported",
        ),
        (_task(Resource="arn:aws:states:::glue:startJobRun"), "'glue' works on AWS only"),
        (_task(Resource="nonsense"), "is not a service integration's ARN"),
        (_task(Resource="arn:aws:states:::aws-sdk:s3:nope"), "has no action 'nope'"),
        (_task(Resource="arn:aws:states:::aws-sdk:nope:nope"), "There is no service 'nope'"),
        (_task(Resource="arn:aws:states:::lambda:invoke.sync"), "does not support '.sync'"),
        (
            _task(Resource="arn:aws:states:::aws-sdk:sfn:startExecution.sync"),
            "AWS SDK integrations do not support '.sync'",
        ),
        (_task(Resource="arn:aws:states:us-east-1:000000000000:activity:a"), "Activities"),
        (_task(Arguments={"FunctionName": "f", "Nope": 1}), "The field 'Nope' is not supported"),
        (_task(Arguments={"Payload": 1}), "The field 'FunctionName' is required"),
        (_task(Arguments="text"), "must be an object or a JSONata expression"),
        (_task(TimeoutSeconds=0), "must not be less than 1"),
        (_task(TimeoutSeconds="5"), "must be a number"),
        (_task(TimeoutSeconds=5, HeartbeatSeconds=5), "must be less than 'TimeoutSeconds'"),
        (_task(Credentials={}), "These fields are required: [RoleArn]"),
        (_task(ResultPath="$.x"), "The field 'ResultPath', of JSONPath, is not supported here"),
        (_task(Retry=[{"ErrorEquals": []}]), "'ErrorEquals' must be a list of error names"),
        (_task(Retry=[{"ErrorEquals": ["A"], "BackoffRate": 0.5}]), "must not be less than 1.0"),
        (_task(Retry=[{"ErrorEquals": ["A"], "JitterStrategy": "X"}]), "'NONE' or 'FULL'"),
        (
            _task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]),
            "'States.ALL' must be in the last entry",
        ),
        (_task(Retry=[{"ErrorEquals": ["A", "States.ALL"]}]), "'States.ALL' must be alone"),
        (_task(Catch=[{"ErrorEquals": ["A"], "Next": "Z"}]), "There is no state 'Z'"),
        (machine({"A": {"Type": "Parallel", "Branches": [], "End": True}}), "at least one branch"),
    ],
)
def test_problems_are_named(definition: Any, expected: str) -> None:
    problems = _problems(definition)
    assert any(expected in problem for problem in problems), problems


def _map(**fields: Any) -> dict[str, Any]:
    processor = {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}
    return machine({"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}})


def test_state_names_are_unique_in_the_whole_machine() -> None:
    inner = {"StartAt": "M", "States": {"M": {"Type": "Succeed"}}}
    assert "used more than once" in _problems(_map(ItemProcessor=inner))[0]


def test_every_problem_is_found_at_once() -> None:
    definition = machine(
        {"A": {"Type": "Wait", "Next": "B"}, "B": {"Type": "Pass", "Result": 1, "End": True}}
    )
    problems = _problems(definition)
    assert any("at /States/A" in problem for problem in problems)
    assert any("'Result', of JSONPath" in problem for problem in problems)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:lambda:us-east-1:000000000000:function:f",
        "arn:aws:lambda:us-east-1:000000000000:function:f:live",
        "arn:aws:states:::aws-sdk:s3:getObject",
        "arn:aws:states:::aws-sdk:eventbridge:putEvents.waitForTaskToken",
        "arn:aws:states:::aws-sdk:dynamodb:query",
        "arn:aws:states:::aws-sdk:cloudwatchlogs:putLogEvents",
    ],
)
def test_resources_that_can_be_called(resource: str) -> None:
    parse_definition(json.dumps(_task(Resource=resource, Arguments="{% $states.input %}")))
