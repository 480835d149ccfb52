"""Translates a text of any length and keeps its paragraphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from windfall.checkpoints import Checkpoints, TimeLeft, part_name, take_steps
from windfall.clock import Clock, utc_now
from windfall.contracts.outcome import Outcome, ServiceCall
from windfall.errors import UnsupportedError
from windfall.features import Finding, check_length, settle
from windfall.text.chunks import Chunk, split

if TYPE_CHECKING:
    from translate_text.models import TranslateTextTask
    from windfall.ports.analysis_services import Translation
    from windfall.ports.storage import ObjectStore

_MOST_BYTES = 10_000
"""UTF-8; TranslateText's limit."""
_WORKERS = 4
_PLAIN = "text/plain; charset=utf-8"


class TextTranslator:
    """Translates texts."""

    def __init__(
        self, translation: Translation, store: ObjectStore, clock: Clock = utc_now
    ) -> None:
        self._translation = translation
        self._store = store
        self._clock = clock

    def translate(self, task: TranslateTextTask, time_left: TimeLeft) -> Outcome:
        """Translate the text into `translation.<language>.txt` and tell how it ended.

        Raises:
            WorkContinuesError: Time ran low; the next try goes on.
            TransientError: Translate or S3 is busy.
            QuotaExceededError: A limit of the account is reached.
        """
        feature = f"translation.{task.target.language}"
        checkpoints = Checkpoints(self._store, task.output, feature)
        work = _Work(self._translation, self._store, task, checkpoints, time_left)
        return settle(feature, checkpoints, self._clock, work.find)


class _Work:
    """One translation."""

    def __init__(
        self,
        translation: Translation,
        store: ObjectStore,
        task: TranslateTextTask,
        checkpoints: Checkpoints,
        time_left: TimeLeft,
    ) -> None:
        self._translation = translation
        self._store = store
        self._task = task
        self._source = task.language
        self._name = f"translation.{task.target.language}.txt"
        self._checkpoints = checkpoints
        self._time_left = time_left

    def find(self) -> Finding:
        """Buy what is missing, then put the parts together."""
        if self._task.target.language == self._source:
            return Finding(self._task.text, {"unchanged": True})
        if self._source is None:
            raise UnsupportedError("The language of the text could not be told.")
        text = self._store.read(self._task.text).decode()
        self._check_length(text)
        chunks = list(split(text, max_bytes=_MOST_BYTES))
        if len(chunks) == 1:
            return self._keep(text, chunks, self._translated_whole(chunks[0]))
        spoken = [chunk for chunk in chunks if chunk.text.strip()]
        saved = self._checkpoints.saved()
        missing = [chunk for chunk in spoken if _part(chunk) not in saved]
        take_steps(missing, self._take, self._time_left, workers=_WORKERS)
        return self._keep(text, chunks, self._translated(chunks))

    def _check_length(self, text: str) -> None:
        check_length("The text has", len(text), "translates", self._task.target.max_characters)
        if not text.strip():
            raise UnsupportedError("no text")

    def _translated_whole(self, chunk: Chunk) -> Iterator[bytes]:
        bought = self._checkpoints.result(self._name)
        if bought is None:
            before, words, behind = _framed(chunk.text)
            bought = f"{before}{self._translate(chunk, words)}{behind}".encode()
        yield bought

    def _take(self, chunk: Chunk) -> None:
        translated = self._translate(chunk, chunk.text.strip())
        self._checkpoints.save(_part(chunk), translated.encode(), _PLAIN)

    def _translate(self, chunk: Chunk, words: str) -> str:
        target = self._task.target
        return self._checkpoints.once(
            _part(chunk),
            lambda: (
                self._translation.translate(
                    words,
                    str(self._source),
                    target.language,
                    terminologies=target.terminologies,
                    formality=target.formality,
                    profanity=target.profanity,
                ).text
            ),
        )

    def _translated(self, chunks: Sequence[Chunk]) -> Iterator[bytes]:
        """Translate may drop white space at the ends of a chunk, so it is kept here."""
        for chunk in chunks:
            before, words, behind = _framed(chunk.text)
            translated = self._checkpoints.part(_part(chunk)) if words else b""
            yield before.encode() + translated + behind.encode()

    def _keep(self, text: str, chunks: Sequence[Chunk], pieces: Iterator[bytes]) -> Finding:
        output = self._task.output
        result = self._store.write_pieces(output.bucket, output.prefix + self._name, pieces, _PLAIN)
        sent = [words for words in (chunk.text.strip() for chunk in chunks) if words]
        call = ServiceCall(
            service="translate",
            operation="TranslateText",
            count=len(sent),
            units=sum(len(words) for words in sent),
        )
        summary = {"source_language": self._source, "characters": len(text)}
        return Finding(result, summary, [call])


def _part(chunk: Chunk) -> str:
    # The start orders the parts; there is no number to tell them by.
    return part_name(chunk.start, chunk.start, chunk.end, ".txt")


def _framed(text: str) -> tuple[str, str, str]:
    """White space before, the words, white space behind."""
    words = text.strip()
    if not words:
        return text, "", ""
    first = text.index(words)
    return text[:first], words, text[first + len(words) :]
