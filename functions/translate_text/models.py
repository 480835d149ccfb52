"""What the task is given."""

from __future__ import annotations

from windfall.contracts.analysis import OutputLocation, TranslationTarget
from windfall.contracts.base import Contract, S3Pointer


class TranslateTextTask(Contract):
    """One text to translate; `language` as Comprehend named it."""

    text: S3Pointer
    language: str | None
    output: OutputLocation
    target: TranslationTarget
