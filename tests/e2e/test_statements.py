"""Least privilege, proven: each statement of each role is needed, and by its own step alone.

The local cloud notes every permission that a role needs while files of every kind are analyzed.
Then each statement is taken away in turn: what would be denied without it must be something, and
must be what the statement is about.
"""

from __future__ import annotations

import json
import random
import signal
import uuid
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import rare_orders
from tests.e2e.deployment import Deployment, Dropped, unique, until
from tests.e2e.local import LocalProcess
from tests.e2e.models import Models, as_csv, rows
from tests.e2e.novelties import a_film, a_picture, a_recording
from tests.e2e.statements import Statements, Used, allowed
from tests.e2e.stops import stop, stop_while_heard
from tests.fakes.models import SUMS, XGBOOST, boosted
from tests.fakes.tables import HEADER as CUSTOMERS
from tests.fakes.tables import as_csv as as_csv_of
from tests.fakes.tables import customers
from windfall import identity, keys
from windfall.contracts.translations import FolderTranslationRequested

pytestmark = pytest.mark.timeout(1800)


def use_everything(deployment: Deployment) -> None:
    """Whatever the application does, once: each kind of file, a reuse, a failure."""
    letter = unique("Dear Anna, write to anna@example.com; Lisbon was wonderful.")
    minutes = unique("The committee met in Geneva and agreed on the budget. " * 70)
    with deployment.limit("transcribe", 1), deployment.limit("rekognition", 1):
        files = [
            deployment.drop("proof/minutes.txt", minutes, features="sentiment", targets="en"),
            deployment.drop("proof/letter.txt", letter),
            deployment.drop("proof/page.png", a_picture("PNG")),
            deployment.drop("proof/converted.gif", a_picture("GIF")),
            deployment.drop("proof/speech.wav", a_recording(3.5)),
            deployment.drop("proof/film.mp4", a_film(), features="segments,text"),
            deployment.drop("proof/converted.avi", a_film("avi", "mpeg4"), features="segments"),
            deployment.drop("proof/nothing.txt", b""),
        ]
        deployment.wait(*files)
    deployment.wait(deployment.drop("proof/again.txt", letter))
    look_for_known_faces(deployment)
    score_tables(deployment)
    train_a_model(deployment)
    rare_orders.reconcile_jobs_that_vanished(deployment)
    end_an_execution(deployment)
    ask_for_what_lies_there(deployment)
    translate_a_folder(deployment)
    rare_orders.try_again_what_waited(deployment, a_recording(3.5), a_film())
    rare_orders.bring_about(deployment)


def look_for_known_faces(deployment: Deployment) -> None:
    """A picture and a video are searched for the faces of a collection."""
    deployment.client("rekognition").create_collection(CollectionId="proof")
    known = {"known_faces": "proof", "features": []}
    wanted = {"image": known, "video": {**known, "sound": False, "thumbnails": False}}
    with deployment.profile(json.dumps(wanted)) as name:
        deployment.wait(
            deployment.drop("proof/known.png", a_picture("PNG"), profile=name),
            deployment.drop("proof/known.mp4", a_film(), profile=name),
        )


def score_tables(deployment: Deployment) -> None:
    """Rows are scored by an endpoint of each kind; some do not fit, and a request fails."""
    models = Models(deployment)
    model = models.model(boosted())
    plain = {"contract": models.contract(), "most_rejected": 50}
    table = [*rows(3), ["c", "no number", *"123"]]
    for mode, asynchronous in (("async", True), ("real_time", False)):
        endpoint = models.endpoint(model, asynchronous=asynchronous)
        document = {"table": {**plain, "endpoint": endpoint, "mode": mode}}
        with deployment.profile(json.dumps(document)) as name:
            deployment.analyze(f"proof/{mode}.csv", as_csv(table), profile=name)
    job = {"table": {**plain, "model": model, "mode": "batch_transform"}}
    with deployment.profile(json.dumps(job)) as name:
        deployment.analyze("proof/job.csv", as_csv(rows(3)), profile=name)
    refusing = {"endpoint": models.endpoint(models.script(SUMS))}
    with deployment.profile(json.dumps({"table": refusing})) as name:
        deployment.analyze("proof/refused.csv", as_csv([list("abcde")]), profile=name)


