"""Speaks translated cues in time with the recording, into one track of its length."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dub_audio.fitting import FASTEST_NATURAL, OWN, Slot, fit
from dub_audio.track import FRAME, SAMPLE_RATE, Part, drift, length_of, placed
from windfall.captions.cues import Cue, CueList
from windfall.checkpoints import Checkpoints, TimeLeft, part_name, take_steps
from windfall.clock import Clock, utc_now
from windfall.contracts.languages import Voice
from windfall.contracts.outcome import Outcome, ServiceCall
from windfall.errors import InvalidInputError, UnsupportedError
from windfall.features import Finding, check_length, settle
from windfall.metering import totalled
from windfall.mp3 import audible, first_frames, header_frame, silent_frame, sound

if TYPE_CHECKING:
    from dub_audio.models import DubAudioTask
    from windfall.contracts.base import S3Pointer
    from windfall.ports.analysis_services import Speech
    from windfall.ports.storage import ObjectStore

_WORKERS = 3
"""Neural voices take 8 requests a second; several languages may be dubbed at a time."""
_MOST_DRIFT = 100
"""Milliseconds by which lips and voice may be apart before it is noticed."""
_AT_ONCE = 16
"""Parts that are fetched and held at a time while the track is written."""
_MP3 = "audio/mpeg"
_JSON = "application/json"
_SPEAKER = re.compile(r"^(?:spk|ch)_(\d+)$")
_PART = re.compile(r"^(\d{6}\.\d+-\d+)\.(\d+)-(\d+)-(\d+)-(\d+)-(\d+)\.mp3$")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class AudioDubber:
    """Dubs recordings."""

    def __init__(self, speech: Speech, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._speech = speech
        self._store = store
        self._clock = clock

    def dub(self, task: DubAudioTask, time_left: TimeLeft) -> Outcome:
        """Speak the cues into `dubbed.<language>.mp3`; each cue's drift stands beside it.

        Raises:
            WorkContinuesError: Time ran low; the next try goes on.
            TransientError: Polly or S3 is busy.
            QuotaExceededError: A limit of the account is reached.
        """
        feature = f"dubbed.{task.language}"
        checkpoints = Checkpoints(self._store, task.output, feature)
        work = _Work(self._speech, self._store, task, checkpoints, time_left)
        return settle(feature, checkpoints, self._clock, work.find)


class _Step(NamedTuple):
    """A cue to speak, and the time for it; `name` is how its part's name begins."""

    name: str
    cue: Cue
    slot: Slot


class _Take(NamedTuple):
    """A cue as it was spoken once, without the silence behind it."""

    data: bytes
    lead: int
    frames: int

    @property
    def milliseconds(self) -> int:
        """How long it is heard."""
        return round((self.frames - self.lead) * FRAME)


class _Bought(NamedTuple):
    """What the name of a saved part tells, so that one listing tells it of all parts."""

    name: str
    rate: int
    takes: int
    lead: int
    frames: int
    size: int


