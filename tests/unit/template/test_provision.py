"""From a template to calls: every resource type, twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from windfall_local.api import ServiceError
from windfall_local.template import (
    ProvisionError,
    Stack,
    TemplateError,
    UnsupportedTemplateError,
    provision_template,
)
from windfall_local.template.stack import physical_name

NAME = "arn:aws:iam::000000000000:role/r"

EVERYTHING = """
Parameters:
  Days: {Type: Number, Default: 7}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      VersioningConfiguration: {Status: Enabled}
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault: {SSEAlgorithm: AES256}
      PublicAccessBlockConfiguration: {BlockPublicAcls: true}
      OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerEnforced}]}
      NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}
      LifecycleConfiguration:
        Rules:
          - {Id: a, Status: Enabled, Prefix: x/, ExpirationInDays: 3}
          - {Status: Enabled, AbortIncompleteMultipartUpload: {DaysAfterInitiation: 1}}
          - Status: Enabled
            Prefix: y/
            TagFilters: [{Key: k, Value: v}]
            ObjectSizeGreaterThan: "5"
            NoncurrentVersionExpiration: {NoncurrentDays: 3}
      CorsConfiguration:
        CorsRules: [{AllowedMethods: [GET], AllowedOrigins: ["*"], MaxAge: 5, Id: c}]
      Tags: [{Key: a, Value: b}]
  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument: {Statement: [{Resource: !Sub "${Bucket.Arn}/*"}]}
  Dead: {Type: AWS::SQS::Queue}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      FifoQueue: true
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties: {Queues: [!Ref Queue], PolicyDocument: {Statement: []}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      SSESpecification: {SSEEnabled: false}
      TimeToLiveSpecification: {AttributeName: expires, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: bus, Description: A bus}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {source: [x]}
      Targets: [{Id: t, Arn: !GetAtt Queue.Arn, RetryPolicy: {MaximumRetryAttempts: 1}}]
  Archive:
    Type: AWS::Events::Archive
    Properties: {SourceArn: !GetAtt Bus.Arn, RetentionDays: !Ref Days}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: []}
      ManagedPolicyArns: [!Sub "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"]
      Policies: [{PolicyName: p, PolicyDocument: {Statement: []}}]
  Policy:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: q, PolicyDocument: {Statement: []}, Roles: [!Ref Role]}
  Managed:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: {Statement: []}, Roles: [!Ref Role]}
  Layer:
    Type: AWS::Lambda::LayerVersion
    Properties: {Content: layer, CompatibleRuntimes: [python3.13]}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Code: code
      Handler: main.handler
      Runtime: python3.13
      Role: !GetAtt Role.Arn
      Timeout: "30"
      ReservedConcurrentExecutions: 2
      Layers: [!Ref Layer]
      Environment: {Variables: {TABLE: !Ref Table, FLAG: true, NUMBER: 3}}
      Tags: [{Key: a, Value: b}]
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
      SourceArn: !GetAtt Rule.Arn
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FunctionName: !Ref Function
      BatchSize: 5
      ScalingConfig: {MaximumConcurrency: 3}
  InvokeConfig:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: {FunctionName: !Ref Function, Qualifier: $LATEST, MaximumRetryAttempts: 1}
  Group:
    Type: AWS::Logs::LogGroup
    Properties: {RetentionInDays: !Ref Days}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionS3Location: machine.asl.json
      DefinitionSubstitutions: {FunctionArn: !GetAtt Function.Arn, Retries: 3}
      LoggingConfiguration:
        Level: ERROR
        Destinations: [{CloudWatchLogsLogGroup: {LogGroupArn: !GetAtt Group.Arn}}]
      Tags: [{Key: a, Value: b}]
  Parameter:
    Type: AWS::SSM::Parameter
    Properties: {Name: /a/b, Type: String, Value: text}
  Key:
    Type: AWS::KMS::Key
    Properties: {KeyPolicy: {Statement: []}, EnableKeyRotation: true}
  Alias:
    Type: AWS::KMS::Alias
    Properties: {AliasName: alias/a, TargetKeyId: !Ref Key}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: d}}
  TopicPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties: {Topics: [!Ref Topic], PolicyDocument: {Statement: []}}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Queue.Arn
      RawMessageDelivery: true
