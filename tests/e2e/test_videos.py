"""Videos through the whole chain: seen and heard, and both on one line of time."""

from __future__ import annotations

import io
import json
import uuid
from collections import Counter
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile
from PIL import Image

from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import NO_LANGUAGES, Deployment, Dropped
from tests.e2e.listener import Listener
from tests.e2e.schemas import schema
from tests.fakes.films import film
from tests.fakes.videos import encode, still, title
from windfall.contracts.manifest import Manifest
from windfall.contracts.timeline import Interval, Timeline

DEMO = Path(__file__).parents[2] / "demo"

CUT = 50
"""Frames of each half of the clip: two seconds."""

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(
        bool(MISSING_MODELS and not AWS_STACK),
        reason=f"models are missing: {MISSING_MODELS}; make models",
    ),
]


def clip() -> bytes:
    """The demo's portrait, then its page, while a part of its speech is heard."""
    stills = []
    for name in ("portrait.jpg", "page.png"):
        with Image.open(DEMO / name) as opened:
            part = opened.convert("RGB").crop((0, 0, opened.width, opened.width * 9 // 16))
        stills.append(np.asarray(part.resize((640, 360))))
    speech, _ = soundfile.read(DEMO / "speech.flac", frames=4 * 16_000, dtype="int16")
    return encode([stills[0]] * CUT + [stills[1]] * CUT, sound=speech)


def portrait() -> bytes:
    """A title, filmed with a telephone held upright: the sensor lies on its side."""
    upright = title("PORTRAIT", size=(180, 320), height=28)
    on_its_side = np.rot90(upright, 1)  # what a turn to the right sets upright again
    return encode(still(np.ascontiguousarray(on_its_side), 50), rotation=-90)


def unlike(body: bytes) -> bytes:
    """The same video as a file that nobody dropped before: a box that players skip is added."""
    return body + b"\0\0\0\x18free" + uuid.uuid4().bytes


@pytest.fixture(scope="module")
def dropped(deployment: Deployment, listener: Listener) -> dict[str, Dropped]:
    """Videos, all at once; the listener must be there before them."""
    assert listener
    silent, whole = unlike(film()), clip()
    few = {"features": "segments", "targets": NO_LANGUAGES}
    return {
        "clip.mp4": deployment.drop("clip.mp4", unlike(whole), targets="es"),
        "silent.mp4": deployment.drop("silent.mp4", silent, **few),
        "portrait.mp4": deployment.drop(
            "portrait.mp4", unlike(portrait()), features="text", targets=NO_LANGUAGES
        ),
        "old.avi": deployment.drop("old.avi", film(form="avi", codec="mpeg4"), **few),
        "cut.mp4": deployment.drop("cut.mp4", whole[: len(whole) * 2 // 3]),
    }


@pytest.fixture(scope="module")
def manifests(deployment: Deployment, dropped: dict[str, Dropped]) -> dict[str, Manifest]:
    """What became of them."""
    return dict(zip(dropped, deployment.wait(*dropped.values()), strict=True))


def reasons(manifest: Manifest) -> dict[str, str | None]:
    return {one.feature: one.reason for one in manifest.outcomes if one.status != "ok"}


def timeline_of(deployment: Deployment, manifest: Manifest) -> Timeline:
    document = deployment.result_json(manifest, "timeline")
    jsonschema.validate(document, schema("timeline"))
    return Timeline.model_validate(document)


def of_kind(timeline: Timeline, kind: str) -> list[Interval]:
    return [one for one in timeline.intervals if one.kind == kind]


def test_a_clip_is_seen_and_heard(deployment: Deployment, manifests: dict[str, Manifest]) -> None:
    manifest = manifests["clip.mp4"]
    assert (manifest.kind, manifest.status) == ("video", "analyzed"), reasons(manifest)
    jsonschema.validate(deployment.manifest_document(manifest), schema("manifest"))
    ended = {one.feature for one in manifest.outcomes if one.status == "ok"}
    assert ended >= {
        *("labels", "faces", "text", "segments", "celebrities", "thumbnails", "timeline"),
        *("transcript", "captions.en", "captions.es", "dubbed.es"),
        *("sentiment", "entities", "key_phrases", "pii"),
    }


def test_its_timeline_has_what_is_seen_and_said_and_when(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    timeline = timeline_of(deployment, manifests["clip.mp4"])
    assert timeline.duration == pytest.approx(4_000, abs=100)
    assert (timeline.width, timeline.height) == (640, 360)
    order = [(one.start, one.end) for one in timeline.intervals]
    assert order == sorted(order)
    assert all(one.start < one.end <= timeline.duration for one in timeline.intervals)

    assert [one.start for one in of_kind(timeline, "shot")] == [0, 2_000]
    faces = of_kind(timeline, "face")
    assert faces
    assert not any(one.end > 2_500 for one in faces), "a page has no face"
    assert {one.details.get("gender") for one in faces} == {"Female"}
    assert "Person" in {one.value for one in of_kind(timeline, "label")}
    museum = next(one for one in of_kind(timeline, "text") if "Harbour Museum" in one.value)
    assert 1_900 <= museum.start <= 2_500
    assert 0 < museum.boxes[0].left < 0.3
    said = of_kind(timeline, "speech")
    assert said
    assert said[0].start < 1_500


def test_raw_answers_lie_page_by_page_and_pass_through_no_state(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["clip.mp4"]
    page = json.loads(deployment.result(manifest, "faces/page-000001.json"))
    assert page["JobStatus"] == "SUCCEEDED"
    assert page["Faces"][0]["Face"]["Landmarks"]
    (execution,) = deployment.executions("AnalyzeVideoMachineArn", manifest.analysis_id)
    assert "Landmarks" not in json.dumps(deployment.history(execution), default=str)


def test_thumbnails_show_the_shots(deployment: Deployment, manifests: dict[str, Manifest]) -> None:
    manifest = manifests["clip.mp4"]
    names = [one.name for one in timeline_of(deployment, manifest).thumbnails]
    assert names
    for name in names:
        picture = Image.open(io.BytesIO(deployment.result(manifest, name)))
        assert picture.size == (480, 270)
    assert Image.open(io.BytesIO(deployment.result(manifest, "thumbnails.jpg"))).width > 240


def test_a_video_is_found_by_what_is_seen_in_it(
    deployment: Deployment, dropped: dict[str, Dropped], manifests: dict[str, Manifest]
) -> None:
    assert manifests
    found = {hit.file.file_id for hit in deployment.reader.search("harbour museum", ["text"])}
    assert dropped["clip.mp4"].file_id in found


def test_the_bus_tells_of_it(
    listener: Listener, dropped: dict[str, Dropped], manifests: dict[str, Manifest]
) -> None:
    assert manifests
    event = listener.of_file(dropped["clip.mp4"], "FileAnalyzed")
    jsonschema.validate(event["detail"], schema("file_analyzed"))
    assert event["detail"]["kind"] == "video"


def test_a_clip_costs_few_steps_and_never_asks(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["clip.mp4"]
    (execution,) = deployment.executions("AnalyzeVideoMachineArn", manifest.analysis_id)
    cost = deployment.transitions(execution)
    assert cost.functions == Counter(
        {
            "DetectVideoFeature": 5,
            "CollectVideoFeature": 5,
            "ExtractThumbnails": 1,
            "MergeTimeline": 1,
            "RecordInsights": 1,
        }
    )
    assert cost.total <= 30
    (sound,) = deployment.executions("AnalyzeAudioMachineArn", manifest.analysis_id)
    assert cost.total + deployment.transitions(sound).total <= 50


def test_a_video_without_sound_is_analyzed(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["silent.mp4"]
    assert manifest.status == "analyzed", reasons(manifest)
    assert reasons(manifest) == {"transcript": "The video has no sound track."}
    assert [one.start for one in of_kind(timeline_of(deployment, manifest), "shot")] == [0, 1_000]


def test_a_portrait_video_is_seen_upright(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["portrait.mp4"]
    timeline = timeline_of(deployment, manifest)
    assert (timeline.width, timeline.height) == (180, 320)
    (text,) = {one.value for one in of_kind(timeline, "text")}
    assert text == "PORTRAIT"
    box = of_kind(timeline, "text")[0].boxes[0]
    assert box.width * 180 > box.height * 320, "a line of text is wider than high"
    name = timeline.thumbnails[0].name
    picture = Image.open(io.BytesIO(deployment.result(manifest, name)))
    assert picture.width < picture.height


def test_a_format_that_rekognition_does_not_take_is_converted(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["old.avi"]
    assert manifest.status == "analyzed", reasons(manifest)
    assert manifest.format == "avi"
    assert "working.mp4" in {file.name for file in manifest.files}
    assert len(of_kind(timeline_of(deployment, manifest), "shot")) == 2


def test_a_video_that_is_cut_off_is_rejected(manifests: dict[str, Manifest]) -> None:
    manifest = manifests["cut.mp4"]
    assert manifest.status == "rejected"
    assert manifest.reason == "The recording or video is broken or cut off (MP4)."
