"""A recording or a video as its page plays it: captions, dubs, what is said, lanes of time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from windfall.captions.files import speaker_name
from windfall.contracts.manifest import Manifest
from windfall_cli.browse.objects import inline_type
from windfall_cli.videos import things_of

MOST_CUES = 6_000
"""Of one language; about six hours of speech."""
_MOST_LANES, _MOST_BLOCKS, _MOST_SIGHTINGS, _MOST_PICTURES = 16, 600, 400, 24
_LAYERS = {
    "label": "labels",
    "face": "faces",
    "text": "text",
    "celebrity": "celebrities",
    "known_face": "known_faces",
}
"""By kind of interval, the feature whose boxes are shown with it."""


class Source(NamedTuple):
    """What is played, as an address below the file's; the browser takes the first that it can."""

    path: str
    media_type: str


class Language(NamedTuple):
    """A language of a recording: `spoken` or a target; names of results are None where none is."""

    code: str
    spoken: bool
    captions: str | None
    dub: str | None
    cues: Sequence[Mapping[str, Any]]


class Picture(NamedTuple):
    """A picture of a shot: milliseconds, and the result's name."""

    time: int
    name: str


class Block(NamedTuple):
    """Something from when to when, in milliseconds."""

    start: int
    end: int
    title: str


class Lane(NamedTuple):
    """A line of blocks over the length of the recording."""

    name: str
    kind: str
    blocks: Sequence[Block]


class Sighting(NamedTuple):
    """Where something is seen while a video plays; `path` has `time left top width height;…`."""

    layer: str
    title: str
    start: int
    end: int
    path: str


class MediaView(NamedTuple):
    """Everything that the player's template reads; times are milliseconds."""

    is_video: bool
    sources: Sequence[Source]
    languages: Sequence[Language]
    duration: int
    lanes: Sequence[Lane]
    sightings: Sequence[Sighting]
    pictures: Sequence[Picture]

    @property
    def layers(self) -> list[str]:
        """The features of which there are boxes."""
        return list(dict.fromkeys(one.layer for one in self.sightings))


def names_of_media(manifest: Manifest) -> list[str]:
    """The results that a player's page is made of."""
    return [
        file.name
        for file in manifest.files
        if file.name == "timeline.json" or file.name.startswith("cues.")
    ]


def make_media_view(manifest: Manifest, bodies: Mapping[str, bytes]) -> MediaView:
    """The view of a recording or video.

    Args:
        manifest: Its story.
        bodies: The results of `names_of_media`, as far as they could be read.
    """
    documents = {name: _document(body) for name, body in bodies.items()}
    timeline = documents.get("timeline.json", {})
    languages = _languages(manifest, documents)
    intervals = [one for one in timeline.get("intervals", []) if _is_interval(one)]
    spoken = next((one.cues for one in languages if one.spoken), ())
    if not any(one["kind"] == "speech" for one in intervals):
        intervals += [{**cue, "kind": "speech", "value": cue["text"]} for cue in spoken]
    ends = (one["end"] for one in intervals)
    return MediaView(
        is_video=manifest.kind == "video",
        sources=_sources(manifest),
        languages=languages,
        duration=max([1, timeline.get("duration") or 0, _heard(manifest), *ends]),
        lanes=_lanes(intervals),
        sightings=list(_sightings(intervals)),
        pictures=list(_pictures(manifest, timeline)),
    )


def _pictures(manifest: Manifest, timeline: Mapping[str, Any]) -> Iterator[Picture]:
    """Some of a video's shots, evenly over its length."""
    names = {file.name for file in manifest.files}
    found = [one for one in timeline.get("thumbnails", ()) if one.get("name") in names]
    step = max(1.0, len(found) / _MOST_PICTURES)
    for number in range(min(len(found), _MOST_PICTURES)):
        one = found[int(number * step)]
        yield Picture(one["time"], one["name"])


