"""Vocabularies and vocabulary filters: checked when they are made, kept as files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from windfall_local.api import ServiceError
from windfall_local.services.job_folders import now
from windfall_local.services.transcribe.orders import bad_request, check_language, check_name

Kind = Literal["vocabulary", "filter"]

MOST = 100
LARGEST = 51_200
"""Bytes, as AWS's quotas have it."""

LONGEST = 256


class WordLists:
    """Lists of words by name, of one kind.

    Args:
        folder: Where they lie; made with the first.
        kind: What they are, for messages.
    """

    def __init__(self, folder: Path, kind: Kind) -> None:
        self._folder = folder
        self._kind = kind

    def create(self, name: str, language: str, words: list[str]) -> dict[str, Any]:
        """Keep a new list.

        Raises:
            ServiceError: What AWS refuses, with its code.
        """
        check_name(name, f"{self._kind}Name")
        if self._path(name).exists():
            raise ServiceError(
                "ConflictException", f"The requested {self._kind} name already exists.", status=409
            )
        if len(self.all()) >= MOST:
            message = f"There are {MOST} of the kind {self._kind} already."
            raise ServiceError("LimitExceededException", message, status=429)
        return self._write(name, language, words)

    def update(self, name: str, language: str, words: list[str]) -> dict[str, Any]:
        """Replace a list."""
        self.get(name)
        return self._write(name, language, words)

    def get(self, name: str) -> dict[str, Any]:
        """The record of a list: `name`, `language`, `words`, `modified`.

        Raises:
            ServiceError: There is none of this name.
        """
        check_name(name, f"{self._kind}Name")
        if not self._path(name).exists():
            raise ServiceError(
                "NotFoundException",
                f"The requested {self._kind} couldn't be found. Check the {self._kind} name and "
                "try your request again.",
                status=404,
            )
        record: dict[str, Any] = json.loads(self._path(name).read_text(encoding="utf-8"))
        return record

    def all(self) -> list[dict[str, Any]]:
        """Every record, by name."""
        records = [
            json.loads(path.read_text(encoding="utf-8")) for path in self._folder.glob("*.json")
        ]
        return sorted(records, key=lambda record: str(record["name"]))

    def delete(self, name: str) -> None:
        """Forget a list."""
        self.get(name)
        self._path(name).unlink()

    def _write(self, name: str, language: str, words: list[str]) -> dict[str, Any]:
        check_language(language)
        _check_words(words)
        record = {"name": name, "language": language, "words": words, "modified": now()}
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._path(name).with_suffix(".draft")
        draft.write_text(json.dumps(record), encoding="utf-8")
        draft.replace(self._path(name))
        return record

    def _path(self, name: str) -> Path:
        # Names may differ in case only, and may be dots.
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"


def words_of_list(content: bytes) -> list[str]:
    """The words of a file with one a line.

    Raises:
        ServiceError: It is too large, or no UTF-8.
    """
    if len(content) > LARGEST:
        raise bad_request(f"The file has {len(content)} bytes; at most {LARGEST} are allowed.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_request("The file is not UTF-8.") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def words_of_table(content: bytes) -> list[str]:
    """The phrases of a vocabulary's file: a table with tabs, or one phrase a line."""
    lines = words_of_list(content)
    columns = lines[0].split("\t") if lines else []
    if "Phrase" not in columns:
        return lines
    place = columns.index("Phrase")
    rows = [line.split("\t") for line in lines[1:]]
    return [row[place].strip() for row in rows if len(row) > place and row[place].strip()]


def _check_words(words: list[str]) -> None:
    if not words:
        raise bad_request("The list has no words.")
    if sum(len(word.encode()) + 1 for word in words) > LARGEST:
        raise bad_request(f"The list has more than {LARGEST} bytes.")
    for word in words:
        if not word or len(word) > LONGEST:
            raise bad_request(f"A phrase must have 1 to {LONGEST} characters: {word[:40]!r}.")
