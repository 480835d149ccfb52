"""Rekognition's operations over an engine that answers what the test says."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from tests.fakes.service_model import model_violations
from windfall_local.api import CallContext, Principal, ServiceError
from windfall_local.engines import EngineDiedError, EngineUnavailableError, InvalidMediaError
from windfall_local.engines.vision.results import (
    Box,
    Color,
    Expression,
    Face,
    FaceDetail,
    ImageProperties,
    Line,
    Pose,
    Quality,
    Thing,
    Word,
)
from windfall_local.services.rekognition import RekognitionService

Answer = Callable[..., Any]


def picture(width: int = 100, height: int = 100, kind: str = "png", color: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), color).save(buffer, kind)
    return buffer.getvalue()


PICTURE = picture()
IMAGE = {"Bytes": PICTURE}
SQUARE = ((0.1, 0.1), (0.3, 0.1), (0.3, 0.2), (0.1, 0.2))


def face(side: float = 0.2, direction: int = 0, **changes: Any) -> Face:
    descriptor = [0.0] * 8
    descriptor[direction] = 1.0
    plain = Face(
        box=Box(0.1, 0.2, side, side),
        score=0.9,
        landmarks={"eye_left": (0.1, 0.2), "nose": (0.2, 0.3), "chin_bottom": (0.2, 0.4)},
        quality=Quality(60, 50),
        pose=Pose(1, 2, 3),
        age=(30, 10),
        male=0.3,
        expression=Expression(0.0, 0.0, 0.0, 0.9, 0.0, 0.0, 0.1),
        mouth_open=0.2,
        descriptor=tuple(descriptor),
    )
    return replace(plain, **changes)


class FakeHost:
    """An engine's host whose methods answer what they were given."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    async def run(self, engine: str, method: str, *arguments: Any) -> Any:
        self.calls.append((method, arguments))
        answer = self.answers[method]
        if isinstance(answer, Exception):
            raise answer
        return answer(*arguments) if callable(answer) else answer


class FakeCloud:
    """A cloud with objects of S3 and nothing else."""

    region = "eu-west-1"
    endpoint = "http://127.0.0.1:1"

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.objects: dict[tuple[str, str, str | None], bytes] = {}
        self.readers: list[Principal] = []

    async def call(
        self, service: str, operation: str, parameters: dict[str, Any], principal: Principal
    ) -> Any:
        assert (service, operation) == ("s3", "GetObject")
        self.readers.append(principal)
        key = parameters["Bucket"], parameters["Key"], parameters.get("VersionId")
        if key not in self.objects:
            raise ServiceError("NoSuchKey", "The specified key does not exist.", status=404)
        return {"Body": self.objects[key], "ContentLength": len(self.objects[key])}

    async def emit(self, *_: Any) -> None:
        raise AssertionError("Rekognition emits nothing")

    def credentials(self, principal: Principal) -> Any:
        raise AssertionError("Rekognition needs no keys")


