"""IAM: whether a role may do what its policies say, and nothing else."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from bench.emulators.clouds import Emulator
from bench.emulators.questions import Question
from bench.emulators.states import TRUST

_REGION = "us-east-1"
_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}


class Place(NamedTuple):
    """What the questions are about, made anew for each of them."""

    account: str
    bucket: str
    tables: tuple[str, str]
    queues: tuple[str, str]

    def table(self, number: int) -> str:
        """A table's ARN."""
        return f"arn:aws:dynamodb:{_REGION}:{self.account}:table/{self.tables[number]}"

    def queue(self, number: int) -> str:
        """A queue's ARN."""
        return f"arn:aws:sqs:{_REGION}:{self.account}:{self.queues[number]}"


Statement = dict[str, Any]
Try = Callable[[Any, Place], Any]


def _get(key: str) -> Try:
    return lambda client, place: client("s3").get_object(Bucket=place.bucket, Key=key)


def _put(key: str) -> Try:
    return lambda client, place: client("s3").put_object(Bucket=place.bucket, Key=key, Body=b"x")


def _row(table: int, key: str = "a") -> Try:
    return lambda client, place: client("dynamodb").get_item(
        TableName=place.tables[table], Key={"pk": {"S": key}}
    )


def _send(queue: int) -> Try:
    def send(client: Any, place: Place) -> None:
        sqs = client("sqs")
        url = sqs.get_queue_url(QueueName=place.queues[queue])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x")

    return send


