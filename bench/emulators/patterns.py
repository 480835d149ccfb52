"""EventBridge: which events a pattern takes, and which patterns are none."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from bench.emulators.clouds import Emulator
from bench.emulators.questions import Question
from tests.unit.events.test_patterns import CASES, INSTANCE, INVALID


def _takes(pattern: dict[str, Any], expected: bool, cloud: Emulator) -> bool:
    answer = cloud.client("events").test_event_pattern(
        EventPattern=json.dumps(pattern), Event=json.dumps(INSTANCE)
    )
    return bool(answer["Result"] is expected)


def _refuses(pattern: Any, cloud: Emulator) -> bool:
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    try:
        cloud.client("events").test_event_pattern(EventPattern=text, Event=json.dumps(INSTANCE))
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == "InvalidEventPatternException")
    return False


QUESTIONS = [
    *(
        Question("EventBridge patterns", text, partial(_takes, pattern, expected))
        for text, pattern, expected in CASES
    ),
    *(
        Question("EventBridge patterns that are none", text, partial(_refuses, pattern))
        for text, pattern, _ in INVALID
    ),
]
