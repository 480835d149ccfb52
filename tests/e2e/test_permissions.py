"""Each role may do what its step needs, and a step without its permission fails alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.conftest import AWS_STACK
from tests.e2e.deployment import Deployment, outcome_of, unique
from tests.e2e.listener import Listener

pytestmark = pytest.mark.timeout(900)

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
    body = unique("Dear Anna, the hotel in Lisbon was wonderful.")
    first = deployment.analyze("whole.txt", body)
    again = deployment.analyze("whole again.txt", body)
    assert again.reused_from == first.file_id
    assert [one.reason for one in first.outcomes if one.status == "failed"] == []
    for function in FUNCTIONS:
        denied = [line for line in deployment.logs(function) if "AccessDenied" in line]
        assert denied == [], function


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