def _heard(manifest: Manifest) -> int:
    """Milliseconds that were listened to, silence at the end as well."""
    summaries = (one.summary for one in manifest.outcomes if one.feature == "transcript")
    seconds = next((summary.get("seconds") for summary in summaries), None)
    return round(seconds * 1000) if isinstance(seconds, int | float) else 0


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, Mapping) else {}


def _is_interval(one: Any) -> bool:
    return isinstance(one, Mapping) and {"kind", "value", "start", "end"} <= one.keys()


def _sources(manifest: Manifest) -> list[Source]:
    """The file itself, and the copy that was made of it where a service did not take it."""
    found = [Source("original", inline_type(manifest.format or "") or "")]
    found += [
        Source(f"results/{file.name}", inline_type(file.name) or "")
        for file in manifest.files
        if file.name.startswith("working.")
    ]
    return [source for source in found if source.media_type]


def _languages(manifest: Manifest, documents: Mapping[str, Mapping[str, Any]]) -> list[Language]:
    """The spoken language first, then the targets."""
    names = {file.name for file in manifest.files}
    spoken = documents.get("cues.json", {}).get("language")
    codes = [
        name.removeprefix("captions.").removesuffix(".vtt")
        for name in sorted(names)
        if name.startswith("captions.") and name.endswith(".vtt")
    ]
    found = []
    for code in sorted(codes, key=lambda code: (code != spoken, code)):
        document = documents.get("cues.json" if code == spoken else f"cues.{code}.json", {})
        cues = [cue for cue in document.get("cues", ()) if _is_cue(cue)][:MOST_CUES]
        captions, dub = f"captions.{code}.vtt", f"dubbed.{code}.mp3"
        found.append(Language(code, code == spoken, captions, dub if dub in names else None, cues))
    return found


def _is_cue(cue: Any) -> bool:
    return isinstance(cue, Mapping) and {"start", "end", "text"} <= cue.keys()


def _lanes(intervals: Sequence[Mapping[str, Any]]) -> list[Lane]:
    """Shots, who speaks, faces and texts as one lane each, then the things seen longest."""
    lanes = []
    for kind, name in (("shot", "Shots"), ("technical_cue", "Technical cues")):
        lanes += _lane(name, kind, (one for one in intervals if one["kind"] == kind))
    speech = [one for one in intervals if one["kind"] == "speech"]
    for speaker in dict.fromkeys(one.get("speaker") for one in speech):
        name = speaker_name(speaker) if speaker else "Speech"
        lanes += _lane(name, "speech", (one for one in speech if one.get("speaker") == speaker))
    for kind, name in (("face", "Faces"), ("text", "Text")):
        lanes += _lane(name, kind, (one for one in intervals if one["kind"] == kind))
    named = {"label", "celebrity", "known_face", "moderation"}
    for thing in things_of(one for one in intervals if one["kind"] in named):
        lanes += _lane(thing.value, thing.kind, thing.intervals)
    return lanes[:_MOST_LANES]


def _lane(name: str, kind: str, intervals: Iterable[Mapping[str, Any]]) -> list[Lane]:
    blocks = [Block(one["start"], one["end"], str(one["value"])) for one in intervals]
    return [Lane(name, kind, blocks[:_MOST_BLOCKS])] if blocks else []


def _sightings(intervals: Iterable[Mapping[str, Any]]) -> Iterable[Sighting]:
    boxed = [one for one in intervals if one.get("boxes") and one["kind"] in _LAYERS]
    for one in boxed[:_MOST_SIGHTINGS]:
        path = ";".join(
            f"{box['time']:d} {box['left']:.4f} {box['top']:.4f} {box['width']:.4f}"
            f" {box['height']:.4f}"
            for box in one["boxes"]
        )
        sure = f", {one['confidence']:.0f} %" if one.get("confidence") else ""
        title = f"{one['value']}{sure}"
        yield Sighting(_LAYERS[one["kind"]], title, one["start"], one["end"], path)
