"""Which permissions calls need, by AWS's Service Authorization Reference."""

from __future__ import annotations

from typing import Any

import pytest

from windfall_local.identity.needs import Need, Scene, needs_of

SCENE = Scene("us-east-1", lambda table: "pk" if table == "insights" else None)
HERE = "us-east-1:000000000000"
URL = "http://127.0.0.1:1/000000000000/admission"


def needs(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    found = needs_of(service, operation, parameters, SCENE)
    assert found is not None
    return [(need.action, need.resource) for need in found]


@pytest.mark.parametrize(
    ("call", "parameters", "action", "resource"),
    [
        ("s3.GetObject", {"Bucket": "b", "Key": "k"}, "s3:GetObject", "arn:aws:s3:::b/k"),
        (
            "sagemaker.CreateTrainingJob",
            {"TrainingJobName": "Churn"},
            "sagemaker:CreateTrainingJob",
            f"arn:aws:sagemaker:{HERE}:training-job/churn",
        ),
        (
            "sagemaker.UpdateEndpointWeightsAndCapacities",
            {"EndpointName": "e"},
            "sagemaker:UpdateEndpointWeightsAndCapacities",
            f"arn:aws:sagemaker:{HERE}:endpoint/e",
        ),
        (
            "sagemaker.CreateModelPackage",
            {"ModelPackageGroupName": "g"},
            "sagemaker:CreateModelPackage",
            f"arn:aws:sagemaker:{HERE}:model-package-group/g",
        ),
        (
            "sagemaker.DescribeModelPackage",
            {"ModelPackageName": f"arn:aws:sagemaker:{HERE}:model-package/g/1"},
            "sagemaker:DescribeModelPackage",
            f"arn:aws:sagemaker:{HERE}:model-package/g/1",
        ),
        ("sagemaker.ListModelPackageGroups", {}, "sagemaker:ListModelPackageGroups", "*"),
        (
            "sagemaker-runtime.InvokeEndpointAsync",
            {"EndpointName": "e"},
            "sagemaker:InvokeEndpointAsync",
            f"arn:aws:sagemaker:{HERE}:endpoint/e",
        ),
        (
            "s3.HeadObject",
            {"Bucket": "b", "Key": "k", "VersionId": "1"},
            "s3:GetObjectVersion",
            "arn:aws:s3:::b/k",
        ),
        ("s3.ListObjectsV2", {"Bucket": "b"}, "s3:ListBucket", "arn:aws:s3:::b"),
        ("s3.ListBuckets", {}, "s3:ListAllMyBuckets", "*"),
        ("s3.PutBucketEncryption", {"Bucket": "b"}, "s3:PutEncryptionConfiguration", None),
        ("s3.CompleteMultipartUpload", {"Bucket": "b", "Key": "k"}, "s3:PutObject", None),
        (
            "dynamodb.PutItem",
            {"TableName": "insights", "Item": {}},
            "dynamodb:PutItem",
            f"arn:aws:dynamodb:{HERE}:table/insights",
        ),
        (
            "dynamodb.Query",
            {"TableName": "insights", "IndexName": "recent"},
            "dynamodb:Query",
            f"arn:aws:dynamodb:{HERE}:table/insights/index/recent",
        ),
        (
            "dynamodb.BatchWriteItem",
            {"RequestItems": {"insights": []}},
            "dynamodb:BatchWriteItem",
            f"arn:aws:dynamodb:{HERE}:table/insights",
        ),
        (
            "sqs.SendMessageBatch",
            {"QueueUrl": URL},
            "sqs:SendMessage",
            f"arn:aws:sqs:{HERE}:admission",
        ),
        (
            "sqs.GetQueueUrl",
            {"QueueName": "admission"},
            "sqs:GetQueueUrl",
            f"arn:aws:sqs:{HERE}:admission",
        ),
        ("sns.Publish", {"TopicArn": "arn:t"}, "sns:Publish", "arn:t"),
        (
            "events.PutEvents",
            {"Entries": [{"EventBusName": "app"}]},
            "events:PutEvents",
            f"arn:aws:events:{HERE}:event-bus/app",
        ),
        (
            "events.DescribeRule",
            {"Name": "r", "EventBusName": "app"},
            "events:DescribeRule",
            f"arn:aws:events:{HERE}:rule/app/r",
        ),
        (
            "stepfunctions.StartExecution",
            {"stateMachineArn": "arn:m"},
            "states:StartExecution",
            "arn:m",
        ),
        (
            "lambda.Invoke",
            {"FunctionName": "f", "Qualifier": "live"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{HERE}:function:f:live",
        ),
        (
            "lambda.Invoke",
            {"FunctionName": f"arn:aws:lambda:{HERE}:function:f"},
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{HERE}:function:f",
        ),
        (
            "ssm.GetParameter",
            {"Name": "/stack/profiles/default:2"},
            "ssm:GetParameter",
            f"arn:aws:ssm:{HERE}:parameter/stack/profiles/default",
        ),
        (
            "ssm.GetParameter",
            {"Name": "plain"},
            "ssm:GetParameter",
            f"arn:aws:ssm:{HERE}:parameter/plain",
        ),
        (
            "logs.PutLogEvents",
            {"logGroupName": "/aws/lambda/f", "logStreamName": "s"},
            "logs:PutLogEvents",
            f"arn:aws:logs:{HERE}:log-group:/aws/lambda/f:log-stream:s",
        ),
        ("cloudwatch.PutMetricData", {"Namespace": "n"}, "cloudwatch:PutMetricData", "*"),
        ("xray.PutTraceSegments", {}, "xray:PutTraceSegments", "*"),
        ("rekognition.DetectLabels", {}, "rekognition:DetectLabels", "*"),
        (
            "rekognition.SearchFaces",
            {"CollectionId": "c"},
            "rekognition:SearchFaces",
            f"arn:aws:rekognition:{HERE}:collection/c",
        ),
        ("comprehend.BatchDetectSyntax", {}, "comprehend:BatchDetectSyntax", "*"),
        ("translate.TranslateText", {}, "translate:TranslateText", "*"),
        (
            "translate.TranslateText",
            {"TerminologyNames": ["t"]},
            "translate:TranslateText",
            f"arn:aws:translate:{HERE}:terminology/t/LATEST",
        ),
        ("polly.SynthesizeSpeech", {}, "polly:SynthesizeSpeech", "*"),
        (
            "polly.SynthesizeSpeech",
            {"LexiconNames": ["l"]},
            "polly:SynthesizeSpeech",
            f"arn:aws:polly:{HERE}:lexicon/l",
        ),
        ("kms.Encrypt", {"KeyId": "1"}, "kms:Encrypt", f"arn:aws:kms:{HERE}:key/1"),
        (
            "iam.GetRole",
            {"RoleName": "r"},
            "iam:GetRole",
            "arn:aws:iam::000000000000:role/r",
        ),
        ("service-quotas.GetServiceQuota", {}, "servicequotas:GetServiceQuota", "*"),
        ("ecr.GetAuthorizationToken", {}, "ecr:GetAuthorizationToken", "*"),
        (
            "ecr.BatchGetImage",
            {"registryId": "683313688378", "repositoryName": "sagemaker-xgboost"},
            "ecr:BatchGetImage",
            "arn:aws:ecr:us-east-1:683313688378:repository/sagemaker-xgboost",
        ),
    ],
)
def test_one_permission(
    call: str, parameters: dict[str, Any], action: str, resource: str | None
) -> None:
    service, operation = call.split(".")

    ((needed, on),) = needs(service, operation, **parameters)

    assert needed == action
    assert resource is None or on == resource


ENDPOINT = {"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/e/variant/v"}


@pytest.mark.parametrize("is_first", [True, False])
def test_what_is_to_be_scaled_takes_the_permissions_for_it(is_first: bool) -> None:
    scene = Scene("us-east-1", has_linked_role=lambda _: not is_first)
    found = needs_of("application-autoscaling", "RegisterScalableTarget", ENDPOINT, scene)
    assert found is not None
    own, *tried = found
    assert own.action == "application-autoscaling:RegisterScalableTarget"
    actions = {need.action: need for need in tried}
    assert actions["sagemaker:DescribeEndpoint"].resource == f"arn:aws:sagemaker:{HERE}:endpoint/e"
    config = actions["sagemaker:DescribeEndpointConfig"]
    assert config.resource.startswith(f"arn:aws:sagemaker:{HERE}:endpoint-config/")
    assert not config.resource.endswith("/e")
    assert config.refused_as == "ValidationException"
    assert ("iam:CreateServiceLinkedRole" in actions) == is_first


def test_a_policy_that_follows_a_metric_takes_the_permissions_for_its_alarms() -> None:
    following = {**ENDPOINT, "PolicyType": "TargetTrackingScaling"}
    assert needs("application-autoscaling", "PutScalingPolicy", **following)[1:] == [
        (f"cloudwatch:{action}", f"arn:aws:cloudwatch:{HERE}:alarm:")
        for action in ("PutMetricAlarm", "DescribeAlarms", "DeleteAlarms")
    ]
    stepping = {**ENDPOINT, "PolicyType": "StepScaling"}
    assert len(needs("application-autoscaling", "PutScalingPolicy", **stepping)) == 1


def test_a_copy_reads_and_writes() -> None:
    for source in ("from/a%20b", {"Bucket": "from", "Key": "a b"}):
        assert needs("s3", "CopyObject", Bucket="to", Key="k", CopySource=source) == [
            ("s3:GetObject", "arn:aws:s3:::from/a b"),
            ("s3:PutObject", "arn:aws:s3:::to/k"),
        ]


def test_tags_and_acls_of_an_object_are_permissions_of_their_own() -> None:
    assert [
        action
        for action, _ in needs(
            "s3", "PutObject", Bucket="b", Key="k", Tagging="a=b", ACL="public-read"
        )
    ] == ["s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectAcl"]


def test_a_transaction_needs_each_of_its_parts() -> None:
    table = f"arn:aws:dynamodb:{HERE}:table/insights"
    parts = [
        {"Put": {"TableName": "insights", "Item": {}}},
        {"Update": {"TableName": "insights", "Key": {}}},
        {"Delete": {"TableName": "insights", "Key": {}}},
        {"ConditionCheck": {"TableName": "insights", "Key": {}}},
    ]

    assert needs("dynamodb", "TransactWriteItems", TransactItems=parts) == [
        ("dynamodb:PutItem", table),
        ("dynamodb:UpdateItem", table),
        ("dynamodb:DeleteItem", table),
        ("dynamodb:ConditionCheckItem", table),
    ]


@pytest.mark.parametrize(
    ("call", "parameters", "host"),
    [
        ("lambda.CreateFunction", {"FunctionName": "f", "Role": "arn:r"}, "lambda"),
        ("stepfunctions.CreateStateMachine", {"name": "m", "roleArn": "arn:r"}, "states"),
        ("events.PutTargets", {"Rule": "r", "Targets": [{"RoleArn": "arn:r"}]}, "events"),
    ],
)
def test_a_role_is_passed_to_a_service(call: str, parameters: dict[str, Any], host: str) -> None:
    service, operation = call.split(".")

    found = needs_of(service, operation, parameters, SCENE)

    keys: dict[str, tuple[str, ...]] = {"iam:PassedToService": (f"{host}.amazonaws.com",)}
    assert found is not None
    assert Need("iam:PassRole", "arn:r", keys) in found


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("GetItem", {"TableName": "insights", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}),
        (
            "Query",
            {
                "TableName": "insights",
                "KeyConditionExpression": "#p = :p AND begins_with(sk, :s)",
                "ExpressionAttributeNames": {"#p": "pk"},
                "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"S": "x"}},
            },
        ),
        ("BatchGetItem", {"RequestItems": {"insights": {"Keys": [{"pk": {"S": "a"}}]}}}),
        (
            "BatchWriteItem",
            {"RequestItems": {"insights": [{"DeleteRequest": {"Key": {"pk": {"S": "a"}}}}]}},
        ),
    ],
)
def test_leading_keys(operation: str, parameters: dict[str, Any]) -> None:
    found = needs_of("dynamodb", operation, parameters, SCENE)

    assert found is not None
    assert found[0].keys["dynamodb:LeadingKeys"] == ("a",)


