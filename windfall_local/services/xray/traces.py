"""Documents of segments by trace: in memory, the newest within a bound."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]

MOST_BYTES = 32 * 1024 * 1024
"""Of all traces; about three thousand photos. Beyond it the oldest trace is dropped."""
LARGEST_TRACE = 500 * 1024
"""X-Ray's quota for a trace; what comes after it is not taken in."""
LARGEST_DOCUMENT = 64 * 1024
"""X-Ray's quota for a segment."""
_TRACE_ID = re.compile(r"^1-[0-9a-f]{8}-[0-9a-f]{24}$")
_SEGMENT_ID = re.compile(r"^[0-9a-f]{16}$")


class InvalidDocumentError(Exception):
    """A document is no segment; the message says why.

    Args:
        message: For a person.
        segment: Its id, where it has one.
    """

    def __init__(self, message: str, segment: str | None = None) -> None:
        super().__init__(message)
        self.segment = segment


class Trace:
    """The documents of one trace, by segment; a later one of the same id replaces the first."""

    __slots__ = ("_texts", "is_full", "size")

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self.size = 0
        self.is_full = False

    def put(self, segment: str, text: str) -> int:
        """Take a document; how many bytes that adds."""
        grown = len(text) - len(self._texts.get(segment, ""))
        if self.size + grown > LARGEST_TRACE:
            self.is_full = True
            return 0
        self._texts[segment] = text
        self.size += grown
        return grown

    def segments(self) -> list[Document]:
        """Whole segments: subsegments that came by themselves lie in what they are part of."""
        documents = {segment: json.loads(text) for segment, text in self._texts.items()}
        places: dict[str, Document] = {}
        for document in documents.values():
            places |= {part["id"]: part for part in parts_of(document)}
        whole = []
        for document in documents.values():
            parent = places.get(document.get("parent_id", ""))
            if document.get("type") == "subsegment" and parent is not None:
                parent.setdefault("subsegments", []).append(document)
            else:
                whole.append(document)
        return whole


class Traces:
    """Every trace that is kept."""

    def __init__(self) -> None:
        self._traces: OrderedDict[str, Trace] = OrderedDict()
        self._size = 0

    def put(self, text: str) -> None:
        """Take a document.

        Raises:
            InvalidDocumentError: It is none.
        """
        document = _read(text)
        trace = self._traces.setdefault(document["trace_id"], Trace())
        self._size += trace.put(document["id"], text)
        while self._size > MOST_BYTES and len(self._traces) > 1:
            _, dropped = self._traces.popitem(last=False)
            self._size -= dropped.size

    def find(self, trace_id: str) -> Trace | None:
        """A trace, if it is kept."""
        return self._traces.get(trace_id)

    def between(self, start: float, end: float) -> Iterator[tuple[str, Trace]]:
        """Traces that began in an interval, the newest first; by the time in their ids."""
        for trace_id, trace in reversed(self._traces.items()):
            if start <= began_at(trace_id) <= end:
                yield trace_id, trace


def began_at(trace_id: str) -> int:
    """The second in which a trace began, by its id."""
    return int(trace_id.split("-")[1], 16)


def parts_of(document: Document) -> Iterator[Document]:
    """A segment and all that it is made of."""
    yield document
    for part in document.get("subsegments", ()):
        yield from parts_of(part)


def span_of(segments: list[Document]) -> tuple[float, float]:
    """From the first start to the last end that is known."""
    starts = [float(segment["start_time"]) for segment in segments]
    ends = [float(segment.get("end_time") or segment["start_time"]) for segment in segments]
    return min(starts), max(ends)


def _read(text: str) -> Document:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidDocumentError(f"The document is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidDocumentError("The document is no JSON object.")
    segment = document.get("id")
    if not isinstance(segment, str) or not _SEGMENT_ID.match(segment):
        raise InvalidDocumentError("'id' must be 16 hexadecimal digits.")
    problem = _problem(document, len(text.encode()))
    if problem is not None:
        raise InvalidDocumentError(problem, segment)
    return document


def _problem(document: Document, size: int) -> str | None:
    if size > LARGEST_DOCUMENT:
        return f"The document has {size} bytes; {LARGEST_DOCUMENT} is the most."
    if not isinstance(document.get("trace_id"), str) or not _TRACE_ID.match(document["trace_id"]):
        return "'trace_id' must be 1-, 8 and 24 hexadecimal digits."
    if not isinstance(document.get("name"), str) or not 0 < len(document["name"]) <= 200:
        return "'name' must have 1 to 200 characters."
    if not isinstance(document.get("start_time"), int | float):
        return "'start_time' must be a number of seconds."
    if document.get("in_progress") is not True and not isinstance(
        document.get("end_time"), int | float
    ):
        return "Either 'end_time' or 'in_progress' must be there."
    if document.get("type") == "subsegment" and not isinstance(document.get("parent_id"), str):
        return "A subsegment that comes by itself must have a 'parent_id'."
    return None
