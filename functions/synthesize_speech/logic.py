"""Speaks a text of any length into one sound file, with the marks of its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from synthesize_speech.marks import delayed, placed
from synthesize_speech.ssml import Piece, pieces
from windfall.checkpoints import Checkpoints, TimeLeft, part_name, take_steps
from windfall.clock import Clock, utc_now
from windfall.contracts.outcome import Outcome, ServiceCall
from windfall.errors import UnsupportedError
from windfall.features import Finding, settle
from windfall.mp3 import header_frame, sound

if TYPE_CHECKING:
    from synthesize_speech.models import SynthesizeSpeechTask
    from windfall.contracts.base import S3Pointer
    from windfall.ports.analysis_services import Speech
    from windfall.ports.storage import ObjectStore

_WORKERS = 3
"""Neural voices take 8 requests a second and 18 at once; several languages may speak at a time."""
_MP3 = "audio/mpeg"
_JSON_LINES = "application/x-ndjson"


class SpeechSynthesizer:
    """Speaks texts."""

    def __init__(self, speech: Speech, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._speech = speech
        self._store = store
        self._clock = clock

    def synthesize(self, task: SynthesizeSpeechTask, time_left: TimeLeft) -> Outcome:
        """Speak the text into `speech.<language>.mp3` with `speech.<language>.marks.jsonl`.

        Raises:
            WorkContinuesError: Time ran low; the next try goes on.
            TransientError: Polly or S3 is busy.
            QuotaExceededError: A limit of the account is reached.
        """
        feature = f"speech.{task.language}"
        checkpoints = Checkpoints(self._store, task.output, feature)
        work = _Work(self._speech, self._store, task, checkpoints, time_left)
        return settle(feature, checkpoints, self._clock, work.find)


class _Step(NamedTuple):
    """Something to buy for a piece, and the name to save it under."""

    name: str
    piece: Piece
    buy: Callable[[Piece], bytes]
    media_type: str


class _Length(NamedTuple):
    """What is known of a piece's sound without holding it."""

    frames: int
    size: int
    duration: Fraction


Loader = Callable[[str], bytes]


class _Work:
    """One speech."""

    def __init__(
        self,
        speech: Speech,
        store: ObjectStore,
        task: SynthesizeSpeechTask,
        checkpoints: Checkpoints,
        time_left: TimeLeft,
    ) -> None:
        self._speech = speech
        self._store = store
        self._task = task
        self._plan = task.speech
        self._checkpoints = checkpoints
        self._time_left = time_left
        self._text = b""
        self._sound_name = f"speech.{task.language}.mp3"
        self._marks_name = f"speech.{task.language}.marks.jsonl"

    def find(self) -> Finding:
        """Buy what is missing, then put the parts together."""
        self._text = self._store.read(self._task.text)
        text = self._text.decode()
        self._check_length(text)
        spoken = list(pieces(text))
        if not spoken:
            raise UnsupportedError("no text to speak")
        sounds = [self._sound_step(number, piece) for number, piece in enumerate(spoken)]
        marks = [self._marks_step(number, piece) for number, piece in enumerate(spoken)]
        if len(spoken) == 1:
            load = self._buy_one(sounds[0], marks[0])
        else:
            saved = self._checkpoints.saved()
            missing = [step for step in (*sounds, *marks) if step.name not in saved]
            take_steps(missing, self._take, self._time_left, workers=_WORKERS)
            load = self._checkpoints.part
        lengths = [_length(load(step.name)) for step in sounds]
        result = self._write(self._sound_name, self._whole_sound(sounds, lengths, load), _MP3)
        lines = self._whole_marks(marks, lengths, load)
        self._write(self._marks_name, lines, _JSON_LINES)
        return self._finding(result, text, spoken, lengths)

    def _check_length(self, text: str) -> None:
        if len(text) > self._plan.max_characters:
            raise UnsupportedError(
                f"The text has {len(text):,} characters; the profile speaks up to "
                f"{self._plan.max_characters:,} (speech.max_characters)."
            )

    def _sound_step(self, number: int, piece: Piece) -> _Step:
        name = part_name(number, piece.start, piece.end, ".mp3")
        return _Step(name, piece, self._buy_sound, _MP3)

    def _marks_step(self, number: int, piece: Piece) -> _Step:
        name = part_name(number, piece.start, piece.end, ".jsonl")
        return _Step(name, piece, self._buy_marks, _JSON_LINES)

    def _take(self, step: _Step) -> None:
        self._checkpoints.save(step.name, step.buy(step.piece), step.media_type)

    def _buy_one(self, sound_step: _Step, marks_step: _Step) -> Loader:
        """A text of one piece needs no parts: each thing that is bought is a result at once."""
        bought: dict[str, bytes] = {}
        for step, name in ((sound_step, self._sound_name), (marks_step, self._marks_name)):
            found = self._checkpoints.result(name)
            if found is None:
                found = step.buy(step.piece)
                self._write(name, iter([found]), step.media_type)
            bought[step.name] = found
        return bought.__getitem__

    def _buy_sound(self, piece: Piece) -> bytes:
        made = self._speech.speak(
            piece.ssml,
            voice=self._plan.voice,
            engine=self._plan.engine,
            lexicons=self._plan.lexicons,
        )
        return sound(made).data

    def _buy_marks(self, piece: Piece) -> bytes:
        try:
            marks = self._speech.marks(
                piece.ssml,
                voice=self._plan.voice,
                engine=self._plan.engine,
                lexicons=self._plan.lexicons,
            )
        except UnsupportedError:
            # Some engines speak but give no marks; if they can not speak either, the sound says so.
            return b""
        return "".join(f"{line}\n" for line in placed(piece, marks, self._text)).encode()

    def _whole_sound(
        self, steps: Sequence[_Step], lengths: Sequence[_Length], load: Loader
    ) -> Iterator[bytes]:
        """One part in memory at a time."""
        frames, size = sum(one.frames for one in lengths), sum(one.size for one in lengths)
        for number, step in enumerate(steps):
            data = sound(load(step.name)).data
            if number == 0:
                yield header_frame(data, frames, size)
            yield data

    def _whole_marks(
        self, steps: Sequence[_Step], lengths: Sequence[_Length], load: Loader
    ) -> Iterator[bytes]:
        before = Fraction(0)
        for step, length in zip(steps, lengths, strict=True):
            yield delayed(load(step.name), before)
            before += length.duration

    def _write(self, name: str, parts: Iterator[bytes], media_type: str) -> S3Pointer:
        output = self._task.output
        return self._store.write_pieces(output.bucket, output.prefix + name, parts, media_type)

    def _finding(
        self, result: S3Pointer, text: str, spoken: Sequence[Piece], lengths: Sequence[_Length]
    ) -> Finding:
        billed = sum(piece.billed for piece in spoken)
        # Marks are asked for by a request of their own, which is billed as well.
        call = ServiceCall(
            service="polly",
            operation="SynthesizeSpeech",
            variant=self._plan.engine,
            count=2 * len(spoken),
            units=2 * billed,
        )
        summary = {
            "voice": self._plan.voice,
            "engine": self._plan.engine,
            "seconds": round(float(sum(one.duration for one in lengths)), 3),
            "characters": len(text),
            "marks": self._marks_name,
        }
        return Finding(result, summary, [call])


def _length(file: bytes) -> _Length:
    audio = sound(file)
    return _Length(audio.frames, len(audio.data), audio.duration)