@pytest.mark.parametrize("call", ["s3.SelectObjectContent", "dynamodb.ExecuteStatement", "ec2.Any"])
def test_what_is_not_known_has_no_permissions_to_give(call: str) -> None:
    service, operation = call.split(".")

    assert needs_of(service, operation, {"Bucket": "b", "Key": "k"}, SCENE) is None


def test_an_endpoint_needs_its_configuration_and_tags_need_a_permission_of_their_own() -> None:
    found = needs(
        "sagemaker",
        "CreateEndpoint",
        EndpointName="e",
        EndpointConfigName="c",
        Tags=[{"Key": "k", "Value": "v"}],
    )

    endpoint = f"arn:aws:sagemaker:{HERE}:endpoint/e"
    assert found == [
        ("sagemaker:CreateEndpoint", endpoint),
        ("sagemaker:CreateEndpoint", f"arn:aws:sagemaker:{HERE}:endpoint-config/c"),
        ("sagemaker:AddTags", endpoint),
    ]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("CreateModel", {"ModelName": "m", "ExecutionRoleArn": "arn:r"}),
        ("CreateTrainingJob", {"TrainingJobName": "j", "RoleArn": "arn:r"}),
        ("CreateProcessingJob", {"ProcessingJobName": "j", "RoleArn": "arn:r"}),
    ],
)
def test_a_role_is_passed_to_sagemaker(operation: str, parameters: dict[str, Any]) -> None:
    assert ("iam:PassRole", "arn:r") in needs("sagemaker", operation, **parameters)
