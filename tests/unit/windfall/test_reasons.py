"""Reasons for persons, out of what Lambda and Step Functions tell."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windfall.reasons import readable, reason_of

TRACE = {
    "errorMessage": 'The picture "a" is broken.\nSorry.',
    "errorType": "InvalidInputError",
    "requestId": "dbb4d5a5",
    "stackTrace": ['  File "/var/task/handler.py", line 1\n'] * 40,
}
SAID = 'InvalidInputError: The picture "a" is broken.\nSorry.'


def test_lambdas_cause_becomes_its_message() -> None:
    assert reason_of("InvalidInputError", json.dumps(TRACE)) == SAID
    assert readable(f"InvalidInputError: {json.dumps(TRACE)}") == SAID


def test_a_cause_that_the_machine_cut_off_is_read_as_far_as_it_goes() -> None:
    whole = f"InvalidInputError: {json.dumps(TRACE)}"
    assert len(whole) > 1000
    assert readable(whole[:1000]) == SAID

    long = {"errorMessage": "x" * 2000, "errorType": "InvalidInputError"}
    cut = readable(f"InvalidInputError: {json.dumps(long)}"[:1000])
    assert cut.startswith("InvalidInputError: xxx")
    assert cut.endswith("x…")


def test_the_innermost_error_is_told() -> None:
    inner = {"Status": "FAILED", "Error": "InvalidInputError", "Cause": json.dumps(TRACE)}
    assert reason_of("States.TaskFailed", json.dumps(inner)) == SAID


def test_of_an_execution_without_a_word_its_name_is_told() -> None:
    stopped = {"ExecutionArn": "arn:x:sound", "Input": {"a": "b" * 2000}, "Status": "ABORTED"}
    told = "States.TaskFailed: An execution inside this one broke off: arn:x:sound"
    assert reason_of("States.TaskFailed", json.dumps(stopped)) == told
    assert readable(f"States.TaskFailed: {json.dumps(stopped)}"[:1000]) == told


@pytest.mark.parametrize(
    "reason",
    [
        "Amazon Comprehend finds sentiment in en, es; the text is in ka.",
        "States.Runtime: No such state.",
        'ValueError: {"some": "json"}',
        "ValueError: {not json",
        "ValueError: [1, 2]",
    ],
)
def test_other_reasons_stay_as_they_are(reason: str) -> None:
    assert readable(reason) == reason


def test_an_error_without_a_cause_is_its_name() -> None:
    assert readable("States.Timeout: ") == "States.Timeout"
    assert reason_of("States.Timeout", None) == "States.Timeout"
    assert reason_of(None, None) == ""


@given(st.text(), st.text(), st.integers(0, 300))
def test_nothing_makes_it_raise(error: str, message: str, length: int) -> None:
    cause = json.dumps({"errorMessage": message, "errorType": error})
    readable(f"{error}: {cause}"[:length])
    reason_of(error, cause[:length])