def train_a_model(deployment: Deployment) -> None:
    """A dataset becomes a model behind an asynchronous endpoint, and a table is scored by it."""
    body = as_csv_of(CUSTOMERS, customers(400, seed=random.randrange(1_000_000)))
    wanted = {"table": {"train": {"name": "proof", "explain": ["member"]}}}
    with deployment.profile(json.dumps(wanted)) as name:
        learnt = deployment.wait(deployment.drop(f"{name}/proof.csv", body))
    scored = deployment.wait(deployment.drop("proof/new.csv", body, profile="proof"))
    for manifest in (*learnt, *scored):
        assert manifest.status == "analyzed", (manifest.reason, manifest.outcomes)


def end_an_execution(deployment: Deployment) -> None:
    """A machine is stopped from outside: record_failure ends its file."""

    def stopped_in_time() -> Dropped | None:
        file = deployment.drop("proof/stopped.wav", a_recording(9))
        return file if stop_while_heard(deployment, file) else None

    deployment.wait(until(stopped_in_time, "a recording that was stopped while it was heard"))


def ask_for_what_lies_there(deployment: Deployment) -> None:
    """A back-fill of one file that has been analyzed already."""
    order = {
        "bucket": deployment.output("InboxBucketName"),
        "prefix": "proof/nothing",
        "rate": 10,
        "tolerated_failure_percentage": 0,
    }
    states = deployment.client("stepfunctions")
    arn = states.start_execution(
        stateMachineArn=deployment.output("BackfillBucketMachineArn"), input=json.dumps(order)
    )["executionArn"]
    until(
        lambda: states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED", "a back-fill"
    )


def translate_a_folder(deployment: Deployment) -> None:
    """A folder in other languages, again when it is there, one without documents, one stopped."""
    place = f"folder-{uuid.uuid4().hex}/"
    deployment.drop_cheap(f"{place}letter.txt", b"The house is big, and the garden is beautiful.")
    order = {"bucket": deployment.output("InboxBucketName"), "prefix": place, "targets": ["es"]}
    machine = deployment.output("TranslateFolderMachineArn")
    states = deployment.client("stepfunctions")
    for _ in range(2):
        before = succeeded(states, machine)
        deployment.put_event("FolderTranslationRequested", {"request": "proof", **order})
        until(partial(has_more, states, machine, before), "a translated folder")
    before = succeeded(states, machine)
    nothing = {**order, "request": "proof", "prefix": f"nothing-{place}"}
    deployment.put_event("FolderTranslationRequested", nothing)
    until(partial(has_more, states, machine, before), "a folder without documents")
    stopped = until(partial(stopped_folder, deployment, order), "a folder that is stopped")
    name = identity.translation_id(stopped.model_dump(mode="json"))
    key = f"{keys.translation_prefix(name)}manifest.json"
    until(lambda: deployment.versions(key), "the end of a folder that was stopped")


def succeeded(states: Any, machine: str) -> int:
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=machine, statusFilter="SUCCEEDED"
    )
    return sum(len(page["executions"]) for page in pages)


def has_more(states: Any, machine: str, before: int) -> bool:
    return succeeded(states, machine) > before


def stopped_folder(
    deployment: Deployment, order: dict[str, Any]
) -> FolderTranslationRequested | None:
    """Begin a translation that nobody asked for before, and stop it; None if it had ended."""
    asked = FolderTranslationRequested.model_validate({**order, "request": uuid.uuid4().hex})
    arn = deployment.client("stepfunctions").start_execution(
        stateMachineArn=deployment.output("TranslateFolderMachineArn"),
        input=asked.model_dump_json(),
    )["executionArn"]
    return asked if stop(deployment, arn) else None


@pytest.fixture(scope="module")
def everything_used(deployment: Deployment) -> None:
    """Everything was used once."""
    use_everything(deployment)


