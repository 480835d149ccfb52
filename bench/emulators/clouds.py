"""The clouds that are asked, each at its strictest and most lasting setting."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.chain.clouds import (
    PEER_ENVIRONMENT,
    PEER_VERSION,
    CloudProcess,
    free_port,
    peer_environment,
    peer_process,
    windfall,
)

MOTO_VERSION = "5.2.5"


@dataclass(frozen=True)
class Emulator(CloudProcess):
    """A running cloud; `switched` where permissions are enforced only after a switch."""

    switched: bool = False

    def enforce(self) -> None:
        """From now on, who has no permission is denied."""
        if self.switched:
            self.tell("reset-auth", "0")

    def relax(self) -> None:
        """As at the beginning."""
        if self.switched:
            self.tell("reset-auth", "inf")

    def tell(self, what: str, value: str) -> None:
        """Change one of moto's own settings."""
        url = f"{self.endpoint}/moto-api/{what}"
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, data=value.encode(), headers=headers)
        urllib.request.urlopen(request).close()


Opener = Callable[[Path], AbstractContextManager[Emulator]]


@contextmanager
def ours(folder: Path) -> Iterator[Emulator]:
    """Windfall's local cloud."""
    with windfall(folder) as cloud:
        yield Emulator(cloud.name, cloud.endpoint, cloud.pid, cloud.key, cloud.secret)


@contextmanager
def ministack(folder: Path) -> Iterator[Emulator]:
    """MiniStack with authorization and persistence."""
    peer_environment()
    port = free_port()
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
    }
    with peer_process([str(PEER_ENVIRONMENT / "bin" / "ministack")], settings, port) as pid:
        yield Emulator("ministack", f"http://127.0.0.1:{port}", pid)


@contextmanager
def moto(folder: Path) -> Iterator[Emulator]:
    """Moto's server; it keeps nothing beyond its process."""
    peer_environment()
    server = PEER_ENVIRONMENT / "bin" / "moto_server"
    if not server.exists():
        python = str(PEER_ENVIRONMENT / "bin" / "python")
        wanted = f"moto[server]=={MOTO_VERSION}"
        subprocess.run([python, "-m", "pip", "install", "--quiet", wanted], check=True)
    port = free_port()
    with peer_process([str(server), "-H", "127.0.0.1", "-p", str(port)], {}, port) as pid:
        cloud = Emulator("moto", f"http://127.0.0.1:{port}", pid, switched=True)
        # Without this its machines are names only.
        cloud.tell("config", json.dumps({"stepfunctions": {"execute_state_machine": True}}))
        yield cloud


CLOUDS: dict[str, Opener] = {"windfall": ours, "ministack": ministack, "moto": moto}
NAMES = {
    "windfall": "Windfall",
    "ministack": f"MiniStack {PEER_VERSION}",
    "moto": f"moto {MOTO_VERSION} (server)",
}