class Rekognition:
    """The service, whose every answer is held against botocore's model."""

    def __init__(self, data_dir: Path, **answers: Any) -> None:
        self.cloud = FakeCloud(data_dir)
        self.host = FakeHost(**answers)
        self.service = RekognitionService(self.cloud, self.host)
        self.caller = Principal.role("arn:aws:iam::000000000000:role/reader", "session")

    async def __call__(self, operation: str, **parameters: Any) -> Any:
        context = CallContext(self.cloud, self.caller, "request")
        answer = await self.service.call(operation, parameters, context)
        assert model_violations("rekognition", operation, answer) == []
        return answer

    async def error(self, operation: str, **parameters: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            await self(operation, **parameters)
        return caught.value


# --- Images -------------------------------------------------------------------------------------


async def test_an_object_is_read_as_the_caller_and_by_its_version(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[])
    rekognition.cloud.objects["in", "a b.png", "v1"] = PICTURE
    await rekognition(
        "DetectFaces", Image={"S3Object": {"Bucket": "in", "Name": "a b.png", "Version": "v1"}}
    )
    assert rekognition.cloud.readers == [rekognition.caller]
    assert rekognition.host.calls == [("detect_faces", (PICTURE, FaceDetail()))]


async def test_a_missing_object_has_amazons_own_error(tmp_path: Path) -> None:
    error = await Rekognition(tmp_path).error(
        "DetectLabels", Image={"S3Object": {"Bucket": "in", "Name": "gone"}}
    )
    assert error.code == "InvalidS3ObjectException"
    assert "Unable to get object metadata from S3" in error.message


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ({"Bytes": b"GIF89a"}, "InvalidImageFormatException"),
        ({"Bytes": PICTURE[:15]}, "InvalidImageFormatException"),
        ({"Bytes": b""}, "InvalidParameterException"),
        ({}, "InvalidParameterException"),
        ({"Bytes": b"x", "S3Object": {}}, "InvalidParameterException"),
        ({"S3Object": {"Bucket": "in"}}, "InvalidParameterException"),
        ({"Bytes": picture(79, 100)}, "InvalidParameterException"),
        ({"Bytes": picture(100, 10_001)}, "InvalidParameterException"),
        ({"Bytes": PICTURE + bytes(5_242_880)}, "ImageTooLargeException"),
    ],
)
async def test_an_image_outside_of_the_limits_is_refused(
    tmp_path: Path, image: dict[str, Any], code: str
) -> None:
    rekognition = Rekognition(tmp_path)
    for operation in ("DetectLabels", "DetectFaces", "DetectText", "RecognizeCelebrities"):
        assert (await rekognition.error(operation, Image=image)).code == code
    assert rekognition.host.calls == []


@pytest.mark.parametrize(("extra", "fits"), [(5_242_880, True), (15 * 1024 * 1024, False)])
async def test_an_object_may_have_15_megabytes(tmp_path: Path, extra: int, fits: bool) -> None:
    rekognition = Rekognition(tmp_path, detect_text=[])
    rekognition.cloud.objects["in", "large", None] = PICTURE + bytes(extra)
    image = {"S3Object": {"Bucket": "in", "Name": "large"}}
    if fits:
        assert (await rekognition("DetectText", Image=image))["TextDetections"] == []
    else:
        error = await rekognition.error("DetectText", Image=image)
        assert error.code == "ImageTooLargeException"


# --- Engine errors ------------------------------------------------------------------------------


async def test_a_missing_model_is_not_implemented_and_names_the_remedy(tmp_path: Path) -> None:
    missing = EngineUnavailableError("run `windfall models pull`")
    error = await Rekognition(tmp_path, detect_faces=missing).error("DetectFaces", Image=IMAGE)
    assert (error.status, error.code) == (501, "NotImplementedException")
    assert "windfall models pull" in error.message


async def test_a_died_engine_is_an_error_to_retry(tmp_path: Path) -> None:
    died = EngineDiedError("died")
    error = await Rekognition(tmp_path, detect_faces=died).error("DetectFaces", Image=IMAGE)
    assert (error.status, error.code) == (500, "InternalServerError")


async def test_a_picture_that_cannot_be_decoded_has_amazons_own_error(tmp_path: Path) -> None:
    broken = InvalidMediaError("broken")
    error = await Rekognition(tmp_path, detect_text=broken).error("DetectText", Image=IMAGE)
    assert error.code == "InvalidImageFormatException"


@pytest.mark.parametrize(
    "operation", ["DetectModerationLabels", "DetectProtectiveEquipment", "DetectCustomLabels"]
)
async def test_what_has_no_engine_is_refused_by_name(tmp_path: Path, operation: str) -> None:
    error = await Rekognition(tmp_path).error(operation, Image=IMAGE)
    assert error.status == 501
    assert operation in error.message
    assert "works on AWS" in error.message


# --- Labels -------------------------------------------------------------------------------------

CAT = Thing("cat", 0.8, Box(0.1, 0.1, 0.5, 0.5))
DOG = Thing("dog", 0.5, Box(0.4, 0.1, 0.5, 0.5))
PERSON = Thing("person", 0.4, Box(0.0, 0.0, 0.2, 0.9))


