"""The local cloud behind a user's proxy."""

from __future__ import annotations

from contextlib import closing

import boto3
import pytest

from windfall_cli.stack import Stack
from windfall_local.cloud import LocalCloud


def test_commands_reach_the_local_cloud_past_the_users_proxy(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    root = cloud.keys.root
    session = boto3.Session(root.access_key, root.secret_key, region_name=cloud.region)
    stack = Stack("windfall", is_local=True, session=session, endpoint=cloud.endpoint)
    with closing(stack.client("sts")) as sts:
        assert sts.get_caller_identity()["Arn"].endswith(":root")
