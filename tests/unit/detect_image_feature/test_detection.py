"""One feature of one image: outcome, raw result, summary, text in reading order."""

import contextlib
import json
from typing import Any

import pytest
from botocore.session import get_session

from detect_image_feature.logic import ImageFeatureDetector
from detect_image_feature.models import DetectImageFeatureTask
from detect_image_feature.reading import lines_in_order
from tests.fakes.hooks import CrashAfter, CrashError
from tests.fakes.service_model import model_violations
from tests.fakes.storage import FakeObjectStore
from tests.fakes.vision import FakeVision
from windfall.adapters.rekognition import request_of
from windfall.contracts.base import S3Pointer
from windfall.contracts.features import ImageFeature, PlannedFeature
from windfall.contracts.outcome import OutcomeStatus
from windfall.errors import InvalidInputError, TransientError, UnsupportedError

OUTPUT = {"bucket": "results", "prefix": "results/f/"}


def task(feature: str) -> DetectImageFeatureTask:
    more = {"collection": "people"} if feature == ImageFeature.KNOWN_FACES else {}
    return DetectImageFeatureTask.model_validate(
        {
            "source": {"bucket": "inbox", "key": "a.png"},
            "output": OUTPUT,
            "feature": {"feature": feature, "min_confidence": 55, **more},
        }
    )


def line(text: str, left: float, top: float, width: float = 0.3) -> dict[str, Any]:
    box = {"Left": left, "Top": top, "Width": width, "Height": 0.04}
    return {
        "DetectedText": text,
        "Type": "LINE",
        "Confidence": 99.0,
        "Geometry": {"BoundingBox": box},
    }


FACE = {
    "Confidence": 99.9,
    "AgeRange": {"Low": 20, "High": 30},
    "Gender": {"Value": "Female", "Confidence": 99.0},
    "Smile": {"Value": True, "Confidence": 90.0},
    "Emotions": [{"Type": "CALM", "Confidence": 10.0}, {"Type": "HAPPY", "Confidence": 80.0}],
}
ANSWERS: dict[ImageFeature, dict[str, Any] | Exception] = {
    ImageFeature.LABELS: {
        "Labels": [{"Name": f"Label {n}", "Confidence": float(n)} for n in range(60, 100)]
    },
    ImageFeature.PROPERTIES: {
        "ImageProperties": {
            "Quality": {"Brightness": 70.12, "Sharpness": 80.0, "Contrast": 60.0},
            "DominantColors": [
                {"SimplifiedColor": "red", "HexCode": "#ff0000", "PixelPercent": 40.0}
            ],
        }
    },
    ImageFeature.FACES: {"FaceDetails": [FACE] * 100},
    ImageFeature.TEXT: {
        "TextDetections": [
            line("second line", 0.1, 0.2),
            line("first line", 0.1, 0.1),
            {**line("first", 0.1, 0.1), "Type": "WORD"},
        ]
    },
    ImageFeature.CELEBRITIES: {
        "CelebrityFaces": [{"Name": "N" * 100, "MatchConfidence": 98.0}] * 64,
        "UnrecognizedFaces": [{}],
    },
    ImageFeature.KNOWN_FACES: {
        "FaceMatches": [
            {"Similarity": 91.0, "Face": {"FaceId": "1", "ExternalImageId": "Ada"}},
            {"Similarity": 99.04, "Face": {"FaceId": "2", "ExternalImageId": "Ada"}},
            {"Similarity": 95.0, "Face": {"FaceId": "3"}},
        ]
    },
    ImageFeature.MODERATION: {"ModerationLabels": [{"Name": "Alcohol", "Confidence": 91.0}]},
    ImageFeature.PROTECTIVE_EQUIPMENT: {
        "Persons": [{"BodyParts": [{"EquipmentDetections": [{"Type": "HEAD_COVER"}]}]}],
        "Summary": {"PersonsWithRequiredEquipment": [], "PersonsWithoutRequiredEquipment": [0]},
    },
}


@pytest.mark.parametrize("feature", ImageFeature)
def test_every_feature_ends_ok_with_its_raw_answer_and_a_small_summary(
    feature: ImageFeature,
) -> None:
    store = FakeObjectStore()

    outcome = ImageFeatureDetector(FakeVision(ANSWERS), store).detect(task(feature))

    assert outcome.status is OutcomeStatus.OK
    assert outcome.result == S3Pointer(bucket="results", key=f"results/f/{feature}.json")
    assert json.loads(store.read(outcome.result)) == ANSWERS[feature]
    assert len(json.dumps(outcome.summary)) < 2_000
    (call,) = outcome.calls
    assert (call.service, call.count, call.units) == ("rekognition", 1, 1)
    assert model_violations("rekognition", call.operation, {}) == []  # the operation exists


