"""What the task is given."""

from __future__ import annotations

from windfall.contracts.base import Contract, OutputLocation, S3Pointer
from windfall.contracts.languages import TranslationTarget


class TranslateTextTask(Contract):
    """One text to translate; `language` as Comprehend named it."""

    text: S3Pointer
    language: str | None
    output: OutputLocation
    target: TranslationTarget
