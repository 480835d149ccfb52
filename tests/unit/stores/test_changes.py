"""What is journalled: everything but what is known to look only."""

from __future__ import annotations

import pytest

from windfall_local.stores.changes import may_change


@pytest.mark.parametrize(
    "asked",
    [
        "s3.GetObject",
        "s3.HeadObject",
        "s3.ListObjectsV2",
        "dynamodb.Query",
        "dynamodb.TransactGetItems",
        "ssm.DescribeParameters",
        "kms.Encrypt",
        "kms.GenerateDataKey",
        "logs.FilterLogEvents",
        "iam.SimulatePrincipalPolicy",
    ],
)
def test_looking_changes_nothing(asked: str) -> None:
    assert not may_change(*asked.split("."))


@pytest.mark.parametrize(
    "asked",
    [
        "s3.PutObject",
        "s3.RestoreObject",
        "dynamodb.ExecuteStatement",
        "dynamodb.TransactWriteItems",
        "sqs.ReceiveMessage",
        "sns.Publish",
        "kms.CreateKey",
        "kms.GetParametersForImport",
        "iam.GenerateCredentialReport",
        "s3.SomethingNew",
    ],
)
def test_in_doubt_an_operation_may_change_something(asked: str) -> None:
    assert may_change(*asked.split("."))
