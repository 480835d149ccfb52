"""A long text that Polly narrates into S3 in tasks of its own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract, S3Pointer

NarrationKind = Literal["sound", "marks"]


class Narration(Contract):
    """A task to have: the sound of a piece of the text, or its marks.

    Attributes:
        part: The piece: its number, and its range of the text in characters.
        ssml: What is to be spoken.
        characters: At most as many as Polly bills.
    """

    part: str = Field(pattern=r"^\d{6}\.\d+-\d+$")
    kind: NarrationKind
    ssml: S3Pointer
    characters: int = Field(ge=0)


class Narrated(Contract):
    """How such a task ended.

    Attributes:
        output: What Polly wrote; null when it failed.
        error: The class of `windfall.errors`, or the name of an error of AWS's, when it failed.
        reason: Why, for a person.
    """

    part: str
    kind: NarrationKind
    output: S3Pointer | None = None
    error: str | None = None
    reason: str | None = None
