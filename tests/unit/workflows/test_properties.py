"""Whatever the machine, its history is in order and its data comes through."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.workflows.stage import Played, StageCloud, failing, machine, play
from tests.unit.workflows.test_queries import json_values

_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function"


class _Names:
    def __init__(self) -> None:
        self._count = 0

    def fresh(self) -> str:
        self._count += 1
        return f"S{self._count}"


@st.composite
def _block(draw: st.DrawFn, names: _Names, depth: int) -> dict[str, Any]:
    kinds = ["Pass", "Wait", "Choice", "Task", "Broken"] + (["Map", "Parallel"] if depth else [])
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=4))
    labels = [names.fresh() for _ in chosen]
    states: dict[str, Any] = {}
    for index, (kind, label) in enumerate(zip(chosen, labels, strict=True)):
        following = labels[index + 1] if index + 1 < len(labels) else None
        flow = {"Next": following} if following else {"End": True}
        states[label] = {**draw(_state(names, depth, kind, following)), **flow}
        if states[label]["Type"] == "Choice":
            states[label].pop("Next", None)
            states[label].pop("End", None)
    return {"StartAt": labels[0], "States": states}


@st.composite
def _state(
    draw: st.DrawFn, names: _Names, depth: int, kind: str, following: str | None
) -> dict[str, Any]:
    if kind == "Wait":
        return {"Type": "Wait", "Seconds": draw(st.integers(0, 100))}
    if kind == "Choice" and following:
        condition = draw(st.sampled_from([True, "{% $exists($states.input) %}", False]))
        return {
            "Type": "Choice",
            "Choices": [{"Condition": condition, "Next": following}],
            "Default": following,
        }
    if kind in ("Task", "Broken"):
        resource = f"{_FUNCTION}:{'good' if kind == 'Task' else 'bad'}"
        task: dict[str, Any] = {"Type": "Task", "Resource": resource}
        if draw(st.booleans()):
            task["Retry"] = [{"ErrorEquals": ["Bad"], "MaxAttempts": draw(st.integers(0, 2))}]
        if draw(st.booleans()) and following:
            task["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": following}]
        return task
    if kind == "Map":
        items = draw(st.lists(st.integers(0, 9), max_size=4))
        processor = draw(_block(names, depth - 1))
        limit = draw(st.integers(0, 3))
        return {"Type": "Map", "Items": items, "ItemProcessor": processor, "MaxConcurrency": limit}
    if kind == "Parallel":
        branches = [draw(_block(names, depth - 1)) for _ in range(draw(st.integers(1, 3)))]
        return {"Type": "Parallel", "Branches": branches}
    return {"Type": "Pass", "Assign": {"seen": "{% $states.input %}"}}


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    """Definitions of every kind of state, with tasks that work and tasks that fail."""
    block = draw(_block(_Names(), 2))
    return {"QueryLanguage": "JSONata", **block}


def _cloud() -> StageCloud:
    return StageCloud({"good": lambda payload: payload, "bad": failing("Bad")})


def _check_order(played: Played) -> None:
    for index, event in enumerate(played.events, 1):
        assert event["id"] == index
        assert event["previousEventId"] < index
        if index > 2:
            assert event["previousEventId"] > 0
    times = [event["timestamp"] for event in played.events]
    assert times == sorted(times)


@settings(max_examples=60)
@given(machines(), json_values)
def test_histories_are_in_order(definition: dict[str, Any], value: Any) -> None:
    played = play(definition, value, _cloud())
    _check_order(played)
    assert played.status in ("SUCCEEDED", "FAILED")
    assert played.kinds[0] == "ExecutionStarted"
    assert played.kinds[-1] == f"Execution{played.status.capitalize()}"
    entered = sum(kind.endswith("StateEntered") for kind in played.kinds)
    left = sum(kind.endswith("StateExited") for kind in played.kinds)
    assert left <= entered
    if played.status == "SUCCEEDED" and "Bad" not in str(definition):
        assert entered == left or any(kind.endswith("Failed") for kind in played.kinds)


@settings(max_examples=40)
@given(machines(), json_values)
def test_the_same_machine_goes_the_same_way(definition: dict[str, Any], value: Any) -> None:
    first, second = (play(definition, value, _cloud()) for _ in range(2))
    assert first.kinds == second.kinds
    assert first.description.get("output") == second.description.get("output")


@settings(max_examples=60)
@given(json_values)
def test_json_comes_through_states_unchanged(value: Any) -> None:
    definition = machine(
        {
            "A": {"Type": "Pass", "Assign": {"v": "{% $states.input %}"}, "Next": "B"},
            "B": {"Type": "Wait", "Seconds": 1, "Next": "C"},
            "C": {"Type": "Pass", "Output": "{% [$v] %}" if value != [] else [[]], "Next": "D"},
            "D": {
                "Type": "Map",
                "Items": [1, 2],
                "ItemSelector": {"v": "{% $v %}"},
                "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}},
                "End": True,
            },
        }
    )
    assert play(definition, value).output == [{"v": value}, {"v": value}]
