"""What the task is given and what it answers."""

from __future__ import annotations

from pydantic import Field

from windfall.contracts.base import Contract, OutputLocation, S3Pointer
from windfall.contracts.outcome import Outcome


class PrepareTextTask(Contract):
    """A document whose text and language are wanted; `format` as the file's identity has it."""

    source: S3Pointer
    format: str
    output: OutputLocation


class PreparedText(Contract):
    """The text of a document.

    Attributes:
        outcome: Of the feature `language`.
        text: Plain UTF-8; null when there is none to be had.
        characters: Its length; 0 when there is none.
        language: As Comprehend names it; null when it could not be told.
    """

    outcome: Outcome
    text: S3Pointer | None = None
    characters: int = Field(default=0, ge=0)
    language: str | None = None
