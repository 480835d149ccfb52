"""Kills a function at each of its calls to the world, before and after, and delivers again.

A scenario has a function's logic over fakes. One clean run counts the calls to the fakes' methods;
then the same is done anew for each of these calls, dying there. What is dead calls nothing any
more, in none of its threads. The delivery is repeated until the function ends, and the world must
look as after the clean run.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.fakes.storage import FakeObjectStore
from windfall.errors import TransientError

MOST_DELIVERIES = 12
_MOMENTS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.0-9]*(Z|\+00:00)")
_LARGE = 1 << 14
"""Bytes; what is larger is data, and has no times."""
_OF_TESTS = frozenset({"drop", "delete", "everything", "shown"})
"""Methods of fakes that only tests call."""


class Death(BaseException):
    """The process is killed."""


class Point(NamedTuple):
    """Where it dies: at which of its calls, and on which side of it."""

    call: int
    after: bool


@dataclass
class Scenario:
    """A function in its world.

    Attributes:
        run: Delivers its event; is told how often that was done before.
        world: The fakes that it calls.
        paid: What was bought so far, each by what it is.
        seen: What else is to look the same at the end, beside the objects of the stores.
        may_repeat: Calls without a name that one death may have made again: as many as are made
            at a time.
        unwatched: Calls at which it does not die: FFmpeg makes them, and lets nothing through.
    """

    run: Callable[[int], object]
    world: Sequence[Any]
    paid: Callable[[], Sequence[object]] = list
    seen: Callable[[], object] = lambda: None
    may_repeat: int = 0
    unwatched: frozenset[str] = frozenset()


@dataclass
class Figures:
    """What was tried."""

    calls: int = 0
    deaths: int = 0
    repeated: int = 0
    failed: int = 0


@dataclass
class _Watch:
    """Counts calls to fakes, and dies at one of them."""

    point: Point | None
    calls: int = 0
    dead: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    inside: threading.local = field(default_factory=threading.local)

    def around(self, fake: object, method: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            # What a fake calls of itself is no call; what is written may be bought meanwhile.
            inside: set[int] = self.inside.__dict__.setdefault("fakes", set())
            if id(fake) in inside:
                return method(*arguments, **named)
            is_here = self._arrive()
            if is_here and self.point is not None and not self.point.after:
                self._die()
            inside.add(id(fake))
            try:
                answer = method(*arguments, **named)
            finally:
                inside.discard(id(fake))
            if is_here:
                self._die()
            return answer

        return called

    def _arrive(self) -> bool:
        with self.lock:
            if self.dead:
                raise Death
            self.calls += 1
            return self.point is not None and self.calls == self.point.call

    def _die(self) -> None:
        self.dead = True
        raise Death


def kill_everywhere(make: Callable[[], Scenario]) -> Figures:
    """Die at every call of a scenario, before and after, and compare.

    Raises:
        AssertionError: Something is lost, or bought too often.
    """
    clean = make()
    watch = watched(clean, None)
    returned = clean.run(0)
    figures = Figures(calls=watch.calls)
    assert figures.calls > 0, "nothing that it calls is watched"
    wanted = described(clean, returned)
    for point in points(figures.calls):
        _die_at(point, make(), wanted, Counter(map(str, clean.paid())), figures)
    return figures


def _die_at(
    point: Point, scenario: Scenario, wanted: str, bought: Counter[str], figures: Figures
) -> None:
    returned = deliver(scenario, point, figures)
    assert described(scenario, returned) == wanted, f"{point}: the world is another"
    again = Counter(map(str, scenario.paid()))
    missing = bought - again
    assert not missing, f"{point}: {missing} was not bought"
    repeated = (again - bought).total()
    assert repeated <= scenario.may_repeat, f"{point}: bought again: {again - bought}"
    figures.repeated = max(figures.repeated, repeated)


def deliver(scenario: Scenario, point: Point, figures: Figures) -> object:
    """Deliver again and again, dying at the point the first time; what it returns in the end."""
    watch = watched(scenario, point)
    for delivery in range(MOST_DELIVERIES):
        try:
            return scenario.run(delivery)
        except Death:
            # The next delivery finds a process of its own.
            watch.dead, watch.point = False, None
            figures.deaths += 1
        except TransientError:
            continue
    raise AssertionError(f"{point}: it never ends")


def points(calls: int) -> Iterator[Point]:
    """Before and after each call."""
    for call in range(1, calls + 1):
        yield Point(call, after=False)
        yield Point(call, after=True)


def watched(scenario: Scenario, point: Point | None) -> _Watch:
    """Count the calls to a scenario's fakes, and die at one of them."""
    watch = _Watch(point)
    for fake in scenario.world:
        for name in dir(type(fake)):
            method = getattr(fake, name)
            is_a_call = callable(method) and not name.startswith("_")
            if not is_a_call or name in _OF_TESTS | scenario.unwatched:
                continue
            setattr(fake, name, watch.around(fake, method))
    return watch


def described(scenario: Scenario, returned: object) -> str:
    """The world as text, without its times."""
    stores = [one for one in scenario.world if isinstance(one, FakeObjectStore)]
    lines = [f"returned {returned!r}", f"seen {scenario.seen()!r}"]
    for store in stores:
        for place, versions in sorted(store.everything().items()):
            body = versions[-1].body
            if len(body) > _LARGE:
                body = hashlib.sha256(body).digest()
            lines.append(f"{place} {body!r}")
    return _MOMENTS.sub("a moment", "\n".join(lines))
