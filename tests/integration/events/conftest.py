"""A whole local cloud with real boto3 clients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from windfall_local.cloud import LocalCloud
from windfall_local.threaded import cloud_in_thread

Clients = Callable[[str], Any]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with cloud_in_thread(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def client(local: LocalCloud) -> Clients:
    root = local.keys.root

    def make(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=local.endpoint,
            region_name=local.region,
            aws_access_key_id=root.access_key,
            aws_secret_access_key=root.secret_key,
            config=Config(retries={"total_max_attempts": 1}),
        )

    return make


def eventually(find: Callable[[], Any], seconds: float = 100) -> Any:
    """What a condition finds, as soon as it finds something."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = find()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen")
