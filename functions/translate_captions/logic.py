"""Translates captions sentence by sentence and keeps their times."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from translate_captions.models import TranslateCaptionsTask, TranslatedCaptions
from windfall.captions.cues import CueList
from windfall.captions.files import SRT_TYPE, VTT_TYPE, write_srt, write_vtt
from windfall.captions.passages import Passage, paragraphs, passages, refit
from windfall.checkpoints import Checkpoints, TimeLeft, part_name, take_steps
from windfall.clock import Clock, utc_now
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.errors import UnsupportedError
from windfall.features import Finding, check_length, settle

if TYPE_CHECKING:
    from windfall.ports.analysis_services import Translation
    from windfall.ports.storage import ObjectStore

_MOST_BYTES = 5_000
"""UTF-8 of a request: half of TranslateText's limit, so that little is lost when one fails."""
_WORKERS = 4
_PLAIN = "text/plain; charset=utf-8"
_JSON = "application/json"


class CaptionTranslator:
    """Translates captions."""

    def __init__(
        self, translation: Translation, store: ObjectStore, clock: Clock = utc_now
    ) -> None:
        self._translation = translation
        self._store = store
        self._clock = clock

    def translate(self, task: TranslateCaptionsTask, time_left: TimeLeft) -> TranslatedCaptions:
        """Write the translation as text, as cues and as caption files.

        Raises:
            WorkContinuesError: Time ran low; the next try goes on.
            TransientError: Translate or S3 is busy.
            QuotaExceededError: A limit of the account is reached.
        """
        language = task.target.language

        def settled(feature: str, find: Callable[[_Work], Finding]) -> Outcome:
            checkpoints = Checkpoints(self._store, task.output, feature)
            work = _Work(self._translation, self._store, task, checkpoints, time_left)
            return settle(feature, checkpoints, self._clock, lambda: find(work))

        translation = settled(f"translation.{language}", _Work.find_translation)
        if translation.status is not OutcomeStatus.OK:
            missing = {"feature": f"captions.{language}", "calls": []}
            return TranslatedCaptions(
                outcomes=[translation, translation.model_copy(update=missing)]
            )
        captions = settled(f"captions.{language}", _Work.find_captions)
        output = task.output
        cues = S3Pointer(bucket=output.bucket, key=f"{output.prefix}cues.{language}.json")
        return TranslatedCaptions(outcomes=[translation, captions], cues=cues)


class _Request(NamedTuple):
    """Passages that go into one request, each a line of it."""

    number: int
    texts: Sequence[str]

    @property
    def name(self) -> str:
        return part_name(self.number, 0, sum(map(len, self.texts)), ".json")


class _Work:
    """One translation."""

    def __init__(
        self,
        translation: Translation,
        store: ObjectStore,
        task: TranslateCaptionsTask,
        checkpoints: Checkpoints,
        time_left: TimeLeft,
    ) -> None:
        self._translation = translation
        self._store = store
        self._task = task
        self._language = task.target.language
        self._checkpoints = checkpoints
        self._time_left = time_left

    def find_translation(self) -> Finding:
        """Buy what is missing; then spread each sentence over the time of its own cues."""
        source = CueList.model_validate_json(self._store.read(self._task.cues))
        found = list(passages(source.cues))
        self._check_length(found)
        requests = list(_requests([passage.text for passage in found]))
        saved = self._checkpoints.saved()
        missing = [request for request in requests if request.name not in saved]
        take_steps(missing, self._take, self._time_left, workers=_WORKERS)
        answers = [json.loads(self._checkpoints.part(request.name)) for request in requests]
        texts = [text for answer in answers for text in answer["texts"]]
        cues = [
            cue
            for text, passage in zip(texts, found, strict=True)
            for cue in refit(text, passage.cues)
        ]
        cues.sort(key=lambda cue: (cue.start, cue.end))
        listed = CueList(language=self._language, cues=cues)
        self._write(f"cues.{self._language}.json", listed.model_dump_json().encode(), _JSON)
        whole = paragraphs(texts, found)
        result = self._write(f"translation.{self._language}.txt", whole.encode(), _PLAIN)
        call = ServiceCall(
            service="translate",
            operation="TranslateText",
            count=sum(answer["calls"] for answer in answers),
            units=sum(answer["characters"] for answer in answers),
        )
        summary = {
            "source_language": self._task.language,
            "characters": sum(len(passage.text) for passage in found),
        }
        return Finding(result, summary, [call])

    def find_captions(self) -> Finding:
        """The translated cues as files for players."""
        output = self._task.output
        name = f"captions.{self._language}"
        key = f"{output.prefix}cues.{self._language}.json"
        body = self._store.read(S3Pointer(bucket=output.bucket, key=key))
        captions = CueList.model_validate_json(body)
        result = self._write(f"{name}.vtt", write_vtt(captions), VTT_TYPE)
        self._write(f"{name}.srt", write_srt(captions), SRT_TYPE)
        return Finding(result, {"cues": len(captions.cues), "srt": f"{name}.srt"})

    def _check_length(self, found: Sequence[Passage]) -> None:
        characters = sum(len(passage.text) for passage in found)
        if not characters:
            raise UnsupportedError("no text")
        most = self._task.target.max_characters
        check_length("The captions have", characters, "translates", most)

    def _take(self, request: _Request) -> None:
        whole = "\n".join(request.texts)
        texts = [line.strip() for line in self._translate(request.name, whole).split("\n")]
        calls, characters = 1, len(whole)
        if len(texts) != len(request.texts) or not all(texts):
            # The lines can not be told apart any more: each is asked for by itself.
            alone = [
                self._translate(f"{request.name}.{number}", text)
                for number, text in enumerate(request.texts)
            ]
            texts = [" ".join(text.split()) for text in alone]
            calls, characters = calls + len(texts), characters + sum(map(len, request.texts))
        answer = {"texts": texts, "calls": calls, "characters": characters}
        self._checkpoints.save(request.name, json.dumps(answer).encode())

    def _translate(self, name: str, words: str) -> str:
        target = self._task.target
        return self._checkpoints.once(
            name,
            lambda: (
                self._translation.translate(
                    words,
                    self._task.language,
                    target.language,
                    terminologies=target.terminologies,
                    formality=target.formality,
                    profanity=target.profanity,
                ).text
            ),
        )

    def _write(self, name: str, body: bytes, media_type: str) -> S3Pointer:
        output = self._task.output
        return self._store.write(output.bucket, output.prefix + name, body, media_type)


def _requests(texts: Sequence[str]) -> Iterator[_Request]:
    taken: list[str] = []
    size = number = 0
    for text in texts:
        length = len(text.encode()) + 1
        if taken and size + length > _MOST_BYTES:
            yield _Request(number, tuple(taken))
            taken, size, number = [], 0, number + 1
        taken.append(text)
        size += length
    if taken:
        yield _Request(number, tuple(taken))