async def test_labels_come_with_instances_parents_and_ancestors(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_objects=[CAT, DOG, replace(CAT, score=0.6)])
    labels = {
        label["Name"]: label for label in (await rekognition("DetectLabels", Image=IMAGE))["Labels"]
    }
    assert set(labels) == {"Cat", "Dog", "Animal", "Canine", "Mammal", "Pet"}
    assert len(labels["Cat"]["Instances"]) == 2
    assert [parent["Name"] for parent in labels["Cat"]["Parents"]] == ["Animal", "Mammal", "Pet"]
    assert labels["Animal"]["Instances"] == []
    assert labels["Animal"]["Confidence"] == labels["Cat"]["Confidence"]
    assert labels["Dog"]["Categories"] == [{"Name": "Animals and Pets"}]


async def test_labels_are_sorted_and_limited(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_objects=[PERSON, DOG, CAT])
    labels = (await rekognition("DetectLabels", Image=IMAGE, MaxLabels=2))["Labels"]
    confidences = [label["Confidence"] for label in labels]
    assert len(labels) == 2
    assert confidences == sorted(confidences, reverse=True)
    assert labels[0]["Name"] == "Cat"


@pytest.mark.parametrize(("confidence", "least"), [(None, 0.3), (55, 0.3), (77.5, 0.65), (0, 0.05)])
async def test_the_confidence_asked_for_reaches_the_engine_as_its_score(
    tmp_path: Path, confidence: float | None, least: float
) -> None:
    rekognition = Rekognition(tmp_path, detect_objects=[])
    wanted = {} if confidence is None else {"MinConfidence": confidence}
    await rekognition("DetectLabels", Image=IMAGE, **wanted)
    ((_, (_, score)),) = rekognition.host.calls
    assert score == pytest.approx(least)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"LabelInclusionFilters": ["Cat"]}, {"Cat"}),
        ({"LabelExclusionFilters": ["Cat", "Animal"]}, {"Mammal", "Pet", "Person"}),
        ({"LabelCategoryInclusionFilters": ["Person Description"]}, {"Person"}),
        ({"LabelCategoryExclusionFilters": ["Animals and Pets"]}, {"Person"}),
        (
            {"LabelInclusionFilters": ["Person"], "LabelCategoryExclusionFilters": ["Events"]},
            {"Person"},
        ),
    ],
)
async def test_labels_are_filtered(
    tmp_path: Path, filters: dict[str, list[str]], names: set[str]
) -> None:
    rekognition = Rekognition(tmp_path, detect_objects=[CAT, PERSON])
    answer = await rekognition("DetectLabels", Image=IMAGE, Settings={"GeneralLabels": filters})
    assert {label["Name"] for label in answer["Labels"]} == names


async def test_only_what_is_asked_for_is_computed(tmp_path: Path) -> None:
    colors = (Color(70, 130, 180, 0.7), Color(10, 10, 10, 0.3))
    properties = ImageProperties(colors, Quality(50, 40, 30))
    rekognition = Rekognition(tmp_path, image_properties=properties)
    answer = await rekognition("DetectLabels", Image=IMAGE, Features=["IMAGE_PROPERTIES"])
    assert "Labels" not in answer
    blue, black = answer["ImageProperties"]["DominantColors"]
    assert (blue["HexCode"], blue["CSSColor"]) == ("#4682b4", "steelblue")
    assert (blue["SimplifiedColor"], black["SimplifiedColor"]) == ("blue", "black")
    assert blue["PixelPercent"] == pytest.approx(70)
    assert answer["ImageProperties"]["Quality"]["Contrast"] == 30


@pytest.mark.parametrize(
    "parameters",
    [
        {"MinConfidence": 100.5},
        {"MinConfidence": -1},
        {"MaxLabels": -1},
        {"Features": ["COLOURS"]},
        {"Settings": {"ImageProperties": {"MaxDominantColors": 13}}},
    ],
)
async def test_a_parameter_out_of_range_is_refused(
    tmp_path: Path, parameters: dict[str, Any]
) -> None:
    error = await Rekognition(tmp_path).error("DetectLabels", Image=IMAGE, **parameters)
    assert error.code == "InvalidParameterException"


# --- Faces --------------------------------------------------------------------------------------


