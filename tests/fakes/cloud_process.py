"""A bare local cloud as a process of its own, which can be killed.

python -m tests.fakes.cloud_process FOLDER      # runs until its standard input ends
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, HTTPClientError
from botocore.parsers import ResponseParserError

ROOT = Path(__file__).parents[2]

UNANSWERED = (EndpointConnectionError, HTTPClientError, ResponseParserError)
"""What a client of a killed cloud gets: no connection, or one that ends within the answer."""


class CloudProcess:
    """A running cloud.

    Args:
        folder: Its data directory.
        wrapped: A command that runs the command given to it, such as `unshare`.
    """

    def __init__(self, folder: Path, wrapped: tuple[str, ...] = ()) -> None:
        self._process = subprocess.Popen(
            [*wrapped, sys.executable, "-m", "tests.fakes.cloud_process", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the cloud ended at its start ({self._process.wait()})"
        self._address = json.loads(line)
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for client in self._clients.values():
            client.close()
        if self._process.poll() is None:
            self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def kill(self) -> None:
        """End it at once, as a power button would: `kill -9`."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        """End it as users do."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait() == 0

    def inside(self, path: Path) -> Path:
        """A file as the process sees it, which may have mounts of its own."""
        return Path(f"/proc/{self._process.pid}/root{path}")

    def ask(self, service: str, operation: str, parameters: dict[str, Any]) -> Any:
        """Call by boto3, once; streaming bodies are bytes.

        Raises:
            UNANSWERED: The cloud was killed.
            botocore.exceptions.ClientError: The answer is an error.
        """
        answer = getattr(self.client(service), xform_name(operation))(**parameters)
        length = answer["ResponseMetadata"]["HTTPHeaders"].get("content-length", "0")
        if len(answer) == 1 and int(length) > len("{}"):
            raise HTTPClientError(error="only the head of the answer came")
        if hasattr(answer.get("Body"), "read"):
            answer["Body"] = answer["Body"].read()
        return answer

    def client(self, service: str) -> Any:
        """A boto3 client that tries once."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self._address["endpoint"],
                region_name="us-east-1",
                aws_access_key_id=self._address["key"],
                aws_secret_access_key=self._address["secret"],
                config=Config(
                    retries={"total_max_attempts": 1},
                    signature_version="v4" if service != "s3" else "s3v4",
                    s3={"addressing_style": "path"},
                ),
            )
        return self._clients[service]


async def _serve(folder: Path) -> None:
    from windfall_local.cloud import LocalCloud

    async with LocalCloud.run(folder) as cloud:
        keys = cloud.keys.root
        address = {"endpoint": cloud.endpoint, "key": keys.access_key, "secret": keys.secret_key}
        sys.stdout.write(json.dumps(address) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
