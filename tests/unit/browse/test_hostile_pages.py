"""Whatever a file is called, says or shows: on a page it is text, and changes nothing else."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.browse.pages import Parsed, parse
from windfall.contracts.base import S3Pointer
from windfall.contracts.manifest import FileStatus, Manifest, ResultFile
from windfall.contracts.outcome import Outcome, OutcomeStatus, ServiceCall
from windfall.contracts.subject import Kind
from windfall.insights_reader import Found
from windfall.ports.insights import FileRow
from windfall_cli.browse.costs_page import Column, CostsPage
from windfall_cli.browse.file_page import FilePage, layers_of, picture_of, sections_of
from windfall_cli.browse.library import Choice, Page
from windfall_cli.browse.media_view import Language, make_media_view
from windfall_cli.browse.search_page import Hit, Moment, SearchPage
from windfall_cli.browse.table_view import Rows, TableView
from windfall_cli.browse.templating import make_environment, said, shown
from windfall_cli.browse.text_view import Piece, TextView, Translation


def translation(text: str) -> Translation:
    return Translation("es", text, "s.mp3", text)


NOW = "2026-11-23T14:00:00.000Z"
FILE_ID = "a" * 40
BOX = {"BoundingBox": {"Left": 0.25, "Top": 0.5, "Width": 0.5, "Height": 0.25}}
PAGES = make_environment(
    "/token",
    stack_name="windfall",
    is_local=True,
    stack_option="",
    kinds=("image",),
    statuses=("held",),
    term_types=("label",),
    title_of=str,
)

anything = st.text(st.characters(), min_size=1, max_size=40)
"""Every character, lone surrogates too."""
CASES = (
    "<script>alert(1)</script>",
    "\"' onload=alert(1) x=",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066\x00\x1b[31m",
    "</title></svg></textarea>--><b>",
    "\ud800",
)


def row_of(text: str) -> FileRow:
    return FileRow(
        file_id=FILE_ID,
        bucket="inbox",
        key=text,
        version_id=None,
        received=NOW,
        status="partial",
        revision=1,
        kind=Kind.IMAGE,
        format="jpeg",
        size=1,
        generation="1",
        reason=text,
    )


def results_of(text: str) -> dict[str, Any]:
    return {
        "labels": {
            "Labels": [
                {"Name": text, "Confidence": 90.0, "Instances": [{**BOX, "Confidence": 90.0}]}
            ]
        },
        "text": {
            "TextDetections": [
                {"Type": "LINE", "DetectedText": text, "Geometry": BOX, "Confidence": 80.0}
            ]
        },
        "entities": {"Entities": [{"Text": text, "Type": text, "Score": 0.5}]},
    }


def file_page(text: str) -> str:
    results = results_of(text)
    outcomes = [
        Outcome(
            feature=feature,
            status=OutcomeStatus.OK,
            result=S3Pointer(bucket="b", key="k.json"),
            calls=[ServiceCall(service="s", operation="o", count=1, units=1)],
        )
        for feature in results
    ]
    outcomes.append(Outcome(feature=text, status=OutcomeStatus.FAILED, reason=text))
    manifest = Manifest.model_construct(
        file_id=FILE_ID,
        bucket="inbox",
        key=text,
        format="jpeg",
        kind=Kind.IMAGE,
        status=FileStatus.PARTIAL,
        outcomes=outcomes,
        files=[ResultFile.model_construct(name=text, bucket="b", key=text, media_type=text)],
        history=[],
        reused_from=None,
        trace_id="1-00000000-000000000000000000000000",
        received=NOW,
        recorded=NOW,
        seconds=1.0,
    )
    cue: dict[str, Any] = {"start": 0, "end": 9, "text": text, "speaker": text}
    cues = {"language": "en", "cues": [cue]}
    interval = {"kind": "label", "value": text, "start": 0, "end": 9, "confidence": 9.0}
    box = {"time": 0, "left": 0, "top": 0, "width": 1, "height": 1}
    timeline = {"duration": 9, "intervals": [{**interval, "boxes": [box]}]}
    bodies = {"cues.json": cues, "timeline.json": timeline}
    media = make_media_view(
        manifest, {name: json.dumps(body).encode() for name, body in bodies.items()}
    )
    table = Rows("predictions.csv", [text], [[text]])
    page = FilePage(
        row=row_of(text),
        manifest=manifest,
        outcomes=outcomes,
        terms=[("label", text)],
        sections=sections_of(outcomes, results),
        layers=layers_of(manifest, results),
        picture=picture_of(manifest),
        cost=0.1,
        media=media._replace(languages=[Language("en", True, "c.vtt", "d.mp3", [cue])]),
        text=TextView([Piece(text, ["pii"], text)], ["pii"], [translation(text)], True, True),
        table=TableView("distribution.png", "report.html", [table]),
    )
    return PAGES.get_template("file.html").render(page=page)


def list_page(text: str) -> str:
    page = Page([row_of(text)], None, has_more=False)
    template = PAGES.get_template("files.html")
    return template.render(page=page, choice=Choice(), costs={}, older="")


def search_page(text: str) -> str:
    found = Found(row_of(text), "label", text, "labels", 90.0, 1)
    page = SearchPage([Hit(found.file, [found], [Moment(1000, text)])], 0)
    return PAGES.get_template("search.html").render(page=page, words=text, kind="")


def costs_page(text: str) -> str:
    columns = [Column("2026-11-23", 1.0, 100.0)]
    page = CostsPage("file", 7, 1.0, 1.0, [(text, 1.0)], 0, columns, [text], None, text)
    template = PAGES.get_template("costs.html")
    return template.render(page=page, ways=("file",), spans=(7,))


def assert_only_text(page: Parsed, plain: Parsed, text: str) -> None:
    assert page.elements == plain.elements
    # The parser reads line ends and references as a browser does; what is compared is what is seen.
    assert shown(text) in page.text
    others = [one for one in page.addresses if not one.startswith("/token/")]
    assert others == ["#content"]


def every_example(test: Any) -> Any:
    for case in CASES:
        test = example(case)(test)
    return test


@every_example
@given(anything)
def test_a_file_and_its_findings_are_text(text: str) -> None:
    assert_only_text(parse(file_page(text)), parse(file_page("x")), text)


@every_example
@given(anything)
def test_a_list_is_text(text: str) -> None:
    assert_only_text(parse(list_page(text)), parse(list_page("x")), text)


@every_example
@given(anything)
def test_what_was_searched_and_found_is_text(text: str) -> None:
    assert_only_text(parse(search_page(text)), parse(search_page("x")), text)


@every_example
@given(anything)
def test_what_was_paid_for_is_text(text: str) -> None:
    assert_only_text(parse(costs_page(text)), parse(costs_page("x")), text)


@given(anything)
def test_a_long_text_keeps_its_lines_and_turns_nothing_around(text: str) -> None:
    assert said("a\n\tb") == "a\n\tb"
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f") & set(said(text))
    assert said(text).encode()


@given(anything)
def test_what_is_shown_can_be_seen_and_written(text: str) -> None:
    seen = shown(text)
    assert not {unicodedata.category(character) for character in seen} & {"Cc", "Cf", "Cs"}
    assert seen.encode()
