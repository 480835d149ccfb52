"""Writes the JSON Schemas that others rely on: `python -m windfall.schemas docs/schemas`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from windfall.contracts.analysis import AnalysisInput
from windfall.contracts.arrivals import AnalysisRequested, FileApproved, FileDeclined
from windfall.contracts.bus import FileAnalyzed, FileFailed, FileHeld, FileRejected
from windfall.contracts.manifest import Manifest
from windfall.contracts.outcome import Outcome
from windfall.contracts.profile import Profile
from windfall.contracts.timeline import Timeline
from windfall.contracts.translations import (
    FolderTranslated,
    FolderTranslationRequested,
    TranslationManifest,
)

if TYPE_CHECKING:
    from windfall.contracts.base import Contract

PUBLISHED: dict[str, type[Contract]] = {
    "manifest": Manifest,
    "profile": Profile,
    "outcome": Outcome,
    "timeline": Timeline,
    "analysis_input": AnalysisInput,
    "file_analyzed": FileAnalyzed,
    "file_rejected": FileRejected,
    "file_failed": FileFailed,
    "file_held": FileHeld,
    "analysis_requested": AnalysisRequested,
    "folder_translation_requested": FolderTranslationRequested,
    "folder_translated": FolderTranslated,
    "translation_manifest": TranslationManifest,
    "file_approved": FileApproved,
    "file_declined": FileDeclined,
}
"""File names, without `.json`, and what they describe."""

_WRITTEN_BY_OTHERS = frozenset(
    {
        "profile",
        "analysis_requested",
        "file_approved",
        "file_declined",
        "folder_translation_requested",
    }
)


def schema_of(name: str) -> dict[str, Any]:
    """The schema of a published contract."""
    mode: Literal["validation", "serialization"] = (
        "validation" if name in _WRITTEN_BY_OTHERS else "serialization"
    )
    schema = PUBLISHED[name].model_json_schema(mode=mode)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def text_of(name: str) -> str:
    """The file of a schema, as it is committed."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Write every schema into the folder that is named."""
    (folder,) = arguments
    for name in PUBLISHED:
        Path(folder, f"{name}.json").write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