def test_a_crowd_is_counted_and_its_first_ten_told() -> None:
    outcome = ImageFeatureDetector(FakeVision(ANSWERS), FakeObjectStore()).detect(task("faces"))
    assert outcome.summary["count"] == 100
    assert len(outcome.summary["faces"]) == 10
    assert outcome.summary["faces"][0] == {
        "age": [20, 30],
        "gender": "Female",
        "emotion": "HAPPY",
        "smile": True,
        "confidence": 99.9,
    }


def test_a_person_with_many_faces_in_the_collection_is_told_once() -> None:
    detector = ImageFeatureDetector(FakeVision(ANSWERS), FakeObjectStore())
    assert detector.detect(task("known_faces")).summary == {
        "count": 2,
        "known_faces": [{"name": "Ada", "similarity": 99.0}, {"name": "3", "similarity": 95.0}],
    }


def test_the_surest_labels_come_first() -> None:
    outcome = ImageFeatureDetector(FakeVision(ANSWERS), FakeObjectStore()).detect(task("labels"))
    assert outcome.summary["count"] == 40
    assert outcome.summary["labels"][0] == {"name": "Label 99", "confidence": 99.0}


def test_found_text_is_kept_in_reading_order() -> None:
    store = FakeObjectStore()
    outcome = ImageFeatureDetector(FakeVision(ANSWERS), store).detect(task("text"))
    assert outcome.summary == {"words": 1, "lines": 2, "characters": 22}
    found = store.read(S3Pointer(bucket="results", key="results/f/found_text.txt"))
    assert found == b"first line\nsecond line"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInputError("DetectLabels: image too large"), OutcomeStatus.FAILED),
        (UnsupportedError("no engine; run `windfall models pull`"), OutcomeStatus.SKIPPED),
    ],
)
def test_what_the_service_refuses_is_an_outcome_with_its_reason(
    error: Exception, status: OutcomeStatus
) -> None:
    vision = FakeVision({ImageFeature.LABELS: error})
    outcome = ImageFeatureDetector(vision, FakeObjectStore()).detect(task("labels"))
    assert outcome.status is status
    assert outcome.reason == str(error)


def test_a_busy_service_is_left_to_the_machine() -> None:
    vision = FakeVision({ImageFeature.LABELS: TransientError("slow down")})
    with pytest.raises(TransientError):
        ImageFeatureDetector(vision, FakeObjectStore()).detect(task("labels"))


@pytest.mark.parametrize("feature", [ImageFeature.LABELS, ImageFeature.TEXT])
def test_a_crash_after_any_write_buys_nothing_twice(feature: ImageFeature) -> None:
    for step in range(1, 4):
        hook = CrashAfter(step)
        store, vision = FakeObjectStore(hook), FakeVision(ANSWERS)
        detector = ImageFeatureDetector(vision, store)
        with contextlib.suppress(CrashError):
            detector.detect(task(feature))
        outcome = detector.detect(task(feature))
        assert outcome.status is OutcomeStatus.OK
        assert vision.bought == [feature], hook.crashed_at


def test_columns_are_read_one_after_the_other() -> None:
    page = [
        line("Heading", 0.1, 0.05, 0.8),
        *(line(f"right {n}", 0.55, 0.2 + n / 20) for n in range(3)),
        *(line(f"left {n}", 0.1, 0.2 + n / 20) for n in range(3)),
    ]
    assert lines_in_order(page) == [
        "Heading", "left 0", "left 1", "left 2", "right 0", "right 1", "right 2",
    ]  # fmt: skip


def test_a_table_is_read_row_by_row() -> None:
    table = [
        line(f"{name} {n}", left, 0.1 + n / 10, 0.1)
        for left, name in ((0.1, "name"), (0.6, "price"))
        for n in range(3)
    ]
    assert lines_in_order(table) == [
        "name 0", "price 0", "name 1", "price 1", "name 2", "price 2",
    ]  # fmt: skip


def test_slightly_tilted_lines_stay_in_their_row() -> None:
    assert lines_in_order([line("b", 0.5, 0.09, 0.1), line("a", 0.1, 0.1, 0.1)]) == ["a", "b"]


@pytest.mark.parametrize("confidence", [None, 0, 80.5])
@pytest.mark.parametrize("feature", ImageFeature)
def test_every_request_fits_the_service_model(
    feature: ImageFeature, confidence: float | None
) -> None:
    from botocore.validate import ParamValidator

    collection = "people" if feature is ImageFeature.KNOWN_FACES else None
    operation, options = request_of(
        PlannedFeature(feature=feature, min_confidence=confidence, collection=collection)
    )
    model = get_session().get_service_model("rekognition")
    names = {name.lower(): name for name in model.operation_names}
    shape = model.operation_model(names[operation.replace("_", "")]).input_shape
    image = {"S3Object": {"Bucket": "bucket", "Name": "key", "Version": "v"}}
    report = ParamValidator().validate({"Image": image, **options}, shape)
    assert not report.has_errors(), report.generate_report()
