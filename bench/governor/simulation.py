"""Time that passes only when nothing is left to do: functions that run side by side, one at a time.

Each function runs in a thread of its own and knows nothing of it. Where it would wait (for a table,
for a service) it pauses, and whatever comes next in the order of time goes on.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import NamedTuple


class _Due(NamedTuple):
    moment: float
    number: int
    action: Callable[[], None]


class Simulation:
    """A clock, and what is to happen when.

    Attributes:
        now: Seconds since the start.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[_Due] = []
        self._numbers = itertools.count()
        self._back = threading.Semaphore(0)
        self._mine = threading.local()
        self._alive = 0
        self._broken: list[BaseException] = []

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Let something happen, which itself takes no time."""
        heapq.heappush(self._due, _Due(self.now + seconds, next(self._numbers), action))

    def start(self, seconds: float, function: Callable[[], None]) -> None:
        """Begin a function then; it may pause."""
        go = threading.Semaphore(0)

        def live() -> None:
            go.acquire()
            self._mine.go = go
            try:
                function()
            except BaseException as error:
                self._broken.append(error)
            finally:
                self._alive -= 1
                self._back.release()

        def begin() -> None:
            self._alive += 1
            threading.Thread(target=live, daemon=True).start()
            self._let(go)

        self.after(seconds, begin)

    def pause(self, seconds: float) -> None:
        """Go on later; called by a function."""
        go: threading.Semaphore = self._mine.go
        self.after(seconds, lambda: self._let(go))
        self._back.release()
        go.acquire()

    def run(self, until: Callable[[], bool], patience: float) -> None:
        """Let time pass until no function is at work and it is enough; one that failed ends it."""
        while self._due and self.now < patience and (self._alive or not until()):
            moment, _, action = heapq.heappop(self._due)
            self.now = moment
            action()
            if self._broken:
                raise self._broken[0]

    def _let(self, go: threading.Semaphore) -> None:
        go.release()
        self._back.acquire()
