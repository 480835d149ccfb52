"""Lines and words of a picture, printed or written: PP-OCR through rapidocr.

Its models lie in its own wheel, so nothing is fetched. It reads Latin and Chinese script well,
handwriting half, and others (Devanagari, Arabic) not.
"""

from __future__ import annotations

import unicodedata
from typing import Any

import cv2

from windfall_local.engines import EngineUnavailableError
from windfall_local.engines.vision.arrays import Array
from windfall_local.engines.vision.reading_order import reading_order
from windfall_local.engines.vision.results import Box, Line, Polygon, Word

READ_SIDE = 2000
"""Longest side that is read: A4 at 170 dots an inch."""
FIND_SIDE = 1280
"""Longest side on which lines are looked for; they are read from the larger picture."""
SMALL_SIDE = 1000
"""Smaller pictures are doubled first: recognition works on lines 48 pixels high."""
MIN_SCORE, MIN_SCORE_SHORT = 0.65, 0.85
"""Photographs without text gave single letters up to .72 and one "word" at .58."""


class TextReader:
    """Reads text; its models are loaded with it, 80 MB."""

    def __init__(self) -> None:
        try:
            from rapidocr import RapidOCR  # noqa: PLC0415 - two seconds, only where text is read
        except ImportError as error:
            raise EngineUnavailableError(
                "rapidocr is not installed: `pip install -r requirements/local.txt`."
            ) from error
        self._engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.max_side_len": READ_SIDE,
                # Its classifier turned one sound line in ten upside down; text that really is
                # upside down Rekognition does not read either.
                "Global.use_cls": False,
                "Det.limit_type": "max",
                "Det.limit_side_len": FIND_SIDE,
                # Six long lines at once took 1.3 GB.
                "Rec.rec_batch_num": 1,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def read(self, pixels: Array) -> list[Line]:
        """Every line of an RGB picture, in reading order."""
        if max(pixels.shape[:2]) < SMALL_SIDE:
            pixels = cv2.resize(pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        height, width = pixels.shape[:2]
        outcome = self._engine(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), return_word_box=True)
        if outcome.boxes is None:
            return []
        found = zip(outcome.boxes, outcome.txts, outcome.scores, outcome.word_results, strict=True)
        lines = [_line(row, width, height) for row in found if is_legible(row[1], row[2])]
        boxes = [Box.around(line.polygon) for line in lines]
        return [lines[index] for index in reading_order(boxes, width / height)]


def is_legible(text: str, score: float) -> bool:
    """Whether what was read is more than a guess at leaves and fur."""
    letters = sum(character.isalnum() for character in text)
    return letters > 0 and score >= (MIN_SCORE if letters > 2 else MIN_SCORE_SHORT)


def _line(row: tuple[Any, str, float, Any], width: int, height: int) -> Line:
    corners, text, score, words = row
    return Line(
        text=unicodedata.normalize("NFC", text.strip()),
        score=_score(score),
        polygon=_polygon(corners, width, height),
        words=tuple(
            Word(unicodedata.normalize("NFC", word), _score(sure), _polygon(at, width, height))
            for word, sure, at in words
            if word.strip() and at is not None
        ),
    )


def _score(value: float) -> float:
    return min(1.0, max(0.0, float(value)))


def _polygon(corners: Any, width: int, height: int) -> Polygon:
    return tuple((float(x) / width, float(y) / height) for x, y in corners)
