"""Batch jobs through boto3, the gateway, IAM, S3 and the real Apertium."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.translate.test_translate import HAS_APERTIUM

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(not HAS_APERTIUM, reason="apertium is missing: windfall models pull"),
]

BUCKET = "translate-jobs"
READS = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
}
WRITES = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/out/*"}


@pytest.fixture
def bucket(client: Callable[..., Any]) -> Iterator[Any]:
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for name, text in (("one.txt", "The house is big."), ("more/two.txt", "The cat is black.")):
        s3.put_object(Bucket=BUCKET, Key=f"in/{name}", Body=text.encode())
    yield s3
    for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=found["Key"])
    s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def translator(client: Callable[..., Any]) -> Iterator[Callable[..., str]]:
    """Makes a role for Translate with some statements."""
    iam = client("iam")
    made: list[str] = []

    def make(*statements: dict[str, Any], service: str = "translate.amazonaws.com") -> str:
        name = f"translator-{len(made)}"
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"}},
                }
            ],
        }
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        made.append(name)
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=policy)
        return str(role["Arn"])

    yield make
    for name in made:
        iam.delete_role_policy(RoleName=name, PolicyName="access")
        iam.delete_role(RoleName=name)


def begin(translate: Any, role: str, **parameters: Any) -> Any:
    asked = {
        "InputDataConfig": {"S3Uri": f"s3://{BUCKET}/in/", "ContentType": "text/plain"},
        "OutputDataConfig": {"S3Uri": f"s3://{BUCKET}/out/"},
        "SourceLanguageCode": "en",
        "TargetLanguageCodes": ["es", "ca"],
    }
    return translate.start_text_translation_job(DataAccessRoleArn=role, **{**asked, **parameters})


def ended(translate: Any, job: str) -> Any:
    end = time.monotonic() + 100
    while time.monotonic() < end:
        state = translate.describe_text_translation_job(JobId=job)["TextTranslationJobProperties"]
        if state["JobStatus"] not in ("SUBMITTED", "IN_PROGRESS"):
            return state
        time.sleep(0.02)
    raise AssertionError(f"{job} has not ended")


def test_a_folder_is_translated(
    client: Callable[..., Any], bucket: Any, translator: Callable[..., str]
) -> None:
    translate = client("translate")
    state = ended(translate, begin(translate, translator(READS, WRITES))["JobId"])
    assert state["JobStatus"] == "COMPLETED"
    folder = state["OutputDataConfig"]["S3Uri"].removeprefix(f"s3://{BUCKET}/")
    texts = {
        name: bucket.get_object(Bucket=BUCKET, Key=folder + name)["Body"].read().decode()
        for name in ("es.one.txt", "more/es.two.txt", "ca.one.txt")
    }
    assert texts == {
        "es.one.txt": "La casa es grande.",
        "more/es.two.txt": "El gato es negro.",
        "ca.one.txt": "La casa és gran.",
    }


def test_a_role_must_trust_translate_and_may_what_the_job_does(
    client: Callable[..., Any], bucket: Any, translator: Callable[..., str]
) -> None:
    translate = client("translate")
    for role, word in (
        (translator(READS, WRITES, service="lambda.amazonaws.com"), "trust"),
        (translator(READS), "write access"),
        (translator(WRITES), "read access"),
        ("arn:aws:iam::000000000000:role/nobody", "exist"),
    ):
        with pytest.raises(translate.exceptions.InvalidRequestException, match=word):
            begin(translate, role)


def test_a_caller_passes_only_roles_that_it_may_pass(
    client: Callable[..., Any],
    bucket: Any,
    role: Callable[..., Any],
    translator: Callable[..., str],
) -> None:
    arn = translator(READS, WRITES)
    start = {"Effect": "Allow", "Action": "translate:StartTextTranslationJob", "Resource": "*"}
    with pytest.raises(ClientError, match="iam:PassRole"):
        begin(client("translate", role(start)), arn)
    passing = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": arn,
        "Condition": {"StringEquals": {"iam:PassedToService": "translate.amazonaws.com"}},
    }
    job = begin(client("translate", role(start, passing)), arn)["JobId"]
    assert ended(client("translate"), job)["JobStatus"] == "COMPLETED"
