"""Where the local cloud keeps its files, and how another terminal finds it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


def data_dir() -> Path:
    """The local cloud's folder: `WINDFALL_HOME`, else `~/.windfall`."""
    return Path(os.environ.get("WINDFALL_HOME") or Path.home() / ".windfall")


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """A running local cloud: where it listens, whose keys it takes, which process it is."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str
    stack: str
    pid: int

    def save(self) -> None:
        """Tell other terminals of this user; nobody else may read the keys."""
        path = _address_file()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(self), file)
        draft.replace(path)

    def public(self) -> dict[str, str | int]:
        """What may be shown: everything but the keys."""
        return {
            "endpoint": self.endpoint,
            "region": self.region,
            "stack": self.stack,
            "pid": self.pid,
        }

    @classmethod
    def load(cls) -> LocalAddress | None:
        """The running local cloud, or None; a dead one's file is removed."""
        try:
            address = cls(**json.loads(_address_file().read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
        if not is_running(address.pid):
            forget_address()
            return None
        return address


def forget_address() -> None:
    """The local cloud has ended."""
    _address_file().unlink(missing_ok=True)


def is_running(pid: int) -> bool:
    """Whether a process lives, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "Z"


def _address_file() -> Path:
    return data_dir() / "address.json"
