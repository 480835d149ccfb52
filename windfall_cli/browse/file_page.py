"""One file as its page shows it: what is looked at or heard, what was found, what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from windfall.contracts.manifest import Manifest, ResultFile
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.ports.insights import FileRow
from windfall_cli.browse.findings import Row, rows_of
from windfall_cli.browse.library import Library, cost_of
from windfall_cli.browse.objects import inline_type
from windfall_cli.pictures import COLOURS, FoundBox, find_boxes
from windfall_cli.render import TITLES

_PAGE_TITLES = {"pii": "Personal data", "explanation": "Bias and explanation"}
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


def make_file_page(library: Library, file_id: str) -> FilePage | None:
    """The page of a file; None when it is unknown."""
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
    )


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
        and (rows := rows_of(outcome.feature, results.get(outcome.feature)))
    ]


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