@pytest.mark.usefixtures("everything_used")
def test_every_statement_is_needed_by_what_it_is_about(
    deployment: Deployment, process: LocalProcess, record_property: Callable[[str, object], None]
) -> None:
    statements = Statements(deployment, process)
    for turn in range(20):
        # Logs and give-backs may come a little later.
        if not statements.idle():
            break
        deployment.analyze("proof/later.txt", unique(), features="sentiment", targets="")
        if turn % 5 == 4:
            # reconcile_jobs may have come between on its own.
            rare_orders.bring_about(deployment)
    assert statements.idle() == []
    record_property("roles", len(statements.roles))
    record_property("statements", len(statements))
    record_property("statements proven necessary", len(statements.proven))


def test_every_statement_of_the_role_of_a_model_of_ones_own_is_needed(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with LocalProcess(tmp_path) as process:
        process.start()
        with closing(Deployment(process.stack())) as before:
            data = Models(before).put("own/model.tar.gz", boosted())
        process.end(signal.SIGTERM)
        process.start(f"ScoringModelDataUrl={data}", f"ScoringModelImage={XGBOOST}")
        with closing(Deployment(process.stack())) as deployment:
            score_by_a_model_of_ones_own(deployment)
            statements = Statements(deployment, process, "ScoringModelRole")
            until(lambda: not statements.idle(), "the container's log")
    record_property("statements of the role of a model of one's own", len(statements))
    record_property("of them proven necessary", len(statements.proven))


def score_by_a_model_of_ones_own(deployment: Deployment) -> None:
    """Once by the stack's own endpoint, and once by a job."""
    contract = Models(deployment).contract()
    endpoint = {"endpoint": deployment.output("ScoringEndpointName"), "mode": "async"}
    (model,) = deployment.client("sagemaker").list_models(NameContains="ScoringModel")["Models"]
    job = {"model": model["ModelName"], "mode": "batch_transform"}
    for way in (endpoint, job):
        with deployment.profile(json.dumps({"table": {**way, "contract": contract}})) as name:
            manifest = deployment.analyze("own.csv", as_csv(rows(3)), profile=name)
        assert manifest.status == "analyzed", manifest.reason


def test_no_role_reaches_what_is_not_its_own(deployment: Deployment, process: LocalProcess) -> None:
    results, inbox = deployment.output("ResultsBucketName"), deployment.output("InboxBucketName")
    account = deployment.client("sts").get_caller_identity()["Account"]
    foreign = [
        ("s3:PutObject", f"arn:aws:s3:::{inbox}/a.txt"),
        ("s3:DeleteObject", f"arn:aws:s3:::{inbox}/a.txt"),
        ("s3:PutObject", f"arn:aws:s3:::{results}/elsewhere/a.json"),
        ("s3:GetObject", f"arn:aws:s3:::{results}/elsewhere/a.json"),
        ("s3:DeleteObject", f"arn:aws:s3:::{results}/results/a.json"),
        ("s3:GetObject", "arn:aws:s3:::another-stacks-results/results/a.json"),
        ("s3:GetObject", "arn:aws:s3:::another-stacks-inbox/a.txt"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:{account}:table/another-stacks-table"),
        ("dynamodb:Scan", f"arn:aws:dynamodb:us-east-1:{account}:table/*"),
        ("ssm:GetParameter", f"arn:aws:ssm:us-east-1:{account}:parameter/other/profiles/default"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{account}:function:another-stacks"),
        ("states:StartExecution", f"arn:aws:states:us-east-1:{account}:stateMachine:another"),
        ("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{account}:another-stacks-queue"),
        ("events:PutEvents", f"arn:aws:events:us-east-1:{account}:event-bus/another-stacks-bus"),
        ("iam:PassRole", f"arn:aws:iam::{account}:role/another-stacks-role"),
        ("iam:CreateRole", f"arn:aws:iam::{account}:role/new"),
        ("kms:Decrypt", f"arn:aws:kms:us-east-1:{account}:key/1"),
    ]
    statements = Statements(deployment, process)
    reached = [
        f"{logical_id}: {action} on {resource}"
        for role, logical_id in statements.roles.items()
        for action, resource in foreign
        if allowed(
            statements.arn(role), Used(action, resource, {}), tuple(statements.policies[role])
        )
    ]
    assert reached == []
