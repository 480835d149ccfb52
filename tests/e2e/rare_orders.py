"""Orders of events that seldom come by themselves, brought about.

A task's call comes twice, a notification comes before its object, an analysis is broken off while
it waits for a slot. Each is made with what the stack itself has kept: the call from the history of
an execution, a row of the table, a message as its service sends it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.e2e.deployment import NO_LANGUAGES, Deployment, Dropped, until
from windfall import identity, keys
from windfall.adapters.dynamodb_jobs import DynamoJobTable
from windfall.adapters.dynamodb_leases import DynamoLeaseTable
from windfall.adapters.sagemaker_runtime import Handle
from windfall.clock import timestamp
from windfall.contracts.jobs import JobId
from windfall.contracts.manifest import Manifest
from windfall.ports.leases import Waiter

LONG_AGO = "2026-01-01T00:00:00.000Z"
NOBODY = "a token that nobody waits with"
EVENTS = Path(__file__).parents[2] / "events"


def bring_about(deployment: Deployment) -> None:
    """Every rare order that needs nothing but what was analyzed before; may come again."""
    tell_twice(deployment)
    score_again(deployment)
    train_again(deployment)
    tell_of_an_answer_that_is_not_there(deployment)
    ask_after_a_deployment(deployment)
    break_off_what_has_a_slot(deployment)
    deployment.reconcile()  # finds what broke off
    fail_for_good(deployment)


# --- Calls that come again --------------------------------------------------------------------


def tell_twice(deployment: Deployment) -> None:
    """A task is tried again when its job has ended, and the token of the first try is closed."""
    for machine, function in (
        ("AnalyzeTextMachineArn", "NarrateText"),
        ("TrainModelMachineArn", "DeployModel"),
        ("ScoreTableMachineArn", "SubmitInference"),
    ):
        invoke(deployment, function, call_of(deployment, machine, function))
    wait = {
        "token": NOBODY,
        "service": "transcribe",
        "job": strange(deployment),
        "owner": "nobody",
        "since": timestamp(datetime.now(UTC)),
    }
    invoke(deployment, "AwaitSlot", wait)


def score_again(deployment: Deployment) -> None:
    """Another attempt at a table finds what the first one scored; then it does not, and claims."""
    call = call_of(deployment, "ScoreTableMachineArn", "SubmitInference")
    analysis = call["analysis"]
    analysis["attempt"] += 1
    analysis["output"]["claimed_by"] = analysis["attempt"]
    copy_its_work(deployment, analysis["analysis_id"], analysis["attempt"])
    invoke(deployment, "SubmitInference", call)
    forget_answers(deployment)
    invoke(deployment, "SubmitInference", call)


def train_again(deployment: Deployment) -> None:
    """Another attempt at a training finds what the first one paid for, though nobody noted it."""
    for function in ("SplitTable", "CreateModel"):
        call = call_of(deployment, "TrainModelMachineArn", function)
        call["analysis"]["attempt"] += 1
        output = call["analysis"]["output"]
        noted = f"{output['prefix']}outcomes/training.json"
        deployment.client("s3").delete_object(Bucket=output["bucket"], Key=noted)
        invoke(deployment, function, call)


def forget_answers(deployment: Deployment) -> None:
    """They are kept for two weeks only."""
    s3, bucket = deployment.client("s3"), deployment.output("ResultsBucketName")
    for one in s3.list_objects_v2(Bucket=bucket, Prefix="scoring/answers/").get("Contents", ()):
        s3.delete_object(Bucket=bucket, Key=one["Key"])


def copy_its_work(deployment: Deployment, analysis: str, attempt: int) -> None:
    """The payloads that prepare_table cuts again are the same ones."""
    s3, bucket = deployment.client("s3"), deployment.output("ResultsBucketName")
    before, now = (
        keys.scoring_prefix(identity.execution_name(analysis, number))
        for number in (attempt - 1, attempt)
    )
    for one in s3.list_objects_v2(Bucket=bucket, Prefix=before)["Contents"]:
        key = now + one["Key"].removeprefix(before)
        s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": one["Key"]})


def call_of(deployment: Deployment, machine: str, function: str) -> Any:
    """What the latest execution that called a function with a token gave it."""
    name = deployment.resources[f"{function}Function"]
    for execution in deployment.executions(machine):
        for asked in scheduled(deployment, execution):
            if str(asked.get("FunctionName")).endswith(f":{name}"):
                return asked["Payload"]
    raise AssertionError(f"no execution has called {function}")


def scheduled(deployment: Deployment, execution: str) -> Iterator[dict[str, Any]]:
    """The arguments of every call of an execution."""
    for event in deployment.history(execution):
        if event["type"] == "TaskScheduled":
            yield json.loads(event["taskScheduledEventDetails"]["parameters"])


def invoke(deployment: Deployment, function: str, event: Any, error: str | None = None) -> None:
    """Call a function of the stack, and see that it answers, or fails as it should."""
    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.resources[f"{function}Function"], Payload=json.dumps(event)
    )
    document = json.loads(answer["Payload"].read())
    failed = document["errorType"] if "FunctionError" in answer else None
    assert failed == error, document


def strange(deployment: Deployment) -> str:
    """A job's name, of this stack and unlike any other."""
    return f"{deployment.output('ResultsBucketName')}-{uuid.uuid4().hex}"


