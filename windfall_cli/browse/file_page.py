"""One file as its page shows it: what is looked at or heard, what was found, what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from windfall.contracts.manifest import Manifest, ResultFile
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.ports.insights import FileRow
from windfall_cli.browse.findings import Row, has_rows, rows_of, told
from windfall_cli.browse.library import Library, cost_of
from windfall_cli.browse.media_view import MediaView, make_media_view, names_of_media
from windfall_cli.browse.objects import inline_type
from windfall_cli.browse.table_view import BEGINNING, TABLES, TableView, make_table_view
from windfall_cli.browse.text_view import TextView, make_text_view
from windfall_cli.pictures import COLOURS, FoundBox, find_boxes
from windfall_cli.render import TITLES

_PAGE_TITLES = {"pii": "Personal data", "explanation": "Bias and explanation"}
_SHOWN_OTHERWISE = frozenset(
    {"captions", "dubbed", "speech", "thumbnails", "timeline", "translation"}
)
"""Families of features that are played or read on the page."""
MOST_BOXES = 500
"""Boxes that are drawn; no service finds more than a hundred faces and as many words."""


class Section(NamedTuple):
    """What one feature found."""

    feature: str
    title: str
    rows: Sequence[Row]


class BoxLayer(NamedTuple):
    """The boxes of one feature, which are shown or hidden together."""

    feature: str
    title: str
    colour: str
    boxes: Sequence[FoundBox]


class FilePage(NamedTuple):
    """Everything that the template of a file reads."""

    row: FileRow
    manifest: Manifest | None
    outcomes: Sequence[Outcome]
    terms: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    layers: Sequence[BoxLayer]
    picture: str | None
    cost: float
    media: MediaView | None = None
    text: TextView | None = None
    table: TableView | None = None
    begin: float = 0.0


def make_file_page(library: Library, file_id: str, begin: float) -> FilePage | None:
    """The page of a file; None when it is unknown. `begin`: seconds at which it plays."""
    insights = library.file(file_id)
    if insights is None:
        return None
    manifest = library.manifest(file_id)
    results = library.results(manifest) if manifest is not None else {}
    outcomes = manifest.outcomes if manifest is not None else insights.outcomes
    return FilePage(
        row=insights.file,
        manifest=manifest,
        outcomes=outcomes,
        terms=insights.terms,
        sections=sections_of(outcomes, results),
        layers=layers_of(manifest, results),
        picture=picture_of(manifest),
        cost=cost_of(insights.file, outcomes),
        media=_media(library, manifest),
        text=_text(library, manifest, results),
        table=_table(library, manifest, results),
        begin=begin,
    )


def _media(library: Library, manifest: Manifest | None) -> MediaView | None:
    if manifest is None or manifest.kind not in {"audio", "video"}:
        return None
    return make_media_view(manifest, library.named(manifest, names_of_media(manifest)))


def _text(
    library: Library, manifest: Manifest | None, results: Mapping[str, Any]
) -> TextView | None:
    if manifest is None:
        return None
    body = library.named(manifest, ["text.txt"]).get("text.txt")
    return make_text_view(manifest, body, results)


def _table(
    library: Library, manifest: Manifest | None, results: Mapping[str, Any]
) -> TableView | None:
    if manifest is None or manifest.kind not in {"table", "dataset"}:
        return None
    return make_table_view(manifest, library.beginnings(manifest, TABLES, BEGINNING), results)


def title_of(feature: str) -> str:
    """What people call a feature: `In es` for `translation.es`."""
    family, _, language = feature.partition(".")
    title = _PAGE_TITLES.get(family) or TITLES.get(family, feature)
    return title.format(language)


def sections_of(outcomes: Sequence[Outcome], results: Mapping[str, Any]) -> list[Section]:
    """The tables of what was found, in the order of the outcomes."""
    return [
        Section(outcome.feature, title_of(outcome.feature), rows)
        for outcome in outcomes
        if outcome.status is OutcomeStatus.OK
        and outcome.feature.partition(".")[0] not in _SHOWN_OTHERWISE
        and (rows := _rows(outcome, results))
    ]


def _rows(outcome: Outcome, results: Mapping[str, Any]) -> list[Row]:
    """What the result has, or else what its summary says."""
    raw = results.get(outcome.feature)
    return (
        rows_of(outcome.feature, raw) if has_rows(outcome.feature, raw) else told(outcome.summary)
    )


def picture_of(manifest: Manifest | None) -> str | None:
    """Of an image, what the boxes fit and a browser shows: `original`, or a result's name."""
    if manifest is None or manifest.kind != "image":
        return None
    copies = [file for file in manifest.files if file.name.startswith("working.")]
    if copies:
        return f"results/{copies[0].name}"
    return "original" if shows_inline(manifest) else None


def shows_inline(manifest: Manifest) -> bool:
    """Whether a browser may show the file itself."""
    return manifest.format is not None and inline_type(manifest.format) is not None


def layers_of(manifest: Manifest | None, results: Mapping[str, Any]) -> list[BoxLayer]:
    """The boxes of an image, feature by feature."""
    if manifest is None or manifest.kind != "image":
        return []
    by_feature: dict[str, list[FoundBox]] = {}
    try:
        for number, box in enumerate(find_boxes(results)):
            if number < MOST_BOXES:
                by_feature.setdefault(box.feature, []).append(box)
    except (KeyError, TypeError, ValueError, AttributeError):
        return []  # Not the shape that this version knows.
    return [
        BoxLayer(feature, title_of(feature), COLOURS[feature], boxes)
        for feature, boxes in by_feature.items()
    ]


def result_named(manifest: Manifest, name: str) -> ResultFile | None:
    """One of the files that the analysis made; nothing else can be asked for."""
    return next((file for file in manifest.files if file.name == name), None)
