"""People of a collection are found again, in a picture and in a video."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import jsonschema
import pytest
from PIL import Image

from tests.e2e.conftest import AWS_STACK, MISSING_MODELS
from tests.e2e.deployment import NO_LANGUAGES, Deployment, outcome_of
from tests.e2e.schemas import schema
from tests.e2e.test_videos import unlike

DEMO = Path(__file__).parents[2] / "demo"

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.models,
    pytest.mark.skipif(
        bool(MISSING_MODELS and not AWS_STACK),
        reason=f"models are missing: {MISSING_MODELS}; make models",
    ),
]


def a_portrait() -> bytes:
    """The demo's, smaller, and unlike any other by a pixel."""
    with Image.open(DEMO / "portrait.jpg") as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((500, 500))
    picture.putpixel((0, 0), (random.randrange(256), random.randrange(256), 0))
    body = BytesIO()
    picture.save(body, "JPEG", quality=92)
    return body.getvalue()


@pytest.fixture
def collection(deployment: Deployment) -> Iterator[str]:
    """Anna, whom the demo's portrait shows."""
    rekognition, name = deployment.client("rekognition"), f"e2e-{uuid.uuid4().hex}"
    rekognition.create_collection(CollectionId=name)
    image = {"Bytes": (DEMO / "portrait.jpg").read_bytes()}
    rekognition.index_faces(CollectionId=name, Image=image, ExternalImageId="Anna", MaxFaces=1)
    yield name
    rekognition.delete_collection(CollectionId=name)


def test_anna_is_known_in_a_picture_and_in_a_video(deployment: Deployment, collection: str) -> None:
    wanted = {
        "image": {"features": ["properties"], "known_faces": collection},
        "video": {"features": [], "known_faces": collection, "sound": False},
        "languages": {"targets": []},
    }
    with deployment.profile(json.dumps(wanted)) as profile:
        picture, page, video = deployment.wait(
            deployment.drop("known.jpg", a_portrait(), profile=profile),
            deployment.drop("page.png", (DEMO / "page.png").read_bytes(), profile=profile),
            deployment.drop("known.mp4", unlike((DEMO / "clip.mp4").read_bytes()), profile=profile),
        )
    assert (picture.status, page.status, video.status) == ("analyzed",) * 3
    (known,) = outcome_of(picture, "known_faces").summary["known_faces"]
    assert known["name"] == "Anna"
    assert outcome_of(page, "known_faces").summary["count"] == 0

    found = outcome_of(video, "known_faces")
    assert [one["name"] for one in found.summary["longest"]] == ["Anna"]
    (call,) = found.calls
    assert (call.operation, found.cost > 0) == ("StartFaceSearch", True)
    document = deployment.result_json(video, "timeline")
    jsonschema.validate(document, schema("timeline"))
    spans = [one for one in document["intervals"] if one["kind"] == "known_face"]
    assert {one["value"] for one in spans} == {"Anna"}
    # The page that the film shows from second 4 to 8 has nobody.
    assert not any(4_600 < one["start"] < 7_400 for one in spans)

    terms = deployment.reader.search("anna")
    assert {picture.file_id, video.file_id} <= {one.file.file_id for one in terms}


def test_a_collection_that_is_not_there_fails_its_feature_with_the_reason(
    deployment: Deployment,
) -> None:
    wanted = {"image": {"features": ["properties"], "known_faces": "no-such"}}
    with deployment.profile(json.dumps(wanted)) as profile:
        manifest = deployment.analyze(
            "unknown.jpg", a_portrait(), profile=profile, targets=NO_LANGUAGES
        )
    assert manifest.status == "partial"
    assert "no-such" in (outcome_of(manifest, "known_faces").reason or "")
