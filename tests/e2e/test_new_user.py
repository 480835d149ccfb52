"""What new users drop to see what happens: huge, odd and many files."""

from __future__ import annotations

import io
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from tests.e2e.deployment import Deployment, outcome_of, unique

pytestmark = pytest.mark.timeout(900)

GEORGIAN = "საქართველო მდებარეობს კავკასიაში. თბილისი არის დედაქალაქი და ძალიან ლამაზი ქალაქია."
SENTENCE = "The committee met in Geneva and agreed on the budget of the new library. "


def jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.randbytes(3 * width * height))


def test_a_photo_of_twenty_megabytes(deployment: Deployment) -> None:
    photo = jpeg(noise(4800, 3700))
    assert len(photo) > 20_000_000
    manifest = deployment.analyze("huge.jpg", photo, features="properties,faces")
    assert manifest.status == "analyzed", manifest.reason
    assert [one.name for one in manifest.files if one.name.startswith("working")] == ["working.jpg"]
    working = Image.open(io.BytesIO(deployment.result(manifest, "working.jpg")))
    assert working.width / working.height == pytest.approx(4800 / 3700, rel=0.01)


def test_an_image_of_a_hundred_million_pixels(deployment: Deployment) -> None:
    picture = Image.new("RGB", (10_000, 10_000), "orange")
    picture.paste(noise(100, 100))
    manifest = deployment.analyze("wide.jpg", jpeg(picture), features="properties")
    assert manifest.status == "analyzed", manifest.reason
    assert outcome_of(manifest, "properties").status == "ok"


def test_an_image_that_would_unpack_to_too_much_is_rejected_with_its_size(
    deployment: Deployment,
) -> None:
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    manifest = deployment.analyze("bomb.png", file.getvalue())
    assert manifest.status == "rejected"
    assert "20,000 x 20,000 pixels" in (manifest.reason or "")


def test_a_text_of_three_megabytes(deployment: Deployment) -> None:
    body = unique() + (SENTENCE * 8 + "\n\n").encode() * 5_200
    assert len(body) > 3_000_000
    manifest = deployment.analyze("long.txt", body, features="sentiment", targets="es")
    assert manifest.status == "analyzed", manifest.reason
    assert outcome_of(manifest, "sentiment").status == "ok"
    translation = outcome_of(manifest, "translation.es")
    assert translation.status == "skipped"
    assert "languages.max_characters" in translation.reason


def test_a_language_that_no_service_analyzes(deployment: Deployment) -> None:
    manifest = deployment.analyze(
        "georgian.txt", unique(GEORGIAN), features="sentiment", targets=""
    )
    assert manifest.status == "analyzed"
    assert outcome_of(manifest, "language").summary["language"] == "ka"
    sentiment = outcome_of(manifest, "sentiment")
    assert sentiment.status == "skipped"
    assert "the text is in ka" in sentiment.reason


def test_fifty_files_at_once(deployment: Deployment) -> None:
    bodies = [unique(f"Letter {number}. {SENTENCE}") for number in range(50)]
    with ThreadPoolExecutor(8) as pool:
        names = (f"fifty/{number}.txt" for number in range(50))
        dropped = list(pool.map(deployment.drop_cheap, names, bodies))
    manifests = deployment.wait(*dropped)
    assert [manifest.status for manifest in manifests] == ["analyzed"] * 50
    assert len({manifest.analysis_id for manifest in manifests}) == 50
