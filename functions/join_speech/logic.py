"""Puts the narrations of a text together: one sound, and marks that point into the text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from windfall.checkpoints import Checkpoints, part_name
from windfall.clock import Clock, utc_now
from windfall.contracts.outcome import Outcome, ServiceCall
from windfall.contracts.speech import Narrated, NarrationKind
from windfall.errors import InvalidInputError, UnsupportedError
from windfall.features import Finding, settle
from windfall.speech.joined import JoinedSpeech, Spoken
from windfall.speech.marks import placed_lines
from windfall.speech.results import SpeechResults
from windfall.speech.ssml import TASK, Piece, pieces

if TYPE_CHECKING:
    from join_speech.models import JoinSpeechTask
    from windfall.contracts.base import S3Pointer
    from windfall.ports.storage import ObjectStore


@dataclass(frozen=True, slots=True)
class SpeechJoiner:
    """Joins speech."""

    store: ObjectStore
    clock: Clock = utc_now

    def join(self, task: JoinSpeechTask) -> Outcome:
        """Write `speech.<language>.mp3` with `speech.<language>.marks.jsonl`.

        Raises:
            TransientError: S3 is busy.
        """
        feature = f"speech.{task.language}"
        checkpoints = Checkpoints(self.store, task.output, feature)
        return settle(feature, checkpoints, self.clock, lambda: self._find(task))

    def _find(self, task: JoinSpeechTask) -> Finding:
        content = self.store.read(task.text)
        text = content.decode()
        found = list(pieces(text, TASK))
        narrated = {(one.part, one.kind): one for one in task.narrated}
        spoken = [
            Spoken(
                sound=self._reader(_narrated(narrated, part, "sound")),
                marks=self._marks_of(piece, _narrated(narrated, part, "marks"), content),
            )
            for part, piece in _parts(found)
        ]
        results = SpeechResults(self.store, task.output, task.language, task.speech)
        return results.write(JoinedSpeech(spoken), text, [_call(found, task.speech.engine)])

    def _reader(self, narrated: Narrated) -> Callable[[], bytes]:
        return partial(self.store.read, _output_of(narrated))

    def _marks_of(self, piece: Piece, narrated: Narrated, content: bytes) -> Callable[[], bytes]:
        if narrated.error == UnsupportedError.__name__:
            # Some engines speak but give no marks.
            return bytes
        read = self._reader(narrated)

        def placed() -> bytes:
            marks = (json.loads(line) for line in read().splitlines() if line.strip())
            return placed_lines(piece, marks, content)

        return placed


def _parts(found: Sequence[Piece]) -> list[tuple[str, Piece]]:
    return [
        (part_name(number, piece.start, piece.end, ""), piece) for number, piece in enumerate(found)
    ]


def _narrated(
    narrated: dict[tuple[str, NarrationKind], Narrated], part: str, kind: NarrationKind
) -> Narrated:
    missing = Narrated(part=part, kind=kind, error=InvalidInputError.__name__)
    return narrated.get((part, kind)) or missing


def _output_of(narrated: Narrated) -> S3Pointer:
    if narrated.output is not None:
        return narrated.output
    reason = narrated.reason or f"The narration of {narrated.part} ended without a word why."
    if narrated.error == UnsupportedError.__name__:
        raise UnsupportedError(reason)
    raise InvalidInputError(reason)


def _call(spoken: Sequence[Piece], engine: str) -> ServiceCall:
    # Marks are a task of their own, which is billed as well.
    billed = sum(piece.billed for piece in spoken)
    return ServiceCall(
        service="polly",
        operation="StartSpeechSynthesisTask",
        variant=engine,
        count=2 * len(spoken),
        units=2 * billed,
    )
