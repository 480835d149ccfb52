"""The header by which AWS's services hand a trace on: `Root=1-…;Parent=…;Sampled=1;Lineage=…`."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

NAME = "X-Amzn-Trace-Id"
VARIABLE = "_X_AMZN_TRACE_ID"
"""Where Lambda's runtime puts the header of an invocation."""
_TRACE_ID = re.compile(r"^1-[0-9a-f]{8}-[0-9a-f]{24}$")
_SEGMENT_ID = re.compile(r"^[0-9a-f]{16}$")
_OWN = ("Root", "Parent", "Sampled")
_FRESH = timedelta(days=6)
"""X-Ray takes documents of a trace for seven days after the time in its id; a message may wait for
fourteen in a queue."""


class TraceHeader(NamedTuple):
    """A place in a trace.

    Attributes:
        root: The trace's id.
        parent: The segment or subsegment that what follows is part of; None at a trace's beginning.
        sampled: Whether the trace is recorded.
        rest: Whatever else there is, such as the lineage by which Lambda notices endless loops.
    """

    root: str
    parent: str | None = None
    sampled: bool = True
    rest: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> TraceHeader | None:
        """The header that a text is; None where it names no trace."""
        pairs = [part.strip() for part in text.split(";") if "=" in part]
        found = dict(pair.split("=", 1) for pair in pairs)
        root, parent = found.get("Root", ""), found.get("Parent", "")
        if not _TRACE_ID.match(root):
            return None
        return cls(
            root,
            parent if _SEGMENT_ID.match(parent) else None,
            found.get("Sampled") == "1",
            tuple(pair for pair in pairs if not pair.startswith(_OWN)),
        )

    @classmethod
    def of_invocation(cls, environment: Mapping[str, str]) -> TraceHeader | None:
        """The header of the invocation that runs now; None outside of Lambda."""
        return cls.parse(environment.get(VARIABLE, ""))

    def under(self, parent: str) -> TraceHeader:
        """The same trace, further in."""
        return self._replace(parent=parent)

    def __str__(self) -> str:
        """As it stands in a request."""
        parent = [f"Parent={self.parent}"] if self.parent else []
        return ";".join([f"Root={self.root}", *parent, f"Sampled={int(self.sampled)}", *self.rest])


def trace_id(event_id: str, began: datetime, now: datetime) -> str:
    """The trace of what an event began: the same again when the event is delivered again.

    Args:
        event_id: EventBridge's.
        began: When it happened; the id carries the second.
        now: Instead of a time that X-Ray would not take any more.
    """
    fresh = began if now - began < _FRESH else now
    return f"1-{int(fresh.timestamp()):08x}-{hashlib.sha256(event_id.encode()).hexdigest()[:24]}"


def is_sampled(trace: str, percent: float) -> bool:
    """Whether a trace is among so many in a hundred; the same one always is, or never."""
    return int(trace[-8:], 16) / 2**32 * 100 < percent