# --- Jobs -------------------------------------------------------------------------------------


def tell_of_an_answer_that_is_not_there(deployment: Deployment) -> None:
    """SageMaker's notification is ahead of its object: it is to be delivered again."""
    bucket = deployment.output("ResultsBucketName")
    event = json.loads((EVENTS / "resume_job" / "inference_completed.json").read_text())
    told = event["Records"][0]["Sns"]
    message = json.loads(told["Message"])
    message["inferenceId"] = f"{identity.stack_mark(bucket)}-{uuid.uuid4().hex}"
    answer = f"s3://{bucket}/scoring/answers/{uuid.uuid4().hex}.out"
    message["responseParameters"]["outputLocation"] = answer
    told["Message"] = json.dumps(message)
    invoke(deployment, "ResumeJob", event, error="TransientError")


def ask_after_a_deployment(deployment: Deployment) -> None:
    """A deployment is overdue, and its endpoint is gone."""
    job = JobId("sagemaker-endpoint", f"windfall-{uuid.uuid4().hex}")
    jobs_of(deployment).park(job, NOBODY, LONG_AGO, handle=job.name)
    assert deployment.reconcile()["jobs"]["failed"] >= 1


def reconcile_jobs_that_vanished(deployment: Deployment) -> None:
    """reconcile_jobs finds jobs that nobody knows any more, and tells who waits for them."""
    jobs, name = jobs_of(deployment), strange(deployment)
    for service in ("transcribe", "polly"):
        jobs.park(JobId(service, name), NOBODY, LONG_AGO, uuid.uuid4().hex)
    folder = JobId("translate", uuid.uuid4().hex)
    jobs.park(folder, NOBODY, LONG_AGO, folder.name)
    jobs.park(JobId("rekognition", f"{name}.labels"), NOBODY, LONG_AGO, "0" * 64)
    answers = f"s3://{deployment.output('ResultsBucketName')}/scoring/answers"
    expired = Handle(output=f"{answers}/none.out", until=LONG_AGO).text()
    jobs.park(JobId("sagemaker", name), NOBODY, LONG_AGO, expired)
    slots = slots_of(deployment)
    last = slots.look("transcribe").limit - 1
    assert slots.take("transcribe", last, Waiter(f"{name}-dead", "nobody", ""), LONG_AGO)
    assert deployment.reconcile()["jobs"]["failed"] >= 2


def jobs_of(deployment: Deployment) -> DynamoJobTable:
    return DynamoJobTable(deployment.output("InsightsTableName"), deployment.client("dynamodb"))


def slots_of(deployment: Deployment) -> DynamoLeaseTable:
    return DynamoLeaseTable(deployment.output("InsightsTableName"), deployment.client("dynamodb"))


# --- What is broken off, or fails -------------------------------------------------------------


