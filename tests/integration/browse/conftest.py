"""The page of `windfall browse` over HTTP, for a stack whose rows and objects were put there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.fakes.shelf import OUTPUTS, Shelf
from windfall_cli.browse.library import Library
from windfall_cli.browse.server import listening, prepare
from windfall_cli.stack import Stack
from windfall_local.cloud import LocalCloud
from windfall_local.threaded import cloud_in_thread


class PreparedStack(Stack):
    """A stack of which there are only the table and the buckets."""

    outputs = OUTPUTS


@pytest.fixture(scope="package")
def own_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with cloud_in_thread(tmp_path_factory.mktemp("browse")) as cloud:
        yield cloud


@pytest.fixture(scope="package")
def library(own_cloud: LocalCloud) -> Iterator[Library]:
    keys = own_cloud.keys.root
    session = boto3.Session(
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        region_name=own_cloud.region,
    )
    stack = PreparedStack("windfall", is_local=True, session=session, endpoint=own_cloud.endpoint)
    library = Library(stack)
    yield library
    library.close()


@pytest.fixture(scope="package")
def shelf(library: Library) -> Shelf:
    """Puts files with insights there."""
    shelf = Shelf(library.stack.client("s3"), library.stack.client("dynamodb"))
    shelf.make()
    return shelf


@pytest.fixture(scope="package")
def address(library: Library, shelf: Shelf) -> Iterator[str]:
    """Where the pages are, with the token."""
    with listening(0) as listener:
        address, server = prepare(library, listener)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield address
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def demo() -> Path:
    """The demo's real files."""
    return Path(__file__).parents[3] / "demo"
