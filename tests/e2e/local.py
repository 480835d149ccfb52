"""`windfall up` as a process of its own, with a home of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import boto3

from tests.e2e.deployment import PATIENCE_SECONDS, until
from windfall_cli.home import LocalAddress
from windfall_cli.stack import Stack


class LocalProcess:
    """The local cloud's process.

    Args:
        home: Its data directory.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "e2e.log"
        self.audit = home / "permissions.jsonl"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.end(signal.SIGTERM)

    def start(self, *parameters: str) -> None:
        """Start, and wait until the template stands.

        Args:
            parameters: Further `NAME=VALUE` of the template's parameters.
        """
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "windfall_cli"),
                    *("up", "--port", "0", "--audit", str(self.audit)),
                    # Off unless it is asked for: it is closed to new accounts.
                    *("--parameter", "UseClarify=true"),
                    *(word for one in parameters for word in ("--parameter", one)),
                ],
                env={**os.environ, "WINDFALL_HOME": str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C reaches the whole group
            )
        until(lambda: self._is_up() or self._ended(), "windfall up")
        assert self._is_up(), f"windfall up ended: {self.log.read_text()[-2000:]}"

    def end(self, how: signal.Signals) -> int:
        """Send a signal to the process and all below it, as Ctrl-C does; its exit code."""
        assert self._process is not None
        os.killpg(self._process.pid, how)
        return self._process.wait(timeout=PATIENCE_SECONDS)

    def stack(self) -> Stack:
        """The stack that runs in it."""
        document: dict[str, Any] = json.loads(self._address.read_text())
        address = LocalAddress(**document)
        session = boto3.Session(
            aws_access_key_id=address.access_key,
            aws_secret_access_key=address.secret_key,
            region_name=address.region,
        )
        return Stack(address.stack, is_local=True, session=session, endpoint=address.endpoint)

    @property
    def _address(self) -> Path:
        return self.home / "address.json"

    def _is_up(self) -> bool:
        """Whether the address is this process's; one that was killed leaves its own."""
        if self._process is None or not self._address.is_file():
            return False
        return bool(json.loads(self._address.read_text())["pid"] == self._process.pid)

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None