async def test_all_attributes_are_those_that_the_engine_has(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[face()])
    (found,) = (await rekognition("DetectFaces", Image=IMAGE, Attributes=["ALL"]))["FaceDetails"]
    assert found["AgeRange"] == {"Low": 25, "High": 35}
    assert found["Gender"]["Value"] == "Female"
    assert found["Emotions"][0] == {"Type": "HAPPY", "Confidence": pytest.approx(90)}
    assert found["Smile"]["Value"] is True
    assert found["MouthOpen"]["Value"] is True
    assert {mark["Type"] for mark in found["Landmarks"]} == {"eyeLeft", "nose", "chinBottom"}
    absent = {"Beard", "Mustache", "Eyeglasses", "Sunglasses", "EyesOpen", "FaceOccluded"}
    assert not absent & set(found)
    assert rekognition.host.calls[0][1][1] == FaceDetail(portrait=True, expression=True)


async def test_by_default_faces_have_no_attributes_and_cost_no_further_model(
    tmp_path: Path,
) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[face()])
    (found,) = (await rekognition("DetectFaces", Image=IMAGE))["FaceDetails"]
    assert set(found) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
    assert {mark["Type"] for mark in found["Landmarks"]} == {"eyeLeft", "nose"}
    assert rekognition.host.calls[0][1][1] == FaceDetail()


async def test_a_single_attribute_comes_alone(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[face()])
    answer = await rekognition("DetectFaces", Image=IMAGE, Attributes=["AGE_RANGE"])
    assert {"AgeRange", "Gender"} & set(answer["FaceDetails"][0]) == {"AgeRange"}


async def test_a_profile_has_no_pose_and_no_expression(tmp_path: Path) -> None:
    profile = face(pose=None, expression=None, mouth_open=None)
    rekognition = Rekognition(tmp_path, detect_faces=[profile])
    (found,) = (await rekognition("DetectFaces", Image=IMAGE, Attributes=["ALL"]))["FaceDetails"]
    assert not {"Pose", "Emotions", "Smile", "MouthOpen"} & set(found)


async def test_a_crowd_is_cut_at_a_hundred_faces(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[face()] * 130)
    assert len((await rekognition("DetectFaces", Image=IMAGE))["FaceDetails"]) == 100


async def test_faces_are_compared_by_their_descriptors(tmp_path: Path) -> None:
    target = picture(color="blue")
    everyone = [face(0.3, 1), face(0.2, 0)]

    def faces(content: bytes, _: FaceDetail) -> list[Face]:
        return everyone if content == target else [face()]

    rekognition = Rekognition(tmp_path, detect_faces=faces)
    answer = await rekognition("CompareFaces", SourceImage=IMAGE, TargetImage={"Bytes": target})
    (match,) = answer["FaceMatches"]
    assert match["Similarity"] > 99
    assert match["Face"]["BoundingBox"]["Width"] == 0.2
    assert [other["BoundingBox"]["Width"] for other in answer["UnmatchedFaces"]] == [0.3]


async def test_comparing_needs_a_face(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[])
    error = await rekognition.error("CompareFaces", SourceImage=IMAGE, TargetImage=IMAGE)
    assert error.code == "InvalidParameterException"


# --- Text ---------------------------------------------------------------------------------------


def line(text: str, score: float = 0.9) -> Line:
    return Line(text, score, SQUARE, tuple(Word(word, score, SQUARE) for word in text.split()))


async def test_lines_come_first_and_words_name_their_line(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_text=[line("two words"), line("one")])
    found = (await rekognition("DetectText", Image=IMAGE))["TextDetections"]
    assert [(one["Type"], one["DetectedText"], one.get("ParentId")) for one in found] == [
        ("LINE", "two words", None),
        ("LINE", "one", None),
        ("WORD", "two", 0),
        ("WORD", "words", 0),
        ("WORD", "one", 1),
    ]
    assert [one["Id"] for one in found] == list(range(5))
    box = found[0]["Geometry"]["BoundingBox"]
    assert (box["Left"], box["Width"]) == (0.1, pytest.approx(0.2))


async def test_a_page_is_cut_at_a_hundred_words(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_text=[line("a b c d e f g")] * 20)
    found = (await rekognition("DetectText", Image=IMAGE))["TextDetections"]
    assert sum(one["Type"] == "WORD" for one in found) == 100
    assert sum(one["Type"] == "LINE" for one in found) == 15


