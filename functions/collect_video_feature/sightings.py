"""What Rekognition's pages say was seen: one thing at one time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from windfall.contracts.features import VideoFeature
from windfall.contracts.timeline import Interval, IntervalKind
from windfall.known_faces import people_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Raw = Mapping[str, Any]
_NOTHING: Raw = MappingProxyType({})


class Place(NamedTuple):
    """A box in the upright picture, in parts of its width and height."""

    left: float
    top: float
    width: float
    height: float


class Sighting(NamedTuple):
    """One thing at one time.

    Attributes:
        time: Milliseconds.
        places: Where it was seen; nowhere in particular when empty.
    """

    time: int
    kind: IntervalKind
    value: str
    confidence: float
    places: tuple[Place, ...] = ()
    details: Raw = _NOTHING


def sightings_of(feature: VideoFeature, pages: Iterable[Raw], turn: int = 0) -> Iterator[Sighting]:
    """Every sighting on the pages of a feature.

    Args:
        feature: Not `segments`, which are intervals as they come.
        pages: As Rekognition answered them.
        turn: Degrees by which boxes are turned clockwise.
    """
    read = _READERS[feature]
    for page in pages:
        for sighting in read(page):
            places = tuple(turned(place, turn) for place in sighting.places)
            yield sighting._replace(places=places)


def turned(place: Place, degrees: int) -> Place:
    """A box in the picture that a turn makes of the picture it was found in."""
    left, top, width, height = place
    match degrees:
        case 90:
            return Place(1 - top - height, left, height, width)
        case 180:
            return Place(1 - left - width, 1 - top - height, width, height)
        case 270:
            return Place(top, 1 - left - width, height, width)
    return place


def _labels(page: Raw) -> Iterator[Sighting]:
    for item in page.get("Labels", []):
        label = item["Label"]
        details = {
            "parents": [parent["Name"] for parent in label.get("Parents", [])],
            "aliases": [alias["Name"] for alias in label.get("Aliases", [])],
        }
        places = tuple(
            place for one in label.get("Instances", []) for place in _places(one.get("BoundingBox"))
        )
        known = {name: names for name, names in details.items() if names}
        yield Sighting(
            item["Timestamp"], "label", label["Name"], label.get("Confidence", 0.0), places, known
        )


def _faces(page: Raw) -> Iterator[Sighting]:
    for item in page.get("Faces", []):
        face = item["Face"]
        yield Sighting(
            item["Timestamp"],
            "face",
            "face",
            face.get("Confidence", 0.0),
            _places(face.get("BoundingBox")),
            _looks(face),
        )


def _looks(face: Raw) -> dict[str, Any]:
    """Only what was found: attributes may be missing."""
    found: dict[str, Any] = {}
    if "AgeRange" in face:
        found["age"] = [face["AgeRange"]["Low"], face["AgeRange"]["High"]]
    if "Gender" in face:
        found["gender"] = face["Gender"]["Value"]
    if face.get("Emotions"):
        surest = max(face["Emotions"], key=lambda emotion: float(emotion["Confidence"]))
        found["emotion"] = surest["Type"]
    if "Smile" in face:
        found["smile"] = face["Smile"]["Value"]
    return found


def _texts(page: Raw) -> Iterator[Sighting]:
    for item in page.get("TextDetections", []):
        text = item["TextDetection"]
        value = " ".join(text["DetectedText"].split())
        if text["Type"] == "LINE" and value:
            box = text.get("Geometry", {}).get("BoundingBox")
            confidence = text.get("Confidence", 0.0)
            yield Sighting(item["Timestamp"], "text", value, confidence, _places(box))


def _celebrities(page: Raw) -> Iterator[Sighting]:
    for item in page.get("Celebrities", []):
        celebrity = item["Celebrity"]
        box = celebrity.get("Face", {}).get("BoundingBox") or celebrity.get("BoundingBox")
        details = {"id": celebrity["Id"]} if "Id" in celebrity else {}
        yield Sighting(
            item["Timestamp"],
            "celebrity",
            celebrity["Name"],
            celebrity.get("Confidence", 0.0),
            _places(box),
            details,
        )


def _known_faces(page: Raw) -> Iterator[Sighting]:
    for item in page.get("Persons", []):
        people = people_of(item.get("FaceMatches") or ())
        if not people:
            continue  # Everybody who is seen is told; most are nobody of the collection.
        name, similarity = next(iter(people.items()))
        person = item["Person"]
        box = person.get("Face", {}).get("BoundingBox") or person.get("BoundingBox")
        yield Sighting(item["Timestamp"], "known_face", name, similarity, _places(box))


def _moderation(page: Raw) -> Iterator[Sighting]:
    for item in page.get("ModerationLabels", []):
        label = item["ModerationLabel"]
        details = {"parents": [label["ParentName"]]} if label.get("ParentName") else {}
        yield Sighting(
            item["Timestamp"],
            "moderation",
            label["Name"],
            label.get("Confidence", 0.0),
            details=details,
        )


def _places(box: Raw | None) -> tuple[Place, ...]:
    if not box:
        return ()
    return (Place(box["Left"], box["Top"], box["Width"], box["Height"]),)


_READERS: dict[VideoFeature, Callable[[Raw], Iterator[Sighting]]] = {
    VideoFeature.LABELS: _labels,
    VideoFeature.FACES: _faces,
    VideoFeature.TEXT: _texts,
    VideoFeature.CELEBRITIES: _celebrities,
    VideoFeature.KNOWN_FACES: _known_faces,
    VideoFeature.MODERATION: _moderation,
}


def intervals_of(pages: Iterable[Raw], duration: int | None) -> list[Interval]:
    """Segments, which Rekognition tells from their first frame to their last one."""
    found = [
        _segment(segment, duration, _frame(page))
        for page in pages
        for segment in page.get("Segments", [])
    ]
    return sorted(found, key=lambda one: (one.start, one.end, one.kind))


def _frame(page: Raw) -> int:
    """Milliseconds for which a frame is seen."""
    for metadata in page.get("VideoMetadata", []):
        if metadata.get("FrameRate"):
            return max(1, round(1000 / float(metadata["FrameRate"])))
    return 1


def _segment(segment: Raw, duration: int | None, frame: int) -> Interval:
    start = max(0, segment["StartTimestampMillis"])
    end = max(start, segment["EndTimestampMillis"]) + frame
    if duration:
        start = min(start, duration - 1)
        end = min(end, duration)
    shot = segment.get("ShotSegment")
    if segment["Type"] == "SHOT":
        number = (shot or {}).get("Index", 0) + 1
        confidence = (shot or {}).get("Confidence")
        return Interval(
            kind="shot", value=f"shot {number}", start=start, end=end, confidence=confidence
        )
    cue = segment["TechnicalCueSegment"]
    return Interval(
        kind="technical_cue",
        value=cue["Type"],
        start=start,
        end=end,
        confidence=cue.get("Confidence"),
    )
