"""What the task is given and what it answers."""

from __future__ import annotations

from windfall.contracts.base import Contract, OutputLocation, S3Pointer
from windfall.contracts.languages import TranslationTarget
from windfall.contracts.outcome import Outcome


class TranslateCaptionsTask(Contract):
    """One list of cues to translate; `language` is theirs."""

    cues: S3Pointer
    language: str
    output: OutputLocation
    target: TranslationTarget


class TranslatedCaptions(Contract):
    """How it ended, and the translated cues; null if there are none."""

    outcomes: list[Outcome]
    cues: S3Pointer | None = None
