"""Makes of a transcript what people and the next tasks read: text, cues, caption files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from windfall.captions.cues import CueList
from windfall.captions.files import SRT_TYPE, VTT_TYPE, write_srt, write_vtt
from windfall.captions.passages import paragraphs, passages
from windfall.captions.splitting import make_cues
from windfall.captions.transcript import read_words
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.errors import InvalidInputError, UnsupportedError
from windfall.features import Finding, settle, shortened
from windfall.metering import transcribe_call
from write_captions.models import WriteCaptionsTask, WrittenCaptions

if TYPE_CHECKING:
    from windfall.ports.storage import ObjectStore

_PLAIN = "text/plain; charset=utf-8"
_JSON = "application/json"
_UNKNOWN = "und"
_TRADITIONAL = frozenset({"zh-TW", "zh-HK"})


class CaptionWriter:
    """Writes captions."""

    def __init__(self, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def write(self, task: WriteCaptionsTask) -> WrittenCaptions:
        """Write `text.txt`, `cues.json` and the captions in the language that is spoken.

        Raises:
            TransientError: S3 is busy.
        """
        work = _Work(self._store, task)
        transcript = self._settle(task, "transcript", work.find_text)
        if transcript.status is not OutcomeStatus.OK:
            return WrittenCaptions(outcomes=[transcript])
        language = transcript.summary["language"]
        captions = self._settle(task, f"captions.{language}", work.find_captions)
        return WrittenCaptions(
            outcomes=[transcript, captions],
            text=work.pointer("text.txt"),
            language=None if language == _UNKNOWN else language,
            characters=transcript.summary["characters"],
            cues=work.pointer("cues.json"),
        )

    def _settle(
        self, task: WriteCaptionsTask, feature: str, find: Callable[[], Finding]
    ) -> Outcome:
        return settle(feature, Checkpoints(self._store, task.output, feature), self._clock, find)


class _Work:
    """One transcript."""

    def __init__(self, store: ObjectStore, task: WriteCaptionsTask) -> None:
        self._store = store
        self._task = task

    def pointer(self, name: str) -> S3Pointer:
        """Where a result lies."""
        output = self._task.output
        return S3Pointer(bucket=output.bucket, key=output.prefix + name)

    def find_text(self) -> Finding:
        """The text in paragraphs, and the cues."""
        document = _parsed(self._store.read(self._task.transcript))
        tracks = read_words(document)
        words = [word for track in tracks for word in track]
        if not words:
            raise UnsupportedError("No speech was found.")
        spoken_until = max(word.end for word in words)
        length = round((self._task.seconds or 0) * 1000)
        cues = make_cues(tracks, max(length, spoken_until))
        language = _language(document, self._task.languages)
        listed = CueList(language=language, cues=cues)
        self._write("cues.json", listed.model_dump_json().encode(), _JSON)
        found = list(passages(cues))
        text = paragraphs([passage.text for passage in found], found)
        self._write("text.txt", text.encode(), _PLAIN)
        seconds = self._task.seconds or spoken_until / 1000
        summary = {
            "language": language,
            "characters": len(text),
            "words": len(words),
            "speakers": len({word.speaker for word in words}),
            "confidence": _confidence(document),
            "seconds": round(seconds, 3),
            "excerpt": shortened(text, 200),
        }
        call = transcribe_call(seconds, redacted=_is_redacted(self._task.transcript))
        return Finding(self._task.transcript, summary, [call])

    def find_captions(self) -> Finding:
        """The cues as files for players."""
        captions = CueList.model_validate_json(self._store.read(self.pointer("cues.json")))
        name = f"captions.{captions.language}"
        result = self._write(f"{name}.vtt", write_vtt(captions), VTT_TYPE)
        self._write(f"{name}.srt", write_srt(captions), SRT_TYPE)
        return Finding(result, {"cues": len(captions.cues), "srt": f"{name}.srt"})

    def _write(self, name: str, body: bytes, media_type: str) -> S3Pointer:
        output = self._task.output
        return self._store.write(output.bucket, output.prefix + name, body, media_type)


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise InvalidInputError("The transcript is no JSON.") from error
    if not isinstance(document, dict):
        raise InvalidInputError("The transcript is not what Amazon Transcribe writes.")
    return document


def _language(document: Mapping[str, Any], spoken: Sequence[str]) -> str:
    """The language as Translate and Comprehend write it: `en-US` is `en`, `zh-HK` is `zh-TW`."""
    results = document["results"]
    named = results.get("language_code")
    if not named and results.get("language_codes"):
        # Several were found; they are listed with the longest spoken one first.
        named = results["language_codes"][0]["language_code"]
    if not named and len(spoken) == 1:
        named = spoken[0]
    if not named:
        return _UNKNOWN
    return "zh-TW" if named in _TRADITIONAL else str(named).partition("-")[0]


def _confidence(document: Mapping[str, Any]) -> float:
    """How sure Transcribe is of its words on average, in percent."""
    scores = [
        float(item["alternatives"][0].get("confidence") or 0)
        for item in document["results"].get("items", [])
        if item.get("type") == "pronunciation"
    ]
    return round(100 * sum(scores) / len(scores), 1) if scores else 0.0


def _is_redacted(transcript: S3Pointer) -> bool:
    """Whether Transcribe left personal data out, which costs extra; the name tells."""
    return transcript.key.rpartition("/")[2].startswith("redacted-")