Outputs:
  TableName: {Value: !Ref Table, Description: The table}
"""


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "layer" / "python").mkdir(parents=True)
    definition = '{"Resource": "${FunctionArn}", "Retries": ${Retries}, "Kept": "${Other}"}'
    (tmp_path / "machine.asl.json").write_text(definition)
    path = tmp_path / "template.yaml"
    path.write_text(EVERYTHING)
    return path


async def test_every_type_is_made_by_calls_that_aws_would_take(
    cloud: Any, everything: Path
) -> None:
    stack = await provision_template(cloud, everything, "app")

    assert stack.outputs["TableName"].value == physical_name("app", "Table")
    [bucket] = cloud.made("CreateBucket")
    assert bucket["Bucket"] == stack.resources["Bucket"].physical_id
    assert bucket["CreateBucketConfiguration"] == {"LocationConstraint": "eu-west-1"}
    [notification] = cloud.made("PutBucketNotificationConfiguration")
    assert notification["NotificationConfiguration"] == {"EventBridgeConfiguration": {}}
    [lifecycle] = cloud.made("PutBucketLifecycleConfiguration")
    assert [rule["Filter"] for rule in lifecycle["LifecycleConfiguration"]["Rules"]] == [
        {"Prefix": "x/"},
        {"Prefix": ""},
        {
            "And": {
                "Prefix": "y/",
                "Tags": [{"Key": "k", "Value": "v"}],
                "ObjectSizeGreaterThan": 5,
            }
        },
    ]
    queue = cloud.made("CreateQueue")[-1]
    assert queue["QueueName"].endswith(".fifo")
    assert json.loads(queue["Attributes"]["RedrivePolicy"])["maxReceiveCount"] == 3
    [function] = cloud.made("CreateFunction")
    assert function["Timeout"] == 30
    assert function["Environment"]["Variables"] == {
        "TABLE": stack.resources["Table"].physical_id,
        "FLAG": "true",
        "NUMBER": "3",
    }
    assert function["Code"]["S3Key"] == str(everything.parent / "code")
    [machine] = cloud.made("CreateStateMachine")
    arn = stack.resources["Function"].attributes["Arn"]
    assert json.loads(machine["definition"]) == {
        "Resource": arn,
        "Retries": 3,
        "Kept": "${Other}",
    }
    [destination] = machine["loggingConfiguration"]["destinations"]
    assert destination["cloudWatchLogsLogGroup"]["logGroupArn"].endswith(":*")
    assert stack.resources["Rule"].physical_id == f"bus|{physical_name('app', 'Rule')}"


async def test_an_aws_policy_that_iam_does_not_know_becomes_an_inline_one(
    cloud: Any, everything: Path
) -> None:
    cloud.answers["AttachRolePolicy"] = ServiceError("NoSuchEntity", "none", status=404)
    with pytest.raises(ProvisionError, match="Managed"):  # The template's own must be there.
        await provision_template(cloud, everything, "app")
    inline = {one["PolicyName"]: one["PolicyDocument"] for one in cloud.made("PutRolePolicy")}
    assert "xray:PutTraceSegments" in inline["AWSXRayDaemonWriteAccess"]


async def test_a_second_run_updates_what_is_there(cloud: Any, everything: Path) -> None:
    first = await provision_template(cloud, everything, "app")
    cloud.calls.clear()
    cloud.answers |= {
        "HeadBucket": {},
        "GetQueueUrl": {"QueueUrl": "http://127.0.0.1:1/000000000000/q"},
        "DescribeTable": {"Table": {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}},
        "DescribeTimeToLive": {
            "TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
        },
        "DescribeEventBus": {},
        "DescribeArchive": {},
        "GetRole": {"Role": {"Arn": NAME, "RoleId": "id"}},
        "ListRolePolicies": {"PolicyNames": ["p", "stale"]},
        "ListAttachedRolePolicies": {
            "AttachedPolicies": [{"PolicyArn": "arn:aws:iam::000000000000:policy/stale"}]
        },
        "ListTargetsByRule": {"Targets": [{"Id": "t"}, {"Id": "stale"}]},
        "GetPolicy": {"Policy": {"DefaultVersionId": "v1"}},
        "GetPolicyVersion": {"PolicyVersion": {"Document": {"Statement": []}}},
        "GetFunctionConfiguration": {},
        "ListLayerVersions": {"LayerVersions": [{"LayerVersionArn": "arn:layer:1"}]},
        "GetLayerVersionByArn": {"Content": {"Location": f"file://{everything.parent / 'layer'}"}},
        "ListEventSourceMappings": {"EventSourceMappings": [{"UUID": "0" * 36}]},
        "DescribeStateMachine": {},
        "GetParameter": {},
        "DescribeKey": {"KeyMetadata": {"KeyId": "key", "Arn": "arn"}},
    }
    second = await provision_template(cloud, everything, "app")

    assert {one for one in cloud.answers if cloud.made(one) and one.startswith("Create")} <= {
        "CreateTopic",
    }
    assert not cloud.made("CreateBucket")
    assert not cloud.made("PublishLayerVersion")
    assert not cloud.made("PutParameter"), "what the user changed since stays"
    assert not cloud.made("UpdateTimeToLive")
    assert [one["PolicyName"] for one in cloud.made("DeleteRolePolicy")] == ["stale"]
    assert [one["PolicyArn"] for one in cloud.made("DetachRolePolicy")] == [
        "arn:aws:iam::000000000000:policy/stale"
    ]
    assert [one["Ids"] for one in cloud.made("RemoveTargets")] == [["stale"]]
    for operation in ("UpdateFunctionCode", "UpdateStateMachine", "UpdateEventSourceMapping"):
        assert cloud.made(operation)
    assert second.created == first.created


async def test_a_changed_parameter_is_put(cloud: Any, write_template: Any) -> None:
    text = "Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: %s}}}"
    await provision_template(cloud, write_template(text % "a"), "app")
    cloud.answers["GetParameter"] = {}
    await provision_template(cloud, write_template(text % "b"), "app")
    assert [one["Value"] for one in cloud.made("PutParameter")] == ["a", "b"]


async def test_what_left_the_template_goes_and_what_holds_data_stays(
    cloud: Any, everything: Path
) -> None:
    await provision_template(cloud, everything, "app")
    everything.write_text("Resources: {Dead: {Type: AWS::SQS::Queue}}")
    cloud.calls.clear()
    cloud.answers["ListTargetsByRule"] = {"Targets": [{"Id": "t"}]}
    stack = await provision_template(cloud, everything, "app")
    assert list(stack.resources) == ["Dead"]
    for operation in (
        "DeleteRule",
        "DeleteArchive",
        "DeleteFunction",
        "DeleteEventSourceMapping",
        "DeleteStateMachine",
        "Unsubscribe",
    ):
        assert cloud.made(operation), operation
    assert not cloud.made("DeleteBucket")
    assert not cloud.made("DeleteTable")


async def test_a_stack_can_be_read_back(cloud: Any, everything: Path) -> None:
    stack = await provision_template(cloud, everything, "app", {"Days": "14"})
    assert Stack.load(cloud.data_dir) == stack
    assert stack.parameters == {"Days": "14"}


async def test_a_refusal_names_the_resource_and_the_error(cloud: Any, everything: Path) -> None:
    cloud.answers["CreateTable"] = ServiceError("LimitExceededException", "too many")
    with pytest.raises(ProvisionError, match=r"Table \(AWS::DynamoDB::Table\): LimitExceeded"):
        await provision_template(cloud, everything, "app")


async def test_nothing_is_made_of_a_template_that_asks_for_too_much(
    cloud: Any, write_template: Any
) -> None:
    path = write_template("Resources: {A: {Type: AWS::SQS::Queue}, B: {Type: AWS::EC2::VPC}}")
    with pytest.raises(UnsupportedTemplateError, match=r"B: type AWS::EC2::VPC"):
        await provision_template(cloud, path, "app")
    assert cloud.calls == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Resources: {L: {Type: AWS::Lambda::LayerVersion, Properties: {Content: none}}}", "none"),
        ("Resources: {B: {Type: AWS::Events::EventBus}}", "B .*incomplete"),
        ("Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt Q.X}}}", "X"),
        ("Transform: Other\nResources: {Q: {Type: AWS::SQS::Queue}}", "Other"),
        ("Parameters: {P: {Type: String}}\nResources: {Q: {Type: AWS::SQS::Queue}}", "P has no"),
    ],
)
async def test_mistakes_are_told(cloud: Any, write_template: Any, text: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        await provision_template(cloud, write_template(text), "app")


async def test_a_data_directory_holds_one_stack(cloud: Any, write_template: Any) -> None:
    path = write_template("Resources: {A: {Type: AWS::SQS::Queue}}")
    await provision_template(cloud, path, "one")
    with pytest.raises(TemplateError, match="holds the stack one"):
        await provision_template(cloud, path, "two")


async def test_keys_of_a_table_do_not_change(cloud: Any, everything: Path) -> None:
    cloud.answers["DescribeTable"] = {
        "Table": {"KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}]}
    }
    with pytest.raises(TemplateError, match="Table: the keys of table"):
        await provision_template(cloud, everything, "app")


SAM = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, CodeUri: code}}
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: makefile}
    Properties: {ContentUri: dependencies}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Handler: main.handler
      Layers: [!Ref Layer]
      Policies: [AWSLambdaBasicExecutionRole]
      Events:
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
  Queue: {Type: AWS::SQS::Queue}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A, States: {A: {Type: Task, Resource: "${Arn}", End: true}}}
      DefinitionSubstitutions: {Arn: !GetAtt Function.Arn}
      Policies: [{Statement: [{Effect: Allow, Action: "lambda:InvokeFunction", Resource: "*"}]}]
"""


