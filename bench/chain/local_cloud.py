"""Runs a bare local cloud until its standard input ends; prints its address as JSON.

    python -m bench.chain.local_cloud [FOLDER]

Without a folder, what it keeps goes with it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
from pathlib import Path

import uvloop

from windfall_local.cloud import LocalCloud


async def _serve(folder: Path) -> None:
    gc.disable()  # As `windfall up` does while it starts.
    async with LocalCloud.run(data_dir=folder) as cloud:
        gc.freeze()
        gc.enable()
        keys = cloud.keys.root
        address = {"endpoint": cloud.endpoint, "key": keys.access_key, "secret": keys.secret_key}
        sys.stdout.write(json.dumps(address) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        uvloop.run(_serve(Path(*sys.argv[1:] or [made])))
