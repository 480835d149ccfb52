"""What is found in real files by real engines: the demo's photo, page, letter and complaint."""

from __future__ import annotations

import io
import json
import uuid
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
import soundfile

from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import Deployment, Dropped, outcome_of
from tests.e2e.listener import Listener
from tests.e2e.schemas import schema
from windfall.contracts.manifest import Manifest

DEMO = Path(__file__).parents[2] / "demo"
FILES = ("portrait.jpg", "page.png", "letter.txt", "queja.txt")

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(
        bool(MISSING_MODELS and not AWS_STACK),
        reason=f"models are missing: {MISSING_MODELS}; make models",
    ),
]


@pytest.fixture(scope="module")
def dropped(deployment: Deployment, listener: Listener) -> dict[str, Dropped]:
    """The demo's files, each by its name; the listener must be there before them."""
    assert listener
    return {name: deployment.drop(name, (DEMO / name).read_bytes()) for name in FILES}


@pytest.fixture(scope="module")
def manifests(deployment: Deployment, dropped: dict[str, Dropped]) -> dict[str, Manifest]:
    """What became of them."""
    ended = deployment.wait(*dropped.values())
    return dict(zip(dropped, ended, strict=True))


def reasons(manifest: Manifest) -> dict[str, str | None]:
    return {one.feature: one.reason for one in manifest.outcomes if one.status != "ok"}


@pytest.mark.parametrize("name", FILES)
def test_every_manifest_is_as_published(
    deployment: Deployment, manifests: dict[str, Manifest], name: str
) -> None:
    manifest = manifests[name]
    assert manifest.status == "analyzed", reasons(manifest)
    jsonschema.validate(deployment.manifest_document(manifest), schema("manifest"))
    for file in manifest.files:
        assert deployment.read(file.key) or file.name == "found_text.txt"


@pytest.mark.parametrize("name", FILES)
def test_the_bus_tells_of_every_file(
    listener: Listener, dropped: dict[str, Dropped], manifests: dict[str, Manifest], name: str
) -> None:
    event = listener.of_file(dropped[name], "FileAnalyzed")
    jsonschema.validate(event["detail"], schema("file_analyzed"))
    outcomes = {one.feature: one.status.value for one in manifests[name].outcomes}
    assert event["detail"]["features"] == outcomes


