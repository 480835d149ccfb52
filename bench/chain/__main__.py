"""End to end without engines, beside the peer in the same run: latency, throughput, memory.

Latency is from the call of PutObject to the function's word that its row is written, one object
at a time, the two clouds in turn. The burst drops 200 objects at once on a cold cloud.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

from bench.chain.clouds import PEER_VERSION, CloudProcess, chain, ministack, windfall
from bench.results import spread, write_result

WARM_UP = 20
ROUNDS = 100
BURST = 200
UPLOADS_AT_ONCE = 16
CLOUDS: tuple[Callable[[], AbstractContextManager[CloudProcess]], ...] = (windfall, ministack)


def measure() -> dict[str, Any]:
    """Figures of both clouds and their ratios."""
    latencies = measure_latency()
    bursts = {open_cloud.__name__: measure_burst(open_cloud) for open_cloud in CLOUDS}
    ours, theirs = latencies["windfall"], latencies["ministack"]
    return {
        "peer": f"MiniStack {PEER_VERSION}",
        "warm_latency_ms": {name: spread(values) for name, values in latencies.items()},
        "latency_ratio_p50": round(spread(theirs)["p50"] / spread(ours)["p50"], 1),
        "burst_of_200": bursts,
        "bars": {"p50_ms": 15, "files_per_second": 20, "failures": 0, "memory_mb": 1000},
    }


def measure_latency() -> dict[str, list[float]]:
    """Milliseconds from PutObject to the written row, in both clouds by turns."""
    found: dict[str, list[float]] = {"windfall": [], "ministack": []}
    with windfall() as ours, ministack() as theirs, chain(ours) as our, chain(theirs) as their:
        sides = [(ours, ours.client("s3"), our), (theirs, theirs.client("s3"), their)]
        for number in range(WARM_UP + ROUNDS):
            for cloud, s3, listener in sides:
                start = time.perf_counter()
                s3.put_object(Bucket="inbox", Key=f"{number}", Body=b"x")
                _await(listener, {f"{number}"})
                if number >= WARM_UP:
                    found[cloud.name].append((time.perf_counter() - start) * 1000)
    return found


def measure_burst(open_cloud: Callable[[], AbstractContextManager[CloudProcess]]) -> dict[str, Any]:
    """Two hundred objects at once, on a cloud that has run nothing yet."""
    with open_cloud() as cloud, chain(cloud) as listener:
        s3 = cloud.client("s3")
        peak = _Peak(cloud)
        start = time.perf_counter()
        with peak, ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            keys = [f"{number}" for number in range(BURST)]
            list(pool.map(lambda key: s3.put_object(Bucket="inbox", Key=key, Body=b"x"), keys))
            missing = _await(listener, set(keys))
        seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 2),
        "files_per_second": round((BURST - missing) / seconds, 1),
        "failures": missing,
        "peak_memory_mb": round(peak.memory / 1e6),
        "peak_processes": peak.processes,
    }


def _await(listener: socket.socket, keys: set[str]) -> int:
    """Wait, without using the processor, for a word of each key; return how many never came."""
    waiting = set(keys)
    while waiting:
        try:
            waiting.discard(listener.recv(1024).decode())
        except TimeoutError:
            break
    return len(waiting)


class _Peak:
    """The most memory and processes that a cloud has while the block runs."""

    def __init__(self, cloud: CloudProcess) -> None:
        self.memory = 0
        self.processes = 0
        self._cloud = cloud
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.25):
            self.memory = max(self.memory, self._cloud.memory())
            self.processes = max(self.processes, self._cloud.processes())


if __name__ == "__main__":
    write_result("chain", measure())
