"""Step Functions: what the machines of a real application lean on."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from bench.emulators.clouds import Emulator
from bench.emulators.questions import PATIENCE, Question, until

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def role_of(cloud: Emulator) -> str:
    """A role of all rights for machines."""
    iam, name = cloud.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(ALL))
    return str(arn)


def make_machine(cloud: Emulator, states: dict[str, Any], **settings: Any) -> str:
    """A machine in JSONata that begins with its first state."""
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    created = cloud.client("stepfunctions").create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:8]}",
        definition=json.dumps(definition | settings),
        roleArn=role_of(cloud),
    )
    return str(created["stateMachineArn"])


def run(cloud: Emulator, states: dict[str, Any], value: Any = None, **settings: Any) -> Any:
    """Run a machine to its end; DescribeExecution's answer, or None if it does not end."""
    machine = make_machine(cloud, states, **settings)
    execution = cloud.client("stepfunctions").start_execution(
        stateMachineArn=machine, input=json.dumps(value)
    )["executionArn"]
    return ended(cloud, execution)


def ended(cloud: Emulator, execution: str, patience: float = PATIENCE) -> Any:
    """DescribeExecution's answer once an execution has ended."""
    states = cloud.client("stepfunctions")

    def look() -> Any:
        found = states.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    return until(look, patience)


def _output(found: Any) -> Any:
    return json.loads(found["output"])


def jsonata(cloud: Emulator) -> bool:
    """Expressions."""
    states = {"A": {"Type": "Pass", "Output": "{% $sum([1..10]) %}", "End": True}}
    return bool(_output(run(cloud, states)) == 55)


def partition(cloud: Emulator) -> bool:
    """What Step Functions adds to JSONata."""
    query = "{% [$partition([1..5], 2), $hash('a', 'SHA-256'), $parse('[1]')[0]] %}"
    found = _output(run(cloud, {"A": {"Type": "Pass", "Output": query, "End": True}}))
    digest = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    return bool(found == [[1, 2], [3, 4], [5], digest, 1])


def heartbeat(cloud: Emulator) -> bool:
    """A task whose worker is silent."""
    url = cloud.client("sqs").create_queue(QueueName="silent")["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": url, "MessageBody": "{% $states.context.Task.Token %}"},
        "HeartbeatSeconds": 1,
        "TimeoutSeconds": 40,
        "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Silent"}],
        "End": True,
    }
    silent = {"Type": "Pass", "Output": "silent", "End": True}
    return bool(_output(run(cloud, {"Task": task, "Silent": silent})) == "silent")


def time_out(cloud: Emulator) -> bool:
    """A machine that takes longer than it may."""
    wait = {"Wait": {"Type": "Wait", "Seconds": 30, "End": True}}
    found = run(cloud, wait, TimeoutSeconds=1)
    return bool(found["status"] == "TIMED_OUT")


def task_token(cloud: Emulator) -> bool:
    """A task that a worker elsewhere ends."""
    sqs, states = cloud.client("sqs"), cloud.client("stepfunctions")
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": {"QueueUrl": url, "MessageBody": "{% $states.context.Task.Token %}"},
        "Output": "{% $states.result.done %}",
        "End": True,
    }
    machine = make_machine(cloud, {"Task": task})
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    messages = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    states.send_task_success(taskToken=messages[0]["Body"], output='{"done": 7}')
    return bool(_output(ended(cloud, execution)) == 7)


def nested(cloud: Emulator) -> bool:
    """A machine that waits for another."""
    inner = make_machine(cloud, {"A": {"Type": "Pass", "Output": {"x": 1}, "End": True}})
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": inner, "Input": {}},
        "Output": "{% $states.result.Output.x %}",
        "End": True,
    }
    return bool(_output(run(cloud, {"Task": task})) == 1)


def _objects(cloud: Emulator, count: int) -> str:
    s3, bucket = cloud.client("s3"), f"bucket-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    for number in range(count):
        s3.put_object(Bucket=bucket, Key=f"in/{number}", Body=b"x")
    return bucket


def _distributed(bucket: str, **settings: Any) -> dict[str, Any]:
    counted = {"Type": "Pass", "Output": "{% $count($states.input.Items) %}", "End": True}
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "Arguments": {"Bucket": bucket, "Prefix": "in/"},
        },
        "ItemBatcher": {"MaxItemsPerBatch": 2},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Count",
            "States": {"Count": counted},
        },
        "End": True,
        **settings,
    }


def distributed(cloud: Emulator) -> bool:
    """A Map over a bucket's listing, in batches, each an execution of its own."""
    found = run(cloud, {"Map": _distributed(_objects(cloud, 5))})
    return bool(sorted(_output(found)) == [1, 2, 2])


