"""A process that shortens the journal: a restart that nobody waits for.

It reads the snapshot, replays the segments that are no longer written, writes the next snapshot,
and prints the names of the bodies that it points to. The cloud's own process goes on meanwhile,
and removes what is no longer needed when this one has ended well. Killed at any moment, it leaves
the old snapshot or the new one, and every segment.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path

from windfall_local.mirror.mirror import Mirror
from windfall_local.stores.stores import Stores


async def compact(folder: Path, region: str, through: int) -> set[str]:
    """Write a snapshot of all through a segment; the names of the bodies that it points to."""
    mirror = Mirror(folder)
    stores = Stores(region, "localhost", mirror)
    try:
        with mirror.locked():
            for draft in folder.glob("stores.*.new"):
                draft.unlink()  # Of one that was killed; nobody else writes now.
            return mirror.rewrite(stores, mirror.restore(stores, through))
    finally:
        stores.close()


if __name__ == "__main__":
    os.nice(19)
    # What is read stays, and need not be looked through again and again; but each replayed request
    # leaves its body behind in a ring, and those of a large upload add up to a multiple of it.
    gc.set_threshold(700, 10, 1_000)
    names = asyncio.run(compact(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
    sys.stdout.write("\n".join(names))
