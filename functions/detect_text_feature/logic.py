"""Finds one feature of a text of any length."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from windfall.checkpoints import Checkpoints, TimeLeft, part_name, take_steps
from windfall.clock import Clock, utc_now
from windfall.errors import InvalidInputError, TransientError, UnsupportedError
from windfall.features import Finding, settle
from windfall.metering import comprehend_call, totalled
from windfall.ports.analysis_services import BatchDetection, DetectionError
from windfall.text.chunks import Chunk, split
from windfall.text.merging import Answer, PiiMerger, merged_json, redacted
from windfall.text.specifications import BATCH, SPECIFICATIONS, Specification

if TYPE_CHECKING:
    from detect_text_feature.models import DetectTextFeatureTask
    from windfall.contracts.base import S3Pointer
    from windfall.contracts.features import TextFeature
    from windfall.contracts.outcome import Outcome, ServiceCall
    from windfall.ports.analysis_services import Language
    from windfall.ports.storage import ObjectStore

REDACTED = "redacted.txt"
_WORKERS = 4
_PIECE = 1 << 20
# A text of a batch that the service itself failed on is worth another try.
_PASSING = frozenset({"InternalServerException", "ThrottlingException", "TooManyRequestsException"})


class _Step(NamedTuple):
    """Chunks that go into one call, and the name that their answers are saved under."""

    name: str
    chunks: Sequence[Chunk]


class TextFeatureDetector:
    """Finds features of texts."""

    def __init__(self, language: Language, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._language = language
        self._store = store
        self._clock = clock

    def detect(self, task: DetectTextFeatureTask, time_left: TimeLeft) -> Outcome:
        """Find the feature, keep the merged raw answer, and tell how it ended.

        Raises:
            WorkContinuesError: Time ran low; the next try goes on.
            TransientError: Comprehend or S3 is busy.
            QuotaExceededError: A limit of the account is reached.
        """
        feature = task.feature.feature
        checkpoints = Checkpoints(self._store, task.output, feature)
        work = _Work(self._language, self._store, task, checkpoints, time_left)
        return settle(feature, checkpoints, self._clock, work.find)


class _Work:
    """One feature of one text."""

    def __init__(
        self,
        service: Language,
        store: ObjectStore,
        task: DetectTextFeatureTask,
        checkpoints: Checkpoints,
        time_left: TimeLeft,
    ) -> None:
        self._service = service
        self._store = store
        self._task = task
        self._feature = task.feature.feature
        self._specification = SPECIFICATIONS[self._feature]
        self._checkpoints = checkpoints
        self._time_left = time_left
        self._language = ""

    def find(self) -> Finding:
        """Buy what is missing, then merge what was bought."""
        self._language = _supported(self._task.language, self._feature, self._specification)
        text = self._store.read(self._task.text).decode()
        chunks = [
            chunk
            for chunk in split(text, max_bytes=self._specification.max_bytes)
            if chunk.text.strip()
        ]
        if not chunks:
            raise UnsupportedError("no text")
        if len(chunks) == 1:
            return self._merge(text, self._answer_of_one(chunks[0]), self._calls([chunks]))
        steps = _steps(chunks, BATCH if self._specification.batched else 1)
        saved = self._checkpoints.saved()
        missing = [step for step in steps if step.name not in saved]
        take_steps(missing, self._take, self._time_left, workers=_WORKERS)
        calls = self._calls([step.chunks for step in steps])
        return self._merge(text, self._saved_answers(steps), calls)

    def _answer_of_one(self, chunk: Chunk) -> Iterator[tuple[Chunk, Answer]]:
        bought = self._checkpoints.result(f"{self._feature}.json")
        if bought:
            # Its offsets are those of the whole text already.
            yield Chunk(chunk.text, 0), json.loads(bought)
        else:
            yield Chunk(chunk.text, chunk.start), self._detected("answer", chunk.text)

    def _take(self, step: _Step) -> None:
        if len(step.chunks) == 1:
            (chunk,) = step.chunks
            answers = [self._detected(step.name, chunk.text)]
        else:
            texts = [chunk.text for chunk in step.chunks]
            answers = self._whole_batch(step.name, texts)
        self._checkpoints.save(step.name, json.dumps(answers, ensure_ascii=False).encode())

    def _detected(self, name: str, text: str) -> dict[str, Any]:
        return self._checkpoints.once(
            name, lambda: self._service.detect(self._feature, text, self._language)
        )

    def _batch(self, name: str, texts: list[str]) -> BatchDetection:
        """The answer to a batch, which has a form that fits into JSON on its way."""
        results, errors = self._checkpoints.once(
            name, lambda: _listed(self._service.detect_batch(self._feature, texts, self._language))
        )
        return BatchDetection(dict(results), [DetectionError(*error) for error in errors])

    def _whole_batch(self, name: str, texts: list[str]) -> list[dict[str, Any]]:
        """The answers for all texts; what failed in the batch is asked for once more alone."""
        batch = self._batch(name, texts)
        _refuse_invalid(batch)
        for error in batch.errors:
            alone = f"{name}.{error.index}"
            batch.results[error.index] = self._detected(alone, texts[error.index])
        if len(batch.results) < len(texts):
            raise TransientError("Comprehend left texts of a batch without an answer.")
        return [batch.results[index] for index in range(len(texts))]

    def _saved_answers(self, steps: Sequence[_Step]) -> Iterator[tuple[Chunk, Answer]]:
        for step in steps:
            answers = json.loads(self._checkpoints.part(step.name))
            yield from zip(step.chunks, answers, strict=True)

    def _merge(
        self, text: str, answers: Iterator[tuple[Chunk, Answer]], calls: list[ServiceCall]
    ) -> Finding:
        merger = self._specification.merger()
        pieces = _gathered(merged_json(merger, answers))
        result = self._write(f"{self._feature}.json", pieces, "application/json")
        summary = merger.summary()
        if isinstance(merger, PiiMerger):
            words = (piece.encode() for piece in redacted(text, merger.spans))
            self._write(REDACTED, _gathered(words), "text/plain; charset=utf-8")
            summary["redacted"] = REDACTED
        return Finding(result, summary, calls)

    def _write(self, name: str, pieces: Iterator[bytes], media_type: str) -> S3Pointer:
        output = self._task.output
        return self._store.write_pieces(output.bucket, output.prefix + name, pieces, media_type)

    def _calls(self, batches: Sequence[Sequence[Chunk]]) -> list[ServiceCall]:
        """Every call of this feature, those of earlier tries included."""
        operation = self._specification.operation
        return totalled(
            comprehend_call(
                operation if len(chunks) == 1 else f"Batch{operation}",
                [chunk.text for chunk in chunks],
            )
            for chunks in batches
        )


def _supported(language: str | None, feature: TextFeature, specification: Specification) -> str:
    if language is None:
        raise UnsupportedError("The language of the text could not be told.")
    if language not in specification.languages:
        known = ", ".join(specification.languages)
        name = feature.replace("_", " ")
        raise UnsupportedError(
            f"Amazon Comprehend finds {name} in {known}; the text is in {language}."
        )
    return language


def _listed(batch: BatchDetection) -> tuple[list[Any], list[Any]]:
    errors = [(error.index, error.code, error.message) for error in batch.errors]
    return list(batch.results.items()), errors


def _refuse_invalid(batch: BatchDetection) -> None:
    for error in batch.errors:
        if error.code not in _PASSING:
            raise InvalidInputError(f"{error.message} ({error.code})")


def _steps(chunks: Sequence[Chunk], size: int) -> list[_Step]:
    batches = [chunks[first : first + size] for first in range(0, len(chunks), size)]
    return [
        _Step(part_name(number, batch[0].start, batch[-1].end, ".json"), batch)
        for number, batch in enumerate(batches)
    ]


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of a megabyte: a long answer has millions of small ones."""
    collected = bytearray()
    for piece in pieces:
        collected += piece
        if len(collected) >= _PIECE:
            yield bytes(collected)
            collected.clear()
    yield bytes(collected)
