"""Bodies that come in signed or unsigned chunks, opened and checked.

Written from AWS's "Signature Calculations: Transferring Payload in Multiple Chunks" and the
page on trailing checksums.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable

from windfall_local.api import ServiceError
from windfall_local.identity.signature import SignatureError, Signed, check_payload
from windfall_local.wire.chunked import ChunkedBody, split_chunks
from windfall_local.wire.message import HttpRequest

_EMPTY_HASH = hashlib.sha256(b"").hexdigest()

_CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda data: hashlib.sha256(data).digest(),
}
"""The checksums of the standard library; CRC32C and CRC64NVME are kept, not recomputed."""


def open_body(request: HttpRequest, signed: Signed) -> HttpRequest:
    """The request with its content as the body, held against everything that was signed.

    Raises:
        SignatureError: The content is not the signed one.
        ServiceError: `BadDigest`, `IncompleteBody`: it does not match its checksum or length.
    """
    if not signed.payload_hash.startswith("STREAMING-"):
        check_payload(request, signed.payload_hash)
        return request
    chunked = split_chunks(request.body)
    if "HMAC" in signed.payload_hash:
        _check_chunks(chunked, signed)
    content = chunked.joined()
    _check_length(request, content)
    headers = {
        name: value
        for name, value in request.headers.items()
        if name not in ("x-amz-decoded-content-length", "x-amz-trailer", "x-amz-content-sha256")
    }
    for name, value in chunked.trailers.items():
        if name.startswith("x-amz-checksum-"):
            _check_sum(name, value, content)
            headers[name] = value
    _drop_chunked_encoding(headers)
    return HttpRequest(request.method, request.path, request.query, headers, content)


def _check_chunks(chunked: ChunkedBody, signed: Signed) -> None:
    previous = signed.claim.signature
    frame = f"AWS4-HMAC-SHA256-PAYLOAD\n{signed.claim.timestamp}\n{signed.claim.scope}"
    for chunk in chunked.chunks:
        digest = hashlib.sha256(chunk.data).hexdigest()
        expected = signed.chain(f"{frame}\n{previous}\n{_EMPTY_HASH}\n{digest}")
        if not hmac.compare_digest(expected.encode(), chunk.signature.encode()):
            raise SignatureError("mismatch", "The signature of a chunk does not match its bytes.")
        previous = expected
    trailer_signature = chunked.trailers.get("x-amz-trailer-signature")
    if signed.payload_hash.endswith("-TRAILER") and trailer_signature is not None:
        lines = "".join(
            f"{name}:{value}\n"
            for name, value in chunked.trailers.items()
            if name != "x-amz-trailer-signature"
        )
        digest = hashlib.sha256(lines.encode("latin-1")).hexdigest()
        frame = f"AWS4-HMAC-SHA256-TRAILER\n{signed.claim.timestamp}\n{signed.claim.scope}"
        expected = signed.chain(f"{frame}\n{previous}\n{digest}")
        if not hmac.compare_digest(expected.encode(), trailer_signature.encode()):
            raise SignatureError("mismatch", "The signature of the trailer does not match it.")


def _check_length(request: HttpRequest, content: bytes) -> None:
    declared = request.headers.get("x-amz-decoded-content-length")
    if declared is not None and declared != str(len(content)):
        raise ServiceError(
            "IncompleteBody",
            f"The request promised {declared} bytes and brought {len(content)}.",
        )


def _check_sum(name: str, value: str, content: bytes) -> None:
    checksum = _CHECKSUMS.get(name)
    if checksum is not None and base64.b64encode(checksum(content)).decode() != value:
        raise ServiceError("BadDigest", f"The {name} you specified did not match the content.")


def _drop_chunked_encoding(headers: dict[str, str]) -> None:
    encodings = [part.strip() for part in headers.get("content-encoding", "").split(",")]
    left = [encoding for encoding in encodings if encoding and encoding != "aws-chunked"]
    if left:
        headers["content-encoding"] = ",".join(left)
    else:
        headers.pop("content-encoding", None)
