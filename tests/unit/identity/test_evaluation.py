"""The decision, by the cases of AWS's "Policy evaluation logic"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windfall_local.api import Principal
from windfall_local.identity.documents import Policy, PolicyError, read_policy
from windfall_local.identity.evaluation import Access, Applicable, Decision, decide

ROLE_ARN = "arn:aws:iam::000000000000:role/reader"
ROLE = Principal.role(ROLE_ARN, "session")
ROOT_OF_ACCOUNT = "arn:aws:iam::000000000000:root"
EVENTS = Principal.service(
    "events.amazonaws.com", "arn:aws:events:us-east-1:000000000000:rule/dropped"
)
QUEUE = "arn:aws:sqs:us-east-1:000000000000:admission"


def policy(*statements: dict[str, Any]) -> Policy:
    return read_policy({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str, action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def allow(action: Any = "sqs:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return statement("Allow", action, resource, **more)


def deny(action: Any = "sqs:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return statement("Deny", action, resource, **more)


def send(
    policies: Applicable,
    principal: Principal = ROLE,
    context: dict[str, tuple[str, ...]] | None = None,
) -> Decision:
    return decide(Access(principal, "sqs:SendMessage", QUEUE, context or {}), policies)


ALLOWED = policy(allow())
DENIED = policy(deny())
NOTHING = policy(allow("s3:*"))
TO_ROLE = policy(allow(Principal={"AWS": ROLE_ARN}))
TO_SESSION = policy(allow(Principal={"AWS": ROLE.arn}))
TO_ACCOUNT = policy(allow(Principal={"AWS": ROOT_OF_ACCOUNT}))
TO_ANYONE = policy(allow(Principal="*"))
TO_ANOTHER = policy(allow(Principal={"AWS": "arn:aws:iam::000000000000:role/writer"}))


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        pytest.param(Applicable(), False, id="nothing allows"),
        pytest.param(Applicable((ALLOWED,)), True, id="an identity policy allows"),
        pytest.param(Applicable((NOTHING,)), False, id="it allows something else"),
        pytest.param(Applicable((NOTHING, ALLOWED)), True, id="one of two allows"),
        pytest.param(Applicable((ALLOWED, DENIED)), False, id="deny wins over allow"),
        pytest.param(Applicable((), TO_ROLE), True, id="the resource allows the role"),
        pytest.param(Applicable((), TO_SESSION), True, id="the resource allows the session"),
        pytest.param(Applicable((), TO_ANYONE), True, id="the resource allows anyone"),
        pytest.param(Applicable((), TO_ACCOUNT), False, id="the account alone is not enough"),
        pytest.param(Applicable((ALLOWED,), TO_ACCOUNT), True, id="account and identity"),
        pytest.param(Applicable((), TO_ANOTHER), False, id="the resource allows another"),
        pytest.param(
            Applicable((ALLOWED,), policy(deny(Principal="*"))), False, id="the resource denies"
        ),
        pytest.param(
            Applicable((ALLOWED,), policy(deny(Principal={"AWS": ROLE_ARN}))),
            False,
            id="the resource denies the role",
        ),
        pytest.param(
            Applicable((ALLOWED,), policy(deny(NotPrincipal={"AWS": ROLE_ARN}))),
            True,
            id="everybody but the role is denied",
        ),
        pytest.param(
            Applicable((ALLOWED,), policy(deny(NotPrincipal={"AWS": "arn:aws:iam::1:role/x"}))),
            False,
            id="everybody but another is denied",
        ),
        pytest.param(Applicable((ALLOWED,), boundary=ALLOWED), True, id="boundary allows"),
        pytest.param(Applicable((ALLOWED,), boundary=NOTHING), False, id="boundary is silent"),
        pytest.param(Applicable((), boundary=ALLOWED), False, id="a boundary gives nothing"),
        pytest.param(
            Applicable((), TO_ROLE, boundary=NOTHING), False, id="boundary limits the role's grant"
        ),
        pytest.param(
            Applicable((), TO_SESSION, boundary=NOTHING), True, id="not the session's grant"
        ),
        pytest.param(
            Applicable((ALLOWED,), TO_SESSION, boundary=DENIED), False, id="boundary denies"
        ),
        pytest.param(Applicable((ALLOWED,), session=ALLOWED), True, id="session policy allows"),
        pytest.param(Applicable((ALLOWED,), session=NOTHING), False, id="session is silent"),
        pytest.param(Applicable((ALLOWED,), session=DENIED), False, id="session policy denies"),
        pytest.param(
            Applicable((ALLOWED,), delegated=True), False, id="a key's policy must say something"
        ),
        pytest.param(
            Applicable((ALLOWED,), TO_ACCOUNT, delegated=True), True, id="it delegates to IAM"
        ),
        pytest.param(Applicable((), TO_ROLE, delegated=True), True, id="it names the role"),
    ],
)
def test_a_role(policies: Applicable, allowed: bool) -> None:
    assert send(policies).allowed is allowed


@pytest.mark.parametrize(
    ("principals", "allowed"),
    [
        ({"Service": "events.amazonaws.com"}, True),
        ({"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}, True),
        ({"Service": "sns.amazonaws.com"}, False),
        ({"AWS": "*"}, True),
        ("*", True),
        ({"AWS": ROOT_OF_ACCOUNT}, False),
    ],
)
def test_a_service_needs_the_resources_policy(principals: Any, allowed: bool) -> None:
    decision = send(Applicable((), policy(allow(Principal=principals))), EVENTS)

    assert decision.allowed is allowed


def test_a_services_source_is_a_condition() -> None:
    only = policy(
        allow(
            Principal={"Service": "events.amazonaws.com"},
            Condition={"ArnEquals": {"aws:SourceArn": EVENTS.source_arn}},
        )
    )

    for source, allowed in ((EVENTS.source_arn or "", True), ("arn:aws:events:a:b:rule/x", False)):
        decision = send(Applicable((), only), EVENTS, {"aws:sourcearn": (source,)})
        assert decision.allowed is allowed


def test_a_service_without_a_resource_policy_may_nothing() -> None:
    assert not send(Applicable(), EVENTS).allowed


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        (allow("sqs:SendMessage", QUEUE), True),
        (allow("SQS:sendmessage", QUEUE), True),
        (allow("sqs:Send*", "arn:aws:sqs:*:*:adm*"), True),
        (allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:Admission"), False),
        (allow("sqs:SendMessage", QUEUE + "-2"), False),
        (allow(["sqs:ReceiveMessage", "sqs:SendMessage"], ["arn:x", QUEUE]), True),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, True),
        ({"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}, False),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::*"}, True),
        ({"Effect": "Allow", "Action": "*", "NotResource": QUEUE}, False),
        (allow(Condition={"StringEquals": {"aws:Missing": "x"}}), False),
    ],
)
def test_what_a_statement_is_about(given: dict[str, Any], allowed: bool) -> None:
    assert send(Applicable((policy(given),))).allowed is allowed


def test_variables_belong_to_the_newer_version_of_the_language() -> None:
    named = allow(resource="arn:aws:sqs:us-east-1:000000000000:${aws:queue}")
    context: dict[str, tuple[str, ...]] = {"aws:queue": ("admission",)}
    old = read_policy({"Version": "2008-10-17", "Statement": named})

    assert send(Applicable((policy(named),)), context=context).allowed
    assert not send(Applicable((old,)), context=context).allowed


def test_the_decision_says_what_decided() -> None:
    assert send(Applicable((DENIED,))) == Decision(False, True, "identity-based policy")
    assert send(Applicable((ALLOWED,), boundary=NOTHING)).layer == "permissions boundary"
    assert send(Applicable((), NOTHING), EVENTS).layer == "resource-based policy"


@pytest.mark.parametrize(
    "document",
    [
        "no json",
        "[]",
        "{}",
        json.dumps({"Statement": [{"Action": "*", "Resource": "*"}]}),
        json.dumps({"Statement": [{"Effect": "Allow", "Resource": "*"}]}),
        json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"No": {}}}}),
        json.dumps(
            {"Statement": {"Effect": "Allow", "Action": "*", "Condition": {"No": {"a": 1}}}}
        ),
    ],
)
def test_what_is_no_policy_is_refused(document: str) -> None:
    with pytest.raises(PolicyError):
        read_policy(document)
