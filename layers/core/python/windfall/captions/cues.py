"""The cue, and a list of them as it lies in S3."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from windfall.contracts.base import Contract

LONGEST = 7_000
"""Milliseconds of a cue at most: what is longer is read twice."""
SHORTEST = 1_000
"""Milliseconds of a cue where the sound around it leaves room."""


class Cue(Contract):
    """Words on the screen for a time.

    Attributes:
        start: Milliseconds from the beginning of the sound.
        end: When it goes; later than `start`.
        text: One line of text without mark-up; the files' writers break it into lines.
        speaker: `spk_0`, `spk_1`, … or `ch_0`, `ch_1` where channels tell the speakers apart.
    """

    start: int = Field(ge=0)
    end: int = Field(ge=1)
    text: str = Field(min_length=1)
    speaker: str | None = None

    @property
    def length(self) -> int:
        """Milliseconds."""
        return self.end - self.start


class CueList(Contract):
    """All cues of a sound in one language, in order of their start.

    Attributes:
        language: As Translate and Comprehend write it (`en`, `zh-TW`); `und` if it is not known.
    """

    version: Literal[1] = 1
    language: str
    cues: list[Cue]
