"""A text as its page shows it: what was found in it marked where it stands, its other languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from windfall.contracts.manifest import Manifest
from windfall.contracts.outcome import OutcomeStatus

MOST_CHARACTERS = 60_000
"""Of a text that is shown; all of it can be downloaded."""
_MOST_MARKS = 4_000
_MEMBERS = {"entities": "Entities", "pii": "Entities", "key_phrases": "KeyPhrases"}
"""By feature, where its spans are in its result."""


class Mark(NamedTuple):
    """A span of the text, in characters, that a feature found."""

    begin: int
    end: int
    feature: str
    title: str


class Piece(NamedTuple):
    """A part of the text, and what it is a part of; features and titles are empty for the rest."""

    text: str
    features: Sequence[str]
    title: str


class Translation(NamedTuple):
    """The text in another language, and where it is spoken; each may be missing."""

    language: str
    text: str | None
    speech: str | None
    voice: str


class TextView(NamedTuple):
    """Everything that the text's template reads."""

    pieces: Sequence[Piece]
    features: Sequence[str]
    translations: Sequence[Translation]
    is_cut: bool
    redacted: bool


def make_text_view(
    manifest: Manifest, text: bytes | None, results: Mapping[str, Any]
) -> TextView | None:
    """The view of a text, or of what was read or heard; None where there is none.

    Args:
        manifest: The file's story.
        text: The result `text.txt`, in which the offsets of the features count characters.
        results: By feature.
    """
    names = {file.name for file in manifest.files}
    whole = "" if text is None else text.decode(errors="replace")
    translations = list(_translations(manifest, names, results))
    if not whole.strip() and not translations:
        return None
    shown = whole[:MOST_CHARACTERS]
    marks = [mark for mark in _marks(results) if 0 <= mark.begin < mark.end <= len(shown)]
    return TextView(
        pieces=pieces_of(shown, marks[:_MOST_MARKS]),
        features=[name for name in _MEMBERS if any(mark.feature == name for mark in marks)],
        translations=translations,
        is_cut=len(shown) < len(whole),
        redacted="redacted.txt" in names,
    )


def pieces_of(text: str, marks: Sequence[Mark]) -> list[Piece]:
    """The text, cut where a mark begins or ends; marks may overlap.

    Put together again, the pieces are the text.
    """
    borders = sorted({0, len(text), *(one for mark in marks for one in (mark.begin, mark.end))})
    beginning = sorted(marks)
    active: list[Mark] = []
    pieces = []
    for begin, end in pairwise(borders):
        active = [mark for mark in active if mark.end > begin]
        while beginning and beginning[0].begin <= begin:
            active.append(beginning.pop(0))
        features = sorted({mark.feature for mark in active})
        pieces.append(Piece(text[begin:end], features, "; ".join(mark.title for mark in active)))
    return pieces


def _marks(results: Mapping[str, Any]) -> Iterator[Mark]:
    for feature, member in _MEMBERS.items():
        found = results.get(feature)
        for one in found.get(member, ()) if isinstance(found, Mapping) else ():
            begin, end = one.get("BeginOffset"), one.get("EndOffset")
            if isinstance(begin, int) and isinstance(end, int):
                kind = str(one.get("Type", "key phrase")).lower().replace("_", " ")
                sure = one.get("Score")
                title = f"{kind}, {100 * sure:.0f} %" if isinstance(sure, float) else kind
                yield Mark(begin, end, feature, title)


def _translations(
    manifest: Manifest, names: set[str], results: Mapping[str, Any]
) -> Iterator[Translation]:
    languages = dict.fromkeys(
        outcome.feature.partition(".")[2]
        for outcome in manifest.outcomes
        if outcome.status is OutcomeStatus.OK
        and outcome.feature.startswith(("translation.", "speech."))
    )
    summaries = {outcome.feature: outcome.summary for outcome in manifest.outcomes}
    for language in languages:
        text = results.get(f"translation.{language}")
        unchanged = summaries.get(f"translation.{language}", {}).get("unchanged")
        speech = f"speech.{language}.mp3"
        yield Translation(
            language,
            text[:MOST_CHARACTERS] if isinstance(text, str) and not unchanged else None,
            speech if speech in names else None,
            str(summaries.get(f"speech.{language}", {}).get("voice", "")),
        )
