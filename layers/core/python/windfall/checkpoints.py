"""What a feature has paid for so far, kept in S3: a task that is tried again buys nothing twice.

Under the analysis's prefix:

    outcomes/<feature>.json             the outcome, written last: the feature is finished
    parts/<feature>/<number>.<range>…   a part of a long work
    claims/<feature>/<attempt>/<name>   a call that is made once (`windfall.claims`)

A part's name carries the range of the text that it covers, so a part that was cut by other rules
(an older version of this code) is not taken for one of now.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from windfall.claims import Answer, Claims
from windfall.contracts.base import OutputLocation, S3Pointer
from windfall.contracts.outcome import Outcome
from windfall.errors import WorkContinuesError

if TYPE_CHECKING:
    from windfall.ports.storage import ObjectStore

TimeLeft = Callable[[], int]
"""Milliseconds until the function is ended (`context.get_remaining_time_in_millis`)."""

RESERVE = 45_000
"""Milliseconds that one step may take with its retries; below, none is begun.

Only a store that is out for longer keeps a step longer.
"""

_JSON = "application/json"
_AHEAD = 16
"""Parts that are fetched at once where they are wanted one by one."""

Step = TypeVar("Step")


class Checkpoints:
    """The saved work of one feature of one analysis."""

    def __init__(self, store: ObjectStore, output: OutputLocation, feature: str) -> None:
        self._store = store
        self._bucket = output.bucket
        self._prefix = output.prefix
        self._outcome_key = f"{output.prefix}outcomes/{feature}.json"
        self._parts_prefix = f"{output.prefix}parts/{feature}/"
        self._claims: Claims | None = None
        if output.claimed_by is not None:
            folder = f"{output.prefix}claims/{feature}/{output.claimed_by}/"
            self._claims = Claims(store, S3Pointer(bucket=output.bucket, key=folder))

    def finished(self) -> Outcome | None:
        """The outcome, if an earlier try got that far."""
        body = self._store.find(S3Pointer(bucket=self._bucket, key=self._outcome_key))
        if body is None:
            return None
        try:
            return Outcome.model_validate_json(body)
        except ValidationError:
            return None  # of another version of this code; the work is done anew

    def result(self, name: str) -> bytes | None:
        """A result that an earlier try wrote before it was ended, so before it could finish."""
        return self._store.find(S3Pointer(bucket=self._bucket, key=self._prefix + name))

    def finish(self, outcome: Outcome) -> None:
        """Note that all is done; every result must have been written before."""
        body = outcome.model_dump_json().encode()
        self._store.write(self._bucket, self._outcome_key, body, _JSON)

    def once(self, name: str, ask: Callable[[], Answer]) -> Answer:
        """The answer to a paid call that has no name, made once where the profile wants that.

        Args:
            name: Of the call, among those of the feature; the same for the same content.
            ask: Makes it; the answer is bytes, or fits into JSON.

        Raises:
            UnansweredError: It was made before, may have been paid for, and nobody has its answer.
        """
        return ask() if self._claims is None else self._claims.once(name, ask)

    def saved(self, beginning: str = "") -> frozenset[str]:
        """The names of the parts that are there, or of those that begin so."""
        keys = self._store.list(self._bucket, self._parts_prefix + beginning)
        return frozenset(key.removeprefix(self._parts_prefix) for key in keys)

    def save(self, name: str, body: bytes, media_type: str = _JSON) -> S3Pointer:
        """Keep a part."""
        return self._store.write(self._bucket, self._parts_prefix + name, body, media_type)

    def save_pieces(self, name: str, pieces: Iterable[bytes], media_type: str) -> S3Pointer:
        """Keep a part that is made piece by piece; it is there once it is whole."""
        return self._store.write_pieces(self._bucket, self._parts_prefix + name, pieces, media_type)

    def part(self, name: str) -> bytes:
        """A part that was saved."""
        return self._store.read(self.place(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """A part that was saved, as its bytes come."""
        with closing(self._store.open(self.place(name))) as opened:
            yield from opened.chunks()

    def parts(self, names: Sequence[str]) -> list[bytes]:
        """Parts that were saved, fetched side by side."""
        return self._store.read_many(self.place(name) for name in names)

    def each(self, names: Sequence[str]) -> Iterator[bytes]:
        """One part after the other; a few of them are in memory."""
        for start in range(0, len(names), _AHEAD):
            yield from self.parts(names[start : start + _AHEAD])

    def place(self, name: str) -> S3Pointer:
        """Where a part of that name is, or is to be."""
        return S3Pointer(bucket=self._bucket, key=self._parts_prefix + name)


def take_steps(
    steps: Sequence[Step], take: Callable[[Step], None], time_left: TimeLeft, *, workers: int
) -> None:
    """Take steps side by side, each of which saves what it bought, as long as time allows.

    At least one step is taken, however little time there is, so that every try gets on.

    Raises:
        WorkContinuesError: Time runs low; what is not done yet waits for the next try.
        WindfallError: The first error of a step; the steps under way are ended first.
    """
    queue = _Queue(steps, time_left)
    if steps:
        with ThreadPoolExecutor(min(workers, len(steps))) as pool:
            workers_at_work = [
                pool.submit(queue.work, take) for _ in range(min(workers, len(steps)))
            ]
        for worker in workers_at_work:
            worker.result()
        # Putting the parts together is for a try with time enough for it.
        if queue.left or time_left() < RESERVE:
            done = len(steps) - queue.left
            raise WorkContinuesError(f"{done} of {len(steps)} steps done; the next try goes on.")


class _Queue:
    """Steps that several threads take from, in order."""

    def __init__(self, steps: Sequence[object], time_left: TimeLeft) -> None:
        self._steps = list(reversed(steps))
        self._lock = threading.Lock()
        self._time_left = time_left
        self._begun = False
        self._broken = False

    @property
    def left(self) -> int:
        return len(self._steps)

    def work(self, take: Callable[..., None]) -> None:
        while (step := self._next()) is not None:
            try:
                take(step)
            except BaseException:
                self._broken = True
                raise

    def _next(self) -> object | None:
        with self._lock:
            late = self._begun and self._time_left() < RESERVE
            if self._broken or late or not self._steps:
                return None
            self._begun = True
            return self._steps.pop()


def part_name(number: int, start: int, end: int, suffix: str) -> str:
    """The name of the part that covers a range of the text; names sort by number."""
    return f"{number:06}.{start}-{end}{suffix}"
