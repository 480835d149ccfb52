"""The vision engine: what `EngineHost` runs in a process of its own."""

from __future__ import annotations

import cv2

from windfall_local.engines.models import require
from windfall_local.engines.vision.faces import find_faces
from windfall_local.engines.vision.models import Locate, Models
from windfall_local.engines.vision.objects import find_objects
from windfall_local.engines.vision.picture import read_picture
from windfall_local.engines.vision.quality import image_properties
from windfall_local.engines.vision.results import Face, FaceDetail, ImageProperties, Line, Thing
from windfall_local.engines.vision.text import READ_SIDE, TextReader

FACES_SIDE, OBJECTS_SIDE, PROPERTIES_SIDE = 2048, 1024, 1024
"""Longest side of the pixels that each method works on."""


class VisionEngine:
    """Answers what is in a picture; see `results.Vision`. Models load when first needed.

    Args:
        locate: Where a model's file lies; the installed models by default.
    """

    def __init__(self, locate: Locate = require) -> None:
        # Other processes of this machine have work too; threads here would starve them.
        cv2.setNumThreads(1)
        self._models = Models(locate)
        self._reader: TextReader | None = None

    def detect_faces(self, content: bytes, detail: FaceDetail) -> list[Face]:
        """Every face, the largest first."""
        return find_faces(self._models, read_picture(content, FACES_SIDE).pixels, detail)

    def detect_objects(self, content: bytes, min_score: float) -> list[Thing]:
        """Every object that scores at least so much, the surest first."""
        return find_objects(self._models, read_picture(content, OBJECTS_SIDE).pixels, min_score)

    def image_properties(self, content: bytes, colors: int) -> ImageProperties:
        """Dominant colours, at most so many, and quality."""
        return image_properties(read_picture(content, PROPERTIES_SIDE).pixels, colors)

    def detect_text(self, content: bytes) -> list[Line]:
        """Every line of text, in reading order."""
        if self._reader is None:
            self._reader = TextReader()
        return self._reader.read(read_picture(content, READ_SIDE).pixels)
