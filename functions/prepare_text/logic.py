"""Gets the plain text out of a document and finds its language."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from prepare_text.models import PreparedText, PrepareTextTask
from windfall.checkpoints import Checkpoints
from windfall.clock import Clock, utc_now
from windfall.contracts.base import S3Pointer
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import InvalidInputError, UnsupportedError
from windfall.features import Finding, settle
from windfall.metering import comprehend_call
from windfall.text.chunks import split
from windfall.text.extraction import Extracted, extract

if TYPE_CHECKING:
    from windfall.ports.analysis_services import Language
    from windfall.ports.storage import ObjectStore

FEATURE = "language"
TEXT = "text.txt"
"""The text to which all offsets refer."""

LARGEST_DOCUMENT = 100 * 1024 * 1024
"""Bytes; a larger document does not fit into the function's memory with all its text."""

_SAMPLE_BYTES = 5_000
"""Comprehend takes 100 KB, but bills each 100 characters, and is no surer of more than these."""
_MOST_LANGUAGES = 5


class TextPreparer:
    """Prepares documents for the text features."""

    def __init__(self, language: Language, store: ObjectStore, clock: Clock = utc_now) -> None:
        self._language = language
        self._store = store
        self._clock = clock

    def prepare(self, task: PrepareTextTask) -> PreparedText:
        """Keep the document's text as `text.txt` and tell its language.

        Raises:
            TransientError: Comprehend or S3 is busy.
            QuotaExceededError: A limit of the account is reached.
        """
        checkpoints = Checkpoints(self._store, task.output, FEATURE)
        outcome = settle(FEATURE, checkpoints, self._clock, lambda: self._find(task, checkpoints))
        if outcome.status is not OutcomeStatus.OK:
            return PreparedText(outcome=outcome)
        return PreparedText(
            outcome=outcome,
            text=S3Pointer(bucket=task.output.bucket, key=f"{task.output.prefix}{TEXT}"),
            characters=outcome.summary["characters"],
            language=outcome.summary["language"],
        )

    def _find(self, task: PrepareTextTask, checkpoints: Checkpoints) -> Finding:
        extracted = self._extract(task)
        if not extracted.text:
            raise UnsupportedError("no text")
        bucket, prefix = task.output.bucket, task.output.prefix
        text_type = "text/plain; charset=utf-8"
        self._store.write(bucket, f"{prefix}{TEXT}", extracted.text.encode(), text_type)
        sample = next(split(extracted.text, max_bytes=_SAMPLE_BYTES)).text
        bought = checkpoints.result(f"{FEATURE}.json")
        if bought:
            languages = json.loads(bought)["Languages"]
        else:
            languages = checkpoints.once("answer", lambda: self._language.dominant(sample))
        raw = json.dumps({"Languages": languages}).encode()
        result = self._store.write(bucket, f"{prefix}{FEATURE}.json", raw, "application/json")
        summary = {
            "language": languages[0]["LanguageCode"] if languages else None,
            "languages": [
                {"language": found["LanguageCode"], "score": round(found["Score"], 3)}
                for found in languages[:_MOST_LANGUAGES]
            ],
            "characters": len(extracted.text),
        }
        if extracted.pages is not None:
            summary["pages"] = extracted.pages
        if extracted.cut_off is not None:
            summary["cut_off"] = extracted.cut_off
        return Finding(result, summary, [comprehend_call("DetectDominantLanguage", [sample])])

    def _extract(self, task: PrepareTextTask) -> Extracted:
        source = self._store.open(task.source)
        try:
            if source.head.size > LARGEST_DOCUMENT:
                raise InvalidInputError(
                    f"The document has {source.head.size:,} bytes; "
                    f"Windfall reads documents of up to {LARGEST_DOCUMENT:,}."
                )
            body = b"".join(source.chunks())
        finally:
            source.close()
        return extract(body, task.format)
