"""The mirror of the stores on disk: a snapshot, the journal of what came after, large bodies.

    state/stores.pickle       the snapshot, replaced in one step
    state/journal/*.journal   what was accepted since, in order
    state/bodies/*            bodies that both point to
    state/lock                held by whoever writes the snapshot

At the start the snapshot is read and the journal replayed. When the journal has become long, a
process of its own does the same beside this one and writes the next snapshot (`compaction.py`);
requests do not wait for it.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from windfall_local.mirror.bodies import Bodies
from windfall_local.mirror.disk import Write
from windfall_local.mirror.entries import Begin, Request, Told, Whole, pack, unpack
from windfall_local.mirror.errors import BodyLostError, JournalError, MirrorError
from windfall_local.mirror.journal import Journal
from windfall_local.mirror.snapshot import Snapshot, SnapshotFile, State
from windfall_local.wire.message import HttpResponse

LONG = 5_000
"""Entries; so many are replayed in a few seconds."""
LARGE = 256 * 1024**2
"""Bytes of a journal and its bodies; the replay reads them all."""
WORTHWHILE = 2_000
"""Entries from which on a quiet moment is used."""
LOOK_SECONDS = 5.0

CONTENT_OPERATIONS = frozenset({"PutObject", "UploadPart"})
"""Of S3: their body is what is stored, and nobody looks into it."""

_log = logging.getLogger(__name__)

Turn = Callable[[], AbstractAsyncContextManager[Any]]


class Restorable(Protocol):
    """The stores, as far as the mirror sees them."""

    region: str

    def load(self, state: State) -> None:
        """Take over a state."""
        ...

    def release(self) -> None:
        """Make receivable again what somebody had received who is gone."""
        ...

    def replace(self, service: str, state: bytes) -> None:
        """Take over one service's state."""
        ...

    def replay(self, request: Request) -> HttpResponse | None:
        """Answer a request again; None where it could not be answered."""
        ...

    def state(self) -> State:
        """All of it, as it is."""
        ...


