"""Bodies in signed chunks: every chunk and the trailer are held against their signatures."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windfall_local.api import Principal, ServiceError
from windfall_local.identity.keys import KeyRegistry, Session
from windfall_local.identity.signature import Claim, SignatureError, Signed
from windfall_local.identity.streaming import open_body
from windfall_local.wire.message import HttpRequest

STREAMED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMED_WITH_TRAILER = f"{STREAMED}-TRAILER"
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(Principal.root(), KeyRegistry(tmp_path / "credentials").root)


def proof(session: Session, payload_hash: str) -> Signed:
    claim = Claim(
        session.credentials.access_key,
        "20261123",
        "us-east-1",
        "s3",
        ("host",),
        "seed",
        "20261123T140000Z",
        "",
        presigned=False,
        expires=0,
    )
    return Signed(session, claim, payload_hash)


def chunked(signed: Signed, chunks: list[bytes], trailer: str = "") -> bytes:
    """A body as the AWS SDKs sign it, from the page on chunked payloads."""
    frame = f"AWS4-HMAC-SHA256-PAYLOAD\n{signed.claim.timestamp}\n{signed.claim.scope}"
    previous, body = signed.claim.signature, b""
    for chunk in [*chunks, b""]:
        digest = hashlib.sha256(chunk).hexdigest()
        previous = signed.chain(f"{frame}\n{previous}\n{EMPTY}\n{digest}")
        end = b"" if not chunk else b"\r\n"
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + end
    if trailer:
        digest = hashlib.sha256(f"{trailer}\n".encode()).hexdigest()
        frame = f"AWS4-HMAC-SHA256-TRAILER\n{signed.claim.timestamp}\n{signed.claim.scope}"
        signature = signed.chain(f"{frame}\n{previous}\n{digest}")
        body += f"{trailer}\r\nx-amz-trailer-signature:{signature}\r\n".encode()
    return body + b"\r\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=4))
def test_signed_chunks_are_opened(session: Session, chunks: list[bytes]) -> None:
    signed = proof(session, STREAMED)
    request = HttpRequest("PUT", "/b/k", body=chunked(signed, chunks))

    assert open_body(request, signed).body == b"".join(chunks)


def test_a_chunk_that_was_changed_is_refused(session: Session) -> None:
    signed = proof(session, STREAMED)
    body = chunked(signed, [b"hello", b"world"]).replace(b"world", b"w0rld")

    with pytest.raises(SignatureError):
        open_body(HttpRequest("PUT", "/b/k", body=body), signed)


def test_chunks_in_another_order_are_refused(session: Session) -> None:
    signed = proof(session, STREAMED)
    length = len("5;chunk-signature=") + 64 + len("\r\n") + 5 + len("\r\n")
    body = chunked(signed, [b"aaaaa", b"bbbbb"])
    swapped = body[length : 2 * length] + body[:length] + body[2 * length :]

    with pytest.raises(SignatureError):
        open_body(HttpRequest("PUT", "/b/k", body=swapped), signed)


def test_a_signed_trailer_is_kept_as_a_header(session: Session) -> None:
    signed = proof(session, STREAMED_WITH_TRAILER)
    body = chunked(signed, [b"hello"], "x-amz-checksum-crc32:NhCmhg==")
    headers = {"content-encoding": "aws-chunked,gzip", "x-amz-decoded-content-length": "5"}

    opened = open_body(HttpRequest("PUT", "/b/k", "", headers, body), signed)

    assert opened.body == b"hello"
    assert opened.headers == {
        "content-encoding": "gzip",
        "x-amz-checksum-crc32": "NhCmhg==",
    }


def test_a_trailer_that_was_changed_is_refused(session: Session) -> None:
    signed = proof(session, STREAMED_WITH_TRAILER)
    body = chunked(signed, [b"hello"], "x-amz-checksum-crc32:NhCmhg==")

    changed = body.replace(b"NhCmhg==", b"AAAAAA==")

    with pytest.raises(SignatureError):
        open_body(HttpRequest("PUT", "/b/k", body=changed), signed)


def test_a_body_shorter_than_promised_is_refused(session: Session) -> None:
    signed = proof(session, STREAMED)
    headers = {"x-amz-decoded-content-length": "6"}
    body = chunked(signed, [b"hello"])

    with pytest.raises(ServiceError, match="IncompleteBody"):
        open_body(HttpRequest("PUT", "/b/k", "", headers, body), signed)
