"""The trace that a call is part of, as AWS's services hand it on: `X-Amzn-Trace-Id`.

The gateway reads it from a request, Step Functions sets it around what a task calls. Whoever
answers finds it here, in the same task of the event loop.
"""

from __future__ import annotations

import random
import re
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

HEADER = "x-amzn-trace-id"
_ROOT = re.compile(r"Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)")
_PARENT = re.compile(r"Parent=([0-9a-f]{16})(?:;|$)")
_LINEAGE = re.compile(r"Lineage=[^;]+")
_FIXED_RATE = 0.05
"""X-Ray's default rule: the first of each second, and of the others one in twenty."""

_CURRENT: ContextVar[str] = ContextVar("trace", default="")


class Trace(NamedTuple):
    """A place in a trace.

    Attributes:
        root: The trace's id.
        parent: The segment that what follows is part of; None at a trace's beginning.
        sampled: Whether it is recorded.
    """

    root: str
    parent: str | None
    sampled: bool

    @classmethod
    def parse(cls, header: str) -> Trace | None:
        """The place that a header names; None where it names none."""
        root, parent = _ROOT.search(header), _PARENT.search(header)
        if root is None:
            return None
        return cls(root[1], None if parent is None else parent[1], "Sampled=1" in header)

    @classmethod
    def begun(cls, now: float, *, sampled: bool) -> Trace:
        """A trace of which nobody has heard before."""
        return cls(f"1-{int(now):08x}-{secrets.token_hex(12)}", None, sampled)

    def under(self, parent: str) -> Trace:
        """The same trace, further in."""
        return self._replace(parent=parent)

    def __str__(self) -> str:
        """As it stands in a header."""
        parent = f"Parent={self.parent};" if self.parent else ""
        return f"Root={self.root};{parent}Sampled={int(self.sampled)}"


def current() -> Trace | None:
    """The trace of the call that is answered now."""
    return Trace.parse(_CURRENT.get())


def arrived(header: str) -> None:
    """A request has come, in a task of its own."""
    _CURRENT.set(header)


@contextmanager
def within(trace: Trace | None) -> Iterator[None]:
    """Calls that are made meanwhile are part of a trace, or of none."""
    before = _CURRENT.set("" if trace is None else str(trace))
    try:
        yield
    finally:
        _CURRENT.reset(before)


def lineage(request_id: str) -> str:
    """What the calls of an invocation have in common, and no other's."""
    return f"Lineage=1:{request_id.replace('-', '')[:8]}:0"


def lineage_of(header: str) -> str:
    """The lineage that a header carries; the header itself where it has none."""
    found = _LINEAGE.search(header)
    return header if found is None else found[0]


class Sampler:
    """Decides what is recorded where no caller did.

    Args:
        now: Seconds of the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last: defaultdict[str, int] = defaultdict(int)

    def begin(self, name: str) -> Trace:
        """A new trace of a function or machine."""
        now = self._now()
        is_first = self._last[name] != int(now)
        self._last[name] = int(now)
        sampled = is_first or random.random() < _FIXED_RATE  # noqa: S311, RUF100 - no secret
        return Trace.begun(now, sampled=sampled)
