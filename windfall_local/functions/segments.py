"""How Lambda tells X-Ray of an invocation: a segment of the service, one of the function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windfall_local.functions.invocations import Invocation
    from windfall_local.functions.records import FunctionRecord


def segments_of(
    function: FunctionRecord,
    invocation: Invocation,
    account: str,
    times: tuple[float, float],
    *,
    initialised: float | None,
    failed: bool,
) -> list[str]:
    """Both, as JSON.

    Args:
        function: Which function ran.
        invocation: What it was asked.
        account: Whose it is.
        times: When it was asked and when it had answered, in seconds of the epoch.
        initialised: How many seconds its import took, in a new environment; None in a warm one.
        failed: Whether the answer is an error.
    """
    started, ended = (round(time, 4) for time in times)
    common: dict[str, Any] = {
        "trace_id": invocation.trace.root,
        "name": function.name,
        "start_time": started,
        "end_time": ended,
        "resource_arn": function.arn,
        **({"fault": True} if failed else {}),
    }
    parent = invocation.trace.parent
    service = {
        **common,
        "id": invocation.service_segment,
        **({"parent_id": parent} if parent else {}),
        "origin": "AWS::Lambda",
        "http": {"response": {"status": 200}},
        "aws": {"request_id": invocation.request_id},
    }
    own = {
        **common,
        "id": invocation.function_segment,
        "parent_id": invocation.service_segment,
        "origin": "AWS::Lambda::Function",
        "aws": {"account_id": account, "function_arn": function.arn},
    }
    if initialised is not None:
        own["subsegments"] = [
            {
                "id": invocation.initialisation_segment,
                "name": "Initialization",
                "start_time": started,
                "end_time": round(min(ended, started + initialised), 4),
            }
        ]
    return [json.dumps(service), json.dumps(own)]
