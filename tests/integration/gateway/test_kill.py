"""`kill -9` at any moment: every write that was acknowledged is there after the next start."""

from __future__ import annotations

import http.client
import json
import random
import shutil
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.fakes.cloud_process import UNANSWERED, CloudProcess
from tests.fakes.workload import Workload

LIVES = 2


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


def test_of_an_object_that_was_still_coming_nothing_is_left(tmp_path: Path) -> None:
    body = bytes(range(256)) * 20_000
    with CloudProcess(tmp_path) as cloud:
        cloud.ask("s3", "CreateBucket", {"Bucket": "half"})
        cloud.ask("s3", "PutObject", {"Bucket": "half", "Key": "whole", "Body": body})
        place = {"Bucket": "half", "Key": "half"}
        url = urlsplit(cloud.client("s3").generate_presigned_url("put_object", place))
        with closing(http.client.HTTPConnection(url.netloc, timeout=60)) as connection:
            connection.putrequest("PUT", f"{url.path}?{url.query}")
            connection.putheader("content-length", str(len(body)))
            connection.endheaders(body[: len(body) // 2])
            while not _drafts(tmp_path):
                time.sleep(0.01)
            cloud.kill()
    with CloudProcess(tmp_path) as cloud:
        found = cloud.ask("s3", "ListObjectsV2", {"Bucket": "half"})
        assert [one["Key"] for one in found["Contents"]] == ["whole"]
        whole = cloud.ask("s3", "GetObject", {"Bucket": "half", "Key": "whole"})
        assert whole["Body"] == body
        cloud.end()
    assert not _drafts(tmp_path)
    assert len(list(tmp_path.rglob("bodies/*"))) == 1


def _drafts(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("bodies/*.new") if path.stat().st_size]


def _use_until_killed(cloud: CloudProcess, workload: Workload, draw: random.Random) -> None:
    last = draw.randrange(5, 60)
    death = threading.Timer(draw.uniform(0, 0.02), cloud.kill)
    for number in range(10_000):
        if number == last:
            death.start()
        call = workload.next()
        try:
            response = cloud.ask(call.service, call.operation, call.parameters)
        except UNANSWERED:
            assert number >= last
            workload.unanswered(call)
            death.join()
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
    # `sh -c` gets the cloud's command as its arguments; the ballast is what can be made room of.
    mount = (
        f"mount -t tmpfs -o size=6m none {tmp_path} && head -c 2m /dev/zero > {tmp_path}/ballast"
    )
    with CloudProcess(tmp_path, (*IN_A_SMALL_ROOM, f'{mount} && exec "$@"', "sh")) as cloud:
        cloud.ask("s3", "CreateBucket", {"Bucket": "full"})
        machine = _make_machine(cloud)
        body = b"x" * 300_000
        accepted, refusal = _fill(cloud, body)
        _assert_full(refusal)
        start = {"stateMachineArn": machine, "name": "n", "input": json.dumps("x" * 200_000)}
        with pytest.raises(ClientError) as caught:
            cloud.ask("stepfunctions", "StartExecution", start)
        _assert_full(caught.value)
        listed = cloud.ask("s3", "ListObjectsV2", {"Bucket": "full"})["Contents"]
        assert [one["Key"] for one in listed] == [one["Key"] for one in accepted]

        cloud.inside(tmp_path / "ballast").unlink()
        cloud.ask("stepfunctions", "StartExecution", {**start, "name": "again"})
        cloud.ask("s3", "PutObject", {"Bucket": "full", "Key": "more", "Body": body})
        for asked in (*accepted, {"Bucket": "full", "Key": "more"}):
            assert cloud.ask("s3", "GetObject", asked)["Body"] == body
        cloud.end()


def _make_machine(cloud: CloudProcess) -> str:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    asked = {"RoleName": "r", "AssumeRolePolicyDocument": trust}
    role = cloud.ask("iam", "CreateRole", asked)["Role"]["Arn"]
    states = {"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": {"Type": "Succeed"}}}
    definition = {"name": "m", "roleArn": role, "definition": json.dumps(states)}
    return str(cloud.ask("stepfunctions", "CreateStateMachine", definition)["stateMachineArn"])


def _assert_full(error: ClientError) -> None:
    assert "disk of the local cloud is full" in str(error)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500


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