def test_the_portrait_shows_a_person_with_a_face(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["portrait.jpg"]
    labels = deployment.result_json(manifest, "labels")["Labels"]
    (person,) = (label for label in labels if label["Name"] == "Person")
    box = person["Instances"][0]["BoundingBox"]
    assert 0 < box["Width"] <= 1
    assert 0 < box["Height"] <= 1

    (face,) = deployment.result_json(manifest, "faces")["FaceDetails"]
    assert face["Gender"]["Value"] == "Female"
    assert face["Smile"]["Value"] is True
    assert max(face["Emotions"], key=lambda one: one["Confidence"])["Type"] == "HAPPY"
    assert {"AgeRange", "Landmarks", "Pose", "Quality"} <= set(face)
    features = {one.feature for one in manifest.outcomes}
    assert features == {"labels", "properties", "faces", "text", "celebrities"}


def test_the_page_is_read_and_its_text_goes_on(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["page.png"]
    lines = deployment.result(manifest, "found_text.txt").decode().splitlines()
    assert lines[:2] == ["Harbour Museum", "Opening hours and prices"]
    assert any("+1 206 555 0142" in line for line in lines)

    assert outcome_of(manifest, "language").summary["language"] == "en"
    kinds = outcome_of(manifest, "pii").summary["types"]
    assert {"EMAIL", "PHONE"} <= set(kinds)
    assert "museo" in deployment.result(manifest, "translation.es.txt").decode().lower()
    assert {"speech.en", "speech.es"} <= {one.feature for one in manifest.outcomes}


def test_the_letter_is_understood(deployment: Deployment, manifests: dict[str, Manifest]) -> None:
    manifest = manifests["letter.txt"]
    text = deployment.result(manifest, "text.txt").decode()
    assert outcome_of(manifest, "language").summary["language"] == "en"
    assert deployment.result_json(manifest, "sentiment")["Sentiment"] == "POSITIVE"

    entities = deployment.result_json(manifest, "entities")["Entities"]
    assert {"Lisbon", "Maria"} <= {entity["Text"] for entity in entities}
    for entity in entities:
        assert text[entity["BeginOffset"] : entity["EndOffset"]] == entity["Text"]

    personal = deployment.result_json(manifest, "pii")["Entities"]
    (card,) = (one for one in personal if one["Type"] == "CREDIT_DEBIT_NUMBER")
    assert text[card["BeginOffset"] : card["EndOffset"]] == "4111 1111 1111 1111"
    assert "4111" not in deployment.result(manifest, "redacted.txt").decode()


def test_the_letter_is_translated_and_keeps_its_paragraphs(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["letter.txt"]
    spanish = deployment.result(manifest, "translation.es.txt").decode()
    assert "Lisboa" in spanish
    assert "4111 1111 1111 1111" in spanish
    assert spanish.count("\n\n") == (DEMO / "letter.txt").read_text().count("\n\n")
    assert outcome_of(manifest, "translation.en").summary == {"unchanged": True}


@pytest.mark.parametrize(
    ("name", "language", "text"),
    [
        ("letter.txt", "en", "text.txt"),
        ("letter.txt", "es", "translation.es.txt"),
        ("queja.txt", "es", "text.txt"),
        ("queja.txt", "en", "translation.en.txt"),
    ],
)
def test_speech_plays_and_its_marks_point_at_the_words(
    deployment: Deployment, manifests: dict[str, Manifest], name: str, language: str, text: str
) -> None:
    manifest = manifests[name]
    sound = deployment.result(manifest, f"speech.{language}.mp3")
    samples, rate = soundfile.read(io.BytesIO(sound))
    seconds = len(samples) / rate
    assert abs(seconds - outcome_of(manifest, f"speech.{language}").summary["seconds"]) < 0.2
    assert abs(samples).max() > 0.05, "something is to be heard"

    spoken = deployment.result(manifest, text)
    lines = deployment.result(manifest, f"speech.{language}.marks.jsonl").decode().splitlines()
    marks = [json.loads(line) for line in lines]
    words = [mark for mark in marks if mark["type"] == "word"]
    assert len(words) > 0.8 * len(spoken.split())
    for mark in words:
        assert spoken[mark["start"] : mark["end"]].decode() == mark["value"]
    times = [mark["time"] for mark in marks]
    assert times == sorted(times)
    assert times[-1] < 1000 * seconds


def test_the_complaint_is_spanish_and_negative(
    deployment: Deployment, manifests: dict[str, Manifest]
) -> None:
    manifest = manifests["queja.txt"]
    assert outcome_of(manifest, "language").summary["language"] == "es"
    assert deployment.result_json(manifest, "sentiment")["Sentiment"] == "NEGATIVE"
    entities = deployment.result_json(manifest, "entities")["Entities"]
    assert {"Sevilla", "Carmen Ruiz"} <= {entity["Text"] for entity in entities}
    english = deployment.result(manifest, "translation.en.txt").decode().lower()
    assert "washing machine" in english
    assert outcome_of(manifest, "translation.es").summary == {"unchanged": True}


def test_files_are_found_by_what_is_in_them(
    deployment: Deployment, dropped: dict[str, Dropped], manifests: dict[str, Manifest]
) -> None:
    assert manifests
    found = {hit.file.file_id for hit in deployment.reader.search("  LISBON ")}
    assert dropped["letter.txt"].file_id in found
    found = {hit.file.file_id for hit in deployment.reader.search("person", ["label"])}
    assert dropped["portrait.jpg"].file_id in found


def test_a_photo_with_five_features_costs_few_steps(deployment: Deployment) -> None:
    photo = (DEMO / "portrait.jpg").read_bytes() + uuid.uuid4().bytes  # behind the JPEG's end
    manifest = deployment.analyze("photo.jpg", photo)
    assert len(manifest.outcomes) == 5

    (execution,) = deployment.executions("AnalyzeImageMachineArn", manifest.analysis_id)
    cost = deployment.transitions(execution)
    assert cost.functions == Counter({"DetectImageFeature": 5, "RecordInsights": 1})
    assert cost.total <= 12
    admission = 1
    assert admission + cost.functions.total() <= 7
