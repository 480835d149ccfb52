"""Names of resources, and what CloudFormation's API tells of them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import validate_parameters
from hypothesis import given
from hypothesis import strategies as st

from windfall_local.api import CallContext, Principal, ServiceError
from windfall_local.template import provision_template
from windfall_local.template.cloudformation import CloudFormationService
from windfall_local.template.stack import physical_name

MODEL = ServiceModel(Loader().load_service_model("cloudformation", "service-2"), "cloudformation")
stack_names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,127}", fullmatch=True)
logical_ids = st.from_regex(r"[A-Za-z0-9]{1,255}", fullmatch=True)


@given(stack_names, logical_ids)
def test_names_fit_every_service_and_stay_the_same(stack: str, logical_id: str) -> None:
    name = physical_name(stack, logical_id)
    assert name == physical_name(stack, logical_id)
    assert 3 <= len(name) <= 63
    assert all(letter.isalnum() or letter == "-" for letter in name)


@given(stack_names, st.lists(logical_ids, min_size=2, max_size=2, unique=True))
def test_names_differ(stack: str, pair: list[str]) -> None:
    first, second = pair
    assert physical_name(stack, first) != physical_name(stack, second)


@pytest.fixture
async def cloudformation(cloud: Any, write_template: Any) -> Any:
    path = write_template(
        "Description: Text\n"
        "Parameters: {P: {Type: String, Default: x}}\n"
        "Resources: {Queue: {Type: AWS::SQS::Queue}, Group: {Type: AWS::Logs::LogGroup}}\n"
        "Outputs: {Url: {Value: !Ref Queue, Description: Where}}"
    )
    await provision_template(cloud, path, "app")
    service = CloudFormationService(cloud)

    async def call(operation: str, **parameters: Any) -> Any:
        context = CallContext(cloud, Principal.root(), "id")
        answer = await service.call(operation, parameters, context)
        validate_parameters(answer, MODEL.operation_model(operation).output_shape)
        return answer

    return call


async def test_a_stack_is_described(cloudformation: Any) -> None:
    [stack] = (await cloudformation("DescribeStacks", StackName="app"))["Stacks"]
    assert stack["Outputs"] == [
        {
            "OutputKey": "Url",
            "OutputValue": "http://127.0.0.1:1/000000000000/q",
            "Description": "Where",
        }
    ]
    assert stack["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "x"}]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert (await cloudformation("DescribeStacks"))["Stacks"] == [stack]
    assert await cloudformation("DescribeStacks", StackName=stack["StackId"])
    [summary] = (await cloudformation("ListStacks"))["StackSummaries"]
    assert summary["StackName"] == "app"


async def test_its_resources_are_listed(cloudformation: Any) -> None:
    listed = (await cloudformation("ListStackResources", StackName="app"))["StackResourceSummaries"]
    assert [one["LogicalResourceId"] for one in listed] == ["Queue", "Group"]
    [one] = (
        await cloudformation("DescribeStackResources", StackName="app", LogicalResourceId="Group")
    )["StackResources"]
    assert one["ResourceType"] == "AWS::Logs::LogGroup"
    physical = one["PhysicalResourceId"]
    found = await cloudformation("DescribeStackResources", PhysicalResourceId=physical)
    assert len(found["StackResources"]) == 2
    detail = await cloudformation(
        "DescribeStackResource", StackName="app", LogicalResourceId="Group"
    )
    assert detail["StackResourceDetail"]["PhysicalResourceId"] == physical


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("DescribeStacks", {"StackName": "other"}),
        ("ListStackResources", {"StackName": "other"}),
        ("DescribeStackResource", {"StackName": "app", "LogicalResourceId": "None"}),
        ("DescribeStackResources", {"PhysicalResourceId": "none"}),
    ],
)
async def test_what_is_not_there_is_a_validation_error(
    cloudformation: Any, operation: str, parameters: dict[str, str]
) -> None:
    with pytest.raises(ServiceError, match=r"ValidationError.*does not exist"):
        await cloudformation(operation, **parameters)
