"""Bodies held against what was signed, as they come; those in chunks are opened.

Written from AWS's "Signature Calculations: Transferring Payload in Multiple Chunks" and the
page on trailing checksums.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from windfall_local.api import ServiceError
from windfall_local.identity.signature import (
    UNSIGNED_PAYLOAD,
    SignatureError,
    Signed,
    check_payload,
)
from windfall_local.wire.chunked import Chunks
from windfall_local.wire.message import HttpRequest

_EMPTY_HASH = hashlib.sha256(b"").hexdigest()


class _Digest(Protocol):
    def update(self, data: memoryview, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._sum = 0

    def update(self, data: memoryview) -> None:
        self._sum = zlib.crc32(data, self._sum)

    def digest(self) -> bytes:
        return self._sum.to_bytes(4, "big")


_CHECKSUMS: dict[str, Callable[[], _Digest]] = {
    "x-amz-checksum-crc32": _Crc32,
    "x-amz-checksum-sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "x-amz-checksum-sha256": hashlib.sha256,
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
    opening = Opening(request, signed)
    content = b"".join(opening.feed(request.body))
    return HttpRequest(request.method, request.path, request.query, opening.finish(), content)


class Opening:
    """A body that is opened as it comes.

    Args:
        request: Its request.
        signed: What was signed.
    """

    def __init__(self, request: HttpRequest, signed: Signed) -> None:
        self._request = request
        self._signed = signed
        self._whole = hashlib.sha256() if _is_hash(signed.payload_hash) else None
        self._chunks: Chunks | None = None
        self._sums: dict[str, _Digest] = {}
        self._size = 0
        if signed.payload_hash.startswith("STREAMING-"):
            self._chunks = Chunks()
            # A client that tells nothing of its trailers may bring any.
            self._sums = {name: make() for name, make in _CHECKSUMS.items() if self._expects(name)}
        self._is_signed = "HMAC" in signed.payload_hash
        self._chunk = hashlib.sha256()
        self._previous = signed.claim.signature

    def _expects(self, name: str) -> bool:
        announced = self._request.headers.get("x-amz-trailer")
        return announced is None or name in announced.lower()

    def feed(self, block: bytes | memoryview) -> Iterator[memoryview]:
        """The content of further bytes.

        Raises:
            SignatureError: A chunk is not the signed one.
            ServiceError: It is not what it claims to be.
        """
        if self._chunks is None:
            view = memoryview(block)
            if self._whole is not None:
                self._whole.update(view)
            self._size += len(view)
            yield view
            return
        for part in self._chunks.feed(block):
            if part.data:
                self._size += len(part.data)
                for total in self._sums.values():
                    total.update(part.data)
                if self._is_signed:
                    self._chunk.update(part.data)
                yield part.data
            if part.signature is not None and self._is_signed:
                self._check_chunk(part.signature)

    def finish(self) -> dict[str, str]:
        """The headers of the opened request, once all of its body has come.

        Raises:
            SignatureError: The content is not the signed one.
            ServiceError: `BadDigest`, `IncompleteBody`: it does not match its checksum or length.
        """
        if self._whole is not None and self._whole.hexdigest() != self._signed.payload_hash:
            raise SignatureError(
                "payload",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )
        if self._chunks is None:
            return self._request.headers
        return self._opened_headers(self._chunks.finish())

    def _opened_headers(self, trailers: dict[str, str]) -> dict[str, str]:
        if self._is_signed:
            self._check_trailers(trailers)
        self._check_length()
        headers = {
            name: value
            for name, value in self._request.headers.items()
            if name not in ("x-amz-decoded-content-length", "x-amz-trailer", "x-amz-content-sha256")
        }
        for name, value in trailers.items():
            if name.startswith("x-amz-checksum-"):
                self._check_sum(name, value)
                headers[name] = value
        _drop_chunked_encoding(headers)
        return headers

    def _check_chunk(self, signature: str) -> None:
        claim = self._signed.claim
        frame = f"AWS4-HMAC-SHA256-PAYLOAD\n{claim.timestamp}\n{claim.scope}"
        digest, self._chunk = self._chunk.hexdigest(), hashlib.sha256()
        expected = self._signed.chain(f"{frame}\n{self._previous}\n{_EMPTY_HASH}\n{digest}")
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise SignatureError("mismatch", "The signature of a chunk does not match its bytes.")
        self._previous = expected

    def _check_trailers(self, trailers: dict[str, str]) -> None:
        signature = trailers.get("x-amz-trailer-signature")
        if not self._signed.payload_hash.endswith("-TRAILER") or signature is None:
            return
        lines = "".join(
            f"{name}:{value}\n"
            for name, value in trailers.items()
            if name != "x-amz-trailer-signature"
        )
        digest = hashlib.sha256(lines.encode("latin-1")).hexdigest()
        claim = self._signed.claim
        frame = f"AWS4-HMAC-SHA256-TRAILER\n{claim.timestamp}\n{claim.scope}"
        expected = self._signed.chain(f"{frame}\n{self._previous}\n{digest}")
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise SignatureError("mismatch", "The signature of the trailer does not match it.")

    def _check_length(self) -> None:
        declared = self._request.headers.get("x-amz-decoded-content-length")
        if declared is not None and declared != str(self._size):
            raise ServiceError(
                "IncompleteBody",
                f"The request promised {declared} bytes and brought {self._size}.",
            )

    def _check_sum(self, name: str, value: str) -> None:
        total = self._sums.get(name)
        if total is None and name in _CHECKSUMS:
            raise ServiceError("InvalidRequest", f"The trailer {name} was not announced.")
        if total is not None and base64.b64encode(total.digest()).decode() != value:
            raise ServiceError("BadDigest", f"The {name} you specified did not match the content.")


def _is_hash(payload_hash: str) -> bool:
    return payload_hash != UNSIGNED_PAYLOAD and not payload_hash.startswith("STREAMING-")


def _drop_chunked_encoding(headers: dict[str, str]) -> None:
    encodings = [part.strip() for part in headers.get("content-encoding", "").split(",")]
    left = [encoding for encoding in encodings if encoding and encoding != "aws-chunked"]
    if left:
        headers["content-encoding"] = ",".join(left)
    else:
        headers.pop("content-encoding", None)
