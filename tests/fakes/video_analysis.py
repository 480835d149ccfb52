"""A Rekognition that finds what a test writes down, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from windfall.contracts.features import VideoFeature
from windfall.contracts.jobs import Completion
from windfall.errors import InvalidInputError, WindfallError
from windfall.ports.video_analysis import VideoAnalysis, VideoRequest

METADATA = {
    "Codec": "h264",
    "DurationMillis": 10_000,
    "Format": "QuickTime / MOV",
    "FrameRate": 25.0,
    "FrameWidth": 1280,
    "FrameHeight": 720,
}


class FakeVideoAnalysis:
    """Jobs by name; `pages` are what every job answers, `refusal` is raised by every start."""

    def __init__(self, pages: Sequence[dict[str, Any]] = ()) -> None:
        self.requests: dict[str, VideoRequest] = {}
        self.pages = list(pages)
        self.endings: dict[str, Completion] = {}
        self.refusal: WindfallError | None = None
        self.forgotten_tokens: set[str] = set()
        self.asked: list[str | None] = []

    def submit(self, request: VideoRequest) -> str:
        """Keep a request; its handle is its name in capitals."""
        if self.refusal is not None:
            raise self.refusal
        self.requests.setdefault(request.name, request)
        return request.name.upper()

    def ended(self, name: str, handle: str | None = None) -> Completion | None:
        """What the test wrote."""
        return self.endings.get(name)

    def page(self, feature: VideoFeature, handle: str, token: str | None) -> dict[str, Any]:
        """A page, with the token of the next one."""
        self.asked.append(token)
        if token in self.forgotten_tokens:
            raise InvalidInputError("The token is too old.")
        number = 0 if token is None else int(token)
        metadata: Any = [METADATA] if feature is VideoFeature.SEGMENTS else METADATA
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.pages) else {}
        return {"VideoMetadata": metadata, "JobId": handle, **self.pages[number], **more}


def as_port(analysis: FakeVideoAnalysis) -> VideoAnalysis:
    """Type-checked: the fake fulfils the port."""
    return analysis
