"""What calls cost in the units that the services bill by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from windfall.contracts.features import ImageFeature, VideoFeature
from windfall.contracts.outcome import ServiceCall

_COMPREHEND_UNIT = 100
"""Characters; each text costs three units at least."""
_COMPREHEND_LEAST = 3
_LEAST_TRANSCRIBED = 15
"""Seconds that a job of Transcribe costs at least."""
_IMAGE_OPERATIONS = {
    ImageFeature.LABELS: "DetectLabels",
    ImageFeature.PROPERTIES: "DetectLabels",
    ImageFeature.FACES: "DetectFaces",
    ImageFeature.TEXT: "DetectText",
    ImageFeature.CELEBRITIES: "RecognizeCelebrities",
    ImageFeature.KNOWN_FACES: "SearchFacesByImage",
    ImageFeature.MODERATION: "DetectModerationLabels",
    ImageFeature.PROTECTIVE_EQUIPMENT: "DetectProtectiveEquipment",
}
_VIDEO_OPERATIONS = {
    VideoFeature.LABELS: "StartLabelDetection",
    VideoFeature.FACES: "StartFaceDetection",
    VideoFeature.TEXT: "StartTextDetection",
    VideoFeature.SEGMENTS: "StartSegmentDetection",
    VideoFeature.CELEBRITIES: "StartCelebrityRecognition",
    VideoFeature.KNOWN_FACES: "StartFaceSearch",
    VideoFeature.MODERATION: "StartContentModeration",
}
_SEGMENT_TYPES = 2
"""Shots and technical cues; each is billed by itself."""


def image_call(feature: ImageFeature) -> ServiceCall:
    """The call that finds a feature of an image."""
    return ServiceCall(
        service="rekognition",
        operation=_IMAGE_OPERATIONS[feature],
        variant="properties" if feature is ImageFeature.PROPERTIES else None,
        count=1,
        units=1,
    )


def video_call(feature: VideoFeature, seconds: float) -> ServiceCall:
    """The job that finds a feature in so many seconds of pictures."""
    types = _SEGMENT_TYPES if feature is VideoFeature.SEGMENTS else 1
    return ServiceCall(
        service="rekognition",
        operation=_VIDEO_OPERATIONS[feature],
        count=1,
        units=types * round(seconds, 3),
    )


def transcribe_call(seconds: float, *, redacted: bool) -> ServiceCall:
    """The job that transcribes so many seconds; leaving personal data out costs extra."""
    return ServiceCall(
        service="transcribe",
        operation="StartTranscriptionJob",
        variant="redacted" if redacted else None,
        count=1,
        units=max(_LEAST_TRANSCRIBED, round(seconds)),
    )


def comprehend_units(characters: int) -> int:
    """What a text of so many characters is billed as."""
    return max(_COMPREHEND_LEAST, -(-characters // _COMPREHEND_UNIT))


def comprehend_call(operation: str, texts: Sequence[str], count: int = 1) -> ServiceCall:
    """Calls of Comprehend for these texts; in a batch each text is billed on its own."""
    units = sum(comprehend_units(len(text)) for text in texts)
    return ServiceCall(service="comprehend", operation=operation, count=count, units=units)


def totalled(calls: Iterable[ServiceCall]) -> list[ServiceCall]:
    """One entry for each operation and variant."""
    totals: dict[tuple[str, str, str | None], ServiceCall] = {}
    for call in calls:
        key = (call.service, call.operation, call.variant)
        so_far = totals.get(key)
        totals[key] = (
            call
            if so_far is None
            else call.model_copy(
                update={"count": so_far.count + call.count, "units": so_far.units + call.units}
            )
        )
    return list(totals.values())
