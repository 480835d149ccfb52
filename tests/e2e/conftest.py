"""The whole template, deployed: on this machine, or with `WINDFALL_TEST_STACK` set, on AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.e2e.deployment import Deployment
from tests.e2e.listener import Listener
from tests.e2e.local import LocalProcess
from windfall_cli.stack import open_stack
from windfall_local.engines.models import ModelStore

AWS_STACK = os.environ.get("WINDFALL_TEST_STACK")
MISSING_MODELS = [one.model.name for one in ModelStore().states() if one.status != "installed"]


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalProcess]:
    """`windfall up`, as users run it."""
    if AWS_STACK:
        pytest.skip("this needs a local cloud, and WINDFALL_TEST_STACK names a stack on AWS")
    with LocalProcess(tmp_path_factory.mktemp("home")) as process:
        process.start()
        yield process


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """The stack under test."""
    local = None if AWS_STACK else request.getfixturevalue("process")
    stack = open_stack(AWS_STACK) if local is None else local.stack()
    with closing(Deployment(stack)) as deployment, _without_schedule(deployment):
        yield deployment


@contextmanager
def _without_schedule(deployment: Deployment) -> Iterator[None]:
    """reconcile_jobs comes by when a test lets it, and not in the middle of one as well."""
    events, rule = deployment.client("events"), deployment.resources["ReconcileJobsRule"]
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


@pytest.fixture(scope="session")
def listener(deployment: Deployment) -> Iterator[Listener]:
    """Hears the application's bus, and S3's events about the inbox."""
    listener = Listener(deployment)
    listener.listen(deployment.output("EventBusName"), {"source": ["windfall"]})
    inbox = {"bucket": {"name": [deployment.output("InboxBucketName")]}}
    listener.listen("default", {"source": ["aws.s3"], "detail": inbox})
    yield listener
    listener.close()
