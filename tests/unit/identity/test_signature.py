"""Signatures that botocore makes hold; anything changed afterwards does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windfall_local.api import Principal
from windfall_local.identity.keys import KeyRegistry
from windfall_local.identity.signature import SignatureError, check_payload, verify
from windfall_local.wire.message import HttpRequest

REGION = "us-east-1"
HOST = "127.0.0.1:4566"
ROLE = Principal.role("arn:aws:iam::000000000000:role/reader", "session")


@pytest.fixture
def keys(tmp_path: Path) -> KeyRegistry:
    return KeyRegistry(tmp_path / "credentials")


def signed(
    keys: KeyRegistry,
    path: str = "/",
    query: str = "",
    *,
    service: str = "dynamodb",
    body: bytes = b"{}",
    principal: Principal | None = None,
) -> HttpRequest:
    """A request that botocore signed."""
    mine = keys.lasting(principal or Principal.root())
    credentials = BotocoreCredentials(mine.access_key, mine.secret_key, mine.token or None)
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    request = AWSRequest("POST", url, {"X-Amz-Target": "A.B", "Content-Type": "a  b"}, body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(credentials, service, REGION).add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return HttpRequest("POST", path, query, {**headers, "host": HOST}, body)


def refused(request: HttpRequest, keys: KeyRegistry, region: str = REGION) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(request, keys, region)
    return caught.value.reason


def test_a_signed_request_is_its_signers(keys: KeyRegistry) -> None:
    assert verify(signed(keys), keys, REGION).session.principal == Principal.root()
    assert verify(signed(keys, principal=ROLE), keys, REGION).session.principal == ROLE


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=30),
    values=st.lists(st.text(max_size=8), max_size=3),
)
def test_any_key_and_query_of_s3_holds(keys: KeyRegistry, key: str, values: list[str]) -> None:
    path = "/bucket/" + quote(key, safe="/~")
    query = "&".join(f"p{number}={quote(value, safe='')}" for number, value in enumerate(values))

    verify(signed(keys, path, query, service="s3"), keys, REGION)


@pytest.mark.parametrize(
    "path", ["/2015-03-31/functions/arn%3Aaws%3Alambda/invocations", "/a//b/", "/a/./b/../c", "/"]
)
def test_other_services_paths_are_normalised(keys: KeyRegistry, path: str) -> None:
    verify(signed(keys, path, service="lambda"), keys, REGION)


def test_a_changed_request_does_not_hold(keys: KeyRegistry) -> None:
    for change in (
        {"path": "/other"},
        {"query": "a=b"},
        {"method": "PUT"},
        {"body": b"{ }"},
        {"headers": signed(keys).headers | {"x-amz-target": "A.C"}},
    ):
        request = signed(keys)
        for name, value in change.items():
            setattr(request, name, value)
        assert refused(request, keys) == "mismatch"


def test_a_changed_body_is_seen_by_its_hash(keys: KeyRegistry) -> None:
    request = signed(keys, "/b/k", service="s3", body=b"signed")
    proof = verify(request, keys, REGION)
    check_payload(request, proof.payload_hash)
    request.body = b"forged"

    with pytest.raises(SignatureError):
        check_payload(request, proof.payload_hash)


def test_a_request_for_another_region_is_refused(keys: KeyRegistry) -> None:
    assert refused(signed(keys), keys, "eu-west-1") == "region"
    verify(signed(keys, service="iam"), keys, "eu-west-1")


def test_an_unknown_key_is_refused(keys: KeyRegistry, tmp_path: Path) -> None:
    others = KeyRegistry(tmp_path / "others")

    assert refused(signed(others, principal=ROLE), keys) == "unknown-key"
    assert refused(signed(others), keys) == "mismatch"


def test_a_sessions_token_belongs_to_its_signature(keys: KeyRegistry) -> None:
    request = signed(keys, principal=ROLE)
    request.headers["x-amz-security-token"] = "another"

    assert refused(request, keys) == "token"


def test_a_session_ends(keys: KeyRegistry) -> None:
    made = keys.assume(ROLE, timedelta(seconds=-1))
    credentials = made.credentials
    request = AWSRequest("GET", f"http://{HOST}/")
    SigV4Auth(
        BotocoreCredentials(credentials.access_key, credentials.secret_key, credentials.token),
        "sqs",
        REGION,
    ).add_auth(request)
    headers = {name.lower(): value for name, value in request.headers.items()}

    assert refused(HttpRequest("GET", "/", "", {**headers, "host": HOST}), keys) == "expired-token"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "missing"),
        ({"authorization": "Basic abc"}, "incomplete"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a/b"}, "incomplete"),
        ({"authorization": "AWS4-HMAC-SHA256"}, "incomplete"),
    ],
)
def test_a_request_without_a_signature(
    keys: KeyRegistry, headers: dict[str, str], reason: str
) -> None:
    assert refused(HttpRequest("GET", "/", "", headers), keys) == reason


def test_an_old_request_is_refused(keys: KeyRegistry) -> None:
    request = signed(keys)
    today = request.headers["x-amz-date"][:8]
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ")
    request.headers["x-amz-date"] = long_ago
    request.headers["authorization"] = request.headers["authorization"].replace(
        f"/{today}/", f"/{long_ago[:8]}/"
    )

    assert refused(request, keys) == "skewed"


def test_a_presigned_url_holds_until_it_expires(keys: KeyRegistry) -> None:
    mine = keys.lasting(ROLE)
    credentials = BotocoreCredentials(mine.access_key, mine.secret_key, mine.token)
    for seconds, holds in ((60, True), (-1, False)):
        request = AWSRequest("GET", f"http://{HOST}/bucket/a%20b?versionId=1")
        S3SigV4QueryAuth(credentials, "s3", REGION, expires=seconds).add_auth(request)
        url = urlsplit(request.url)
        given_request = HttpRequest("GET", url.path, url.query, {"host": HOST})

        if holds:
            assert verify(given_request, keys, REGION).session.principal == ROLE
        else:
            assert refused(given_request, keys) == "incomplete"


def test_the_users_secret_is_made_once(tmp_path: Path) -> None:
    first, second = (KeyRegistry(tmp_path / "credentials").root for _ in range(2))

    assert first == second
    assert first != KeyRegistry(tmp_path / "other").root
    assert (tmp_path / "credentials").stat().st_mode & 0o077 == 0