def _allow(action: str | list[str], resource: Any, **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _deny(action: str, resource: Any, **more: Any) -> Statement:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


class Case(NamedTuple):
    """A role's statements, one try that must succeed and one that must be denied."""

    statements: Callable[[Place], list[Statement]]
    allowed: Try | None
    denied: Try | None
    boundary: Callable[[Place], list[Statement]] | None = None
    session: Callable[[Place], list[Statement]] | None = None
    bucket: Callable[[Place, str], list[Statement]] | None = None


def _objects(place: Place) -> str:
    return f"arn:aws:s3:::{place.bucket}/*"


def _all(_: Place) -> list[Statement]:
    return [_allow("*", "*")]


CASES: dict[str, Case] = {
    "nothing is allowed by default": Case(lambda _: [_allow("sns:Publish", "*")], None, _get("a")),
    "an object below a prefix": Case(
        lambda p: [_allow("s3:GetObject", f"arn:aws:s3:::{p.bucket}/a/*")], _get("a/x"), _get("b/x")
    ),
    "reading is not writing": Case(
        lambda p: [_allow("s3:GetObject", _objects(p))], _get("a/x"), _put("a/x")
    ),
    "one table and not the other": Case(
        lambda p: [_allow("dynamodb:GetItem", p.table(0))], _row(0), _row(1)
    ),
    "one queue and not the other": Case(
        lambda p: [_allow("sqs:GetQueueUrl", "*"), _allow("sqs:SendMessage", p.queue(0))],
        _send(0),
        _send(1),
    ),
    "Deny goes before Allow": Case(
        lambda p: [*_all(p), _deny("s3:GetObject", f"arn:aws:s3:::{p.bucket}/b/*")],
        _get("a/x"),
        _get("b/x"),
    ),
    "NotAction": Case(
        lambda p: [*_all(p), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}],
        _get("a/x"),
        _row(0),
    ),
    "NotResource": Case(
        lambda p: [
            *_all(p),
            {"Effect": "Deny", "Action": "dynamodb:*", "NotResource": p.table(0)},
        ],
        _row(0),
        _row(1),
    ),
    "ForAllValues on a row's key": Case(
        lambda p: [
            _allow(
                "dynamodb:GetItem",
                p.table(0),
                Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["a*"]}},
            )
        ],
        _row(0, "a1"),
        _row(0, "b1"),
    ),
    "a condition on the prefix that is listed": Case(
        lambda p: [
            _allow(
                "s3:ListBucket",
                f"arn:aws:s3:::{p.bucket}",
                Condition={"StringLike": {"s3:prefix": "a/*"}},
            )
        ],
        lambda client, p: client("s3").list_objects_v2(Bucket=p.bucket, Prefix="a/"),
        lambda client, p: client("s3").list_objects_v2(Bucket=p.bucket, Prefix="b/"),
    ),
    "a condition on the Region": Case(
        lambda p: [
            *_all(p),
            _deny(
                "dynamodb:*",
                "*",
                Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
            ),
        ],
        _get("a/x"),
        _row(0),
    ),
    "a permissions boundary narrows": Case(
        _all, _get("a/x"), _row(0), boundary=lambda _: [_allow("s3:*", "*")]
    ),
    "a session policy narrows": Case(
        _all, _get("a/x"), _row(0), session=lambda _: [_allow("s3:*", "*")]
    ),
    "a bucket policy denies": Case(
        _all,
        _get("a/x"),
        _get("b/x"),
        bucket=lambda p, role: [
            {
                "Effect": "Deny",
                "Principal": {"AWS": role},
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{p.bucket}/b/*",
            }
        ],
    ),
    "Rekognition wants a permission": Case(
        lambda p: [_allow("s3:*", "*")],
        None,
        lambda client, p: client("rekognition").detect_labels(Image={"Bytes": b"x"}),
    ),
    "a machine can not be given a role without iam:PassRole": Case(
        lambda p: [_allow("states:*", "*")],
        None,
        lambda client, p: client("stepfunctions").create_state_machine(
            name=f"m-{uuid.uuid4().hex[:6]}",
            definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
            roleArn=f"arn:aws:iam::{p.account}:role/other",
        ),
    ),
}


def _make_place(cloud: Emulator) -> Place:
    name = uuid.uuid4().hex[:8]
    account = cloud.client("sts").get_caller_identity()["Account"]
    place = Place(
        account, f"bucket-{name}", (f"a-{name}", f"b-{name}"), (f"qa-{name}", f"qb-{name}")
    )
    s3, dynamodb, sqs = (cloud.client(service) for service in ("s3", "dynamodb", "sqs"))
    s3.create_bucket(Bucket=place.bucket)
    for key in ("a/x", "b/x"):
        s3.put_object(Bucket=place.bucket, Key=key, Body=b"x")
    for table in place.tables:
        dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    for queue in place.queues:
        sqs.create_queue(QueueName=queue)
    return place


def _document(statements: list[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _sessions(case: Case, cloud: Emulator, place: Place) -> Callable[[str], Any]:
    """Make the role and take it on; clients of its session."""
    iam, name = cloud.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"AWS": "*"}}]}  # type: ignore[dict-item]
    extra = {}
    if case.boundary is not None:
        policy = iam.create_policy(
            PolicyName=f"boundary-{name}", PolicyDocument=_document(case.boundary(place))
        )
        extra["PermissionsBoundary"] = policy["Policy"]["Arn"]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), **extra)[
        "Role"
    ]["Arn"]
    iam.put_role_policy(
        RoleName=name, PolicyName="own", PolicyDocument=_document(case.statements(place))
    )
    if case.bucket is not None:
        cloud.client("s3").put_bucket_policy(
            Bucket=place.bucket, Policy=_document(case.bucket(place, role))
        )
    narrowed = {"Policy": _document(case.session(place))} if case.session is not None else {}
    keys = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="bench", **narrowed)[
        "Credentials"
    ]
    return lambda service: boto3.client(
        service,
        endpoint_url=cloud.endpoint,
        region_name=_REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def _holds(case: Case, cloud: Emulator) -> bool:
    place = _make_place(cloud)
    client = _sessions(case, cloud, place)
    cloud.enforce()
    try:
        if case.allowed is not None:
            case.allowed(client, place)
        if case.denied is not None:
            try:
                case.denied(client, place)
            except ClientError as error:
                return error.response["Error"]["Code"] in _DENIED
            return False
        return True
    finally:
        cloud.relax()


QUESTIONS = [Question("IAM", text, partial(_holds, case)) for text, case in CASES.items()]
