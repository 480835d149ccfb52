"""`kill -9` at any moment: every write that was acknowledged is there after the next start."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.fakes.cloud_process import UNANSWERED, CloudProcess
from tests.fakes.workload import Workload

LIVES = 3


@pytest.mark.parametrize("seed", [1])
def test_what_was_acknowledged_survives(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    workload = Workload(seed)
    for number in range(LIVES):
        with CloudProcess(tmp_path) as cloud:
            if number == 0:
                workload.prepare(cloud.ask)
            else:
                workload.moved(cloud.ask)
                workload.check(cloud.ask)
            _use_until_killed(cloud, workload, draw)
    with CloudProcess(tmp_path) as cloud:
        workload.moved(cloud.ask)
        workload.check(cloud.ask)
        cloud.end()


def _use_until_killed(cloud: CloudProcess, workload: Workload, draw: random.Random) -> None:
    last = draw.randrange(5, 60)
    for number in range(10_000):
        if number == last:
            threading.Timer(draw.uniform(0, 0.02), cloud.kill).start()
        call = workload.next()
        try:
            response = cloud.ask(call.service, call.operation, call.parameters)
        except UNANSWERED:
            assert number >= last
            workload.unanswered(call)
            return
        workload.acknowledged(call, response)
    raise AssertionError("it lived on")


IN_A_SMALL_ROOM = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")


def _can_make_small_rooms() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = [*IN_A_SMALL_ROOM, "mount -t tmpfs -o size=1m none /mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _can_make_small_rooms(), reason="needs Linux's user namespaces for a tmpfs")
def test_a_full_disk_is_an_error_for_the_caller_and_costs_nothing(tmp_path: Path) -> None:
    # `sh -c` gets the cloud's command as its arguments.
    mount = f'mount -t tmpfs -o size=4m none {tmp_path} && exec "$@"'
    with CloudProcess(tmp_path, (*IN_A_SMALL_ROOM, mount, "sh")) as cloud:
        cloud.ask("s3", "CreateBucket", {"Bucket": "full"})
        body = b"x" * 300_000
        accepted, refusal = _fill(cloud, body)
        assert "disk of the local cloud is full" in str(refusal)
        assert refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        listed = cloud.ask("s3", "ListObjectsV2", {"Bucket": "full"})["Contents"]
        assert [one["Key"] for one in listed] == [one["Key"] for one in accepted]
        for asked in accepted:
            assert cloud.ask("s3", "GetObject", asked)["Body"] == body


def _fill(cloud: CloudProcess, body: bytes) -> tuple[list[dict[str, str]], ClientError]:
    """Put objects until one is refused."""
    accepted: list[dict[str, str]] = []
    for number in range(100):
        asked = {"Bucket": "full", "Key": f"{number:03}"}
        try:
            cloud.ask("s3", "PutObject", {**asked, "Body": body})
        except ClientError as error:
            return accepted, error
        accepted.append(asked)
    raise AssertionError("the disk was never full")
