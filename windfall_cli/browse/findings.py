"""What a feature found, as rows of a table: what, how sure, and where it leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from windfall.known_faces import people_of
from windfall_cli.pictures import describe_face
from windfall_cli.render import FACE_MARKS
from windfall_cli.videos import things_of

MOST_ROWS = 300
"""Rows of one feature; a crowd or a long text has more, and those are in the result's file."""

Raw = Mapping[str, Any]


class Row(NamedTuple):
    """One thing.

    Attributes:
        score: How sure, or how much: from 0 to 1; None where nobody says.
        note: What else is known of it.
        term: The type that it is searched under; None where it is no term.
        times: Milliseconds at which it begins to be seen or heard.
        colour: `#rrggbb`, of a colour.
    """

    text: str
    score: float | None = None
    note: str = ""
    term: str | None = None
    times: tuple[int, ...] = ()
    colour: str | None = None


def rows_of(feature: str, raw: Any) -> list[Row]:
    """The rows of a feature's raw result, the surest first; empty where nothing was found."""
    read = _reader_of(feature, raw)
    if read is None:
        return []
    try:
        return list(read(raw))[:MOST_ROWS]
    except (KeyError, TypeError, ValueError, AttributeError):
        # Not the shape that this version knows; the file can still be downloaded.
        return []


def has_rows(feature: str, raw: Any) -> bool:
    """Whether there is a table of such a result; it may be empty."""
    return _reader_of(feature, raw) is not None


def told(summary: Mapping[str, Any]) -> list[Row]:
    """What the summary of an outcome says, where there is no table of its result."""
    return [
        Row(name.replace("_", " "), note=text)
        for name, value in summary.items()
        if (text := _as_text(value))
    ]


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_as_text(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "\n".join(_as_text(one) for one in value)
    return "" if value is None else str(value).rstrip()


def _reader_of(feature: str, raw: Any) -> Callable[[Raw], Iterable[Row]] | None:
    if not isinstance(raw, Mapping):
        return None
    return _of_intervals if "intervals" in raw else _READERS.get(feature)


def _labels(raw: Raw) -> Iterable[Row]:
    for label in sorted(raw["Labels"], key=lambda one: -one["Confidence"]):
        boxes = len(label.get("Instances", []))
        broader = [parent["Name"] for parent in label.get("Parents", [])]
        notes = [f"{boxes} box{'es' * (boxes != 1)}"] * bool(boxes) + broader
        yield Row(label["Name"], label["Confidence"] / 100, ", ".join(notes), "label")


def _faces(raw: Raw) -> Iterable[Row]:
    for face in raw["FaceDetails"]:
        marks = [words for name, words in FACE_MARKS.items() if face.get(name, {}).get("Value")]
        yield Row(describe_face(face), face["Confidence"] / 100, ", ".join(marks))


def _text(raw: Raw) -> Iterable[Row]:
    for line in raw["TextDetections"]:
        if line["Type"] == "LINE":
            yield Row(line["DetectedText"], line["Confidence"] / 100, term="text")


def _properties(raw: Raw) -> Iterable[Row]:
    properties = raw["ImageProperties"]
    for colour in properties.get("DominantColors", []):
        name = colour.get("SimplifiedColor") or colour.get("CSSColor", "")
        yield Row(name, colour["PixelPercent"] / 100, colour["HexCode"], colour=colour["HexCode"])
    for name, value in properties.get("Quality", {}).items():
        yield Row(name.lower(), value / 100)


def _celebrities(raw: Raw) -> Iterable[Row]:
    for one in raw["CelebrityFaces"]:
        yield Row(one["Name"], one["MatchConfidence"] / 100, term="celebrity")


def _known_faces(raw: Raw) -> Iterable[Row]:
    for name, alike in people_of(raw["FaceMatches"]).items():
        yield Row(name, alike / 100, term="known_face")


def _moderation(raw: Raw) -> Iterable[Row]:
    for one in raw["ModerationLabels"]:
        note = one.get("ParentName") or ""
        yield Row(one["Name"], one["Confidence"] / 100, note, "moderation")


def _language(raw: Raw) -> Iterable[Row]:
    for one in raw["Languages"]:
        yield Row(one["LanguageCode"], one["Score"], term="language")


def _sentiment(raw: Raw) -> Iterable[Row]:
    for name, score in sorted(raw["SentimentScore"].items(), key=lambda one: -one[1]):
        yield Row(name.lower(), score, term="sentiment")


def _spans(member: str, term: str) -> Callable[[Raw], Iterable[Row]]:
    def read(raw: Raw) -> Iterable[Row]:
        counted: Counter[tuple[str, str]] = Counter()
        scores: dict[tuple[str, str], float] = {}
        for one in raw[member]:
            kind = one.get("Type", "").lower().replace("_", " ")
            name = (" ".join(one.get("Text", "").split()), kind)
            counted[name] += 1
            scores[name] = max(scores.get(name, 0.0), one["Score"])
        for name, times in counted.most_common():
            again = f"{times} times" if times > 1 else ""
            note = ", ".join(part for part in (name[1], again) if part)
            yield Row(name[0], scores[name], note, term)

    return read


def _pii(raw: Raw) -> Iterable[Row]:
    counted = Counter(one["Type"] for one in raw["Entities"])
    for kind, times in counted.most_common():
        yield Row(kind.lower().replace("_", " "), note=f"{times} times" if times > 1 else "")


_TERMS_OF_INTERVALS = frozenset({"label", "text", "celebrity", "known_face", "moderation"})


def _of_intervals(raw: Raw) -> Iterable[Row]:
    for thing in things_of(raw["intervals"]):
        kind = thing.kind
        times = tuple(sorted(one["start"] for one in thing.intervals))
        score = thing.confidence / 100 if thing.confidence else None
        term = kind if kind in _TERMS_OF_INTERVALS else None
        yield Row(thing.value, score, f"{thing.seconds:.1f} s", term, times)


_READERS: dict[str, Callable[[Raw], Iterable[Row]]] = {
    "labels": _labels,
    "faces": _faces,
    "text": _text,
    "properties": _properties,
    "celebrities": _celebrities,
    "known_faces": _known_faces,
    "moderation": _moderation,
    "language": _language,
    "sentiment": _sentiment,
    "entities": _spans("Entities", "entity"),
    "key_phrases": _spans("KeyPhrases", "phrase"),
    "pii": _pii,
}
