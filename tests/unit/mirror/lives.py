"""Processes that start, use the stores, and are killed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.fakes.disk import FullDisk
from tests.fakes.workload import Workload
from windfall_local.mirror.mirror import Mirror
from windfall_local.stores.stores import Stores

REGION = "us-east-1"


class Life:
    """The stores of one process, and its mirror."""

    def __init__(self, folder: Path, disk: FullDisk) -> None:
        self.folder = folder
        self.mirror = Mirror(folder, disk.write)
        self.stores = Stores(REGION, "127.0.0.1:1", self.mirror)

    async def call(self, service: str, operation: str, **parameters: Any) -> Any:
        """As boto3 would."""
        return await self.stores.call(service, operation, parameters)

    async def use(self, workload: Workload, calls: int) -> None:
        """Do as the workload says."""
        for _ in range(calls):
            call = workload.next()
            workload.acknowledged(
                call, await self.call(call.service, call.operation, **call.parameters)
            )

    async def prepare(self, workload: Workload) -> None:
        """Make what the workload uses."""
        await self.ask_all(workload.prepare)

    async def ask_all(self, asking: Any) -> None:
        """Answer a function that asks, by running it until each of its questions was answered."""
        answers: list[Any] = []
        while True:
            replies = iter(answers)
            try:
                asking(lambda *asked, replies=replies: _next(replies, asked))
            except _UnansweredError as unanswered:
                answers.append(await self.stores.call(*unanswered.asked))
            else:
                return


class _UnansweredError(Exception):
    def __init__(self, asked: Any) -> None:
        super().__init__(asked)
        self.asked = asked


def _next(replies: Any, asked: Any) -> Any:
    for reply in replies:
        return reply
    raise _UnansweredError(asked)


@asynccontextmanager
async def living(folder: Path, disk: FullDisk | None = None) -> AsyncIterator[Life]:
    """A process that starts on a folder, and is killed when the block ends."""
    life = Life(folder, disk or FullDisk())
    try:
        life.mirror.open(life.stores)
        yield life
    finally:
        life.stores.close()


def killed(folder: Path) -> Path:
    """What a process that is killed now leaves behind."""
    copy = folder.with_name(f"{folder.name}+")
    shutil.copytree(folder, copy)
    return copy