@pytest.mark.parametrize(
    ("filters", "lines"),
    [
        ({"WordFilter": {"MinConfidence": 80}}, 1),
        ({"WordFilter": {"MinBoundingBoxHeight": 0.2}}, 0),
        (
            {
                "RegionsOfInterest": [
                    {"BoundingBox": {"Left": 0, "Top": 0, "Width": 1, "Height": 1}}
                ]
            },
            2,
        ),
        ({"RegionsOfInterest": [{"Polygon": [{"X": 0.5, "Y": 0.5}, {"X": 1, "Y": 1}]}]}, 0),
    ],
)
async def test_words_are_filtered(tmp_path: Path, filters: dict[str, Any], lines: int) -> None:
    rekognition = Rekognition(tmp_path, detect_text=[line("sure", 0.9), line("unsure", 0.7)])
    found = (await rekognition("DetectText", Image=IMAGE, Filters=filters))["TextDetections"]
    assert sum(one["Type"] == "LINE" for one in found) == lines


@pytest.mark.parametrize(
    "filters",
    [
        {"WordFilter": {"MinConfidence": 101}},
        {"WordFilter": {"MinBoundingBoxWidth": 2}},
        {"RegionsOfInterest": [{}]},
        {"RegionsOfInterest": [{"BoundingBox": {}}] * 11},
    ],
)
async def test_a_bad_text_filter_is_refused(tmp_path: Path, filters: dict[str, Any]) -> None:
    error = await Rekognition(tmp_path).error("DetectText", Image=IMAGE, Filters=filters)
    assert error.code == "InvalidParameterException"


# --- Celebrities --------------------------------------------------------------------------------


async def test_an_empty_gallery_recognizes_nobody(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[face(), face()])
    answer = await rekognition("RecognizeCelebrities", Image=IMAGE)
    assert answer["CelebrityFaces"] == []
    assert len(answer["UnrecognizedFaces"]) == 2


async def test_a_face_of_the_gallery_is_recognized_and_another_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "gallery" / "Ada_Lovelace"
    folder.mkdir(parents=True)
    (folder / "portrait.png").write_bytes(picture(color="blue"))
    (folder / "about.json").write_text(json.dumps({"urls": ["a.example"], "gender": "Female"}))

    def faces(content: bytes, _: FaceDetail) -> list[Face]:
        return [face(0.3, 1), face(0.2, 0)] if content == PICTURE else [face(0.5, 1)]

    rekognition = Rekognition(tmp_path, detect_faces=faces)
    answer = await rekognition("RecognizeCelebrities", Image=IMAGE)
    (celebrity,) = answer["CelebrityFaces"]
    assert celebrity["Name"] == "Ada Lovelace"
    assert celebrity["Urls"] == ["a.example"]
    assert celebrity["KnownGender"] == {"Type": "Female"}
    assert len(answer["UnrecognizedFaces"]) == 1
    info = await rekognition("GetCelebrityInfo", Id=celebrity["Id"])
    assert info["Name"] == "Ada Lovelace"


async def test_a_picture_of_the_gallery_is_described_once(tmp_path: Path) -> None:
    folder = tmp_path / "gallery" / "Ada"
    folder.mkdir(parents=True)
    (folder / "portrait.png").write_bytes(picture(color="blue"))
    (folder / "notes.txt").write_text("not a picture")
    rekognition = Rekognition(tmp_path, detect_faces=[face()])
    for _ in range(2):
        await rekognition("RecognizeCelebrities", Image=IMAGE)
    assert len(rekognition.host.calls) == 3


async def test_an_unknown_celebrity_is_not_found(tmp_path: Path) -> None:
    error = await Rekognition(tmp_path).error("GetCelebrityInfo", Id="nobody")
    assert error.code == "ResourceNotFoundException"


# --- Collections --------------------------------------------------------------------------------


