"""Dead letters go back to where they were meant for, and a stack can be looked at."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.e2e.deployment import Deployment, Dropped, unique, until
from windfall_cli.dead_letters import DeadLetters
from windfall_cli.stack_checks import look_at

pytestmark = pytest.mark.timeout(900)


def test_dead_letters_are_given_back_to_whom_they_were_for(deployment: Deployment) -> None:
    sqs, s3 = deployment.client("sqs"), deployment.client("s3")
    bucket = deployment.output("ResultsBucketName")
    key = f"elsewhere/{uuid.uuid4().hex}.txt"
    version = s3.put_object(Bucket=bucket, Key=key, Body=unique())["VersionId"]
    # A request for an object of our own results is refused: that shows that it was admitted.
    detail = {"version": "1", "bucket": bucket, "key": key, "version_id": version}
    request = {"id": str(uuid.uuid4()), "source": "e2e", "detail-type": "AnalysisRequested"}
    event = {**request, "version": "0", "time": "2026-11-23T14:00:00Z", "detail": detail}
    sqs.send_message(
        QueueUrl=deployment.resources["AdmissionDeadLetterQueue"], MessageBody=json.dumps(event)
    )
    sqs.send_message(
        QueueUrl=deployment.resources["EventDeadLetterQueue"],
        MessageBody=json.dumps(event),
        MessageAttributes={
            "TARGET_ARN": {
                "DataType": "String",
                "StringValue": queue_arn(deployment, "AdmissionQueue"),
            },
            "ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"},
        },
    )
    nobodys = f"nobody's: {key}"
    sqs.send_message(QueueUrl=deployment.resources["EventDeadLetterQueue"], MessageBody=nobodys)
    letters = DeadLetters(deployment.stack)
    # Others may lie there.
    ours = [one for one in letters.receive("AdmissionDeadLetterQueue") if key in one.body]
    assert [one.target for one in ours] == ["AdmissionQueue"]
    letters.give_back(ours[0])
    found = [one for one in letters.receive("EventDeadLetterQueue") if key in one.body]
    by_reason = {letter.reason: letter for letter in found}
    assert by_reason["received too often"].target is None
    letters.give_back(by_reason["NO_PERMISSIONS"])

    file = Dropped(bucket, key, version)
    manifest = until(lambda: deployment.reader.file(file.file_id), "the refusal")
    assert manifest.file.status == "rejected"
    assert letters.waiting("AdmissionDeadLetterQueue") == 0
    sqs.purge_queue(QueueUrl=deployment.resources["EventDeadLetterQueue"])


def queue_arn(deployment: Deployment, name: str) -> str:
    answer = deployment.client("sqs").get_queue_attributes(
        QueueUrl=deployment.resources[name], AttributeNames=["QueueArn"]
    )
    return str(answer["Attributes"]["QueueArn"])


def test_a_stack_that_stands_has_nothing_to_mend(deployment: Deployment) -> None:
    findings = {finding.what: finding for finding in look_at(deployment.stack)}
    assert [finding for finding in findings.values() if not finding.ok] == []
    assert {"credentials", "access to inbox", "rekognition", "Lambda's quota"} <= findings.keys()


def test_who_looks_is_told_that_nothing_may_begin(deployment: Deployment) -> None:
    with deployment.limit("transcribe", 0):
        findings = {finding.what: finding for finding in look_at(deployment.stack)}
    slots = findings["slots of transcribe"]
    assert (slots.ok, slots.found) == (False, "0 of 0 are held, 0 wait")
    assert f"/{deployment.stack.name}/limits/transcribe" in slots.remedy
    assert findings["slots of rekognition"].found.startswith("0 of ")
