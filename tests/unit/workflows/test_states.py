"""Every type of state does what Amazon States Language says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.workflows.stage import EPOCH, ROLE, StageCloud, machine, play


def test_pass_hands_on_its_input() -> None:
    played = play(machine({"A": {"Type": "Pass", "End": True}}), {"a": [1, None, "é"]})
    assert played.output == {"a": [1, None, "é"]}
    assert played.kinds == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert [event["previousEventId"] for event in played.events] == [0, 0, 2, 3]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("{% $states.input.name %}", "Ada"),
        (
            {"greeting": "{% 'Hello ' & $states.input.name %}", "n": 1},
            {"greeting": "Hello Ada", "n": 1},
        ),
        (["{% $states.input.list[1] %}", None], [5, None]),
        ({}, {}),
        (None, None),
        ("{% $states.input.nothing = null %}", True),
        ("{% $states.input.nothing %}", None),
        ("{% [$states.input.list[$ > 100]] %}", []),
        (" {% not this %}", " {% not this %}"),
        ({"$.a": "$.b"}, {"$.a": "$.b"}),
    ],
)
def test_output_is_what_its_template_makes(output: Any, expected: Any) -> None:
    value = {"name": "Ada", "list": [4, 5], "nothing": None}
    played = play(machine({"A": {"Type": "Pass", "Output": output, "End": True}}), value)
    assert played.output == expected


def test_context_object_tells_of_the_execution() -> None:
    played = play(
        machine({"A": {"Type": "Pass", "Output": "{% $states.context %}", "End": True}}), {"x": 1}
    )
    context = played.output
    assert context["Execution"]["Id"] == played.description["executionArn"]
    assert context["Execution"]["Input"] == {"x": 1}
    assert context["Execution"]["Name"] == "played"
    assert context["Execution"]["RoleArn"] == ROLE
    assert context["Execution"]["RedriveCount"] == 0
    assert context["Execution"]["StartTime"].endswith("Z")
    assert context["State"]["Name"] == "A"
    assert context["StateMachine"]["Name"] == "machine"


@pytest.mark.parametrize(("value", "expected"), [(5, "small"), (50, "large"), (500, "default")])
def test_choice_takes_the_first_rule_that_is_true(value: int, expected: str) -> None:
    def end(name: str) -> dict[str, Any]:
        return {"Type": "Pass", "Output": name, "End": True}

    states = {
        "IsIt": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input < 10 %}", "Next": "small"},
                {"Condition": "{% $states.input < 100 %}", "Next": "large"},
            ],
            "Default": "default",
        },
        **{name: end(name) for name in ("small", "large", "default")},
    }
    assert play(machine(states), value).output == expected


def test_choice_without_a_match_fails_by_name() -> None:
    states = {
        "IsIt": {"Type": "Choice", "Choices": [{"Condition": False, "Next": "A"}]},
        "A": {"Type": "Succeed"},
    }
    assert play(machine(states)).error == "States.NoChoiceMatched"


def test_choice_rule_has_output_and_variables_of_its_own() -> None:
    states = {
        "IsIt": {
            "Type": "Choice",
            "Choices": [
                {
                    "Condition": True,
                    "Next": "A",
                    "Output": {"from": "rule"},
                    "Assign": {"seen": "{% $states.input.x %}"},
                }
            ],
            "Output": "never",
            "Default": "A",
        },
        "A": {
            "Type": "Succeed",
            "Output": {"input": "{% $states.input %}", "seen": "{% $seen %}"},
        },
    }
    assert play(machine(states), {"x": 7}).output == {"input": {"from": "rule"}, "seen": 7}


def test_choice_condition_must_be_boolean() -> None:
    states = {
        "IsIt": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% 'yes' %}", "Next": "A"}],
            "Default": "A",
        },
        "A": {"Type": "Succeed"},
    }
    played = play(machine(states))
    assert played.error == "States.QueryEvaluationError"
    (failed,) = played.details("EvaluationFailed")
    assert failed["location"] == "Choices[0]/Condition"
    assert "Expected 'boolean', but was 'string'" in failed["cause"]
    assert failed["state"] == "IsIt"


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"Seconds": 90}, 90),
        ({"Seconds": "{% $states.input.s * 2 %}"}, 20),
        ({"Seconds": 0}, 0),
        ({"Timestamp": "2020-01-01T00:00:00Z"}, 0),
        ({"Timestamp": "{% $fromMillis($states.input.at) %}"}, 60),
    ],
)
def test_wait_waits(fields: dict[str, Any], seconds: float) -> None:
    value = {"s": 10, "at": int((EPOCH + 60) * 1000)}
    played = play(machine({"A": {"Type": "Wait", **fields, "End": True}}), value)
    assert played.output == value
    assert played.seconds == pytest.approx(seconds, abs=0.5)


@pytest.mark.parametrize("wrong", ["{% -1 %}", "{% 1.5 %}", "{% 'soon' %}"])
def test_wait_refuses_wrong_seconds(wrong: str) -> None:
    played = play(machine({"A": {"Type": "Wait", "Seconds": wrong, "End": True}}))
    assert played.error == "States.QueryEvaluationError"


def test_fail_ends_with_its_error_and_cause() -> None:
    fail = {"Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "because"}
    played = play(machine({"A": fail}), {"e": "Sorry"})
    assert (played.status, played.error, played.cause) == ("FAILED", "Sorry", "because")
    assert played.kinds[-2:] == ["FailStateEntered", "ExecutionFailed"]


def test_variables_are_assigned_at_once_and_shown_in_the_history() -> None:
    states = {
        "A": {"Type": "Pass", "Assign": {"a": 1, "b": "{% [2, null] %}"}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"a": "{% $b[0] %}", "b": "{% $a %}"}, "Next": "C"},
        "C": {"Type": "Pass", "Output": "{% [$a, $b] %}", "End": True},
    }
    played = play(machine(states))
    assert played.output == [2, 1]
    assert played.details("PassStateExited")[0]["assignedVariables"] == {"a": "1", "b": "[2,null]"}


def test_parallel_gives_every_branch_its_input_and_keeps_their_order() -> None:
    def wait(seconds: int) -> dict[str, Any]:
        return {
            "StartAt": f"W{seconds}",
            "States": {
                f"W{seconds}": {
                    "Type": "Wait",
                    "Seconds": seconds,
                    "Output": f"{{% $states.input & '{seconds}' %}}",
                    "End": True,
                }
            },
        }

    states = {
        "P": {
            "Type": "Parallel",
            "Arguments": "{% $states.input.a %}",
            "Branches": [wait(9), wait(1), wait(5)],
            "Output": {"all": "{% $states.result %}"},
            "End": True,
        }
    }
    played = play(machine(states), {"a": "x"})
    assert played.output == {"all": ["x9", "x1", "x5"]}
    assert played.seconds == pytest.approx(9, abs=0.5)
    assert played.kinds.count("WaitStateExited") == 3
    started = played.kinds.index("ParallelStateStarted") + 1
    entered = [event for event in played.events if event["type"] == "WaitStateEntered"]
    assert {event["previousEventId"] for event in entered} == {started}


def test_a_failing_branch_aborts_the_others() -> None:
    branches = [
        {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Bad", "Cause": "so"}}},
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 900, "End": True}}},
    ]
    catch = [{"ErrorEquals": ["Bad"], "Next": "Q", "Output": "{% $states.errorOutput %}"}]
    states = {
        "P": {"Type": "Parallel", "Branches": branches, "Catch": catch, "End": True},
        "Q": {"Type": "Succeed"},
    }
    played = play(machine(states))
    assert played.output == {"Error": "Bad", "Cause": "so"}
    assert played.seconds < 1
    assert "WaitStateAborted" in played.kinds
    assert "ParallelStateFailed" in played.kinds


def test_variables_of_a_branch_stay_in_it() -> None:
    inner = {
        "StartAt": "I",
        "States": {
            "I": {"Type": "Pass", "Assign": {"own": "{% $outer %}", "outer": 9}, "Next": "J"},
            "J": {"Type": "Pass", "Output": "{% [$own, $outer] %}", "End": True},
        },
    }
    states = {
        "A": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "P"},
        "P": {"Type": "Parallel", "Branches": [inner], "Next": "Z"},
        "Z": {
            "Type": "Pass",
            "Output": {
                "in": "{% $states.input %}",
                "outer": "{% $outer %}",
                "own": "{% $exists($own) %}",
            },
            "End": True,
        },
    }
    assert play(machine(states)).output == {"in": [[1, 9]], "outer": 1, "own": False}


def _map(**fields: Any) -> dict[str, Any]:
    processor = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
    return machine({"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}})


@pytest.mark.parametrize(
    ("fields", "value", "expected"),
    [
        ({}, [3, None, "x"], [3, None, "x"]),
        ({"Items": "{% $states.input.list %}"}, {"list": [1]}, [1]),
        ({"Items": []}, None, []),
        ({"Items": {"a": 1}}, None, [1]),
        (
            {
                "Items": [7, 8],
                "ItemSelector": {
                    "i": "{% $states.context.Map.Item.Index %}",
                    "v": "{% $states.context.Map.Item.Value %}",
                    "in": "{% $states.input.k %}",
                },
            },
            {"k": "K"},
            [{"i": 0, "v": 7, "in": "K"}, {"i": 1, "v": 8, "in": "K"}],
        ),
    ],
)
def test_map_runs_its_processor_for_each_item(fields: Any, value: Any, expected: Any) -> None:
    assert play(_map(**fields), value).output == expected


def test_map_history_tells_of_every_iteration() -> None:
    played = play(_map(), ["a", "b"])
    assert played.details("MapStateStarted") == [{"length": 2}]
    assert played.details("MapIterationSucceeded") == [
        {"name": "M", "index": 0}, {"name": "M", "index": 1},
    ]  # fmt: skip
    assert played.kinds[-3:] == ["MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"]


@pytest.mark.parametrize("items", ["{% 'text' %}", "{% 5 %}"])
def test_map_refuses_items_that_are_none(items: str) -> None:
    assert play(_map(Items=items)).error == "States.QueryEvaluationError"


@pytest.mark.parametrize(("limit", "seconds"), [(1, 60), (2, 30), (0, 10), ("{% 3 %}", 20)])
def test_map_keeps_to_its_concurrency(limit: int | str, seconds: int) -> None:
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 10, "End": True}}}
    played = play(_map(ItemProcessor=wait, MaxConcurrency=limit), list(range(6)))
    assert played.output == list(range(6))
    assert played.seconds == pytest.approx(seconds, abs=0.5)


_FAIL_ODD = {
    "StartAt": "C",
    "States": {
        "C": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input % 2 = 1 %}", "Next": "F"}],
            "Default": "G",
        },
        "F": {"Type": "Fail", "Error": "Odd"},
        "G": {"Type": "Succeed"},
    },
}


def test_a_failing_iteration_fails_the_map() -> None:
    played = play(_map(ItemProcessor=_FAIL_ODD), [0, 1, 2])
    assert played.error == "Odd"
    assert "MapIterationFailed" in played.kinds
    assert "MapStateFailed" in played.kinds


@pytest.mark.parametrize(
    ("tolerance", "error"),
    [
        ({"ToleratedFailureCount": 2}, None),
        ({"ToleratedFailureCount": 1}, "States.ExceedToleratedFailureThreshold"),
        ({"ToleratedFailurePercentage": 50}, None),
        ({"ToleratedFailurePercentage": 49}, "States.ExceedToleratedFailureThreshold"),
    ],
)
def test_map_tolerates_as_many_failures_as_it_says(tolerance: Any, error: str | None) -> None:
    played = play(_map(ItemProcessor=_FAIL_ODD, **tolerance), [0, 1, 2, 3])
    assert played.error == error


def test_machine_time_out_ends_the_execution() -> None:
    definition = machine({"A": {"Type": "Wait", "Seconds": 100, "End": True}}, TimeoutSeconds=30)
    played = play(definition)
    assert (played.status, played.error) == ("TIMED_OUT", "States.Timeout")
    assert played.seconds == pytest.approx(30, abs=0.5)
    assert played.kinds[-2:] == ["WaitStateAborted", "ExecutionTimedOut"]


def test_outputs_above_256_kib_fail() -> None:
    pad = "{% $pad('', 262143, 'x') %}"
    played = play(machine({"A": {"Type": "Pass", "Output": pad, "End": True}}))
    assert played.error == "States.DataLimitExceeded"
    pad = "{% $pad('', 262142, 'x') %}"
    assert play(machine({"A": {"Type": "Pass", "Output": pad, "End": True}})).status == "SUCCEEDED"


def test_an_endless_loop_ends_with_the_history() -> None:
    states = {
        "A": {
            "Type": "Choice",
            "Choices": [{"Condition": True, "Next": "A"}],
            "Default": "B",
        },
        "B": {"Type": "Succeed"},
    }
    played = play(machine(states))
    assert played.error == "States.Runtime"
    assert "25000" in played.cause
    assert len(played.events) == 25_000


def test_status_changes_are_announced() -> None:
    played = play(machine({"A": {"Type": "Fail", "Error": "E", "Cause": "C"}}), {"i": 1})
    assert [event[2]["status"] for event in played.cloud.events] == ["RUNNING", "FAILED"]
    source, kind, detail, resources = played.cloud.events[1]
    assert (source, kind) == ("aws.states", "Step Functions Execution Status Change")
    assert resources == [played.description["executionArn"]]
    assert detail["input"] == '{"i": 1}'
    assert detail["inputDetails"] == {"included": True}
    assert (detail["output"], detail["error"], detail["cause"]) == (None, "E", "C")
    assert isinstance(detail["startDate"], int)
    assert detail["stopDate"] >= detail["startDate"]


def test_a_deaf_bus_does_not_hurt_an_execution(caplog: pytest.LogCaptureFixture) -> None:
    class Deaf(StageCloud):
        async def emit(self, *_: Any) -> None:
            raise RuntimeError("no bus")

    played = play(machine({"A": {"Type": "Succeed"}}), cloud=Deaf())
    assert played.status == "SUCCEEDED"
    assert "was not announced" in caplog.text
