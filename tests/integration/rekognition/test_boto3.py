"""Rekognition through boto3, the gateway, the engine's process and the real models."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from PIL import Image, ImageDraw, ImageFont

from tests.fakes.service_model import model_violations
from windfall_local.cloud import LocalCloud
from windfall_local.engines.models import ModelStore
from windfall_local.threaded import cloud_in_thread

SAMPLES = Path(__file__).parents[3] / "../shared/samples/images"
MISSING = [
    state.model.name
    for state in ModelStore().states()
    if state.model.source == "npm" and state.status != "installed"
]

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(bool(MISSING), reason=f"models are missing: {MISSING}; make models"),
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with cloud_in_thread(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def client(cloud: LocalCloud) -> Callable[[str], Any]:
    keys = cloud.keys.root

    def make(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=cloud.endpoint,
            region_name=cloud.region,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    return make


@pytest.fixture(scope="module")
def rekognition(client: Callable[[str], Any]) -> Any:
    return client("rekognition")


def sample(name: str) -> dict[str, Any]:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample {name} is not here")
    return {"Bytes": path.read_bytes()}


def png(image: Image.Image) -> dict[str, Any]:
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return {"Bytes": buffer.getvalue()}


def page(*lines: str) -> Image.Image:
    image = Image.new("RGB", (900, 120 + 70 * len(lines)), "white")
    font = ImageFont.load_default(40)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((60, 50 + 70 * number), line, "black", font)
    return image


def checked(operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    del answer["ResponseMetadata"]
    assert model_violations("rekognition", operation, answer) == []
    return answer


def test_printed_lines_are_read_in_order_with_their_words(rekognition: Any) -> None:
    image = png(page("Windfall reads printed pages", "Total 42.50 euros"))
    answer = checked("DetectText", rekognition.detect_text(Image=image))
    lines = [one["DetectedText"] for one in answer["TextDetections"] if one["Type"] == "LINE"]
    words = [one["DetectedText"] for one in answer["TextDetections"] if one["Type"] == "WORD"]
    assert lines == ["Windfall reads printed pages", "Total 42.50 euros"]
    assert words == ["Windfall", "reads", "printed", "pages", "Total", "42.50", "euros"]


def test_noise_and_plain_pictures_have_no_faces_and_no_text(rekognition: Any) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    for image in (png(Image.fromarray(noise)), png(Image.new("RGB", (400, 300), "teal"))):
        faces = checked("DetectFaces", rekognition.detect_faces(Image=image, Attributes=["ALL"]))
        assert faces["FaceDetails"] == []
        assert checked("DetectText", rekognition.detect_text(Image=image))["TextDetections"] == []


def test_colors_of_a_picture_are_named(rekognition: Any) -> None:
    image = png(Image.new("RGB", (400, 300), "teal"))
    answer = rekognition.detect_labels(Image=image, Features=["IMAGE_PROPERTIES"])
    (color,) = checked("DetectLabels", answer)["ImageProperties"]["DominantColors"]
    assert (color["CSSColor"], color["PixelPercent"]) == ("teal", pytest.approx(100))


@pytest.mark.parametrize(
    ("name", "faces"),
    [
        ("astronaut.png", 1),
        ("chelsea.png", 0),
        ("coffee.png", 0),
        ("page.png", 0),
        ("pexels-agung-pandit-wiguna-1128316.jpg", 3),
        ("simple-document-image.jpg", 0),
        ("spanish.jpg", 0),
    ],
)
def test_every_face_of_the_samples_is_found_and_no_other(
    rekognition: Any, name: str, faces: int
) -> None:
    answer = rekognition.detect_faces(Image=sample(name), Attributes=["ALL"])
    assert len(checked("DetectFaces", answer)["FaceDetails"]) == faces


def test_the_astronaut_is_a_smiling_woman_who_looks_at_the_camera(rekognition: Any) -> None:
    answer = rekognition.detect_faces(Image=sample("astronaut.png"), Attributes=["ALL"])
    (face,) = answer["FaceDetails"]
    assert face["Emotions"][0]["Type"] == "HAPPY"
    assert face["Smile"]["Value"] is True
    assert face["Gender"]["Value"] == "Female"
    assert face["AgeRange"]["Low"] < 38 <= face["AgeRange"]["High"] + 4
    assert all(abs(face["Pose"][angle]) < 12 for angle in ("Yaw", "Pitch", "Roll"))
    marks = {mark["Type"]: (mark["X"], mark["Y"]) for mark in face["Landmarks"]}
    assert marks["eyeLeft"][0] < marks["nose"][0] < marks["eyeRight"][0]
    assert marks["eyeLeft"][1] < marks["nose"][1] < marks["mouthUp"][1] < marks["chinBottom"][1]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("astronaut.png", "Person"),
        ("chelsea.png", "Cat"),
        ("coffee.png", "Cup"),
        ("pexels-agung-pandit-wiguna-1128316.jpg", "Person"),
    ],
)
def test_the_subject_of_a_sample_is_its_first_label(
    rekognition: Any, name: str, label: str
) -> None:
    answer = checked("DetectLabels", rekognition.detect_labels(Image=sample(name)))
    assert answer["Labels"][0]["Name"] == label


def test_a_document_of_the_samples_is_read_whole(rekognition: Any) -> None:
    answer = rekognition.detect_text(Image=sample("simple-document-image.jpg"))
    lines = [one["DetectedText"] for one in answer["TextDetections"] if one["Type"] == "LINE"]
    assert lines == [
        "Amazon.com, Inc. is located in Seattle, WA",
        "It was founded July 5th, 1994 by Jeff Bezos",
        "Amazon.com allows customers to buy everything from books to blenders",
        "Seattle is north of Portland and south of Vancouver, BC.",
    ]


def test_a_person_of_the_gallery_is_recognized_in_another_picture(
    rekognition: Any, cloud: LocalCloud
) -> None:
    picture = Image.open(io.BytesIO(sample("astronaut.png")["Bytes"])).convert("RGB")
    folder = cloud.data_dir / "gallery" / "Eileen Collins"
    folder.mkdir(parents=True)
    picture.crop((100, 20, 400, 320)).rotate(8).save(folder / "portrait.jpg")
    darker = png(picture.point(lambda value: value * 0.7).resize((900, 900)))
    answer = checked("RecognizeCelebrities", rekognition.recognize_celebrities(Image=darker))
    assert [one["Name"] for one in answer["CelebrityFaces"]] == ["Eileen Collins"]
    family = sample("pexels-agung-pandit-wiguna-1128316.jpg")
    others = checked("RecognizeCelebrities", rekognition.recognize_celebrities(Image=family))
    assert others["CelebrityFaces"] == []
    assert len(others["UnrecognizedFaces"]) == 3


def test_a_face_is_found_again_in_a_collection(rekognition: Any) -> None:
    family = sample("pexels-agung-pandit-wiguna-1128316.jpg")
    rekognition.create_collection(CollectionId="family")
    indexed = rekognition.index_faces(CollectionId="family", Image=family)
    assert len(checked("IndexFaces", indexed)["FaceRecords"]) == 3
    found = rekognition.search_faces_by_image(CollectionId="family", Image=family)
    assert checked("SearchFacesByImage", found)["FaceMatches"][0]["Similarity"] > 99


def test_an_image_is_read_from_a_versioned_bucket(
    rekognition: Any, client: Callable[[str], Any]
) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="pictures")
    s3.put_bucket_versioning(Bucket="pictures", VersioningConfiguration={"Status": "Enabled"})
    texts = ["first text", "second text"]
    versions = [
        s3.put_object(Bucket="pictures", Key="a +ü.png", Body=png(page(text))["Bytes"])["VersionId"]
        for text in texts
    ]
    for text, version in zip(texts, versions, strict=True):
        place = {"Bucket": "pictures", "Name": "a +ü.png", "Version": version}
        answer = rekognition.detect_text(Image={"S3Object": place})
        assert answer["TextDetections"][0]["DetectedText"] == text


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ({"S3Object": {"Bucket": "nowhere", "Name": "x"}}, "InvalidS3ObjectException"),
        ({"Bytes": b"GIF89a"}, "InvalidImageFormatException"),
        (png(Image.new("RGB", (60, 200))), "InvalidParameterException"),
    ],
)
def test_errors_reach_boto3_with_their_codes(
    rekognition: Any, image: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        rekognition.detect_faces(Image=image)
    assert caught.value.response["Error"]["Code"] == code
    assert type(caught.value).__name__ == code


def test_what_has_no_engine_answers_501(rekognition: Any) -> None:
    with pytest.raises(ClientError) as caught:
        rekognition.detect_moderation_labels(Image=png(Image.new("RGB", (90, 90))))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "works on AWS" in caught.value.response["Error"]["Message"]