async def test_a_collection_keeps_faces_finds_them_and_forgets_them(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[face(0.3, 0), face(0.2, 1)])
    await rekognition("CreateCollection", CollectionId="staff")
    indexed = await rekognition(
        "IndexFaces", CollectionId="staff", Image=IMAGE, ExternalImageId="badge:7"
    )
    first, second = (record["Face"] for record in indexed["FaceRecords"])
    assert first["ExternalImageId"] == "badge:7"
    found = await rekognition("SearchFacesByImage", CollectionId="staff", Image=IMAGE)
    assert [match["Face"]["FaceId"] for match in found["FaceMatches"]] == [first["FaceId"]]
    own = await rekognition("SearchFaces", CollectionId="staff", FaceId=second["FaceId"])
    assert own["FaceMatches"] == []
    nobody = str(UUID(int=7))
    gone = await rekognition("DeleteFaces", CollectionId="staff", FaceIds=[first["FaceId"], nobody])
    assert gone["DeletedFaces"] == [first["FaceId"]]
    assert [one["FaceId"] for one in gone["UnsuccessfulFaceDeletions"]] == [nobody]
    listed = await rekognition("ListFaces", CollectionId="staff")
    assert [one["FaceId"] for one in listed["Faces"]] == [second["FaceId"]]


async def test_indexing_a_picture_again_adds_nothing(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[face()])
    await rekognition("CreateCollection", CollectionId="staff")
    ids = set()
    for _ in range(2):
        indexed = await rekognition("IndexFaces", CollectionId="staff", Image=IMAGE)
        ids.add(indexed["FaceRecords"][0]["Face"]["FaceId"])
    described = await rekognition("DescribeCollection", CollectionId="staff")
    assert (len(ids), described["FaceCount"]) == (1, 1)


async def test_collections_outlive_the_service(tmp_path: Path) -> None:
    await Rekognition(tmp_path)("CreateCollection", CollectionId="staff")
    assert (await Rekognition(tmp_path)("ListCollections"))["CollectionIds"] == ["staff"]


async def test_faces_that_are_not_indexed_say_why(tmp_path: Path) -> None:
    faces = [face(0.4, quality=Quality(2, 50)), face(0.3), face(0.2)]
    rekognition = Rekognition(tmp_path, detect_faces=faces)
    await rekognition("CreateCollection", CollectionId="staff")
    answer = await rekognition("IndexFaces", CollectionId="staff", Image=IMAGE, MaxFaces=1)
    assert len(answer["FaceRecords"]) == 1
    reasons = [one["Reasons"] for one in answer["UnindexedFaces"]]
    assert reasons == [["LOW_BRIGHTNESS"], ["EXCEEDS_MAX_FACES"]]


async def test_faces_are_listed_in_pages(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[face(0.3), face(0.2)])
    await rekognition("CreateCollection", CollectionId="staff")
    await rekognition("IndexFaces", CollectionId="staff", Image=IMAGE)
    first = await rekognition("ListFaces", CollectionId="staff", MaxResults=1)
    token = first["NextToken"]
    rest = await rekognition("ListFaces", CollectionId="staff", MaxResults=1, NextToken=token)
    assert "NextToken" not in rest
    assert first["Faces"] != rest["Faces"]
    error = await rekognition.error("ListFaces", CollectionId="staff", NextToken="x")
    assert error.code == "InvalidPaginationTokenException"


async def test_a_collection_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[face()])
    for operation in ("DescribeCollection", "DeleteCollection", "ListFaces", "DeleteFaces"):
        error = await rekognition.error(operation, CollectionId="none")
        assert error.code == "ResourceNotFoundException"
    error = await rekognition.error("IndexFaces", CollectionId="none", Image=IMAGE)
    assert error.code == "ResourceNotFoundException"


async def test_a_collection_has_one_name_once(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path)
    await rekognition("CreateCollection", CollectionId="staff")
    error = await rekognition.error("CreateCollection", CollectionId="staff")
    assert error.code == "ResourceAlreadyExistsException"
    error = await rekognition.error("CreateCollection", CollectionId="no spaces")
    assert error.code == "InvalidParameterException"
    await rekognition("DeleteCollection", CollectionId="staff")
    assert (await rekognition("ListCollections"))["CollectionIds"] == []


async def test_searching_needs_a_face(tmp_path: Path) -> None:
    rekognition = Rekognition(tmp_path, detect_faces=[])
    await rekognition("CreateCollection", CollectionId="staff")
    error = await rekognition.error("SearchFacesByImage", CollectionId="staff", Image=IMAGE)
    assert "no faces in the image" in error.message
