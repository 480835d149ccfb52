"""SageMaker's resource types in a template, in the whole local cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.models import SCIKIT_LEARN, script
from windfall_local.api import Principal, ServiceError
from windfall_local.cloud import LocalCloud
from windfall_local.template import provision_template
from windfall_local.template.errors import TemplateError

ROOT = Principal.root()
BASE = """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: {BucketName: models-of-a-template}
  Told: {Type: AWS::SNS::Topic}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: sagemaker.amazonaws.com}, Action: "sts:AssumeRole"}
      Policies:
        - PolicyName: hosting
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: ["s3:*", "logs:*", "sns:Publish", "ecr:*"], Resource: "*"}
  Versions:
    Type: AWS::SageMaker::ModelPackageGroup
    Properties: {ModelPackageGroupName: versions}
"""
HOSTING = f"""
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      PrimaryContainer:
        Image: {SCIKIT_LEARN}
        ModelDataUrl: !Sub "s3://${{Bucket}}/MODEL"
        Environment: {{SAGEMAKER_PROGRAM: inference.py}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: AllTraffic
          ModelName: !GetAtt Model.ModelName
          InstanceType: ml.m5.large
          InitialInstanceCount: 1
          InitialVariantWeight: 1
      AsyncInferenceConfig:
        OutputConfig:
          S3OutputPath: !Sub "s3://${{Bucket}}/out"
          NotificationConfig: {{SuccessTopic: !Ref Told, ErrorTopic: !Ref Told}}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {{EndpointConfigName: !GetAtt Config.EndpointConfigName}}
  Scaling:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      MaxCapacity: 2
      MinCapacity: 0
      ResourceId: !Sub "endpoint/${{Endpoint.EndpointName}}/variant/AllTraffic"
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ServiceNamespace: sagemaker
Outputs:
  Endpoint: {{Value: !GetAtt Endpoint.EndpointName}}
"""


async def served_data(cloud: LocalCloud, endpoint: dict[str, Any]) -> Any:
    """Where the data of the model lie that an endpoint serves."""
    named = {"EndpointConfigName": endpoint["EndpointConfigName"]}
    config = await cloud.call("sagemaker", "DescribeEndpointConfig", named, ROOT)
    named = {"ModelName": config["ProductionVariants"][0]["ModelName"]}
    model = await cloud.call("sagemaker", "DescribeModel", named, ROOT)
    return model["PrimaryContainer"]["ModelDataUrl"]


async def test_a_template_brings_an_endpoint_up_changes_it_and_takes_it_away(
    tmp_path: Path,
) -> None:
    template = tmp_path / "template.yaml"

    async def provision(cloud: LocalCloud, text: str) -> dict[str, str]:
        template.write_text(text)
        stack = await provision_template(cloud, template, "tables")
        return {name: one.value for name, one in stack.outputs.items()}

    async with LocalCloud.run(tmp_path / "cloud") as cloud:
        await provision(cloud, BASE)
        with pytest.raises(TemplateError, match="Failed to download model data"):
            await provision(cloud, BASE + HOSTING)
        for name in ("first", "second"):
            content = {"Bucket": "models-of-a-template", "Key": name, "Body": script()}
            await cloud.call("s3", "PutObject", content, ROOT)
        endpoint = (await provision(cloud, BASE + HOSTING.replace("MODEL", "first")))["Endpoint"]
        asked = {"EndpointName": endpoint, "Body": b"1,2", "ContentType": "text/csv"}
        answer = await cloud.call("sagemaker-runtime", "InvokeEndpointAsync", asked, ROOT)
        assert answer["OutputLocation"].startswith("s3://models-of-a-template/out/")

        changed = await provision(cloud, BASE + HOSTING.replace("MODEL", "second"))
        assert changed["Endpoint"] == endpoint
        described = await cloud.call(
            "sagemaker", "DescribeEndpoint", {"EndpointName": endpoint}, ROOT
        )
        assert described["EndpointStatus"] == "InService"
        assert await served_data(cloud, described) == "s3://models-of-a-template/second"
        groups = await cloud.call("sagemaker", "ListModelPackageGroups", {}, ROOT)
        named = [one["ModelPackageGroupName"] for one in groups["ModelPackageGroupSummaryList"]]
        assert named == ["versions"]

        await provision(cloud, BASE)
        with pytest.raises(ServiceError, match="Could not find endpoint"):
            await cloud.call("sagemaker", "DescribeEndpoint", {"EndpointName": endpoint}, ROOT)
        assert (await cloud.call("sagemaker", "ListEndpointConfigs", {}, ROOT))[
            "EndpointConfigs"
        ] == []
