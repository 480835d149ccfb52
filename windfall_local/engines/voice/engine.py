"""Speech by espeak-ng: robotic, clear, about three hundred times as fast as it is spoken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from windfall_local.engines.voice import AudioFormat, Mark, Speech, SpeechRequest, sound
from windfall_local.engines.voice.espeak import Espeak, Event
from windfall_local.engines.voice.phonetics import SILENCE, viseme_of
from windfall_local.engines.voice.script import Pause, Script, Span, Spoken, write_script
from windfall_local.engines.voice.ssml import Characters, parse_ssml

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_SENTENCE_END = re.compile(r"(?:[.!?…]+[\"'\u2019\u201d)\]]*(?=\s)|[\u3002\uff01\uff1f]+|\n\s*\n)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Sra|Jr|vs|etc|e\.g|i\.e|approx|Inc|Ltd|Co|No)|\b[A-Z])\.$"
)
_ORDER = {"sentence": 0, "ssml": 1, "word": 2, "viseme": 3}

LONGEST = 600
"""Seconds of sound; what goes on longer is cut, as AWS does."""


class EspeakEngine:
    """Speaks with espeak-ng, which starts with the first text."""

    def __init__(self) -> None:
        self._espeak: Espeak | None = None

    def count_characters(self, text: str) -> tuple[int, int]:
        """The characters of an SSML document without and with its tags."""
        tokens = parse_ssml(text)
        return sum(len(t.text) for t in tokens if isinstance(t, Characters)), len(text)

    def speak(self, request: SpeechRequest, audio: AudioFormat | None, rate: int) -> Speech:
        """Speak a text; with `audio` None only the marks are made."""
        script = write_script(request)
        espeak = self._espeak = self._espeak or Espeak()
        pieces: list[sound.Samples] = []
        marks: list[Mark] = []
        length = 0
        content = request.text.encode("utf-8", "surrogatepass")
        for part in script.parts:
            if isinstance(part, Pause):
                make = sound.tone if part.tone else sound.silence
                samples = make(part.milliseconds, espeak.rate)
            else:
                speaker = request.speaker
                if part.language:
                    speaker = replace(speaker, language=part.language)
                samples, events = espeak.synthesize(part.markup, speaker, phonemes=part.phonemes)
                begin = length * 1000 // espeak.rate
                marks += _Reader(script, part, content, begin).marks(events)
            pieces.append(samples)
            length += len(samples)
        marks += _sentence_marks(script, content, marks)
        marks.sort(key=lambda mark: (mark.time, _ORDER[mark.kind]))
        everything = np.concatenate(pieces) if pieces else sound.silence(0, espeak.rate)
        everything = everything[: LONGEST * espeak.rate]
        encoded = b""
        if audio is not None:
            encoded = sound.encode(sound.resample(everything, espeak.rate, rate), rate, audio)
        return Speech(encoded, _once(marks), len(everything) / espeak.rate)


@dataclass(slots=True)
class _Reader:
    """Turns the synthesiser's events of one part into marks on the written text."""

    script: Script
    part: Spoken
    content: bytes
    begin: int

    def marks(self, events: Sequence[Event]) -> Iterator[Mark]:
        words = [match.span() for match in _WORD.finditer(self.part.markup)]
        # An alias of several words is still one word of the text.
        seen: set[Span] = set()
        for event in events:
            time = self.begin + event.time
            if event.kind == "mark":
                bookmark = self.script.bookmarks[int(event.value)]
                yield Mark(time, "ssml", bookmark.name, bookmark.start, bookmark.end)
            elif event.kind == "phoneme":
                viseme = viseme_of(event.value)
                if viseme is not None:
                    yield Mark(time, "viseme", viseme)
            else:
                span = self._written(event.position, words)
                if span is not None and span not in seen:
                    seen.add(span)
                    value = self.content[span[0] : span[1]].decode("utf-8", "replace")
                    yield Mark(time, "word", value, *span)

    def _written(self, position: int, words: Sequence[Span]) -> Span | None:
        found = next((word for word in words if word[0] <= position < word[1]), None)
        if found is None:
            found = (position, position + 1)
        spans = [span for span in self.part.spans[found[0] : found[1]] if span is not None]
        if not spans:
            return None
        return spans[0][0], spans[-1][1]


def _sentence_marks(script: Script, content: bytes, words: Sequence[Mark]) -> list[Mark]:
    marks = []
    for begin, end in _sentences(script):
        inside = [m for m in words if m.kind == "word" and begin <= (m.start or 0) < end]
        if inside:
            value = content[begin:end].decode("utf-8", "replace")
            marks.append(Mark(min(m.time for m in inside), "sentence", value, begin, end))
    return marks


def _sentences(script: Script) -> Iterator[Span]:
    """Where each sentence as written begins and ends, without the blanks around it."""
    run: list[tuple[str, Span]] = []
    for item in [*script.written, None]:
        if item is not None:
            run.append(item)
            continue
        yield from _split(run)
        run = []


def _split(run: Sequence[tuple[str, Span]]) -> Iterator[Span]:
    text = "".join(character for character, _ in run)
    ends = [
        match.end()
        for match in _SENTENCE_END.finditer(text)
        if not _ABBREVIATION.search(text[: match.end()])
    ]
    begin = 0
    for end in [*ends, len(text)]:
        body = text[begin:end]
        first = begin + len(body) - len(body.lstrip())
        last = begin + len(body.rstrip())
        if first < last:
            yield run[first][1][0], run[last - 1][1][1]
        begin = end


def _once(marks: Sequence[Mark]) -> list[Mark]:
    """Without the silences that follow a silence."""
    kept: list[Mark] = []
    mouth = ""
    for mark in marks:
        if mark.kind == "viseme":
            if mark.value == mouth == SILENCE:
                continue
            mouth = mark.value
        kept.append(mark)
    return kept
