"""The cloud's lives: it is started, and killed at some moment, while files are dropped."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bench.chaos.files import File, make_file
from windfall_cli.errors import CommandError
from windfall_cli.stack import Stack

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
FAREWELL_SECONDS = 60.0
"""What a process of a killed cloud may need to see that it is alone, at most."""


class Cloud:
    """The cloud's process, one after the other on the same folder and port.

    Args:
        folder: The data directory.
        seed: Of the faults.
        faults: What is to go wrong for the application, as `windfall up --fault` takes it.
    """

    def __init__(self, folder: Path, seed: int = 0, faults: Sequence[str] = ()) -> None:
        self.folder = folder
        self._faults = [str(seed), *faults] if faults else []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._descendants: set[tuple[int, str]] = set()

    def start(self) -> None:
        """Start it; `is_ready` tells when the template stands."""
        with (self.folder / "chaos.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "bench.chaos.cloud"),
                    *(str(self.folder), str(self.port), *self._faults),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
            )

    def wait_until_ready(self) -> None:
        """Return when the template stands."""
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the cloud did not start:\n{(self.folder / 'chaos.log').read_text()[-3000:]}"

    def kill(self) -> None:
        """`kill -9`, of the one process that a user would name."""
        assert self._process is not None
        self._descendants |= _descendants(self._process.pid)
        os.kill(self._process.pid, signal.SIGKILL)
        self._forget()

    def left_behind(self) -> list[str]:
        """Processes of killed clouds that still run, though they end by themselves, soon."""
        deadline = time.monotonic() + FAREWELL_SECONDS
        while left := [pid for pid, born in self._descendants if _born(pid) == born]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        return [_command(pid) for pid in left]

    def end(self) -> None:
        """End it as users do."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait() == 0, "it did not end well"
        self._forget()

    def stack(self) -> Stack:
        """The stack that runs in it; once it was ready, its address stays the same."""
        keys = dict(
            line.split(" = ")
            for line in (self.folder / "credentials").read_text().splitlines()
            if " = " in line
        )
        session = boto3.Session(
            aws_access_key_id=keys["aws_access_key_id"],
            aws_secret_access_key=keys["aws_secret_access_key"],
            region_name=REGION,
        )
        return Stack("windfall", True, session, f"http://127.0.0.1:{self.port}")

    def _forget(self) -> None:
        assert self._process is not None
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process = None


class Dropper:
    """Drops files, one after the other, whether the cloud lives or not.

    Args:
        stack: Where.
        draw: What and when.
    """

    def __init__(self, stack: Stack, draw: random.Random) -> None:
        self.accepted: dict[str, str] = {}
        """Version ids by key, as they were acknowledged."""
        self._draw = draw
        self._wanted = threading.Semaphore(0)
        self._ended = threading.Event()
        self._bucket = stack.output("InboxBucketName")
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=20)
        self._s3: Any = stack.session.client("s3", endpoint_url=stack.endpoint, config=once)
        self._thread = threading.Thread(target=self._run)

    def want(self, files: int) -> None:
        """Have some more dropped."""
        self._wanted.release(files)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Drop as long as the block runs."""
        self._thread.start()
        try:
            yield
        finally:
            self._ended.set()
            self.want(1)
            self._thread.join()
            self._s3.close()

    def _run(self) -> None:
        for number in itertools.count():
            self._wanted.acquire()
            if self._ended.is_set():
                return
            kinds = {"text": 12, "image": 4, "recording": 1}
            (kind,) = self._draw.choices([*kinds], [*kinds.values()])
            file = make_file(number, kind, self._draw)
            while not self._is_dropped(file):
                if self._ended.wait(self._draw.uniform(0.05, 0.6)):
                    return

    def _is_dropped(self, file: File) -> bool:
        place = {"Bucket": self._bucket, "Key": file.key}
        try:
            answer = self._s3.put_object(**place, Body=file.body, Metadata=file.metadata)
        except (BotoCoreError, ClientError):
            return False  # The cloud is dead now; whoever drops a file tries again.
        self.accepted[file.key] = answer["VersionId"]
        return True


def _descendants(pid: int) -> set[tuple[int, str]]:
    """Everything that a process started, each with the time at which it began."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return {(one, born) for one in found[1:] if (born := _born(one)) is not None}


def _born(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return str(pid)


def wait_a_while(seconds: float) -> None:
    """Let the cloud live."""
    time.sleep(seconds)


def outputs_of(stack: Stack) -> dict[str, str]:
    """The stack's outputs, as soon as it answers."""
    while True:
        try:
            return stack.outputs
        except CommandError:
            time.sleep(0.2)
