"""The project's template on a local cloud that has done nothing else, asked as its root user."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from windfall import identity, keys
from windfall_local.api import Principal
from windfall_local.cloud import LocalCloud
from windfall_local.template import Stack, provision_template

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
PAUSE = 0.1


class AskedStack:
    """A stack within this process.

    Args:
        cloud: Where it stands.
        stack: Itself.
    """

    def __init__(self, cloud: LocalCloud, stack: Stack) -> None:
        self._cloud = cloud
        self._stack = stack

    @classmethod
    @asynccontextmanager
    async def fresh(cls) -> AsyncIterator[Self]:
        """Provision it in a new cloud, which ends with it."""
        with tempfile.TemporaryDirectory() as folder:
            async with LocalCloud.run(Path(folder)) as cloud:
                yield cls(cloud, await provision_template(cloud, TEMPLATE))

    async def call(self, service: str, operation: str, **parameters: Any) -> Any:
        """Call an operation of AWS's."""
        return await self._cloud.call(service, operation, parameters, Principal.root())

    def output(self, name: str) -> str:
        """One of the template's outputs."""
        return str(self._stack.outputs[name].value)

    async def drop(self, key: str, path: Path) -> str:
        """Put a file into the inbox; the id that it has there."""
        inbox = self.output("InboxBucketName")
        answer = await self.call("s3", "PutObject", Bucket=inbox, Key=key, Body=path.read_bytes())
        return identity.file_id(inbox, key, answer["VersionId"])

    async def manifest(self, file_id: str) -> bytes:
        """A file's manifest, once it has one."""
        bucket, key = self.output("ResultsBucketName"), keys.manifest_key(file_id)
        while True:
            found = await self.call("s3", "ListObjectsV2", Bucket=bucket, Prefix=key)
            if found.get("Contents"):
                break
            await asyncio.sleep(PAUSE)
        return await _bytes_of((await self.call("s3", "GetObject", Bucket=bucket, Key=key))["Body"])


async def _bytes_of(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if hasattr(body, "read"):
        read = body.read()
        return bytes(await read if asyncio.iscoroutine(read) else read)
    return b"".join([bytes(piece) async for piece in body])
