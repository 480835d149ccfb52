"""What a search found: files with the terms that led to them, and the moments in recordings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from windfall.contracts.manifest import Manifest
from windfall.insights_reader import Found
from windfall.ports.insights import FileRow
from windfall.terms import TERM_TYPES, normalise
from windfall_cli.browse.library import Library

MOST_FILES = 200
_MOST_WITH_MOMENTS = 24
"""Recordings and videos whose moments are looked for; each is one or two objects to read."""
MOST_MOMENTS = 8
"""Of one file."""


class Moment(NamedTuple):
    """When something is seen or said: milliseconds, and the words around it."""

    start: int
    text: str


class Hit(NamedTuple):
    """A file with everything that was found in it."""

    row: FileRow
    found: Sequence[Found]
    moments: Sequence[Moment]


class SearchPage(NamedTuple):
    """The hits, surest first, but for `left_off` files; `called` is the file of such a name."""

    hits: Sequence[Hit]
    left_off: int
    called: FileRow | None = None


def make_search_page(library: Library, words: str, kind: str) -> SearchPage:
    """Search for a term of one type, or of any."""
    by_file: dict[str, list[Found]] = {}
    for one in library.search(words, (kind,) if kind else TERM_TYPES):
        by_file.setdefault(one.file.file_id, []).append(one)
    files = list(by_file.values())[:MOST_FILES]
    timed = [found[0].file for found in files if found[0].file.kind in {"audio", "video"}]
    moments = library.each(lambda row: _moments(library, row, words), timed[:_MOST_WITH_MOMENTS])
    by_id = {row.file_id: found for row, found in zip(timed, moments, strict=False)}
    hits = [Hit(found[0].file, found, by_id.get(found[0].file.file_id, ())) for found in files]
    return SearchPage(hits, len(by_file) - len(files), library.called(words) if words else None)


def _moments(library: Library, row: FileRow, words: str) -> list[Moment]:
    manifest = library.manifest(row.file_id)
    return [] if manifest is None else moments_in(library, manifest, words)


def moments_in(library: Library, manifest: Manifest, words: str) -> list[Moment]:
    """When a term is seen or said in a recording, in order."""
    names = {file.name for file in manifest.files}
    # A timeline has what is said as well.
    name = "timeline.json" if "timeline.json" in names else "cues.json"
    body = library.named(manifest, [name]).get(name)
    if body is None:
        return []
    try:
        return sorted(set(matching(json.loads(body), normalise(words))))[:MOST_MOMENTS]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []  # Not the shape that this version knows.


def matching(document: Any, term: str) -> Iterator[Moment]:
    """The moments of a timeline, or of the cues of captions, that have a term."""
    if not isinstance(document, Mapping) or not term:
        return
    for one in document.get("intervals", ()):
        spoken = one["kind"] == "speech"
        names = _names_of(one)
        if (spoken and term in normalise(one["value"])) or term in map(normalise, names):
            yield Moment(one["start"], one["value"])
    for cue in document.get("cues", ()):
        if term in normalise(cue["text"]):
            yield Moment(cue["start"], cue["text"])


def _names_of(interval: Mapping[str, Any]) -> Iterable[str]:
    details = interval.get("details", {})
    return [interval["value"], *details.get("parents", ()), *details.get("aliases", ())]