@pytest.fixture
def sam(tmp_path: Path, write_template: Any) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "dependencies").mkdir()
    (tmp_path / "dependencies" / "requirements.txt").write_text(
        "pytest>=1 \\\n    --hash=sha256:0\n"
    )
    path: Path = write_template(SAM)
    return path


async def test_a_sam_template_is_expanded_offline(cloud: Any, sam: Path) -> None:
    stack = await provision_template(cloud, sam, "app")
    [function] = cloud.made("CreateFunction")
    assert function["Code"] == {"S3Bucket": "local-directory", "S3Key": str(sam.parent / "code")}
    [machine] = cloud.made("CreateStateMachine")
    definition = json.loads(machine["definition"])
    assert definition["States"]["A"]["Resource"] == stack.resources["Function"].attributes["Arn"]
    assert cloud.made("CreateEventSourceMapping")
    assert {one["PolicyArn"].rsplit("/", 1)[-1] for one in cloud.made("AttachRolePolicy")} == {
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaSQSQueueExecutionRole",
    }


async def test_a_layer_of_dependencies_is_what_is_installed(cloud: Any, sam: Path) -> None:
    await provision_template(cloud, sam, "app")
    [layer] = cloud.made("PublishLayerVersion")
    content = Path(layer["Content"]["S3Key"])
    assert content.is_dir()
    assert list(content.iterdir()) == []


async def test_a_dependency_that_is_not_installed_is_told(cloud: Any, sam: Path) -> None:
    (sam.parent / "dependencies" / "requirements.txt").write_text("no-such-thing==1\npytest==0.1\n")
    with pytest.raises(TemplateError) as failure:
        await provision_template(cloud, sam, "app")
    assert "no-such-thing==1 (not installed)" in str(failure.value)
    assert "pytest==0.1 (installed: " in str(failure.value)
    assert "make install" in str(failure.value)


async def test_sam_mistakes_are_told(cloud: Any, write_template: Any) -> None:
    path = write_template(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b}}}"
    )
    with pytest.raises(TemplateError, match="F"):
        await provision_template(cloud, path, "app")
