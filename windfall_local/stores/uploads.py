"""An upload in parts becomes an object: of its parts' files, without anything being joined.

moto's own way reads every part twice and holds the whole object three times. What is checked, and
the ETag and checksums that come of it, are as moto has them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol


class _Sum(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    """CRC32; the others of its kind fall back on it, as moto's do without their libraries."""

    def __init__(self) -> None:
        self._sum = 0

    def update(self, data: bytes) -> None:
        self._sum = binascii.crc32(data, self._sum)

    def digest(self) -> bytes:
        return self._sum.to_bytes(4, "big")


def asked_parts(upload: Any, asked: Iterable[tuple[int, str]]) -> list[Any]:
    """The parts that a client names, each as it was uploaded.

    Raises:
        S3ClientError: It names none, one that is not there, or one that is too small.
    """
    from moto.s3 import exceptions  # noqa: PLC0415 - see `moto_fit.backends`
    from moto.s3.models import S3_UPLOAD_PART_MIN_SIZE  # noqa: PLC0415

    parts: list[Any] = []
    for number, etag in asked:
        part = upload.parts.get(number)
        if part is None or part.etag.strip('"') != etag.replace('"', ""):
            raise exceptions.InvalidPart
        if parts and parts[-1].contentsize < S3_UPLOAD_PART_MIN_SIZE:
            raise exceptions.EntityTooSmall
        parts.append(part)
    if not parts:
        raise exceptions.MalformedXML
    return parts


def etag_of(parts: Sequence[Any]) -> str:
    """The ETag of an object: of its parts' ETags, and how many they are."""
    sums = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
    return f"{hashlib.md5(sums, usedforsecurity=False).hexdigest()}-{len(parts)}"


def checksum_of(
    parts: Sequence[Any], algorithm: str | None, kind: str | None
) -> tuple[str, str, int] | None:
    """The checksum of an object, where one was asked for: its kind, itself, of how many parts.

    Args:
        parts: The parts.
        algorithm: As S3 names it.
        kind: `COMPOSITE` or `FULL_OBJECT`; without one, as S3 chooses.
    """
    if algorithm is None:
        return None
    kind = kind or ("FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE")
    if kind == "COMPOSITE":
        sums = (_sum(algorithm, part._value_buffer.blocks()) for part in parts)
        found, count = _sum(algorithm, sums), len(parts)
    else:
        found, count = _sum(algorithm, _all_blocks(parts)), 1
    return kind, base64.b64encode(found).decode(), count


def whole_checksum(key: Any) -> tuple[str, str]:
    """The kind and value of an object's checksum as if it had come in one piece."""
    found = _sum(key.checksum_algorithm, key._value_buffer.blocks())
    return "FULL_OBJECT", base64.b64encode(found).decode()


def _all_blocks(parts: Sequence[Any]) -> Iterator[bytes]:
    for part in parts:
        yield from part._value_buffer.blocks()


def _sum(algorithm: str, blocks: Iterable[bytes]) -> bytes:
    total: _Sum
    if algorithm.startswith("CRC"):
        total = _Crc()
    elif algorithm == "SHA1":
        total = hashlib.sha1(usedforsecurity=False)
    else:
        total = hashlib.sha256()
    for block in blocks:
        total.update(block)
    return total.digest()
