"""Boxes over images."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from windfall_cli.pictures import annotate, describe_face, find_boxes

BOX = {"BoundingBox": {"Left": 0.25, "Top": 0.5, "Width": 0.5, "Height": 0.25}}
RESULTS: dict[str, Any] = {
    "labels": {
        "Labels": [
            {"Name": "Person", "Confidence": 90.0, "Instances": [{**BOX, "Confidence": 90.0}]},
            {"Name": "Outdoors", "Confidence": 80.0, "Instances": []},
        ]
    },
    "text": {
        "TextDetections": [
            {"Type": "LINE", "DetectedText": "[red]hello[/]", "Geometry": BOX},
            {"Type": "WORD", "DetectedText": "hello", "Geometry": BOX},
        ]
    },
}


def white(width: int, height: int) -> bytes:
    body = BytesIO()
    Image.new("RGB", (width, height), "white").save(body, "PNG")
    return body.getvalue()


def test_every_instance_and_line_is_a_box_and_words_are_not() -> None:
    found = [(box.caption, box.confidence) for box in find_boxes(RESULTS)]
    assert found == [("Person", 90.0), ("[red]hello[/]", None)]


def test_a_box_is_drawn_where_it_was_found() -> None:
    picture = Image.open(BytesIO(annotate(white(400, 200), {"text": RESULTS["text"]})))
    assert picture.size == (400, 200)
    assert picture.getpixel((100, 120)) != (255, 255, 255)
    assert picture.getpixel((200, 125)) == (255, 255, 255)


def test_a_large_image_is_drawn_smaller_with_its_proportions() -> None:
    picture = Image.open(BytesIO(annotate(white(4000, 1000), RESULTS)))
    assert picture.size == (1600, 400)


def test_a_face_is_described_by_what_is_known_of_it() -> None:
    face = {
        "Gender": {"Value": "Female", "Confidence": 99.0},
        "AgeRange": {"Low": 28, "High": 40},
        "Emotions": [
            {"Type": "CALM", "Confidence": 10.0},
            {"Type": "HAPPY", "Confidence": 80.0},
        ],
    }
    assert describe_face(face) == "female, 28-40, happy"
    assert describe_face({}) == "face"
