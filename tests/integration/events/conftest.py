"""A whole local cloud with real boto3 clients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.conftest import make_client
from windfall_local.cloud import LocalCloud
from windfall_local.threaded import cloud_in_thread

Clients = Callable[[str], Any]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with cloud_in_thread(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def client(local: LocalCloud) -> Iterator[Clients]:
    """Gives the client of a service, and closes them all."""
    made: dict[str, Any] = {}

    def of(service: str) -> Any:
        if service not in made:
            made[service] = make_client(local, service)
        return made[service]

    yield of
    for one in made.values():
        one.close()


def eventually(find: Callable[[], Any], seconds: float = 100) -> Any:
    """What a condition finds, as soon as it finds something."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = find()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen")
