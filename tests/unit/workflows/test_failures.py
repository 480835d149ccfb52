"""Which names of `ErrorEquals` take which failure."""

from __future__ import annotations

import pytest

from windfall_local.workflows.failures import StateFailure

_HEARTBEAT = "States.HeartbeatTimeout"


@pytest.mark.parametrize(
    ("failure", "name", "expected"),
    [
        (StateFailure("Busy"), "Busy", True),
        (StateFailure("Busy"), "busy", False),
        (StateFailure("Busy"), "States.ALL", True),
        (StateFailure("Busy"), "States.TaskFailed", True),
        (StateFailure("States.Timeout"), "States.TaskFailed", False),
        (StateFailure("States.Timeout"), "States.Timeout", True),
        (StateFailure("States.Timeout"), "States.ALL", True),
        (StateFailure("States.Timeout", alias=_HEARTBEAT), _HEARTBEAT, True),
        (StateFailure("States.Timeout", alias=_HEARTBEAT), "States.Timeout", True),
        (StateFailure("States.Timeout"), _HEARTBEAT, False),
        (StateFailure("States.DataLimitExceeded"), "States.ALL", False),
        (StateFailure("States.DataLimitExceeded"), "States.TaskFailed", False),
        (StateFailure("States.DataLimitExceeded"), "States.DataLimitExceeded", True),
        (StateFailure("States.Runtime"), "States.ALL", False),
        (StateFailure("States.Runtime"), "States.Runtime", False),
    ],
)
def test_names_take_failures(failure: StateFailure, name: str, expected: bool) -> None:
    assert failure.matches([name]) is expected
    assert failure.matches(["Other", name]) is expected


def test_error_output_has_a_cause_only_if_there_is_one() -> None:
    assert StateFailure("E").output() == {"Error": "E"}
    assert StateFailure("E", "C").output() == {"Error": "E", "Cause": "C"}
