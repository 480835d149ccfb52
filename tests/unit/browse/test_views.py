"""What pages are made of: texts cut at marks, recordings as lanes, tables by their beginnings."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from windfall.contracts.base import S3Pointer
from windfall.contracts.manifest import FileStatus, Manifest, ResultFile
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.contracts.subject import Kind
from windfall_cli.browse.file_page import layers_of, sections_of
from windfall_cli.browse.findings import rows_of
from windfall_cli.browse.media_view import MediaView, make_media_view, names_of_media
from windfall_cli.browse.search_page import matching
from windfall_cli.browse.table_view import BEGINNING, has_report, make_table_view
from windfall_cli.browse.text_view import Mark, Piece, make_text_view, pieces_of

NOW = "2026-11-23T14:00:00.000Z"
CUES = {
    "version": 1,
    "language": "en",
    "cues": [
        {"start": 0, "end": 2000, "text": "Hello there.", "speaker": "spk_0"},
        {"start": 2500, "end": 4000, "text": "Hello.", "speaker": "spk_1"},
    ],
}
TIMELINE = {
    "version": 1,
    "duration": 8000,
    "intervals": [
        {"kind": "shot", "value": "shot 1", "start": 0, "end": 8000},
        {
            "kind": "label",
            "value": "Dog",
            "start": 1000,
            "end": 3000,
            "confidence": 90.0,
            "details": {"parents": ["Animal"]},
            "boxes": [{"time": 1000, "left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4}],
        },
        {"kind": "speech", "value": "A dog, look!", "start": 4000, "end": 5000},
    ],
    "thumbnails": [
        {"time": 4000, "name": "thumbnails/4.jpg"},
        {"time": 5000, "name": "thumbnails/gone.jpg"},
    ],
}


def manifest_of(kind: Kind, *names: str, file_format: str = "mp4", **more: Any) -> Manifest:
    files = [ResultFile(name=name, bucket="b", key=f"k/{name}", media_type="x/y") for name in names]
    return Manifest(
        file_id="a" * 40,
        bucket="inbox",
        key="a",
        format=file_format,
        kind=kind,
        status=FileStatus.ANALYZED,
        received=NOW,
        recorded=NOW,
        seconds=1.0,
        files=files,
        **more,
    )


def view_of(manifest: Manifest, **documents: Any) -> MediaView:
    bodies = {f"{name}.json": json.dumps(body).encode() for name, body in documents.items()}
    return make_media_view(manifest, bodies)


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))))
def test_a_marked_text_is_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    marks = [
        Mark(min(span), max(span), "pii", "x")
        for span in spans
        if span[0] != span[1] and max(span) <= len(text)
    ]
    pieces = pieces_of(text, marks)
    assert "".join(piece.text for piece in pieces) == text
    place = 0
    for piece in pieces:
        covered = any(mark.begin <= place and place + len(piece.text) <= mark.end for mark in marks)
        assert bool(piece.features) == covered
        place += len(piece.text)


def test_marks_that_overlap_are_both_told() -> None:
    marks = [Mark(0, 4, "entities", "person"), Mark(2, 6, "pii", "name")]
    assert pieces_of("abcdefg", marks) == [
        Piece("ab", ["entities"], "person"),
        Piece("cd", ["entities", "pii"], "person; name"),
        Piece("ef", ["pii"], "name"),
        Piece("g", [], ""),
    ]


def test_marks_beyond_the_text_are_left_out() -> None:
    found = {"Entities": [{"BeginOffset": 2, "EndOffset": 99, "Type": "PERSON", "Score": 0.9}]}
    view = make_text_view(manifest_of(Kind.TEXT, "text.txt"), b"Hello", {"entities": found})
    assert view is not None
    assert view.pieces == [Piece("Hello", [], "")]


def test_a_recording_has_its_languages_the_spoken_one_first() -> None:
    names = ("captions.de.vtt", "captions.en.vtt", "captions.en.srt", "cues.json", "dubbed.de.mp3")
    manifest = manifest_of(Kind.AUDIO, *names, file_format="flac")
    assert names_of_media(manifest) == ["cues.json"]
    view = view_of(manifest, cues=CUES)
    assert [(one.code, one.spoken, one.dub) for one in view.languages] == [
        ("en", True, None),
        ("de", False, "dubbed.de.mp3"),
    ]
    assert [lane.name for lane in view.lanes] == ["Speaker 1", "Speaker 2"]
    assert view.duration == 4000
    assert [source.media_type for source in view.sources] == ["audio/flac"]


def test_a_video_has_lanes_sightings_and_pictures_that_are_there() -> None:
    manifest = manifest_of(Kind.VIDEO, "timeline.json", "thumbnails/4.jpg", "working.mp4")
    view = view_of(manifest, timeline=TIMELINE)
    assert [(lane.name, lane.kind) for lane in view.lanes] == [
        ("Shots", "shot"),
        ("Speech", "speech"),
        ("Dog", "label"),
    ]
    [seen] = view.sightings
    assert (seen.title, seen.path) == ("Dog, 90 %", "1000 0.1000 0.2000 0.3000 0.4000")
    assert [one.time for one in view.pictures] == [4000]
    assert [one.path for one in view.sources] == ["original", "results/working.mp4"]


def test_what_a_browser_does_not_play_has_no_source() -> None:
    assert view_of(manifest_of(Kind.AUDIO, file_format="amr")).sources == []


def test_moments_are_found_by_what_is_seen_its_parents_and_what_is_said() -> None:
    assert [one.start for one in matching(TIMELINE, "animal")] == [1000]
    assert [one.start for one in matching(TIMELINE, "dog")] == [1000, 4000]
    assert [one.start for one in matching(CUES, "hello")] == [0, 2500]
    assert list(matching(CUES, "")) == []


def test_a_table_begins_with_its_predictions_and_without_its_cut_row() -> None:
    manifest = manifest_of(Kind.TABLE, "predictions.csv", "distribution.png", file_format="csv")
    line = b'1,"a, ""b""",yes,0.9\n'
    body = b"row,text,prediction,score\n" + line + b"2,short\n"
    results = {"predictions": {"columns": ["prediction", "score"]}}
    view = make_table_view(manifest, {"predictions.csv": body}, results)
    [table] = view.tables
    assert table.header == ["row", "prediction", "score", "text"]
    assert table.rows[0] == ["1", "yes", "0.9", 'a, "b"']
    assert table.rows[1] == ["2", "short"]
    cut = (body + line * BEGINNING)[:BEGINNING]
    [table] = make_table_view(manifest, {"predictions.csv": cut}, {}).tables
    assert all(len(row) in {2, 4} for row in table.rows)


def test_only_a_training_has_a_report() -> None:
    assert has_report(manifest_of(Kind.DATASET, "report.html", file_format="csv"))
    assert not has_report(manifest_of(Kind.TEXT, "report.html", file_format="html"))


@given(
    st.sampled_from(["labels", "faces", "text", "properties", "celebrities", "entities", "pii"]),
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["Labels", "FaceDetails", "Entities", "intervals", "Name", "Instances", "Type"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    ),
)
def test_results_of_another_shape_are_not_shown_and_no_error(feature: str, raw: Any) -> None:
    rows_of(feature, raw)
    layers_of(manifest_of(Kind.IMAGE, file_format="png"), {feature: raw})


def test_an_outcome_without_a_table_tells_its_summary() -> None:
    outcome = Outcome(
        feature="training",
        status=OutcomeStatus.OK,
        result=S3Pointer(bucket="b", key="k"),
        summary={"instance_type": "ml.m5.large", "seconds": 1234, "warnings": ["a", "b"]},
    )
    [section] = sections_of([outcome], {})
    assert [(row.text, row.note) for row in section.rows] == [
        ("instance type", "ml.m5.large"),
        ("seconds", "1,234"),
        ("warnings", "a\nb"),
    ]
