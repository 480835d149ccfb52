"""What is seen and heard in a video, and when: intervals, feature by feature and all together."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field

from windfall.contracts.base import Contract

IntervalKind = Literal[
    "shot",
    "technical_cue",
    "speech",
    "label",
    "face",
    "text",
    "celebrity",
    "known_face",
    "moderation",
]


class Box(Contract):
    """A place in the upright picture, in parts of its width and height.

    Attributes:
        time: Milliseconds from the beginning at which it was seen there.
    """

    time: int = Field(ge=0)
    left: float
    top: float
    width: float
    height: float


class Interval(Contract):
    """Something from when to when.

    Attributes:
        value: What: `Dog`, the line of text, the words that are said, `shot 3`, …
        start: Milliseconds from the beginning.
        end: When it is over; later than `start`, and not beyond the video's end.
        confidence: Percent, where it was surest; null for what is not guessed.
        speaker: Who says it: `spk_0`, or `ch_0` where channels tell the speakers apart.
        details: What else is known: of a label its `parents`, of a face its `age`, …
        boxes: Where it was seen; some of the times at which it was, the first among them.
    """

    kind: IntervalKind
    value: str
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    confidence: float | None = Field(default=None, ge=0, le=100)
    speaker: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)
    boxes: list[Box] = Field(default_factory=list)


class Findings(Contract):
    """One feature of a video, in order of time; the raw answers lie beside it, page by page.

    Attributes:
        duration: Milliseconds of the video, as the service says; null where it does not.
    """

    version: Literal[1] = 1
    feature: str
    duration: int | None = Field(default=None, ge=0)
    intervals: list[Interval]


class Thumbnail(Contract):
    """A picture of the video; `name` is its file beside the timeline, `time` in milliseconds."""

    time: int = Field(ge=0)
    name: str


class Thumbnails(Contract):
    """All pictures that were kept of a video."""

    version: Literal[1] = 1
    thumbnails: list[Thumbnail]


class Timeline(Contract):
    """Everything of a video on one line of time, in order of start, end, kind and value.

    Attributes:
        duration: Milliseconds.
        width: Pixels of the upright picture, as is `height`; null where the file does not tell.
        variable_rate: Frames do not come at one rate; times are times, not counts of frames.
    """

    version: Literal[1] = 1
    duration: int = Field(ge=0)
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    variable_rate: bool = False
    intervals: list[Interval]
    thumbnails: list[Thumbnail] = Field(default_factory=list)


def as_file(document: Findings | Timeline) -> bytes:
    """The document as it lies in S3: what an interval does not have, it does not mention."""
    told = document.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"version": document.version, **told}, ensure_ascii=False).encode()