def result_writer(cloud: Emulator) -> bool:
    """Results too large for the state go to S3."""
    bucket = _objects(cloud, 4)
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Arguments": {"Bucket": bucket, "Prefix": "out"},
    }
    found = run(cloud, {"Map": _distributed(bucket, ResultWriter=writer)})
    if found["status"] != "SUCCEEDED":
        return False
    listed = cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix="out/").get("Contents", [])
    names = {one["Key"].rsplit("/", 1)[-1] for one in listed}
    return {"manifest.json", "SUCCEEDED_0.json"} <= names


def too_large(cloud: Emulator) -> bool:
    """More than 256 KiB of state."""
    states = {"A": {"Type": "Pass", "Output": "{% $pad('', 270000, 'x') %}", "End": True}}
    found = run(cloud, states)
    return bool(found["status"] == "FAILED" and found.get("error") == "States.DataLimitExceeded")


def inner_history(cloud: Emulator) -> bool:
    """What happened inside a Map's iterations."""
    each = {
        "Type": "Map",
        "Items": [1, 2, 3],
        "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}},
        "End": True,
    }
    found = run(cloud, {"Map": each})
    history = cloud.client("stepfunctions").get_execution_history(
        executionArn=found["executionArn"], maxResults=1000
    )
    kinds = [event["type"] for event in history["events"]]
    return kinds.count("MapIterationStarted") == 3 and kinds.count("PassStateEntered") == 3


def started_twice(cloud: Emulator) -> bool:
    """The same name: with the same input the same execution, with another one an error."""
    states = cloud.client("stepfunctions")
    machine = make_machine(cloud, {"Wait": {"Type": "Wait", "Seconds": 20, "End": True}})
    first, again = (
        states.start_execution(stateMachineArn=machine, name="once", input="{}") for _ in range(2)
    )
    if first["executionArn"] != again["executionArn"]:
        return False
    try:
        states.start_execution(stateMachineArn=machine, name="once", input='{"other": 1}')
    except states.exceptions.ExecutionAlreadyExists:
        return True
    return False


def validation(cloud: Emulator) -> bool:
    """A state that leads nowhere is told before it is created."""
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}}
    found = cloud.client("stepfunctions").validate_state_machine_definition(
        definition=json.dumps(definition)
    )
    return bool(found["result"] == "FAIL" and found["diagnostics"])


def training_sync(cloud: Emulator) -> bool:
    """A task that waits for SageMaker: one that can not run must fail, not hang or succeed."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTransformJob.sync",
        "Arguments": {
            "TransformJobName": f"job-{uuid.uuid4().hex[:8]}",
            "ModelName": "no-such-model",
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://no-such-bucket/x"}
                }
            },
            "TransformOutput": {"S3OutputPath": "s3://no-such-bucket/y"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        },
        "End": True,
    }
    found = run(cloud, {"Task": task})
    return bool(
        found["status"] == "FAILED" and str(found.get("error", "")).startswith("SageMaker.")
    )


def redrive(cloud: Emulator) -> bool:
    """A failed execution goes on where it failed, and repeats nothing."""
    sqs, names = cloud.client("sqs"), [f"queue-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    there = sqs.create_queue(QueueName=names[0])["QueueUrl"]
    send = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    found = run(
        cloud,
        {
            "First": {
                **send,
                "Arguments": {"QueueUrl": there, "MessageBody": "1"},
                "Next": "Second",
            },
            "Second": {
                **send,
                "Arguments": {"QueueUrl": there.replace(*names), "MessageBody": "2"},
                "End": True,
            },
        },
    )
    execution = found["executionArn"]
    sqs.create_queue(QueueName=names[1])
    cloud.client("stepfunctions").redrive_execution(executionArn=execution)
    again = ended(cloud, execution)
    messages = sqs.receive_message(QueueUrl=there, MaxNumberOfMessages=10)["Messages"]
    return bool(
        (found["status"], again["status"], again["redriveCount"], len(messages))
        == ("FAILED", "SUCCEEDED", 1, 1)
    )


_ASKED: dict[str, Callable[[Emulator], bool]] = {
    "expressions in JSONata": jsonata,
    "Step Functions' own functions in JSONata": partition,
    "a task without a heartbeat fails": heartbeat,
    "a machine's time-out ends it": time_out,
    "a task token ends a task": task_token,
    "startExecution.sync:2 gives the result": nested,
    "distributed Map over a listing, in batches": distributed,
    "a distributed Map's ResultWriter": result_writer,
    "more than 256 KiB of state fails": too_large,
    "history has the events of a Map's iterations": inner_history,
    "the same name starts once": started_twice,
    "a wrong definition is told": validation,
    "sagemaker .sync fails as SageMaker does": training_sync,
    "RedriveExecution goes on from the failed state": redrive,
}
QUESTIONS = [Question("Step Functions", text, asked) for text, asked in _ASKED.items()]
