"""The pronunciation lexicons of one cloud: checked when they are put, kept as files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from windfall_local.api import ServiceError
from windfall_local.engines.voice.lexicon import (
    Lexeme,
    Lexicon,
    LexiconError,
    UnknownAlphabetError,
    parse_lexicon,
)
from windfall_local.services.polly.voices import LANGUAGE_NAMES

# Quotas of the developer guide.
MOST = 100
LONGEST = 40_000
LONGEST_READING = 100


class LexiconStore:
    """Lexicons by name.

    Args:
        folder: Where they lie; made when the first is put.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: str) -> None:
        """Keep a lexicon; one of this name is replaced.

        Raises:
            ServiceError: What AWS refuses, with its code.
        """
        if not re.fullmatch(r"[0-9A-Za-z]{1,20}", name):
            raise ServiceError(
                "ValidationException",
                f"1 validation error detected: Value '{name}' at 'name' failed to satisfy "
                "constraint: Member must satisfy regular expression pattern: [0-9A-Za-z]{1,20}",
            )
        if len(content) > LONGEST:
            raise ServiceError(
                "LexiconSizeExceededException", "The maximum size of the lexicon has been exceeded"
            )
        lexicon = _parse(content)
        if name not in self.names() and len(self.names()) >= MOST:
            raise ServiceError(
                "MaxLexiconsNumberExceededException",
                "The maximum number of lexicons has been exceeded",
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        record = {
            "content": content,
            "modified": datetime.now(UTC).isoformat(),
            "language": lexicon.language,
            "alphabet": lexicon.alphabet,
            "lexemes": len(lexicon.lexemes),
        }
        # A reader sees the old or the new one whole.
        draft = self._folder / f".{name}.draft"
        draft.write_text(json.dumps(record), encoding="utf-8")
        draft.replace(self._path(name))

    def names(self) -> list[str]:
        """Of every lexicon, in order."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def content(self, name: str) -> str:
        """A lexicon's document.

        Raises:
            ServiceError: There is none of this name.
        """
        return str(self._record(name)["content"])

    def attributes(self, name: str, arn: str) -> dict[str, Any]:
        """What the API tells about a lexicon."""
        record = self._record(name)
        return {
            "Alphabet": record["alphabet"],
            "LanguageCode": record["language"],
            "LastModified": datetime.fromisoformat(record["modified"]),
            "LexiconArn": arn,
            "LexemesCount": record["lexemes"],
            "Size": len(record["content"]),
        }

    def lexicon(self, name: str) -> Lexicon:
        """A lexicon, ready for use."""
        return parse_lexicon(self.content(name))

    def delete(self, name: str) -> None:
        """Forget a lexicon."""
        self._record(name)
        self._path(name).unlink()

    def _record(self, name: str) -> dict[str, Any]:
        # The pattern also keeps a name from leaving the folder.
        if not re.fullmatch(r"[0-9A-Za-z]{1,20}", name) or not self._path(name).exists():
            raise ServiceError("LexiconNotFoundException", "Lexicon not found", status=404)
        record: dict[str, Any] = json.loads(self._path(name).read_text(encoding="utf-8"))
        return record

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _parse(content: str) -> Lexicon:
    try:
        lexicon = parse_lexicon(content)
    except UnknownAlphabetError as error:
        raise ServiceError("UnsupportedPlsAlphabetException", str(error)) from error
    except LexiconError as error:
        raise ServiceError("InvalidLexiconException", f"Invalid lexicon: {error}") from error
    if lexicon.language not in LANGUAGE_NAMES:
        raise ServiceError(
            "UnsupportedPlsLanguageException", f"Unsupported PLS language: {lexicon.language}"
        )
    if any(len(text) > LONGEST_READING for text in _texts(lexicon.lexemes)):
        raise ServiceError(
            "MaxLexemeLengthExceededException", "The maximum size of a lexeme has been exceeded"
        )
    return lexicon


def _texts(lexemes: tuple[Lexeme, ...]) -> Iterator[str]:
    for lexeme in lexemes:
        yield from (*lexeme.graphemes, lexeme.alias or "", lexeme.phoneme or "")
