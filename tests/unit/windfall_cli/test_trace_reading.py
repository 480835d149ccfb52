"""Why a file's trace can not be shown, said so that the next step is clear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from windfall_cli.errors import CommandError
from windfall_cli.stack import Stack
from windfall_cli.trace_reading import read_trace

TRACE = "1-6764d7f0-aaaaaaaaaaaaaaaaaaaaaaaa"
SEGMENT = {"id": "a" * 16, "name": "admission", "start_time": 1.0, "end_time": 2.0}


class XRay:
    """X-Ray with some traces; it is its own session, client and paginator."""

    def __init__(self, *traces: dict[str, Any]) -> None:
        self.traces = list(traces)

    def client(self, service: str, **_: Any) -> XRay:
        assert service == "xray"
        return self

    def get_paginator(self, operation: str) -> XRay:
        assert operation == "batch_get_traces"
        return self

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        assert asked == {"TraceIds": [TRACE]}
        yield from ({"Traces": [trace]} for trace in self.traces)


def read(xray: XRay, age: timedelta, *, is_local: bool = False) -> Any:
    received = (datetime.now(UTC) - age).isoformat()
    return read_trace(Stack("s", is_local, xray), "a.txt", received, [TRACE])


def test_a_trace_is_read_page_by_page() -> None:
    document = {"Id": SEGMENT["id"], "Document": json.dumps(SEGMENT)}
    found = read(XRay({"Id": TRACE, "Segments": [document]}), timedelta(hours=1))
    assert [step.name for step in found.steps] == ["admission"]


@pytest.mark.parametrize(
    ("age", "is_local", "said", "remedy"),
    [
        (timedelta(seconds=1), False, "heard nothing of a.txt yet", "ask again"),
        (timedelta(days=31), False, "keeps traces for 30 days", "windfall show"),
        (timedelta(hours=1), True, "until `windfall down`", "rerun --force"),
        (timedelta(hours=1), False, f"X-Ray has no trace {TRACE}", "xray:BatchGetTraces"),
    ],
)
def test_a_trace_that_is_not_there_has_a_reason(
    age: timedelta, said: str, remedy: str, *, is_local: bool
) -> None:
    for xray in (XRay(), XRay({"Id": TRACE, "Segments": []})):
        with pytest.raises(CommandError) as raised:
            read(xray, age, is_local=is_local)
        assert said in raised.value.message
        assert remedy in (raised.value.remedy or "")