class _Work:
    """One track."""

    def __init__(
        self,
        speech: Speech,
        store: ObjectStore,
        task: DubAudioTask,
        checkpoints: Checkpoints,
        time_left: TimeLeft,
    ) -> None:
        self._speech = speech
        self._store = store
        self._task = task
        self._plan = task.speech
        self._checkpoints = checkpoints
        self._time_left = time_left

    def find(self) -> Finding:
        """Buy what is missing, then put the parts where they belong."""
        listed = CueList.model_validate_json(self._store.read(self._task.cues))
        cues = [cue for cue in listed.cues if any(map(str.isalnum, cue.text))]
        self._check_length(cues)
        length = (self._task.seconds or 0) * 1000 or cues[-1].end
        steps = _steps(cues, round(length))
        saved = _bought(self._checkpoints.saved())
        missing = [step for step in steps if step.name not in saved]
        take_steps(missing, self._take, self._time_left, workers=_WORKERS)
        if missing:
            saved = _bought(self._checkpoints.saved())
        bought = [saved[step.name] for step in steps]
        parts = [
            Part(step.cue.start, one.lead, one.frames)
            for step, one in zip(steps, bought, strict=True)
        ]
        places = placed(parts, length_of(length))
        frames = max(length_of(length), places[-1] + parts[-1].frames)
        result = self._write(".mp3", self._track(bought, places, frames), _MP3)
        drifts = [drift(part, place) for part, place in zip(parts, places, strict=True)]
        timing = _timing(steps, bought, drifts)
        self._write(".timing.json", iter([json.dumps(timing).encode()]), _JSON)
        return self._finding(result, steps, bought, drifts, frames)

    def _check_length(self, cues: Sequence[Cue]) -> None:
        if not cues:
            raise UnsupportedError("no text to speak")
        characters = sum(len(cue.text) for cue in cues)
        check_length("The captions have", characters, "speaks", self._plan.max_characters)

    def _take(self, step: _Step) -> None:
        voice = self._voice_of(step.cue.speaker)
        made: list[_Take] = []

        def speak(rate: int) -> _Take:
            made.append(self._spoken(step, voice, rate))
            return made[-1]

        rate, take = fit(step.slot, speak)
        measures = f"{rate}-{len(made)}-{take.lead}-{take.frames}-{len(take.data)}"
        self._checkpoints.save(f"{step.name}.{measures}.mp3", take.data, _MP3)

    def _spoken(self, step: _Step, voice: Voice, rate: int) -> _Take:
        words = _UNSPEAKABLE.sub(" ", step.cue.text).translate(_ESCAPES)
        if rate != OWN:
            words = f'<prosody rate="{rate}%">{words}</prosody>'
        said = self._checkpoints.once(
            f"{step.name}.{rate}",
            lambda: self._speech.speak(
                f"<speak>{words}</speak>",
                voice=voice.voice,
                engine=voice.engine,
                lexicons=self._plan.lexicons,
                sample_rate=SAMPLE_RATE,
            ),
        )
        made = sound(said)
        if made.duration * 1000 != made.frames * FRAME:
            raise InvalidInputError(f"The voice {voice.voice} does not speak at {SAMPLE_RATE} Hz.")
        heard = audible(made.data) or range(made.frames)
        return _Take(first_frames(made.data, heard.stop), heard.start, heard.stop)

    def _voice_of(self, speaker: str | None) -> Voice:
        match = _SPEAKER.match(speaker or "")
        chosen = self._plan.speaker_voices
        if match is not None and int(match[1]) < len(chosen):
            return chosen[int(match[1])]
        return Voice(voice=self._plan.voice, engine=self._plan.engine)

    def _track(
        self, bought: Sequence[_Bought], places: Sequence[int], frames: int
    ) -> Iterator[bytes]:
        """Silence and speech by turns; few parts in memory at a time."""
        first = self._checkpoints.part(bought[0].name)
        silence = silent_frame(first)
        spoken = sum(one.frames for one in bought)
        size = sum(one.size for one in bought) + len(silence) * (frames - spoken)
        yield header_frame(first, frames, size)
        now = 0
        for one, place, data in zip(bought, places, self._parts(bought), strict=True):
            yield silence * (place - now)
            yield data
            now = place + one.frames
        yield silence * (frames - now)

    def _parts(self, bought: Sequence[_Bought]) -> Iterator[bytes]:
        for begin in range(0, len(bought), _AT_ONCE):
            names = [one.name for one in bought[begin : begin + _AT_ONCE]]
            yield from self._checkpoints.parts(names)

    def _write(self, suffix: str, pieces: Iterator[bytes], media_type: str) -> S3Pointer:
        output = self._task.output
        key = f"{output.prefix}dubbed.{self._task.language}{suffix}"
        return self._store.write_pieces(output.bucket, key, pieces, media_type)

    def _finding(
        self,
        result: S3Pointer,
        steps: Sequence[_Step],
        bought: Sequence[_Bought],
        drifts: Sequence[int],
        frames: int,
    ) -> Finding:
        calls = totalled(
            ServiceCall(
                service="polly",
                operation="SynthesizeSpeech",
                variant=self._voice_of(step.cue.speaker).engine,
                count=one.takes,
                units=one.takes * len(step.cue.text),
            )
            for step, one in zip(steps, bought, strict=True)
        )
        summary = {
            "seconds": round(float(frames * FRAME) / 1000, 3),
            "cues": len(steps),
            "worst_drift_ms": max(map(abs, drifts)),
            "late": sum(abs(one) > _MOST_DRIFT for one in drifts),
            "shortened": sum(one.rate > FASTEST_NATURAL for one in bought),
            "fastest_rate": max(one.rate for one in bought),
            "timing": f"dubbed.{self._task.language}.timing.json",
        }
        return Finding(result, summary, calls)


def _steps(cues: Sequence[Cue], length: int) -> list[_Step]:
    steps = []
    for number, cue in enumerate(cues):
        following = cues[number + 1].start if number + 1 < len(cues) else length
        slot = Slot(cue.length, max(cue.end, following) - cue.start)
        steps.append(_Step(part_name(number, cue.start, cue.end, ""), cue, slot))
    return steps


def _bought(names: Iterable[str]) -> dict[str, _Bought]:
    found = {}
    for name in names:
        match = _PART.match(name)
        if match is not None:
            found[match[1]] = _Bought(name, *(int(group) for group in match.groups()[1:]))
    return found


def _timing(
    steps: Sequence[_Step], bought: Sequence[_Bought], drifts: Sequence[int]
) -> list[dict[str, int]]:
    """Of each cue: when it should be heard, how far from that it is, how fast, how long."""
    return [
        {
            "start": step.cue.start,
            "drift_ms": late,
            "rate": one.rate,
            "heard_ms": round((one.frames - one.lead) * FRAME),
            "slot_ms": step.slot.length,
        }
        for step, one, late in zip(steps, bought, drifts, strict=True)
    ]
