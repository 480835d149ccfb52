"""How insights look in a terminal: one small view per feature, from the service's raw answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from windfall.captions.files import speaker_name
from windfall.contracts.hold import Hold
from windfall.contracts.manifest import FileStatus, Manifest
from windfall.contracts.outcome import Outcome, OutcomeStatus
from windfall.known_faces import people_of
from windfall_cli import training_views
from windfall_cli.console import plain
from windfall_cli.pictures import describe_face
from windfall_cli.predictions import describe_predictions, describe_table
from windfall_cli.videos import show_findings, show_segments, show_timeline

STATUS_STYLES = {
    "analyzing": "cyan",
    FileStatus.ANALYZED.value: "green",
    FileStatus.PARTIAL.value: "yellow",
    FileStatus.REJECTED.value: "magenta",
    FileStatus.FAILED.value: "red",
    FileStatus.HELD.value: "blue",
    OutcomeStatus.OK.value: "green",
    OutcomeStatus.SKIPPED.value: "yellow",
}
FACE_MARKS = {
    "Smile": "smiles",
    "EyesOpen": "eyes open",
    "MouthOpen": "mouth open",
    "Eyeglasses": "glasses",
    "Sunglasses": "sunglasses",
    "Beard": "beard",
    "Mustache": "moustache",
    "FaceOccluded": "partly hidden",
}
MOST_ROWS = 12
MOST_CHARACTERS = 600
BAR_WIDTH = 20

Raw = Mapping[str, Any]
View = Callable[[Any, bool], RenderableType]


def render_insights(
    manifest: Manifest, results: Mapping[str, Any], everything: bool, engine: str | None = None
) -> Group:
    """A file and all that was found in it.

    Args:
        manifest: The file's story.
        results: By feature, the raw answer (JSON) or the text that was made.
        everything: Every row, instead of the first twelve of each table.
        engine: What heard a recording, when it is not Amazon Transcribe.
    """
    parts: list[RenderableType] = [_headline(manifest)]
    for outcome in manifest.outcomes:
        parts.append(_feature(outcome, results.get(outcome.feature), everything))
        if outcome.feature == "transcript" and engine:
            parts.append(Text(f"  heard by {engine}", "dim"))
    parts += [_history(manifest), _files(manifest)]
    return Group(*parts)


def _headline(manifest: Manifest) -> Text:
    style = STATUS_STYLES[manifest.status.value]
    line = Text.assemble(
        (plain(manifest.key).plain, "bold"), "  ", (manifest.status.value, f"bold {style}")
    )
    facts = [manifest.format, _size(manifest.size), f"profile {manifest.profile}"]
    if manifest.status in {FileStatus.ANALYZED, FileStatus.PARTIAL}:
        facts.append(f"{manifest.seconds:.1f} s")
    line.append("   " + ", ".join(fact for fact in facts if fact and "None" not in fact), "dim")
    if manifest.reused_from:
        line.append("\nthe same bytes were analyzed before: nothing was paid again", "dim")
    if manifest.reason:
        line.append(f"\n{plain(manifest.reason).plain}", style)
    if manifest.hold is not None:
        line.append(f"\n{_dearest(manifest.hold)}", "dim")
        line.append(f"\nwindfall approve {manifest.file_id[:8]}   (or windfall reject)", "dim")
    return line


def _dearest(hold: Hold) -> str:
    """What a held file would cost, the dearest features first."""
    costs = {one.feature: one.cost or 0.0 for one in hold.estimate.features}
    ranked = sorted(costs.items(), key=lambda one: -one[1])[:MOST_ROWS]
    return ", ".join(f"{plain(name).plain} ${cost:.4f}" for name, cost in ranked if cost)


def _feature(outcome: Outcome, result: Any, everything: bool) -> RenderableType:
    if outcome.status is not OutcomeStatus.OK:
        style = STATUS_STYLES.get(outcome.status.value, "red")
        reason = plain(outcome.reason or "").plain
        return Text.assemble(
            (f"{outcome.feature} ", "bold"), (f"{outcome.status.value}: ", style), reason
        )
    family = outcome.feature.partition(".")[0]
    view = _view(family, result)
    if outcome.summary.get("unchanged"):
        body: RenderableType = Text("the text itself", "dim")
    elif family == "speech":
        body = Text(
            f"{outcome.summary.get('seconds', 0):.0f} s, voice {outcome.summary.get('voice')}"
        )
    elif family == "dubbed":
        body = _dubbed(outcome.summary)
    elif family == "table":
        body = describe_table(outcome.summary)
    elif family in training_views.VIEWS:
        body = training_views.VIEWS[family](outcome.summary)
    else:
        body = view(result, everything) if view and result is not None else _summary(outcome)
    title = Text(
        TITLES.get(family, outcome.feature).format(outcome.feature.rpartition(".")[2]), "bold"
    )
    return Group(Text(), title, Padding(body, (0, 0, 0, 2)))


def _view(family: str, result: Any) -> View | None:
    """How to show a feature; what was found in a video has a shape of its own."""
    if isinstance(result, Mapping) and "intervals" in result:
        return _VIDEO_VIEWS.get(family) or show_findings
    return _VIEWS.get(family)


def _summary(outcome: Outcome) -> Text:
    return Text(", ".join(f"{name} {value}" for name, value in outcome.summary.items()) or "none")


def _dubbed(summary: Mapping[str, Any]) -> Text:
    seconds, cues, drift = (summary.get(name) for name in ("seconds", "cues", "worst_drift_ms"))
    return Text(f"{seconds:.1f} s, {cues} cues, none further than {drift} ms from its time")


def _table(rows: list[tuple[RenderableType, ...]], everything: bool) -> RenderableType:
    if not rows:
        return Text("none", "dim")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    shown = rows if everything else rows[:MOST_ROWS]
    for row in shown:
        table.add_row(*row)
    if len(rows) == len(shown):
        return table
    return Group(table, Text(f"… and {len(rows) - len(shown)} more (--all)", "dim"))


def _bar(share: float) -> Text:
    filled = round(max(0.0, min(1.0, share)) * BAR_WIDTH)
    return Text.assemble(
        ("█" * filled, "green"), ("░" * (BAR_WIDTH - filled), "dim"), f" {share:4.0%}"
    )


def _labels(raw: Raw, everything: bool) -> RenderableType:
    rows: list[tuple[RenderableType, ...]] = []
    for label in sorted(raw["Labels"], key=lambda one: -one["Confidence"]):
        boxes = len(label.get("Instances", []))
        count = f"{boxes} box{'es' * (boxes != 1)}" if boxes else ""
        parents = ", ".join(parent["Name"] for parent in label.get("Parents", []))
        rows.append(
            (plain(label["Name"]), _bar(label["Confidence"] / 100), count, Text(parents, "dim"))
        )
    return _table(rows, everything)


def _faces(raw: Raw, everything: bool) -> RenderableType:
    rows: list[tuple[RenderableType, ...]] = []
    for face in raw["FaceDetails"]:
        marks = [words for name, words in FACE_MARKS.items() if face.get(name, {}).get("Value")]
        rows.append(
            (
                Text(describe_face(face)),
                _bar(face["Confidence"] / 100),
                Text(", ".join(marks), "dim"),
            )
        )
    return _table(rows, everything)


def _text(raw: Raw, everything: bool) -> RenderableType:
    lines = [item for item in raw["TextDetections"] if item["Type"] == "LINE"]
    return _table(
        [(plain(line["DetectedText"]), _bar(line["Confidence"] / 100)) for line in lines],
        everything,
    )


def _properties(raw: Raw, _: bool) -> RenderableType:
    properties = raw["ImageProperties"]
    line = Text()
    for colour in properties.get("DominantColors", []):
        line.append("  ", f"on {colour['HexCode']}")
        line.append(f" {colour['HexCode']} {colour['PixelPercent']:.0f} %   ")
    quality = properties.get("Quality", {})
    line.append(
        "\n" + ", ".join(f"{name.lower()} {value:.0f}" for name, value in quality.items()), "dim"
    )
    return line


def _celebrities(raw: Raw, everything: bool) -> RenderableType:
    unknown = len(raw.get("UnrecognizedFaces", []))
    rows: list[tuple[RenderableType, ...]] = [
        (plain(one["Name"]), _bar(one["MatchConfidence"] / 100)) for one in raw["CelebrityFaces"]
    ]
    if rows:
        return _table(rows, everything)
    return Text(f"none ({unknown} unknown face{'s' * (unknown != 1)})", "dim")


def _known_faces(raw: Raw, everything: bool) -> RenderableType:
    people = people_of(raw["FaceMatches"])
    if not people:
        return Text("none", "dim")
    return _table([(plain(name), _bar(alike / 100)) for name, alike in people.items()], everything)


def _moderation(raw: Raw, everything: bool) -> RenderableType:
    return _table(
        [(plain(one["Name"]), _bar(one["Confidence"] / 100)) for one in raw["ModerationLabels"]],
        everything,
    )


def _language(raw: Raw, everything: bool) -> RenderableType:
    return _table(
        [(Text(one["LanguageCode"]), _bar(one["Score"])) for one in raw["Languages"]], everything
    )


def _sentiment(raw: Raw, everything: bool) -> RenderableType:
    scores = raw["SentimentScore"]
    ordered = sorted(scores.items(), key=lambda item: -item[1])
    return _table([(Text(name.lower()), _bar(score)) for name, score in ordered], everything)


def _spans(member: str, kind: str | None) -> Callable[[Raw, bool], RenderableType]:
    def render(raw: Raw, everything: bool) -> RenderableType:
        rows: list[tuple[RenderableType, ...]] = []
        for item in raw[member]:
            name = Text(item[kind].lower().replace("_", " "), "cyan") if kind else Text()
            rows.append((name, plain(" ".join(item.get("Text", "").split())), _bar(item["Score"])))
        return _table(rows, everything)

    return render


def _pii(raw: Raw, everything: bool) -> RenderableType:
    counts: dict[str, int] = {}
    for item in raw["Entities"]:
        counts[item["Type"]] = counts.get(item["Type"], 0) + 1
    rows: list[tuple[RenderableType, ...]] = [
        (Text(name.lower().replace("_", " "), "cyan"), Text(str(count)))
        for name, count in counts.items()
    ]
    return _table(rows, everything)


def _translation(text: str, everything: bool) -> RenderableType:
    shown = text if everything else text[:MOST_CHARACTERS]
    tail = "" if len(shown) == len(text) else " …"
    return plain(shown.strip() + tail)


def _transcript(raw: Raw, everything: bool) -> RenderableType:
    """The text; where speakers or channels are told apart, a row for each turn."""
    results = raw["results"]
    turns: list[tuple[str, list[str]]] = []
    for segment in results.get("audio_segments", []):
        label = segment.get("speaker_label") or segment.get("channel_label") or ""
        if not turns or turns[-1][0] != label:
            turns.append((label, []))
        turns[-1][1].append(segment["transcript"])
    if len({label for label, _ in turns}) < 2:
        text = " ".join(one["transcript"] for one in results["transcripts"])
        return _translation(text, everything)
    rows: list[tuple[RenderableType, ...]] = [
        (Text(speaker_name(label), "cyan"), plain(" ".join(said))) for label, said in turns
    ]
    return _table(rows, everything)


def _history(manifest: Manifest) -> RenderableType:
    """The latest attempts, where there was more than one."""
    if len(manifest.history) < 2:
        return Text()
    table = Table("received", "why", "status", "ok", "of it reused", "failed", box=None)
    for line in manifest.history[-MOST_ROWS:]:
        table.add_row(
            line.received[:19].replace("T", " "),
            line.why.value.replace("_", " "),
            Text(line.status.value, STATUS_STYLES[line.status.value]),
            *(str(count) for count in (line.ok, line.reused, line.failed)),
        )
    return Group(Text(), Text("History", "bold"), table)


def _files(manifest: Manifest) -> RenderableType:
    if not manifest.files:
        return Text()
    folders: dict[str, list[str]] = {}
    for file in manifest.files:
        folder = f"s3://{file.bucket}/{file.key.removesuffix(file.name)}"
        folders.setdefault(folder, []).append(plain(file.name).plain)
    lines = [Text(), Text("Files", "bold")]
    for folder, names in folders.items():
        lines.append(Text(f"  {folder}", "dim"))
        lines.append(Text("  " + "  ".join(names)))
    return Group(*lines)


def _size(size: int | None) -> str | None:
    if size is None:
        return None
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1_000_000:.2f} MB"


_VIEWS: dict[str, View] = {
    "labels": _labels,
    "faces": _faces,
    "text": _text,
    "properties": _properties,
    "celebrities": _celebrities,
    "known_faces": _known_faces,
    "moderation": _moderation,
    "language": _language,
    "sentiment": _sentiment,
    "entities": _spans("Entities", "Type"),
    "key_phrases": _spans("KeyPhrases", None),
    "pii": _pii,
    "translation": _translation,
    "transcript": _transcript,
    "captions": _translation,
    "predictions": lambda document, _: describe_predictions(document),
}
_VIDEO_VIEWS: dict[str, View] = {
    "segments": show_segments,
    "timeline": show_timeline,
}
TITLES = {
    **training_views.TITLES,
    "labels": "Labels",
    "faces": "Faces",
    "text": "Text in the picture",
    "properties": "Colours",
    "celebrities": "Celebrities",
    "known_faces": "Known faces",
    "moderation": "Moderation",
    "language": "Language",
    "sentiment": "Sentiment",
    "entities": "Entities",
    "key_phrases": "Key phrases",
    "pii": "Personal data (shown by kind only; redacted.txt has the text without it)",
    "translation": "In {}",
    "speech": "Spoken in {}",
    "transcript": "Transcript",
    "captions": "Captions in {}",
    "dubbed": "Dubbed in {}",
    "table": "Table",
    "predictions": "Predictions",
    "segments": "Shots",
    "thumbnails": "Thumbnails",
    "timeline": "Timeline",
}
