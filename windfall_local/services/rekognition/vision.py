"""The vision engine, as the service calls it: engine errors become Rekognition's."""

from __future__ import annotations

from typing import Any, Protocol

from windfall_local.api import ServiceError, UnsupportedOperationError
from windfall_local.engines import (
    EngineDiedError,
    EngineUnavailableError,
    InvalidMediaError,
    UnsupportedFeatureError,
)
from windfall_local.engines.vision.results import Face, FaceDetail, ImageProperties, Line, Thing
from windfall_local.services.rekognition.images import invalid_format

ENGINE = "windfall_local.engines.vision.engine:VisionEngine"


class Host(Protocol):
    """Runs an engine's method; `EngineHost` is one."""

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        """What the method returns."""
        ...


class Vision:
    """The methods of the vision engine.

    Each raises `UnsupportedOperationError` when the engine is missing, `InternalServerError`
    when it died, and `InvalidImageFormatException` for a picture that it can't decode.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    async def faces(self, content: bytes, detail: FaceDetail) -> list[Face]:
        """Every face, the largest first."""
        faces: list[Face] = await self._run("detect_faces", content, detail)
        return faces

    async def objects(self, content: bytes, min_score: float) -> list[Thing]:
        """Every object that scores at least so much."""
        things: list[Thing] = await self._run("detect_objects", content, min_score)
        return things

    async def properties(self, content: bytes, colors: int) -> ImageProperties:
        """Dominant colours and quality."""
        properties: ImageProperties = await self._run("image_properties", content, colors)
        return properties

    async def text(self, content: bytes) -> list[Line]:
        """Every line of text, in reading order."""
        lines: list[Line] = await self._run("detect_text", content)
        return lines

    async def _run(self, method: str, *arguments: Any) -> Any:
        try:
            return await self._host.run(ENGINE, method, *arguments)
        except InvalidMediaError as error:
            raise invalid_format() from error
        except EngineDiedError as error:
            # It starts again at the next call: the caller's retry will find it.
            raise ServiceError("InternalServerError", str(error), status=500) from error
        except (EngineUnavailableError, UnsupportedFeatureError) as error:
            raise UnsupportedOperationError(str(error)) from error
