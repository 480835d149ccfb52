"""Pictures of what was found in an image: boxes over the image itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from windfall.known_faces import people_of

# Okabe and Ito's palette, which people with any colour vision tell apart.
COLOURS = {
    "labels": "#0072B2",
    "faces": "#D55E00",
    "text": "#009E73",
    "celebrities": "#CC79A7",
    "known_faces": "#CC79A7",
}
LONGEST_SIDE = 1600


@dataclass(frozen=True, slots=True)
class FoundBox:
    """A box in ratios of the image's width and height, and what is written at it.

    Attributes:
        confidence: Percent; None where it was not said.
    """

    feature: str
    caption: str
    left: float
    top: float
    width: float
    height: float
    confidence: float | None


def find_boxes(results: Mapping[str, Mapping[str, Any]]) -> Iterator[FoundBox]:
    """Every box of the raw results, by feature (`labels`, `faces`, …)."""
    for label in results.get("labels", {}).get("Labels", []):
        for instance in label.get("Instances", []):
            yield _box("labels", label["Name"], instance, instance["Confidence"])
    for face in results.get("faces", {}).get("FaceDetails", []):
        yield _box("faces", describe_face(face), face, face.get("Confidence"))
    for text in results.get("text", {}).get("TextDetections", []):
        if text["Type"] == "LINE":
            yield _box("text", text["DetectedText"], text["Geometry"], text.get("Confidence"))
    for celebrity in results.get("celebrities", {}).get("CelebrityFaces", []):
        sure = celebrity.get("MatchConfidence")
        yield _box("celebrities", celebrity["Name"], celebrity["Face"], sure)
    searched = results.get("known_faces", {})
    for name, alike in list(people_of(searched.get("FaceMatches", [])).items())[:1]:
        place = {"BoundingBox": searched["SearchedFaceBoundingBox"]}
        yield _box("known_faces", name, place, alike)


def describe_face(face: Mapping[str, Any]) -> str:
    """A face in a few words: gender, age range and strongest emotion, as far as they are known."""
    words = []
    if gender := face.get("Gender"):
        words.append(gender["Value"].lower())
    if age := face.get("AgeRange"):
        words.append(f"{age['Low']}-{age['High']}")
    if emotions := face.get("Emotions"):
        words.append(max(emotions, key=lambda emotion: emotion["Confidence"])["Type"].lower())
    return ", ".join(words) or "face"


def annotate(image: bytes, results: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The image with everything that was found drawn over it.

    Returns:
        A PNG, upright as its EXIF orientation says, its longest side at most 1,600 pixels.
    """
    picture = ImageOps.exif_transpose(Image.open(BytesIO(image))).convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    draw = ImageDraw.Draw(picture)
    size = max(12, round(max(picture.size) / 55))
    font = ImageFont.load_default(size)
    for box in find_boxes(results):
        _draw(draw, box, picture.size, font, size)
    answer = BytesIO()
    picture.save(answer, "PNG", optimize=True)
    return answer.getvalue()


def _box(feature: str, caption: str, place: Mapping[str, Any], sure: float | None) -> FoundBox:
    box = place["BoundingBox"]
    corner, extent = (box["Left"], box["Top"]), (box["Width"], box["Height"])
    return FoundBox(feature, caption, *corner, *extent, sure)


def _draw(
    draw: ImageDraw.ImageDraw,
    box: FoundBox,
    size: tuple[int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    font_size: int,
) -> None:
    left, top = box.left * size[0], box.top * size[1]
    right, bottom = left + box.width * size[0], top + box.height * size[1]
    colour = COLOURS[box.feature]
    draw.rectangle((left, top, right, bottom), outline=colour, width=max(2, font_size // 8))
    # Text that was read already says what it is; a caption would cover the next line.
    if box.feature == "text":
        return
    sure = f" {box.confidence:.0f} %" if box.feature == "labels" else ""
    caption = box.caption[:40] + sure
    width = draw.textlength(caption, font=font)
    caption_top = top - font_size - 4 if top > font_size + 4 else top
    draw.rectangle((left, caption_top, left + width + 8, caption_top + font_size + 4), fill=colour)
    draw.text((left + 4, caption_top + 1), caption, font=font, fill="white")
