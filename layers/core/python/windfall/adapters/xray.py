"""AWS X-Ray: a trace for each file that is admitted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from windfall.clock import Clock, moment_of, utc_now
from windfall.trace_header import is_sampled, trace_id

if TYPE_CHECKING:
    from windfall.tracing import Tracer


class XRayTraces:
    """Begins traces.

    Args:
        tracer: The function's.
        percent: How many files in a hundred have one.
        clock: Tells the time.
    """

    def __init__(self, tracer: Tracer, percent: float, clock: Clock = utc_now) -> None:
        self._tracer = tracer
        self._percent = percent
        self._clock = clock

    @contextmanager
    def begin(self, event_id: str, received: str) -> Iterator[str | None]:
        """A file's trace, as long as it is admitted; None when this one is not traced."""
        began = moment_of(received)
        root = trace_id(event_id, began, self._clock())
        sampled = self._tracer.is_on and is_sampled(root, self._percent)
        # One that is not sampled is a trace all the same: what follows is told that it is not.
        with self._tracer.trace(root, "admission", began.timestamp(), sampled=sampled):
            yield root if sampled else None

    def annotate(self, **annotations: str | None) -> None:
        """Add what the trace is found by."""
        self._tracer.annotate(**annotations)
