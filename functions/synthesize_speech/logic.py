"""Speaks a text that fits into one request; of a longer one it says what is to be narrated.

Polly takes 3,000 characters in a request and a hundred thousand in a task (docs/adr/0015).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from synthesize_speech.models import SynthesizedSpeech, SynthesizeSpeechTask
from windfall.checkpoints import Checkpoints, part_name
from windfall.clock import Clock, utc_now
from windfall.contracts.outcome import ServiceCall
from windfall.contracts.speech import Narration, NarrationKind
from windfall.errors import UnsupportedError
from windfall.features import Finding, settle
from windfall.mp3 import sound
from windfall.speech.joined import JoinedSpeech, Spoken
from windfall.speech.marks import placed_lines
from windfall.speech.results import JSON_LINES, MP3, SpeechResults
from windfall.speech.ssml import REQUEST, TASK, Piece, pieces

if TYPE_CHECKING:
    from windfall.ports.analysis_services import Speech
    from windfall.ports.storage import ObjectStore

_SSML = "application/ssml+xml"
_KINDS: tuple[NarrationKind, ...] = ("sound", "marks")


class SpeechSynthesizer:
    """Speaks texts."""

    def __init__(self, speech: Speech, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._speech = speech
        self._store = store
        self._clock = clock

    def synthesize(self, task: SynthesizeSpeechTask) -> SynthesizedSpeech:
        """Speak the text into `speech.<language>.mp3` with `speech.<language>.marks.jsonl`.

        Raises:
            TransientError: Polly or S3 is busy.
            QuotaExceededError: A limit of the account is reached.
        """
        feature = f"speech.{task.language}"
        checkpoints = Checkpoints(self._store, task.output, feature)
        finished = checkpoints.finished()
        if finished is not None:
            return SynthesizedSpeech(outcome=finished)
        work = _Work(self._speech, self._store, task, checkpoints)
        if work.is_long:
            return SynthesizedSpeech(narrations=work.narrations())
        return SynthesizedSpeech(outcome=settle(feature, checkpoints, self._clock, work.find))


class _Work:
    """One speech."""

    def __init__(
        self,
        speech: Speech,
        store: ObjectStore,
        task: SynthesizeSpeechTask,
        checkpoints: Checkpoints,
    ) -> None:
        self._speech = speech
        self._plan = task.speech
        self._checkpoints = checkpoints
        self._results = SpeechResults(store, task.output, task.language, task.speech)
        self._content = store.read(task.text)
        self._text = self._content.decode()
        self._requests = list(pieces(self._text, REQUEST))

    @property
    def is_long(self) -> bool:
        """Whether it takes more than one request, and may be spoken at all."""
        return len(self._requests) > 1 and len(self._text) <= self._plan.max_characters

    def narrations(self) -> list[Narration]:
        """What is to be narrated; what is to be said is saved for it."""
        wanted: list[Narration] = []
        for number, piece in enumerate(pieces(self._text, TASK)):
            part = part_name(number, piece.start, piece.end, "")
            ssml = self._checkpoints.save(f"{part}.ssml", piece.ssml.encode(), _SSML)
            wanted += [
                Narration(part=part, kind=kind, ssml=ssml, characters=piece.billed)
                for kind in _KINDS
            ]
        return wanted

    def find(self) -> Finding:
        """Buy what is missing of a short text; each thing that is bought is a result at once."""
        self._results.check_length(self._text)
        if not self._requests:
            raise UnsupportedError("no text to speak")
        (piece,) = self._requests
        names = self._results
        spoken = self._bought(names.sound_name, MP3, lambda: self._buy_sound(piece))
        marks = self._bought(names.marks_name, JSON_LINES, lambda: self._buy_marks(piece))
        speech = JoinedSpeech([Spoken(lambda: spoken, lambda: marks)])
        return self._results.write(speech, self._text, [_call(piece, self._plan.engine)])

    def _bought(self, name: str, media_type: str, buy: Callable[[], bytes]) -> bytes:
        found = self._checkpoints.result(name)
        if found is None:
            found = buy()
            self._results.put(name, iter([found]), media_type)
        return found

    def _buy_sound(self, piece: Piece) -> bytes:
        made = self._checkpoints.once(
            "sound",
            lambda: self._speech.speak(
                piece.ssml,
                voice=self._plan.voice,
                engine=self._plan.engine,
                lexicons=self._plan.lexicons,
            ),
        )
        return sound(made).data

    def _buy_marks(self, piece: Piece) -> bytes:
        try:
            marks = self._checkpoints.once(
                "marks",
                lambda: self._speech.marks(
                    piece.ssml,
                    voice=self._plan.voice,
                    engine=self._plan.engine,
                    lexicons=self._plan.lexicons,
                ),
            )
        except UnsupportedError:
            # Some engines speak but give no marks; if they can not speak either, the sound says so.
            return b""
        return placed_lines(piece, marks, self._content)


def _call(piece: Piece, engine: str) -> ServiceCall:
    # Marks are asked for by a request of their own, which is billed as well.
    return ServiceCall(
        service="polly",
        operation="SynthesizeSpeech",
        variant=engine,
        count=2,
        units=2 * piece.billed,
    )
