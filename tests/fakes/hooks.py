"""What tests do between the operations of fakes: crash there, or let another actor go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence


class CrashError(Exception):
    """The process died here."""


class Hook:
    """Told before and after every operation of a fake; does nothing."""

    def before(self, operation: str) -> None:
        """Called before an operation."""

    def after(self, operation: str) -> None:
        """Called after an operation took effect."""


class CrashAfter(Hook):
    """Dies after so many operations, once."""

    def __init__(self, operations: int) -> None:
        self._left = operations
        self.crashed_at: str | None = None

    def after(self, operation: str) -> None:
        """Count, and die when it is time."""
        self._left -= 1
        if self._left == 0:
            self.crashed_at = operation
            raise CrashError(operation)


class Interleaver(Hook):
    """Runs actors in threads, one operation of one actor at a time, in an order that is given."""

    def __init__(self) -> None:
        self._go: dict[int, threading.Semaphore] = {}
        self._halted: dict[int, threading.Semaphore] = {}
        self._ended: dict[int, bool] = {}
        self._actor = threading.local()
        self.errors: list[BaseException] = []

    def before(self, operation: str) -> None:
        """Wait for one's turn."""
        number = getattr(self._actor, "number", None)
        if number is not None:
            self._halted[number].release()
            self._go[number].acquire()

    def run(self, actors: Sequence[Callable[[], object]], schedule: Sequence[int]) -> None:
        """Run the actors to their ends: first by the schedule, then one after the other."""
        threads = [self._start(number, actor) for number, actor in enumerate(actors)]
        for turn in schedule:
            self._step(turn % len(actors))
        for number in range(len(actors)):
            while self._step(number):
                pass
        for thread in threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _start(self, number: int, actor: Callable[[], object]) -> threading.Thread:
        self._go[number], self._halted[number] = threading.Semaphore(0), threading.Semaphore(0)
        self._ended[number] = False
        thread = threading.Thread(target=self._act, args=(number, actor), daemon=True)
        thread.start()
        self._halted[number].acquire()
        return thread

    def _step(self, number: int) -> bool:
        if self._ended[number]:
            return False
        self._go[number].release()
        self._halted[number].acquire()
        return not self._ended[number]

    def _act(self, number: int, actor: Callable[[], object]) -> None:
        self._actor.number = number
        try:
            actor()
        except BaseException as error:
            self.errors.append(error)
        finally:
            self._ended[number] = True
            self._halted[number].release()