class Mirror:
    """What one cloud's stores have on disk.

    Args:
        folder: Where; it is made.
        write: Writes as many bytes as it can, like `os.write`.
    """

    def __init__(self, folder: Path, write: Write = os.write) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._file = SnapshotFile(folder / "stores.pickle")
        self._journal = Journal(folder / "journal", write)
        self.bodies = Bodies(folder / "bodies", write)
        self.untold: dict[str, tuple[Request, HttpResponse]] = {}
        """Answered requests of which the observers have not heard yet, by the call's id."""
        self.behind = 0
        """Entries that were replayed at the start."""

    # --- Life -----------------------------------------------------------------------------------

    def open(self, stores: Restorable) -> None:
        """Bring the stores back, and begin to write.

        Raises:
            MirrorError: What is there cannot be read, or nothing can be written.
        """
        last = self.restore(stores)
        try:
            self._journal.begin(last + 1, pack(Begin(is_start=True)))
        except OSError as error:
            raise JournalError(
                f"Nothing can be written to {self._folder} ({error.strerror}). All that was "
                "accepted is kept; make room, and start again."
            ) from error
        self._journal.entries += self.behind
        stores.release()

    def close(self, stores: Restorable) -> None:
        """Write a last snapshot; where that fails, the journal has all that matters."""
        try:
            with self.locked():
                named = self.rewrite(stores, self._journal.segment)
        except (OSError, MirrorError) as error:
            self._journal.close()
            _log.error("No snapshot was written: %s. The journal is replayed instead.", error)
            return
        covered = self._journal.segment
        self._journal.close()
        self.clean(covered, named)

    def rewrite(self, stores: Restorable, covers: int) -> set[str]:
        """Replace the snapshot, within `locked`; the names of the bodies that it points to.

        Raises:
            SnapshotError: A service's state cannot be written down.
            OSError: The disk is full, or fails.
        """
        with self.bodies.naming() as named:
            untold = []
            for request, response in self.untold.values():
                untold.append((pack(request), response))
                self.bodies.name([request.body] if request.body else ())
            self._file.write(Snapshot(stores.state(), covers, untold))
        return named

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from the snapshot: a later one must not be replaced."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # --- Reading --------------------------------------------------------------------------------

    def restore(self, stores: Restorable, through: int | None = None) -> int:
        """Bring the stores to where they were; the last segment that was read.

        Args:
            stores: Empty ones.
            through: The last segment to read, where others are still written.

        Raises:
            MirrorError: What is there cannot be read.
        """
        snapshot = self._file.read()
        stores.load(snapshot.state)
        for packed, response in snapshot.untold:
            request = unpack(packed)
            assert isinstance(request, Request)
            self._remember(request, response)
        self._journal.drop_through(snapshot.covers if through is None else 0)
        numbers = [number for number in self._journal.segments() if number > snapshot.covers]
        if through is not None:
            numbers = [number for number in numbers if number <= through]
        for number in numbers:
            is_last = through is None and number == numbers[-1]
            for packed in self._journal.read(number, is_last=is_last):
                self._apply(stores, packed, number)
        return numbers[-1] if numbers else snapshot.covers

    def _apply(self, stores: Restorable, packed: bytes, segment: int) -> None:
        self.behind += 1
        try:
            match unpack(packed):
                case Begin(is_start):
                    if is_start:
                        stores.release()
                case Whole(service, state):
                    stores.replace(service, state)
                case Told(call_id):
                    self.untold.pop(call_id, None)
                case Request() as request:
                    self._replay(stores, request)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise JournalError(
                f"Segment {segment} of the journal in {self._folder} cannot be replayed: {error!r}"
            ) from error

    def _replay(self, stores: Restorable, request: Request) -> None:
        try:
            request = self.with_body(request)
        except BodyLostError as error:
            _log.error("%s of %s is lost: %s", request.operation, request.http.path, error)
            return
        response = stores.replay(request)
        if response is not None:
            self.answered(request, response)

    def with_body(self, request: Request) -> Request:
        """A request with its body, where that is a file.

        Raises:
            BodyLostError: The file is not there.
        """
        if request.body is None or request.http.body:
            return request
        is_content = request.service == "s3" and request.operation in CONTENT_OPERATIONS
        piece = request.body
        body = self.bodies.view(piece) if is_content else self.bodies.read([piece])
        self.bodies.meet(body, (request.body,))
        return replace(request, http=replace(request.http, body=body))

    # --- Writing --------------------------------------------------------------------------------

    def accept(self, request: Request) -> int:
        """Keep a request before it takes effect; where, for `take_back`.

        Raises:
            OSError: The disk is full, or fails; nothing was kept.
        """
        body, piece = request.http.body, request.http.piece
        if piece is None and not self.bodies.takes(body):
            return self._journal.add(pack(request))
        if piece is None:
            piece = self.bodies.write(f"{request.seed:032x}", body)
        else:
            self.bodies.keep(piece)
            self.bodies.meet(body, (piece,))
        try:
            return self._journal.add(pack(replace(request, body=piece)), weight=piece.size)
        except OSError:
            self.bodies.remove(piece)
            raise

    def take_back(self, place: int) -> None:
        """Forget a request that had no effect, because the disk is full."""
        self._journal.take_back(place)

    def answered(self, request: Request, response: HttpResponse) -> None:
        """A request has taken effect, or was refused."""
        self.bodies.forget_met()
        piece = request.http.piece
        if piece is not None:
            http = replace(request.http, body=b"", piece=None)
            request = replace(request, http=http, body=piece)
        if request.observed is not None and response.status < 300:
            self._remember(request, response)

    def note(self, entry: Whole | Told) -> None:
        """Keep what has happened.

        Raises:
            OSError: The disk is full, or fails; nothing was kept.
        """
        self._journal.add(pack(entry))
        if isinstance(entry, Told):
            self.untold.pop(entry.call_id, None)

    def _remember(self, request: Request, response: HttpResponse) -> None:
        assert request.observed is not None
        self.untold[request.observed.call_id] = (request, response)

    # --- Keeping it short -----------------------------------------------------------------------

    async def keep_short(self, turn: Turn, region: str) -> None:
        """Write a snapshot beside the requests whenever the journal has become long; never ends.

        Args:
            turn: Keeps requests away from the stores.
            region: The stores' region.
        """
        before = 0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            journal = self._journal
            is_quiet = journal.entries == before
            before = journal.entries
            if (
                journal.entries >= LONG
                or journal.size >= LARGE
                or (is_quiet and journal.entries >= WORTHWHILE)
            ):
                try:
                    await self.compact(turn, region)
                except OSError as error:
                    _log.error("The journal could not be made shorter: %s", error)

    async def compact(self, turn: Turn, region: str) -> bool:
        """Have another process write a snapshot of all up to now; whether it could."""
        async with turn():
            through = self._journal.segment
            self._journal.begin(through + 1, pack(Begin(is_start=False)))
            self.bodies.begin_period()
        arguments = (str(self._folder), region, str(through))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "windfall_local.mirror.compaction", *arguments),
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the parent
        )
        try:
            answer, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            _log.error("The journal could not be made shorter; it goes on growing.")
            return False
        await asyncio.to_thread(self.clean, through, set(answer.decode().split()))
        return True

    def clean(self, covered: int, named: set[str]) -> None:
        """Remove what a snapshot has made superfluous; may run beside the requests."""
        self._journal.drop_through(covered)
        self.bodies.sweep(named)
