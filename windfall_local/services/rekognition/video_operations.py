"""The operations on videos in S3."""

from __future__ import annotations

from typing import Any

from windfall_local.api import CallContext, UnsupportedOperationError
from windfall_local.services.rekognition.video.library import VideoLibrary


class VideoOperations:
    """StartLabelDetection, GetLabelDetection and their kin."""

    _videos: VideoLibrary

    async def start(self) -> None:
        """Go on with the jobs that an earlier process accepted."""
        await self._videos.start()

    async def stop(self) -> None:
        """End the work; what is done of it is kept."""
        await self._videos.stop()

    async def start_label_detection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Look for objects."""
        return await self._videos.begin("StartLabelDetection", parameters, context)

    async def get_label_detection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Labels at each sample, or from when to when."""
        return await self._videos.get("StartLabelDetection", parameters)

    async def start_face_detection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Look for faces."""
        return await self._videos.begin("StartFaceDetection", parameters, context)

    async def get_face_detection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Faces at each sample."""
        return await self._videos.get("StartFaceDetection", parameters)

    async def start_text_detection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Look for text."""
        return await self._videos.begin("StartTextDetection", parameters, context)

    async def get_text_detection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Lines and words at each sample."""
        return await self._videos.get("StartTextDetection", parameters)

    async def start_segment_detection(
        self, parameters: dict[str, Any], context: CallContext
    ) -> Any:
        """Look for shots, black frames and colour bars."""
        return await self._videos.begin("StartSegmentDetection", parameters, context)

    async def get_segment_detection(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Shots and technical cues."""
        return await self._videos.get("StartSegmentDetection", parameters)

    async def start_face_search(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Look for the faces of a collection."""
        return await self._videos.begin("StartFaceSearch", parameters, context)

    async def get_face_search(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Whoever is seen at each sample, and whose face of the collection that is."""
        return await self._videos.get("StartFaceSearch", parameters)

    async def start_celebrity_recognition(
        self, parameters: dict[str, Any], context: CallContext
    ) -> Any:
        """Look for the people of the user's gallery."""
        return await self._videos.begin("StartCelebrityRecognition", parameters, context)

    async def get_celebrity_recognition(
        self, parameters: dict[str, Any], context: CallContext
    ) -> Any:
        """Who of the gallery is seen at each sample."""
        return await self._videos.get("StartCelebrityRecognition", parameters)

    async def start_content_moderation(
        self, parameters: dict[str, Any], context: CallContext
    ) -> Any:
        """Refused: no engine."""
        raise _no_moderation("StartContentModeration")

    async def get_content_moderation(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Refused: no engine."""
        raise _no_moderation("GetContentModeration")

    async def start_person_tracking(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Refused: it is gone."""
        raise _gone("StartPersonTracking")

    async def get_person_tracking(self, parameters: dict[str, Any], context: CallContext) -> Any:
        """Refused: it is gone."""
        raise _gone("GetPersonTracking")


def _no_moderation(operation: str) -> UnsupportedOperationError:
    return UnsupportedOperationError(
        f"{operation} has no local engine: no model for moderation that may be used was found. "
        "It works on AWS."
    )


def _gone(operation: str) -> UnsupportedOperationError:
    return UnsupportedOperationError(
        f"{operation} is gone: AWS ended People Pathing on 31 October 2025."
    )
