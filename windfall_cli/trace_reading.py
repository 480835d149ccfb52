"""Reading a file's trace out of X-Ray, or saying why there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from windfall.clock import moment_of
from windfall_cli.errors import CommandError
from windfall_cli.traces import FileTrace, trace_of

if TYPE_CHECKING:
    from windfall_cli.stack import Stack

_KEPT = timedelta(days=30)
"""X-Ray keeps a trace for so long."""
_SOON = timedelta(minutes=2)
"""What was told to X-Ray is there within seconds, as a rule."""


def read_trace(stack: Stack, key: str, received: str, ids: list[str]) -> FileTrace:
    """The traces out of X-Ray.

    Raises:
        CommandError: It has none of them, with the likely reason.
    """
    pages = stack.client("xray").get_paginator("batch_get_traces").paginate(TraceIds=ids)
    traces = [trace for page in pages for trace in page["Traces"] if trace["Segments"]]
    if traces:
        return trace_of(traces)
    age = datetime.now(UTC) - moment_of(received)
    if age < _SOON:
        raise CommandError(
            f"X-Ray has heard nothing of {key} yet.", "It takes some seconds: ask again."
        )
    if age > _KEPT:
        raise CommandError(
            f"{key} came on {received[:10]}, and X-Ray keeps traces for 30 days.",
            "What it became stays: windfall show FILE",
        )
    if stack.is_local:
        raise CommandError(
            f"The local X-Ray has no trace {ids[0]}: it keeps traces until `windfall down`.",
            "Trace it anew: windfall rerun --force FILE",
        )
    raise CommandError(
        f"X-Ray has no trace {ids[0]} of {key}.",
        "May the functions' roles write to X-Ray, and this user read it (xray:BatchGetTraces)?",
    )
