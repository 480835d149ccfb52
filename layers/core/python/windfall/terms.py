"""Searchable terms out of raw results: what a file can be found by.

PII is found by its kind (`EMAIL`), never by its content. A file keeps at most `MOST_TERMS`, the
surest first, so that one long text can not flood the index.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from windfall.known_faces import people_of
from windfall.ports.insights import Term

MOST_TERMS = 2_000
_LONGEST = 200
"""Characters; a partition key takes 2,048 bytes."""
_SURE = 90.0
"""Percent from which an attribute of a face is worth finding it by."""

_FACE_ATTRIBUTES = ("Smile", "Eyeglasses", "Sunglasses", "Beard", "Mustache")


class _Found(NamedTuple):
    """One place of a term; `score` in percent."""

    type: str
    text: str
    score: float


def normalise(text: str) -> str:
    """How terms are compared: composed, without case, single spaces, no marks at the ends."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = " ".join(folded.split())
    return words.strip(".,;:!?\"'()[]{}<>«»“”„…-*_ ")[:_LONGEST].rstrip()


def has_terms(feature: str) -> bool:
    """Whether a feature's raw result holds terms."""
    return feature in _READERS


def terms_of(results: Mapping[str, Mapping[str, Any]]) -> list[Term]:
    """The terms of a file, out of the raw results of its features, surest first."""
    places: dict[tuple[str, str], list[tuple[str, _Found]]] = {}
    for feature, raw in results.items():
        # The findings of a video have a shape of their own, whichever the feature.
        read = _intervals if "intervals" in raw else _READERS[feature]
        for found in read(raw):
            normalised = normalise(found.text)
            if normalised:
                places.setdefault((found.type, normalised), []).append((feature, found))
    terms = [_term(kind, normalised, found) for (kind, normalised), found in places.items()]
    terms.sort(key=lambda term: (-term.score, -term.count, term.type, term.normalised))
    return terms[:MOST_TERMS]


def _term(kind: str, normalised: str, places: list[tuple[str, _Found]]) -> Term:
    feature, best = max(places, key=lambda place: place[1].score)
    return Term(
        type=kind,
        normalised=normalised,
        text=best.text[:_LONGEST],
        score=round(best.score, 2),
        count=len(places),
        feature=feature,
    )


def _labels(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for label in raw.get("Labels", []):
        yield _Found("label", label["Name"], label["Confidence"])
        for broader in (*label.get("Parents", []), *label.get("Aliases", [])):
            yield _Found("label", broader["Name"], label["Confidence"])


def _faces(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for face in raw.get("FaceDetails", []):
        yield _Found("face", "face", face.get("Confidence", 0.0))
        for name in _FACE_ATTRIBUTES:
            attribute = face.get(name, {})
            if attribute.get("Value") and attribute.get("Confidence", 0.0) >= _SURE:
                yield _Found("face", name, attribute["Confidence"])
        for emotion in face.get("Emotions", []):
            if emotion["Confidence"] >= _SURE:
                yield _Found("face", emotion["Type"], emotion["Confidence"])


def _text_in_image(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for detection in raw.get("TextDetections", []):
        yield _Found("text", detection["DetectedText"], detection["Confidence"])


def _celebrities(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for face in raw.get("CelebrityFaces", []):
        yield _Found("celebrity", face["Name"], face["MatchConfidence"])


def _known_faces(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for name, similarity in people_of(raw.get("FaceMatches", [])).items():
        yield _Found("known_face", name, similarity)


def _moderation(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for label in raw.get("ModerationLabels", []):
        yield _Found("moderation", label["Name"], label["Confidence"])


_OF_INTERVALS = frozenset({"label", "text", "celebrity", "known_face", "moderation", "face"})


def _intervals(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for one in raw["intervals"]:
        if one["kind"] not in _OF_INTERVALS:
            continue
        score, details = one.get("confidence") or 0.0, one.get("details", {})
        yield _Found(one["kind"], one["value"], score)
        for broader in (*details.get("parents", ()), *details.get("aliases", ())):
            yield _Found(one["kind"], broader, score)


def _entities(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for entity in raw.get("Entities", []):
        if "Text" in entity:
            yield _Found("entity", entity["Text"], entity["Score"] * 100)


def _targeted(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for entity in raw.get("Entities", []):
        mentions = entity.get("Mentions", [])
        for index in entity.get("DescriptiveMentionIndex", []):
            if index < len(mentions):
                mention = mentions[index]
                yield _Found("entity", mention["Text"], mention["Score"] * 100)


def _phrases(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for phrase in raw.get("KeyPhrases", []):
        yield _Found("phrase", phrase["Text"], phrase["Score"] * 100)


def _pii(raw: Mapping[str, Any]) -> Iterator[_Found]:
    for entity in raw.get("Entities", []):
        yield _Found("pii", entity["Type"], entity["Score"] * 100)


def _sentiment(raw: Mapping[str, Any]) -> Iterator[_Found]:
    sentiment = raw.get("Sentiment")
    if sentiment:
        score = raw.get("SentimentScore", {}).get(str(sentiment).capitalize(), 0.0)
        yield _Found("sentiment", sentiment, score * 100)


def _language(raw: Mapping[str, Any]) -> Iterator[_Found]:
    languages: Iterable[Mapping[str, Any]] = raw.get("Languages", [])
    for language in languages:
        yield _Found("language", language["LanguageCode"], language["Score"] * 100)


def _predictions(raw: Mapping[str, Any]) -> Iterator[_Found]:
    """The classes that the rows of a table are of; the score is their share of the rows."""
    rows = max(1, raw.get("rows", 0))
    for name, times in raw.get("classes", {}).items():
        yield _Found("prediction", name, 100 * times / rows)


_READERS: dict[str, Callable[[Mapping[str, Any]], Iterator[_Found]]] = {
    "labels": _labels,
    "faces": _faces,
    "text": _text_in_image,
    "celebrities": _celebrities,
    "known_faces": _known_faces,
    "moderation": _moderation,
    "entities": _entities,
    "targeted_sentiment": _targeted,
    "key_phrases": _phrases,
    "pii": _pii,
    "sentiment": _sentiment,
    "language": _language,
    "predictions": _predictions,
}
TERM_TYPES = (
    "label",
    "text",
    "celebrity",
    "known_face",
    "face",
    "moderation",
    "entity",
    "phrase",
    "pii",
    "sentiment",
    "language",
    "prediction",
)
"""Every type of term there is."""
