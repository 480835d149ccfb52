"""Who may do what, over the wire: roles, sessions, conditions and the errors AWS gives."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from windfall_local.api import Credentials, Principal
from windfall_local.cloud import LocalCloud
from windfall_local.threaded import cloud_in_thread

ACCOUNT = "000000000000"


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def code_of(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def bucket(client: Any) -> str:
    name = f"bucket-{uuid.uuid4()}"
    client("s3").create_bucket(Bucket=name)
    client("s3").put_object(Bucket=name, Key="in/k", Body=b"x")
    return name


@pytest.fixture
def table(client: Any) -> str:
    name = f"table-{uuid.uuid4()}"
    client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def test_a_role_without_policies_may_nothing(client: Any, role: Any, bucket: str) -> None:
    s3 = client("s3", role())

    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="in/k")

    error = caught.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error["Error"]["Code"] == "AccessDenied"
    assert error["Error"]["Message"].endswith(
        f"is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::{bucket}/in/k "
        "because no identity-based policy allows the s3:GetObject action"
    )


def test_a_role_may_what_its_policy_names(client: Any, role: Any, bucket: str) -> None:
    s3 = client("s3", role(allow("s3:Get*", f"arn:aws:s3:::{bucket}/in/*")))

    assert s3.get_object(Bucket=bucket, Key="in/k")["Body"].read() == b"x"
    assert code_of(s3.put_object, Bucket=bucket, Key="in/k", Body=b"y") == "AccessDenied"


def test_a_deny_wins(client: Any, role: Any, bucket: str) -> None:
    s3 = client("s3", role(allow("s3:*"), deny("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*")))

    with pytest.raises(ClientError, match="explicit deny in an identity-based policy"):
        s3.get_object(Bucket=bucket, Key="in/k")


def test_a_managed_policy_counts(client: Any, role: Any, bucket: str) -> None:
    keys = role()
    name = _role_arn(client, keys).rpartition("/")[2]
    iam = client("iam")
    iam.attach_role_policy(
        RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    )

    assert client("s3", keys).list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert code_of(client("s3", keys).delete_object, Bucket=bucket, Key="in/k") == "AccessDenied"


def test_a_missing_object_is_told_only_to_those_who_may_list(
    client: Any, role: Any, bucket: str
) -> None:
    reader = client("s3", role(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")))
    lister = client(
        "s3",
        role(
            allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"),
            allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
        ),
    )

    assert code_of(reader.get_object, Bucket=bucket, Key="nowhere") == "AccessDenied"
    assert code_of(reader.head_object, Bucket=bucket, Key="nowhere") == "403"
    assert code_of(lister.get_object, Bucket=bucket, Key="nowhere") == "NoSuchKey"


def test_a_prefix_condition_limits_a_listing(client: Any, role: Any, bucket: str) -> None:
    s3 = client(
        "s3",
        role(
            allow(
                "s3:ListBucket",
                f"arn:aws:s3:::{bucket}",
                Condition={"StringLike": {"s3:prefix": "in/*"}},
            )
        ),
    )

    assert s3.list_objects_v2(Bucket=bucket, Prefix="in/k")["KeyCount"] == 1
    assert code_of(s3.list_objects_v2, Bucket=bucket) == "AccessDenied"


def test_leading_keys_limit_the_items_of_a_role(client: Any, role: Any, table: str) -> None:
    dynamodb = client(
        "dynamodb",
        role(
            allow(
                ["dynamodb:PutItem", "dynamodb:Query"],
                f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{table}",
                Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "mine"}},
            )
        ),
    )
    query = {
        "TableName": table,
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": "pk"},
    }

    dynamodb.put_item(TableName=table, Item={"pk": {"S": "mine"}})
    found = dynamodb.query(**query, ExpressionAttributeValues={":p": {"S": "mine"}})
    assert found["Count"] == 1
    denied = "AccessDeniedException"
    assert code_of(dynamodb.put_item, TableName=table, Item={"pk": {"S": "yours"}}) == denied
    yours = {":p": {"S": "yours"}}
    assert code_of(dynamodb.query, **query, ExpressionAttributeValues=yours) == denied


def test_a_transaction_needs_what_its_parts_need(client: Any, role: Any, table: str) -> None:
    arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{table}"
    putter = client("dynamodb", role(allow("dynamodb:PutItem", arn)))
    both = client("dynamodb", role(allow(["dynamodb:PutItem", "dynamodb:ConditionCheckItem"], arn)))
    items = [
        {"Put": {"TableName": table, "Item": {"pk": {"S": "a"}}}},
        {
            "ConditionCheck": {
                "TableName": table,
                "Key": {"pk": {"S": "b"}},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
    ]

    assert code_of(putter.transact_write_items, TransactItems=items) == "AccessDeniedException"
    both.transact_write_items(TransactItems=items)


def test_an_index_is_a_resource_of_its_own(client: Any, role: Any, table: str) -> None:
    arn = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{table}"
    dynamodb = client("dynamodb", role(allow("dynamodb:Query", arn)))

    code = code_of(
        dynamodb.query,
        TableName=table,
        IndexName="recent",
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "a"}},
    )

    assert code == "AccessDeniedException"


def test_a_bucket_policy_may_let_a_role_in(client: Any, role: Any, bucket: str) -> None:
    keys = role()
    arn = client("sts", keys).get_caller_identity()["Arn"]
    role_arn = f"arn:aws:iam::{ACCOUNT}:role/{arn.split('/')[1]}"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": role_arn},
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
            }
        ],
    }
    client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))

    assert client("s3", keys).get_object(Bucket=bucket, Key="in/k")["Body"].read() == b"x"


def test_a_boundary_limits_a_role(client: Any, role: Any, bucket: str) -> None:
    boundary = client("iam").create_policy(
        PolicyName=f"boundary-{uuid.uuid4()}",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:ListBucket")]}),
    )["Policy"]["Arn"]
    s3 = client("s3", role(allow("s3:*"), PermissionsBoundary=boundary))

    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    with pytest.raises(ClientError, match="no permissions boundary allows"):
        s3.get_object(Bucket=bucket, Key="in/k")


def test_a_tls_only_bucket_is_closed_to_plain_http(tmp_path: Path, client: Any) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
    for secure in (True, False):
        directory = tmp_path / str(secure)
        with cloud_in_thread(directory, loopback_is_secure=secure) as other:
            assert _tls_only_answer(other, policy) == ("x" if secure else "AccessDenied")


def _tls_only_answer(cloud: LocalCloud, policy: dict[str, Any]) -> str:
    from tests.integration.conftest import make_client

    root = make_client(cloud, "s3")
    root.create_bucket(Bucket="tls-only")
    root.put_object(Bucket="tls-only", Key="k", Body=b"x")
    root.put_bucket_policy(Bucket="tls-only", Policy=json.dumps(policy))
    iam = make_client(cloud, "iam")
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
    iam.put_role_policy(
        RoleName="r",
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:*")]}),
    )
    s3 = make_client(cloud, "s3", cloud.credentials(Principal.role(arn, "test")))
    try:
        return str(s3.get_object(Bucket="tls-only", Key="k")["Body"].read().decode())
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    finally:
        for one in (root, iam, s3):
            one.close()


def test_an_operation_without_known_permissions_is_refused_by_name(client: Any, role: Any) -> None:
    dynamodb = client("dynamodb", role(allow("*")))

    with pytest.raises(ClientError, match="does not know which permissions"):
        dynamodb.list_global_tables()


def test_a_role_is_assumed_as_its_trust_allows(client: Any, role: Any, bucket: str) -> None:
    caller = role(allow("sts:AssumeRole"))
    caller_arn = client("sts", caller).get_caller_identity()["Arn"]
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    to_account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    open_keys = role(
        allow("s3:GetObject"),
        trust={"Version": "2012-10-17", "Statement": [trusted | {"Principal": to_account}]},
    )
    open_arn = _role_arn(client, open_keys)
    closed_arn = _role_arn(client, role(allow("s3:GetObject")))

    sts = client("sts", caller)
    made = sts.assume_role(RoleArn=open_arn, RoleSessionName="me")

    assert made["AssumedRoleUser"]["Arn"].endswith("/me")
    assert made["AssumedRoleUser"]["Arn"] != caller_arn
    keys = made["Credentials"]
    session = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    assert client("s3", session).get_object(Bucket=bucket, Key="in/k")["Body"].read() == b"x"
    denied = code_of(sts.assume_role, RoleArn=closed_arn, RoleSessionName="me")
    assert denied == "AccessDenied"


def test_a_session_policy_narrows_the_role(client: Any, role: Any, bucket: str) -> None:
    arn = _role_arn(client, role(allow("s3:*")))
    policy = {"Version": "2012-10-17", "Statement": [allow("s3:ListBucket")]}

    keys = client("sts").assume_role(
        RoleArn=arn, RoleSessionName="narrow", Policy=json.dumps(policy)
    )["Credentials"]

    session = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    s3 = client("s3", session)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    with pytest.raises(ClientError, match="no session policy allows"):
        s3.get_object(Bucket=bucket, Key="in/k")


@pytest.mark.parametrize(
    ("call", "unknown", "forged"),
    [
        ("s3.list_buckets", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
        ("dynamodb.list_tables", "UnrecognizedClientException", "InvalidSignatureException"),
        ("iam.list_roles", "InvalidClientTokenId", "SignatureDoesNotMatch"),
        ("lambda.list_functions", "UnrecognizedClientException", "InvalidSignatureException"),
    ],
)
def test_a_wrong_key_has_the_protocols_own_error(
    cloud: LocalCloud, client: Any, call: str, unknown: str, forged: str
) -> None:
    service, operation = call.split(".")
    nobody = client(service, Credentials("AKIANOBODY", "secret"))
    forger = client(service, Credentials(cloud.keys.root.access_key, "guessed"))

    assert code_of(getattr(nobody, operation)) == unknown
    assert code_of(getattr(forger, operation)) == forged


def test_a_session_without_its_token_is_nobody(client: Any, role: Any) -> None:
    keys = role(allow("*"))
    stolen = client("sts", Credentials(keys.access_key, keys.secret_key))

    assert code_of(stolen.get_caller_identity) == "InvalidClientTokenId"


def _role_arn(client: Any, keys: Credentials) -> str:
    arn = client("sts", keys).get_caller_identity()["Arn"]
    return f"arn:aws:iam::{ACCOUNT}:role/{arn.split('/')[1]}"