def break_off_what_has_a_slot(deployment: Deployment) -> None:
    """An execution is stopped that was told of its slot and has not used it; another one waits."""
    slots, name = slots_of(deployment), strange(deployment)
    execution = f"proof-{uuid.uuid4().hex}"
    told = Waiter(f"{name}-told", execution, LONG_AGO, frozenset({NOBODY}))
    slots.enqueue("transcribe", told)
    later = timestamp(datetime.now(UTC) + timedelta(minutes=5))
    slots.grant("transcribe", slots.look("transcribe").free[0], told, later)
    slots.enqueue("transcribe", Waiter(f"{name}-next", "nobody", LONG_AGO, frozenset({NOBODY})))
    event = json.loads((EVENTS / "record_failure" / "aborted.json").read_text())
    event["detail"]["name"] = execution
    invoke(deployment, "RecordFailure", event)


def try_again_what_waited(deployment: Deployment, recording: bytes, film: bytes) -> None:
    """Analyses are stopped while they wait for slots; another attempt looks for earlier jobs."""
    with deployment.limit("transcribe", 0), deployment.limit("rekognition", 0):
        plain = {"targets": NO_LANGUAGES}
        heard = deployment.drop("proof/waits.wav", recording, features="sentiment", **plain)
        seen = deployment.drop("proof/waits.mp4", film, features="segments", **plain)
        stop_who_waits(deployment, heard, "transcribe", "AnalyzeAudioMachineArn")
        stop_who_waits(deployment, seen, "rekognition", "AnalyzeVideoMachineArn")
        stopped = deployment.wait(heard, seen)
    for before in stopped:
        assert before.status == "failed"
        ask_again(deployment, before)


def stop_who_waits(deployment: Deployment, file: Dropped, service: str, machine: str) -> None:
    slots = slots_of(deployment)

    def waits() -> str | None:
        row = deployment.reader.files([file.file_id]).get(file.file_id)
        if row is None or row.analysis_id is None:
            return None
        owners = {waiter.owner for waiter in slots.look(service).waiters}
        found = deployment.executions(machine, row.analysis_id)
        return next((arn for arn in found if arn.rpartition(":")[2] in owners), None)

    execution = until(waits, f"{file.key} to wait for a slot")
    deployment.client("stepfunctions").stop_execution(executionArn=execution)


def ask_again(deployment: Deployment, before: Manifest) -> None:
    revision = before.history[-1].revision
    named = {"bucket": before.bucket, "key": before.key, "version_id": before.version_id}
    deployment.request(**named, revision=revision, rerun=True)
    file = Dropped(before.bucket, before.key, str(before.version_id))

    def is_again() -> bool:
        (now,) = deployment.wait(file)
        return now.history[-1].revision > revision

    until(is_again, f"another attempt at {before.key}")


def fail_for_good(deployment: Deployment) -> None:
    """Functions on events fail three times, and Lambda hands the events to the dead letters."""
    jobs, unknown = jobs_of(deployment), JobId("nobody", uuid.uuid4().hex)
    # A row of a service that there is not breaks reconcile_jobs, as a bug does.
    jobs.park(unknown, NOBODY, LONG_AGO)
    client = deployment.client("lambda")
    try:
        failing = {
            client.invoke(
                FunctionName=deployment.resources[f"{function}Function"],
                InvocationType="Event",
                Payload=b"{}",
            )["ResponseMetadata"]["RequestId"]
            for function in ("RecordFailure", "ResumeJob", "ReconcileJobs")
        }

        def are_handed_over() -> bool:
            failing.difference_update(handed_over(deployment))
            return not failing

        until(are_handed_over, "three dead letters")
    finally:
        jobs.unlist(unknown)


def handed_over(deployment: Deployment) -> set[str]:
    """The requests of the dead letters that are there; they are taken away."""
    sqs, queue = deployment.client("sqs"), deployment.resources["EventDeadLetterQueue"]
    answer = sqs.receive_message(
        QueueUrl=queue, MessageAttributeNames=["RequestID"], MaxNumberOfMessages=10
    )
    found = set()
    for message in answer.get("Messages", ()):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        found.add(message.get("MessageAttributes", {}).get("RequestID", {}).get("StringValue", ""))
    return found
