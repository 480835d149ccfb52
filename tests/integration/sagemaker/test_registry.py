"""The model registry through boto3, and an endpoint that serves an approved version."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.fakes.models import SCIKIT_LEARN, script
from tests.fakes.service_model import model_violations
from tests.integration.sagemaker.conftest import Stage


def test_a_version_is_registered_once_for_each_token(stage: Stage) -> None:
    sagemaker = stage.sagemaker
    sagemaker.create_model_package_group(ModelPackageGroupName="Once")

    def register(token: str, **changes: str) -> str:
        answer = sagemaker.create_model_package(
            ModelPackageGroupName="Once", ClientToken=token, **changes
        )
        return str(answer["ModelPackageArn"])

    first = register("a")
    assert register("a") == first
    assert register("b") != first
    with pytest.raises(ClientError, match="ConflictException"):
        register("a", ModelApprovalStatus="Approved")
    listed = sagemaker.list_model_packages(ModelPackageGroupName="Once")
    assert len(listed["ModelPackageSummaryList"]) == 2


def test_an_approved_version_of_a_model_is_served(stage: Stage, role: str) -> None:
    sagemaker = stage.sagemaker
    sagemaker.create_model_package_group(ModelPackageGroupName="Sums")
    container = {
        "Image": SCIKIT_LEARN,
        "ModelDataUrl": stage.put("sums/model.tar.gz", script()),
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
    }
    arns = [
        sagemaker.create_model_package(
            ModelPackageGroupName="Sums",
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            ModelApprovalStatus="PendingManualApproval",
            CustomerMetadataProperties={"rows": "400"},
        )["ModelPackageArn"]
        for _ in range(2)
    ]
    assert [arn.rpartition(":model-package/")[2] for arn in arns] == ["sums/1", "sums/2"]

    def create_model() -> None:
        sagemaker.create_model(
            ModelName="sums-2",
            ExecutionRoleArn=role,
            PrimaryContainer={"ModelPackageName": arns[1]},
        )

    with pytest.raises(ClientError, match="is not approved"):
        create_model()
    sagemaker.update_model_package(
        ModelPackageArn=arns[1],
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"score": "0.9"},
    )
    described = sagemaker.describe_model_package(ModelPackageName=arns[1])
    described.pop("ResponseMetadata")
    assert model_violations("sagemaker", "DescribeModelPackage", described) == []
    assert described["CustomerMetadataProperties"] == {"rows": "400", "score": "0.9"}
    assert described["ModelPackageVersion"] == 2
    listed = sagemaker.list_model_packages(
        ModelPackageGroupName="Sums", ModelApprovalStatus="Approved"
    )["ModelPackageSummaryList"]
    assert [one["ModelPackageArn"] for one in listed] == [arns[1]]

    create_model()
    endpoint = stage.endpoint("sums-2")
    assert stage.ask(endpoint, b"1,2\n3,4\n", Accept="text/csv") == b"3.0\n7.0\n"

    with pytest.raises(ClientError, match="is not empty"):
        sagemaker.delete_model_package_group(ModelPackageGroupName="Sums")
    for arn in arns:
        sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName="Sums")
    with pytest.raises(ClientError, match="does not exist"):
        sagemaker.describe_model_package_group(ModelPackageGroupName="Sums")
