"""How insights look in a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from windfall.contracts.manifest import Manifest
from windfall_cli.render import render_insights

FILE_ID = "0" * 40


def manifest(outcomes: list[dict[str, Any]], **changes: Any) -> Manifest:
    document = {
        "file_id": FILE_ID,
        "bucket": "inbox",
        "key": "photo.jpg",
        "version_id": "1",
        "size": 1000,
        "format": "jpeg",
        "kind": "image",
        "profile": "default",
        "status": "analyzed",
        "received": "2026-11-23T14:00:00.000Z",
        "recorded": "2026-11-23T14:00:01.000Z",
        "seconds": 1.0,
        "outcomes": outcomes,
        "files": [
            {
                "name": "labels.json",
                "bucket": "results",
                "key": f"results/{FILE_ID}/labels.json",
                "media_type": "application/json",
            }
        ],
    }
    return Manifest.model_validate({**document, **changes})


def show(manifest: Manifest, results: dict[str, Any], everything: bool = False) -> str:
    console = Console(width=100, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(render_insights(manifest, results, everything))
    return capture.get()


def ok(feature: str) -> dict[str, Any]:
    pointer = {"bucket": "results", "key": f"results/{FILE_ID}/{feature}.json"}
    return {"feature": feature, "status": "ok", "result": pointer}


def test_labels_are_shown_surest_first() -> None:
    labels = {
        "Labels": [
            {"Name": "Tree", "Confidence": 60.0, "Instances": []},
            {"Name": "Person", "Confidence": 90.0, "Instances": [{}], "Parents": []},
        ]
    }
    text = show(manifest([ok("labels")]), {"labels": labels})
    assert text.index("Person") < text.index("Tree")
    assert "1 box" in text
    assert "90%" in text


def test_a_long_table_says_how_much_more_there_is() -> None:
    labels = {"Labels": [{"Name": f"L{n}", "Confidence": 90.0} for n in range(30)]}
    assert "and 18 more (--all)" in show(manifest([ok("labels")]), {"labels": labels})
    assert "more" not in show(manifest([ok("labels")]), {"labels": labels}, everything=True)


def test_what_was_skipped_says_why() -> None:
    skipped = {"feature": "moderation", "status": "skipped", "reason": "no local engine"}
    assert "moderation skipped: no local engine" in show(manifest([skipped]), {})


def test_a_rejected_file_says_why() -> None:
    rejected = manifest([], status="rejected", reason="It is an archive.", files=[])
    text = show(rejected, {})
    assert "rejected" in text
    assert "It is an archive." in text


def test_personal_data_is_shown_by_kind_only() -> None:
    pii = {"Entities": [{"Type": "EMAIL", "Score": 1.0, "BeginOffset": 0, "EndOffset": 5}]}
    text = show(manifest([ok("pii")], kind="text"), {"pii": pii})
    assert "email" in text


def test_text_from_a_file_is_never_read_as_markup() -> None:
    entities = {
        "Entities": [{"Type": "OTHER", "Score": 0.9, "Text": "[link=x]click[/link]\x1b[2J"}]
    }
    text = show(manifest([ok("entities")], kind="text"), {"entities": entities})
    assert "[link=x]click[/link]\\x1b[2J" in text


def test_a_file_that_was_asked_for_again_shows_its_history() -> None:
    line = {
        "revision": 1,
        "why": "dropped",
        "received": "2026-11-23T14:00:00Z",
        "recorded": "2026-11-23T14:00:05Z",
        "status": "partial",
        "ok": 3,
        "failed": 1,
    }
    again = {**line, "revision": 2, "why": "settings_changed", "ok": 4, "reused": 3}
    assert "History" not in show(manifest([], history=[line]), {})
    text = show(manifest([], history=[line, again]), {})
    assert "2026-11-23 14:00:00" in text
    assert "settings changed" in text


def test_every_file_is_named_with_its_folder() -> None:
    text = show(manifest([]), {})
    assert f"s3://results/results/{FILE_ID}/" in text
    assert "labels.json" in text


def test_a_scored_table_shows_what_was_rejected_and_how_its_scores_lie() -> None:
    table = {
        "feature": "table",
        "status": "ok",
        "summary": {
            "rows": 41_188,
            "columns": 21,
            "rejected": 1,
            "payloads": 3,
            "reasons": ["row 70, column age: 'abc' is no whole number"],
        },
    }
    summary = {
        "rows": 41_187,
        "model": "churn",
        "mode": "async",
        "classes": {"leaves": 4_000, "stays": 37_187},
        "numbers": {"mean": 0.1234, "least": 0.001, "quartiles": [0.1, 0.2, 0.3], "most": 0.99},
        "unusable": 0,
        "histogram": [["0", 40_000], ["0.5", 1_187]],
    }
    scored = manifest([table, ok("predictions")], kind="table", format="csv")
    shown = show(scored, {"predictions": summary})
    assert "41,188 rows of 21 columns" in shown
    assert "column age: 'abc' is no whole number" in shown
    assert "41,187 rows by churn (async)" in shown
    assert "from 0.001 to 0.99, 0.1234 on average" in shown
    assert shown.index("stays") < shown.index("leaves")
    assert "40,000" in shown


def test_a_conversation_is_shown_by_turns() -> None:
    def segment(label: str, text: str) -> dict[str, str]:
        return {"speaker_label": label, "transcript": text}

    said = [("spk_0", "Good morning."), ("spk_0", "Who is it?"), ("spk_1", "It is me.")]
    segments = [segment(label, text) for label, text in said]
    whole = [{"transcript": " ".join(text for _, text in said)}]
    raw = {"results": {"transcripts": whole, "audio_segments": segments}}
    shown = show(manifest([ok("transcript")]), {"transcript": raw})
    lines = [line.strip().split(maxsplit=2) for line in shown.splitlines() if "Speaker" in line]
    assert lines == [
        ["Speaker", "1", "Good morning. Who is it?"],
        ["Speaker", "2", "It is me."],
    ]
    alone = {"results": {"transcripts": whole, "audio_segments": segments[:2]}}
    assert "Speaker" not in show(manifest([ok("transcript")]), {"transcript": alone})


def test_a_held_file_shows_what_it_would_cost_and_how_to_go_on() -> None:
    features = [
        {"feature": "labels", "cost": 0.001},
        {"feature": "speech.es", "cost": 0.2},
        {"feature": "language", "cost": 0.0},
    ]
    hold = {
        "budget": "per_file",
        "limit": 0.1,
        "committed": 0,
        "cost": 0.201,
        "estimate": {
            "kind": "image",
            "format": "jpeg",
            "profile": "default",
            "cost": 0.201,
            "features": features,
            "unpriced": [],
            "amounts": [],
            "region": "us-east-1",
            "prices_of": "2026-11-23",
            "sources": [],
        },
    }
    shown = show(manifest([], status="held", reason="It would cost about $0.2010.", hold=hold), {})
    assert "It would cost about $0.2010." in shown
    assert "speech.es $0.2000, labels $0.0010" in shown
    assert f"windfall approve {FILE_ID[:8]}" in shown
