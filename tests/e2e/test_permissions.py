"""Each role may do what its step needs, and a step without its permission fails alone."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import NO_LANGUAGES, Deployment, outcome_of, unique
from tests.e2e.listener import Listener
from tests.fakes.films import BLUE, film
from tests.fakes.recordings import encode, tone
from tests.fakes.tables import HEADER, as_csv, customers

pytestmark = pytest.mark.timeout(900)

DEMO = Path(__file__).parents[2] / "demo"

FUNCTIONS = (
    "AdmitFile",
    "DetectImageFeature",
    "PrepareText",
    "DetectTextFeature",
    "TranslateText",
    "SynthesizeSpeech",
    "RecordInsights",
    "RecordFailure",
)


def test_no_request_of_the_main_job_is_denied(deployment: Deployment) -> None:
    before = {function: len(denials(deployment, function)) for function in FUNCTIONS}
    body = unique("Dear Anna, the hotel in Lisbon was wonderful.")
    first = deployment.analyze("whole.txt", body)
    again = deployment.analyze("whole again.txt", body)
    assert again.reused_from == first.file_id
    assert [one.reason for one in first.outcomes if one.status == "failed"] == []
    for function in FUNCTIONS:
        assert denials(deployment, function)[before[function] :] == [], function


def denials(deployment: Deployment, function: str) -> list[str]:
    """The lines of a function's log that tell of what it may not do, oldest first."""
    return [line for line in deployment.logs(function) if "AccessDenied" in line]


@contextmanager
def denied(deployment: Deployment, role: str, action: str) -> Iterator[None]:
    """A role of the stack without one permission."""
    iam, name = deployment.client("iam"), deployment.resources[role]
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="e2e", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="e2e")


@contextmanager
def taken_away(deployment: Deployment, statement: str) -> Iterator[None]:
    """A role of the stack without one statement, named `role/Sid`."""
    role, _, sid = statement.partition("/")
    iam, name = deployment.client("iam"), deployment.resources[role]
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    rest = [one for one in whole["Statement"] if one["Sid"] != sid]
    assert len(rest) == len(whole["Statement"]) - 1

    def put(document: dict[str, Any]) -> None:
        text = json.dumps(document)
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=text)

    put({**whole, "Statement": rest})
    try:
        yield
    finally:
        put(whole)


def a_page() -> bytes:
    """A picture with text on it, unlike any other."""
    with Image.open(DEMO / "page.png") as opened:
        page = opened.convert("RGB")
    page.putpixel((0, 0), (random.randrange(256), random.randrange(256), random.randrange(256)))
    body = io.BytesIO()
    page.save(body, "PNG")
    return body.getvalue()


def a_film() -> bytes:
    colour = (random.randrange(256), random.randrange(256), 0)
    return film(((colour, 1.0), (BLUE, 1.0)))


def a_tone() -> bytes:
    return encode("wav", tone(1.5 + random.random()))


def a_dataset() -> bytes:
    return as_csv(HEADER, customers(200, seed=random.randrange(1_000_000)))


@dataclass(frozen=True)
class Taken:
    """A statement that is taken away, and what comes of it.

    Attributes:
        statement: `role/Sid`.
        key, body, features, targets: The file that is dropped meanwhile.
        failed: The features that fail; the others do not.
        lacks: What the reason names.
    """

    statement: str
    key: str
    body: Callable[[], bytes]
    features: str
    failed: set[str]
    lacks: str
    targets: str = NO_LANGUAGES


TAKEN = (
    Taken(
        "DetectImageFeatureRole/Detect", "a.png", a_page, "labels,properties",
        {"labels", "properties"}, "rekognition:DetectLabels",
    ),
    Taken(
        "AnalyzeImageRole/WaitForTextAnalyses", "b.png", a_page, "text",
        {"language"}, "states:DescribeExecution",
    ),
    Taken(
        "TranslateTextRole/Translate", "c.txt", unique, "sentiment",
        {"translation.es"}, "translate:TranslateText", "es",
    ),
    Taken(
        "TranscribeAudioRole/LetTranscribeReadTheRecording", "d.wav", a_tone, "sentiment",
        {"transcript"}, "read permission",
    ),
    Taken(
        "DetectVideoFeatureRole/LetRekognitionReadTheVideo", "e.mp4", a_film, "segments",
        {"segments"}, "S3",
    ),
    Taken(
        "TrainModelRole/Train", "train/f.csv", a_dataset, "", {"training"},
        "sagemaker:CreateTrainingJob",
    ),
)  # fmt: skip


@pytest.mark.skipif(bool(AWS_STACK), reason="roles of a real stack are left as they are")
@pytest.mark.parametrize("taken", TAKEN, ids=lambda taken: taken.statement)
def test_without_its_statement_a_step_fails_and_no_other(
    deployment: Deployment, taken: Taken
) -> None:
    options = {"features": taken.features, "targets": taken.targets} if taken.features else {}
    with taken_away(deployment, taken.statement):
        manifest = deployment.analyze(taken.key, taken.body(), **options)
    reasons = {one.feature: one.reason for one in manifest.outcomes if one.status == "failed"}
    assert reasons.keys() == taken.failed, manifest.outcomes
    assert any(taken.lacks in str(reason) for reason in reasons.values()), reasons


@pytest.mark.skipif(bool(AWS_STACK), reason="roles of a real stack are left as they are")
def test_a_missing_permission_breaks_that_feature_and_no_other(deployment: Deployment) -> None:
    with denied(deployment, "DetectTextFeatureRole", "comprehend:DetectEntities"):
        manifest = deployment.analyze(
            "less.txt", unique(), features="sentiment,entities", targets=""
        )

    assert manifest.status == "partial"
    assert outcome_of(manifest, "sentiment").status == "ok"
    entities = outcome_of(manifest, "entities")
    assert entities.status == "failed"
    assert entities.reason.startswith("ClientError: An error occurred (AccessDeniedException)")
    assert "comprehend:DetectEntities" in entities.reason
    assert "stackTrace" not in entities.reason


@pytest.mark.skipif(bool(AWS_STACK), reason="roles of a real stack are left as they are")
def test_an_analysis_that_can_not_be_recorded_fails_and_can_be_tried_again(
    deployment: Deployment, listener: Listener
) -> None:
    body = unique()
    with denied(deployment, "RecordInsightsRole", "dynamodb:Query"):
        file = deployment.drop_cheap("unrecorded.txt", body)
        (failed,) = deployment.wait(file)

    assert (failed.status, failed.attempt) == ("failed", 1)
    assert (failed.reason or "").startswith("The analysis failed (ClientError: An error occurred")
    assert "dynamodb:Query" in (failed.reason or "")
    assert listener.of_file(file, "FileFailed")["detail"]["reason"] == failed.reason

    (again,) = deployment.wait(deployment.drop_cheap("again.txt", body))
    assert (again.status, again.attempt) == ("analyzed", 2)
    paid = deployment.versions(f"results/{file.file_id}/outcomes/")
    assert set(paid.values()) == {1}, "what the first attempt paid for is used"
