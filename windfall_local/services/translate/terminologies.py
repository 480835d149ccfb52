"""The terminologies of one cloud: checked when they are imported, kept as files."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from windfall_local.api import ACCOUNT, ServiceError
from windfall_local.services.translate.terminology import (
    Terminology,
    TerminologyError,
    parse_terminology,
)

# Quotas of the developer guide.
MOST = 100
LARGEST = 10 * 1024 * 1024
FORMATS = ("CSV", "TMX", "TSV")


class TerminologyStore:
    """Terminologies by name.

    Args:
        folder: Where they lie; made with the first import.
        region: For their ARNs.
    """

    def __init__(self, folder: Path, region: str) -> None:
        self._folder = folder
        self._region = region

    def put(self, name: str, data: dict[str, Any], description: str | None) -> dict[str, Any]:
        """Keep a terminology, in place of one of this name; return its properties.

        Raises:
            ServiceError: What AWS refuses, with its code.
        """
        _check_name(name)
        content, form = bytes(data["File"]), str(data["Format"])
        if form not in FORMATS:
            raise _invalid(f"The terminology format {form} is not one of {', '.join(FORMATS)}")
        if len(content) > LARGEST:
            raise ServiceError(
                "LimitExceededException", "The terminology file is larger than 10 MB"
            )
        if name not in self.names() and len(self.names()) >= MOST:
            raise ServiceError("LimitExceededException", f"There are {MOST} terminologies already")
        directionality = str(data.get("Directionality") or "UNI")
        parsed = _parse(content, form, directionality)
        now = datetime.now(UTC).isoformat()
        record = {
            "file": base64.b64encode(content).decode(),
            "format": form,
            "directionality": directionality,
            "description": description,
            "size": len(content),
            "terms": len(parsed.terms),
            "skipped": parsed.skipped,
            "languages": parsed.languages,
            "created": self._record(name)["created"] if name in self.names() else now,
            "updated": now,
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        # A reader sees the old or the new one whole.
        draft = self._folder / f".{name}.draft"
        draft.write_text(json.dumps(record), encoding="utf-8")
        draft.replace(self._path(name))
        return self.properties(name)

    def names(self) -> list[str]:
        """Of every terminology, in order."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def properties(self, name: str) -> dict[str, Any]:
        """What the API tells about a terminology.

        Raises:
            ServiceError: There is none of this name.
        """
        record = self._record(name)
        properties = {
            "Name": name,
            "Arn": f"arn:aws:translate:{self._region}:{ACCOUNT}:terminology/{name}/LATEST",
            "SourceLanguageCode": record["languages"][0],
            "TargetLanguageCodes": record["languages"][1:],
            "SizeBytes": record["size"],
            "TermCount": record["terms"],
            "SkippedTermCount": record["skipped"],
            "CreatedAt": datetime.fromisoformat(record["created"]),
            "LastUpdatedAt": datetime.fromisoformat(record["updated"]),
            "Directionality": record["directionality"],
            "Format": record["format"],
        }
        if record["description"]:
            properties["Description"] = record["description"]
        return properties

    def location(self, name: str) -> dict[str, str]:
        """Where its file can be read: this machine has no signed link to give."""
        record = self._record(name)
        path = self._folder / "files" / f"{name}.{str(record['format']).lower()}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(base64.b64decode(record["file"]))
        return {"RepositoryType": "LOCAL", "Location": path.resolve().as_uri()}

    def terminology(self, name: str) -> Terminology:
        """A terminology, ready for use."""
        record = self._record(name)
        content = base64.b64decode(record["file"])
        return _parse(content, str(record["format"]), str(record["directionality"]))

    def delete(self, name: str) -> None:
        """Forget a terminology."""
        self._record(name)
        self._path(name).unlink()

    def _record(self, name: str) -> dict[str, Any]:
        _check_name(name)
        if not self._path(name).exists():
            raise ServiceError(
                "ResourceNotFoundException", f"Resource with name {name} was not found"
            )
        record: dict[str, Any] = json.loads(self._path(name).read_text(encoding="utf-8"))
        return record

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"


def _parse(content: bytes, form: str, directionality: str) -> Terminology:
    try:
        return parse_terminology(content, form, multi=directionality == "MULTI")
    except TerminologyError as error:
        raise _invalid(f"The terminology can't be read: {error}") from error


def _check_name(name: str) -> None:
    # AWS's own pattern; it also keeps a name from leaving the folder.
    if len(name) > 256 or not re.fullmatch(r"([A-Za-z0-9-]_?)+", name):
        raise _invalid(f"The name {name!r} does not match ([A-Za-z0-9-]_?)+")


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", message)
