"""How another terminal finds the local cloud."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from windfall_cli.home import LocalAddress, forget_address


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WINDFALL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def address(pid: int) -> LocalAddress:
    return LocalAddress("http://127.0.0.1:4590", "us-east-1", "key", "secret", "windfall", pid)


def test_a_running_cloud_is_found_and_its_keys_are_the_users_alone(home: Path) -> None:
    address(os.getpid()).save()
    assert LocalAddress.load() == address(os.getpid())
    assert stat.S_IMODE((home / "address.json").stat().st_mode) == 0o600


def test_a_dead_cloud_is_forgotten(home: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    address(process.pid).save()
    assert LocalAddress.load() is None
    assert not (home / "address.json").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"endpoint": 1}'])
def test_a_broken_address_is_no_cloud(home: Path, content: str) -> None:
    home.mkdir()
    (home / "address.json").write_text(content)
    assert LocalAddress.load() is None


def test_forgetting_twice_is_fine() -> None:
    forget_address()
    forget_address()
