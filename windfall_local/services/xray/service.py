"""The X-Ray API: segments in, traces out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from windfall_local.api import CallContext, OperationService, ServiceError
from windfall_local.services.xray.filters import filter_of, has
from windfall_local.services.xray.traces import (
    Document,
    InvalidDocumentError,
    Trace,
    Traces,
    parts_of,
    span_of,
)

_MOST_IDS = 5
_MOST_SUMMARIES = 100
_LONGEST_INTERVAL = 24 * 3600
"""Seconds; X-Ray lists the traces of a day at once."""


class XRayService(OperationService):
    """Traces of this process."""

    name = "xray"

    def __init__(self) -> None:
        self.traces = Traces()

    async def put_trace_segments(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """Take documents; those that are none are told of, one by one."""
        refused = []
        for text in parameters["TraceSegmentDocuments"]:
            try:
                self.traces.put(text)
            except InvalidDocumentError as error:
                about = {"ErrorCode": "InvalidSegment", "Message": str(error)}
                refused.append(about | ({"Id": error.segment} if error.segment else {}))
        return {"UnprocessedTraceSegments": refused}

    async def put_telemetry_records(self, _: dict[str, Any], __: CallContext) -> dict[str, Any]:
        """Take how a daemon fares; nobody looks at it."""
        return {}

    async def batch_get_traces(self, parameters: dict[str, Any], _: CallContext) -> dict[str, Any]:
        """Whole traces by their ids."""
        wanted = parameters["TraceIds"]
        if not 0 < len(wanted) <= _MOST_IDS:
            raise ServiceError(
                "InvalidRequestException", f"Ask for 1 to {_MOST_IDS} traces at once."
            )
        found = {one: self.traces.find(one) for one in wanted}
        # As on AWS, a trace that nobody has heard of is left out, and no error.
        traces = [_trace(one, trace) for one, trace in found.items() if trace is not None]
        return {"Traces": traces, "UnprocessedTraceIds": []}

    async def get_trace_summaries(
        self, parameters: dict[str, Any], _: CallContext
    ) -> dict[str, Any]:
        """What traces of an interval are like, the newest first."""
        start, end = parameters["StartTime"].timestamp(), parameters["EndTime"].timestamp()
        if not 0 <= end - start <= _LONGEST_INTERVAL:
            raise ServiceError(
                "InvalidRequestException", "The interval must be from 0 to 24 hours long."
            )
        test = filter_of(parameters.get("FilterExpression", ""))
        skipped = int(parameters.get("NextToken") or 0)
        summaries, count = [], 0
        for trace_id, trace in self.traces.between(start, end):
            count += 1
            segments = trace.segments()
            parts = [part for segment in segments for part in parts_of(segment)]
            if test(parts):
                summaries.append(_summary(trace_id, segments, parts))
        answer: dict[str, Any] = {
            "TraceSummaries": summaries[skipped : skipped + _MOST_SUMMARIES],
            "ApproximateTime": datetime.now(UTC),
            "TracesProcessedCount": count,
        }
        if len(summaries) > skipped + _MOST_SUMMARIES:
            answer["NextToken"] = str(skipped + _MOST_SUMMARIES)
        return answer


def _trace(trace_id: str, trace: Trace) -> dict[str, Any]:
    segments = trace.segments()
    start, end = span_of(segments)
    return {
        "Id": trace_id,
        "Duration": round(end - start, 3),
        "LimitExceeded": trace.is_full,
        "Segments": [
            {"Id": segment["id"], "Document": json.dumps(segment)} for segment in segments
        ],
    }


def _summary(trace_id: str, segments: list[Document], parts: list[Document]) -> dict[str, Any]:
    start, end = span_of(segments)
    annotations: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        for name, value in part.get("annotations", {}).items():
            entry = {"AnnotationValue": {"StringValue": str(value)}, "ServiceIds": []}
            annotations.setdefault(name, []).append(entry)
    return {
        "Id": trace_id,
        "StartTime": datetime.fromtimestamp(start, UTC),
        "Duration": round(end - start, 3),
        "HasFault": has(parts, "fault"),
        "HasError": has(parts, "error"),
        "HasThrottle": has(parts, "throttle"),
        "IsPartial": any(part.get("in_progress") is True for part in parts),
        "Annotations": annotations,
        "ServiceIds": [
            {"Name": segment["name"], "Names": [segment["name"]]} for segment in segments
        ],
    }
