"""A fake cloud with EventBridge on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.events.doubles import FakeCloud, ManualClock
from windfall_local.api import Principal
from windfall_local.events.service import EventBridgeService


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cloud(tmp_path: Path, clock: ManualClock) -> FakeCloud:
    return FakeCloud(tmp_path, clock)


@pytest.fixture
async def bridge(cloud: FakeCloud, clock: ManualClock) -> AsyncIterator[EventBridgeService]:
    service = EventBridgeService(cloud, clock)
    cloud.services["events"] = service
    await service.start()
    yield service
    await service.stop()


class Api:
    """Calls EventBridge as the user at the machine."""

    def __init__(self, cloud: FakeCloud) -> None:
        self._cloud = cloud

    async def __call__(self, operation: str, **parameters: Any) -> Any:
        return await self._cloud.call("events", operation, parameters, Principal.root())


@pytest.fixture
def api(cloud: FakeCloud, bridge: EventBridgeService) -> Api:
    return Api(cloud)
