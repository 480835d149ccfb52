"""One large object into S3 and out again: what the cloud holds of it in memory.

The same bytes by PutObject, in parts (boto3's own transfer, 8 MiB each, ten at a time), by
CopyObject, and read back whole, each against the cloud as it was before. Random bytes, and their
hash is compared at the end.

    python -m bench.uploads [mebibytes [CLOUD …]]     # 1,024 unless told otherwise; two minutes

Installs the peers into `.venv-bench` the first time.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.emulators.clouds import CLOUDS, NAMES, Emulator
from bench.inference import Peaks
from bench.results import write_result

MEBIBYTES = 1_024
PEERS = ("windfall", "ministack")
_MIB = 1 << 20


def write_object(path: Path, mebibytes: int) -> str:
    """Random bytes in a file; their SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(mebibytes):
            block = os.urandom(_MIB)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def measure(mebibytes: int, names: list[str]) -> dict[str, Any]:
    """What each cloud took for each way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "object"
        digest = write_object(path, mebibytes)
        clouds = {}
        for name in names:
            with CLOUDS[name](Path(folder) / name) as cloud:
                clouds[NAMES[name]] = _ways(cloud, path, digest)
        return {"mebibytes": mebibytes, "clouds": clouds}


def _ways(cloud: Emulator, path: Path, digest: str) -> dict[str, Any]:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="large")

    def put() -> None:
        with path.open("rb") as file:
            s3.put_object(Bucket="large", Key="put", Body=file)

    def copy() -> None:
        source = {"Bucket": "large", "Key": "parts"}
        s3.copy_object(Bucket="large", Key="copy", CopySource=source)

    def read() -> None:
        body = s3.get_object(Bucket="large", Key="copy")["Body"]
        found = hashlib.sha256()
        for block in body.iter_chunks(_MIB):
            found.update(block)
        assert found.hexdigest() == digest, f"{cloud.name} gave back other bytes"

    return {
        "put_object": _measured(cloud, put),
        "in_parts": _measured(cloud, lambda: s3.upload_file(str(path), "large", "parts")),
        "copy": _measured(cloud, copy),
        "read": _measured(cloud, read),
    }


def _measured(cloud: Emulator, work: Callable[[], None]) -> dict[str, float]:
    with Peaks(cloud.pid) as peaks:
        begin = time.perf_counter()
        work()
        seconds = time.perf_counter() - begin
    return {
        "seconds": round(seconds, 1),
        "before_mib": round(peaks.before / _MIB),
        "peak_mib": round(peaks.cloud / _MIB),
    }


if __name__ == "__main__":
    write_result(
        "uploads",
        measure(int(sys.argv[1]) if sys.argv[1:] else MEBIBYTES, sys.argv[2:] or list(PEERS)),
    )
