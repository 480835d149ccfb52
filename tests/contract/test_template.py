"""What holds for template.yaml as a whole: names that lead everywhere, promises to operators."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

import windfall.errors
from windfall.errors import WindfallError

ROOT = Path(__file__).parents[2]
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
MACHINES = sorted((ROOT / "statemachines").glob("*.asl.json"))

# These actions have no resources to name (AWS's service authorization reference).
WITHOUT_RESOURCES = {
    "rekognition:",
    "comprehend:",
    "translate:TranslateText",
    "translate:StartTextTranslationJob",
    "translate:DescribeTextTranslationJob",
    "translate:ListTextTranslationJobs",
    "polly:SynthesizeSpeech",
    "polly:StartSpeechSynthesisTask",
    "polly:GetSpeechSynthesisTask",
    "polly:ListSpeechSynthesisTasks",
    "transcribe:StartTranscriptionJob",
    "transcribe:ListTranscriptionJobs",
    "servicequotas:GetServiceQuota",
    "states:SendTaskSuccess",
    "states:SendTaskFailure",
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
AWS_ERRORS = {
    "States.Timeout",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Sqs.ThrottlingException",
    "Sqs.RequestThrottledException",
    "Sqs.SdkClientException",
    "StepFunctions.ThrottlingException",
    "StepFunctions.SdkClientException",
    "StepFunctions.ExecutionLimitExceededException",
    "SageMaker.ResourceLimitExceededException",
    "SageMaker.SdkClientException",
    "SageMaker.ThrottlingException",
}


def of_type(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for logical_id, resource in RESOURCES.items():
        if resource["Type"] == name:
            yield logical_id, resource.get("Properties", {})


FUNCTIONS = dict(of_type("AWS::Serverless::Function"))


def verb_object(logical_id: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", logical_id.removesuffix("Function")).lower()


def walk_states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from walk_states(inner)


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for logical_id, role in of_type("AWS::IAM::Role"):
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield logical_id, statement.get("Fn::If", [None, statement])[1]


@pytest.mark.parametrize("logical_id", FUNCTIONS)
def test_one_word_finds_everything_of_a_function(logical_id: str) -> None:
    name = verb_object(logical_id)
    stem = logical_id.removesuffix("Function")
    function = FUNCTIONS[logical_id]
    assert function["Handler"] == f"{name}.handler.lambda_handler"
    assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == name
    assert (ROOT / "functions" / name / "handler.py").exists()
    assert (ROOT / "functions" / name / "logic.py").exists()
    assert (ROOT / "tests" / "unit" / name).is_dir()
    assert (ROOT / "events" / name).is_dir()
    assert f"{stem}Role" in RESOURCES
    assert f"{stem}LogGroup" in RESOURCES


def test_every_function_folder_is_deployed() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/handler.py")}
    assert folders == {verb_object(logical_id) for logical_id in FUNCTIONS}


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_a_task_is_named_like_the_function_it_calls(path: Path) -> None:
    for name, state in walk_states(json.loads(path.read_text())):
        if state["Type"] == "Task" and "FunctionName" in state["Arguments"]:
            assert state["Arguments"]["FunctionName"] == f"${{{name}FunctionArn}}"


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_every_substitution_is_given_and_used(path: Path) -> None:
    machine = next(
        machine
        for _, machine in of_type("AWS::Serverless::StateMachine")
        if Path(machine["DefinitionUri"]).name == path.name
    )
    used = set(re.findall(r"\$\{(\w+)\}", path.read_text()))
    assert used == set(machine["DefinitionSubstitutions"])


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_machines_retry_named_errors_and_catch_at_every_task(path: Path) -> None:
    machine = json.loads(path.read_text())
    assert machine["QueryLanguage"] == "JSONata"
    assert machine["Comment"]
    assert machine["TimeoutSeconds"] > 0
    ours = {
        name
        for name, value in vars(windfall.errors).items()
        if isinstance(value, type) and issubclass(value, WindfallError)
    }
    for name, state in walk_states(machine):
        if state["Type"] != "Task":
            continue
        for retrier in state["Retry"]:
            assert set(retrier["ErrorEquals"]) <= ours | AWS_ERRORS, name
            assert retrier["JitterStrategy"] == "FULL"
        # The record is the end: when it fails, record_failure takes over.
        if name != "RecordInsights":
            *named, last = state["Catch"]
            assert last["ErrorEquals"] == ["States.ALL"]
            assert {error for catcher in named for error in catcher["ErrorEquals"]} <= ours, name


def test_no_machine_waits_for_a_job() -> None:
    paced = {"PaceRequests", "PaceRequestsOfInventory"}  # they keep a rate, and ask nobody
    for path in MACHINES:
        for name, state in walk_states(json.loads(path.read_text())):
            assert state["Type"] != "Wait" or name in paced, name


def test_buckets_are_private_versioned_encrypted_and_tls_only() -> None:
    policies = {policy["Bucket"]["Ref"]: policy for _, policy in of_type("AWS::S3::BucketPolicy")}
    for logical_id, bucket in of_type("AWS::S3::Bucket"):
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["BucketEncryption"]
        statement = policies[logical_id]["PolicyDocument"]["Statement"][0]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_queue_is_tls_only_and_every_working_queue_has_dead_letters() -> None:
    covered = {
        reference["Ref"]
        for _, policy in of_type("AWS::SQS::QueuePolicy")
        for reference in policy["Queues"]
    }
    for logical_id, queue in of_type("AWS::SQS::Queue"):
        assert logical_id in covered
        assert queue["SqsManagedSseEnabled"] is True
        assert "DeadLetter" in logical_id or "RedrivePolicy" in queue


def test_every_rule_target_has_dead_letters() -> None:
    for logical_id, rule in of_type("AWS::Events::Rule"):
        for target in rule["Targets"]:
            assert "DeadLetterConfig" in target, logical_id


def test_a_file_or_folder_ends_whichever_machine_breaks_off_and_however() -> None:
    recorders = {"RecordInsightsFunctionArn", "RecordTranslationsFunctionArn"}
    recording = {
        logical_id
        for logical_id, machine in of_type("AWS::Serverless::StateMachine")
        if recorders & machine.get("DefinitionSubstitutions", {}).keys()
    }
    detail = TEMPLATE["Resources"]["ExecutionFailedRule"]["Properties"]["EventPattern"]["detail"]
    assert {one["Ref"] for one in detail["stateMachineArn"]} == recording
    broken_off, redriven = detail["$or"]
    assert set(broken_off["status"]) == {"FAILED", "TIMED_OUT", "ABORTED"}
    assert redriven == {"status": ["RUNNING"], "redriveCount": [{"numeric": [">", 0]}]}
    variables = TEMPLATE["Resources"]["ReconcileJobsFunction"]["Properties"]["Environment"]
    _, asked = variables["Variables"]["MACHINE_ARNS"]["Fn::Join"]
    assert {one["Ref"] for one in asked} == recording, "the event is best effort"


def test_every_dead_letter_queue_has_an_alarm() -> None:
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for _, alarm in of_type("AWS::CloudWatch::Alarm")
        for dimension in alarm.get("Dimensions", [])
        if "Fn::GetAtt" in dimension["Value"]
    }
    dead_letters = {name for name, _ in of_type("AWS::SQS::Queue") if "DeadLetter" in name}
    assert dead_letters <= watched


def test_every_alarm_that_pages_names_its_runbook() -> None:
    for logical_id, alarm in of_type("AWS::CloudWatch::Alarm"):
        if "Fn::If" not in str(alarm.get("AlarmActions")):
            continue  # it scales, and pages nobody
        match = re.search(r"Read (docs/runbook/[a-z-]+\.md)\.$", alarm["AlarmDescription"])
        assert match, logical_id
        assert (ROOT / match[1]).exists(), logical_id


def test_roles_name_their_actions_and_resources() -> None:
    for role, statement in statements():
        actions = statement["Action"]
        actions = [actions] if isinstance(actions, str) else actions
        assert not [action for action in actions if "*" in action], role
        if statement["Resource"] == "*":
            for action in actions:
                assert action.startswith(tuple(WITHOUT_RESOURCES)), (role, action)


def test_nothing_has_a_fixed_name() -> None:
    for logical_id, resource in RESOURCES.items():
        for name, value in resource.get("Properties", {}).items():
            if name in {"Name", "BucketName", "QueueName", "TableName", "FunctionName", "RoleName"}:
                assert isinstance(value, dict), f"{logical_id}.{name} collides between two stacks"


def test_the_default_profile_is_valid() -> None:
    from windfall.contracts.profile import Profile

    Profile.model_validate_json(RESOURCES["DefaultProfile"]["Properties"]["Value"])
