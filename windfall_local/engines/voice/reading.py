"""A text read aloud: its sound part by part, and the marks on the written text."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from windfall_local.engines.voice import Mark, SpeechRequest, sound
from windfall_local.engines.voice.espeak import Espeak, Event
from windfall_local.engines.voice.phonetics import SILENCE, viseme_of
from windfall_local.engines.voice.script import Pause, Script, Span, Spoken, write_script

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_SENTENCE_END = re.compile(r"(?:[.!?…]+[\"'\u2019\u201d)\]]*(?=\s)|[\u3002\uff01\uff1f]+|\n\s*\n)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Sra|Jr|vs|etc|e\.g|i\.e|approx|Inc|Ltd|Co|No)|\b[A-Z])\.$"
)
_ABBREVIATED = 12
"""Characters before a sentence's end among which an abbreviation is looked for."""

_LONG = 1_000
"""Characters of plain text that are spoken at once: their sound is held in memory."""

_ORDER = {"sentence": 0, "ssml": 1, "word": 2, "viseme": 3}


class Reading:
    """One text, read once.

    Args:
        espeak: The synthesiser.
        request: What to read.

    Raises:
        InvalidSsmlError: The SSML is malformed or refused.
    """

    def __init__(self, espeak: Espeak, request: SpeechRequest) -> None:
        self._espeak = espeak
        self._request = request
        self._script = write_script(request)
        self._content = request.text.encode("utf-8", "surrogatepass")
        self._marks: list[Mark] = []
        self._length = 0

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return self._length / self._espeak.rate

    def pieces(self) -> Iterator[sound.Samples]:
        """The sound, one part of the script at a time."""
        for part in self._script.parts:
            if isinstance(part, Pause):
                make = sound.tone if part.tone else sound.silence
                yield self._heard(make(part.milliseconds, self._espeak.rate))
            else:
                for short in _shortened(part):
                    yield self._heard(self._speak(short))

    def marks(self) -> list[Mark]:
        """The marks of what was read so far, in the order of their times."""
        marks = [*self._marks, *_sentence_marks(self._script, self._content, self._marks)]
        marks.sort(key=lambda mark: (mark.time, _ORDER[mark.kind]))
        return _once(marks)

    def _heard(self, samples: sound.Samples) -> sound.Samples:
        self._length += len(samples)
        return samples

    def _speak(self, part: Spoken) -> sound.Samples:
        speaker = self._request.speaker
        if part.language:
            speaker = replace(speaker, language=part.language)
        samples, events = self._espeak.synthesize(part.markup, speaker, phonemes=part.phonemes)
        begin = self._length * 1000 // self._espeak.rate
        self._marks += _Reader(self._script, part, self._content, begin).marks(events)
        return samples


def _shortened(part: Spoken) -> Iterator[Spoken]:
    """A long part as several of whole sentences; one with tags stays whole."""
    begin = 0
    if len(part.markup) > _LONG and not part.phonemes and None not in part.spans:
        for _, end in sentence_spans(part.markup):
            if end - begin > _LONG:
                yield replace(part, markup=part.markup[begin:end], spans=part.spans[begin:end])
                begin = end
    yield replace(part, markup=part.markup[begin:], spans=part.spans[begin:])


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
        nearest = bisect_right(words, position, key=_begin_of) - 1
        found = (position, position + 1)
        if nearest >= 0 and position < words[nearest][1]:
            found = words[nearest]
        spans = [span for span in self.part.spans[found[0] : found[1]] if span is not None]
        if not spans:
            return None
        return spans[0][0], spans[-1][1]


def _begin_of(span: Span) -> int:
    return span[0]


def _sentence_marks(script: Script, content: bytes, marks: Sequence[Mark]) -> Iterator[Mark]:
    words = sorted(
        (mark.start, mark.time) for mark in marks if mark.kind == "word" and mark.start is not None
    )
    for begin, end in _sentences(script):
        inside = words[bisect_left(words, (begin, 0)) : bisect_left(words, (end, 0))]
        if inside:
            value = content[begin:end].decode("utf-8", "replace")
            yield Mark(min(time for _, time in inside), "sentence", value, begin, end)


def _sentences(script: Script) -> Iterator[Span]:
    """Where each sentence as written begins and ends, without the blanks around it."""
    run: list[tuple[str, Span]] = []
    for item in [*script.written, None]:
        if item is not None:
            run.append(item)
            continue
        text = "".join(character for character, _ in run)
        for first, last in sentence_spans(text):
            yield run[first][1][0], run[last - 1][1][1]
        run = []


def sentence_spans(text: str) -> Iterator[Span]:
    """The sentences of a text without the blanks around them, in characters."""
    ends = [
        match.end()
        for match in _SENTENCE_END.finditer(text)
        if not _ABBREVIATION.search(text[max(0, match.end() - _ABBREVIATED) : match.end()])
    ]
    begin = 0
    for end in [*ends, len(text)]:
        body = text[begin:end]
        first = begin + len(body) - len(body.lstrip())
        last = begin + len(body.rstrip())
        if first < last:
            yield first, last
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
