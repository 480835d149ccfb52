"""What became of the documents of a batch job: noted as it is done, and told as AWS tells it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windfall_local.services.translate.job import TranslationJob

SERVER_ERRORS = frozenset({"InternalServerException"})
"""Which are not the document's fault."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a document in one language.

    Attributes:
        characters: How many were translated.
        error: The code and message, where it was not.
        terms: The terms that were used.
        source: The language that it was in.
    """

    target: str
    name: str
    characters: int = 0
    error: tuple[str, str] | None = None
    terms: Sequence[Sequence[str]] = ()
    source: str | None = None


def target_name(name: str, target: str) -> str:
    """What a document's translation is called: the language before the file's own name."""
    folder, slash, file = name.rpartition("/")
    return f"{folder}{slash}{target}.{file}"


def details(job: TranslationJob, target: str, done: Sequence[Done]) -> dict[str, Any]:
    """As AWS's auxiliary file has it; its numbers are texts."""
    servers = sum(one.error is not None and one.error[0] in SERVER_ERRORS for one in done)
    errors = sum(one.error is not None for one in done)
    return {
        "sourceLanguageCode": job.source,
        "targetLanguageCode": target,
        "charactersTranslated": str(sum(one.characters for one in done)),
        "documentCountWithCustomerError": str(errors - servers),
        "documentCountWithServerError": str(servers),
        "inputDataPrefix": job.request["InputDataConfig"]["S3Uri"],
        "outputDataPrefix": job.output.uri,
        "details": [_detail(job, one) for one in done],
    }


def _detail(job: TranslationJob, done: Done) -> dict[str, Any]:
    if done.error is not None:
        code, message = done.error
        error = {"errorCode": code, "errorMessage": message}
        return {"sourceFile": done.name, "auxiliaryData": {"error": error}}
    detail: dict[str, Any] = {
        "sourceFile": done.name,
        "targetFile": target_name(done.name, done.target),
        "auxiliaryData": {},
    }
    if job.source == "auto":
        detail["sourceLanguage"] = done.source
    if job.terminologies:
        terms = [{"sourceText": source, "targetText": target} for source, target in done.terms]
        applied = [{"name": job.terminologies[0], "terms": terms}]
        detail["auxiliaryData"]["appliedTerminologies"] = applied
    return detail


def read_done(path: Path) -> dict[tuple[str, str], Done]:
    """What is done, by language and document."""
    done: dict[tuple[str, str], Done] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                # The process ended while it wrote this line.
                continue
            error = record.pop("error")
            one = Done(**record, error=tuple(error) if error else None)
            done[one.target, one.name] = one
    return done


def append_done(path: Path, done: Done) -> None:
    """Note what is done."""
    record = {
        "target": done.target,
        "name": done.name,
        "characters": done.characters,
        "error": done.error,
        "terms": done.terms,
        "source": done.source,
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
