"""What a whole prefix would cost, by a few of its objects of each ending."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from windfall.contracts.base import S3Pointer
from windfall_cli.estimates import FileEstimator, Place

NO_SUFFIX = "(no ending)"


@dataclass
class Ending:
    """The objects whose keys end alike.

    Attributes:
        sample: A few of their keys, each as likely as any other, and the same ones each time.
        dollars: What all of them would cost; None until they are appraised.
        rejected: Of the sample, how many would be rejected.
    """

    objects: int = 0
    size: int = 0
    sample: list[str] = field(default_factory=list)
    dollars: float | None = None
    rejected: int = 0


def counted(listing: Iterable[tuple[str, int]], sample: int) -> dict[str, Ending]:
    """Objects, bytes and a sample by the ending of their keys, the most first."""
    endings: dict[str, Ending] = {}
    drawn: dict[str, list[tuple[int, str]]] = {}
    for key, size in listing:
        suffix = PurePosixPath(key).suffix.lower() or NO_SUFFIX
        ending = endings.setdefault(suffix, Ending())
        ending.objects += 1
        ending.size += size
        _draw(drawn.setdefault(suffix, []), key, sample)
    for suffix, lots in drawn.items():
        endings[suffix].sample = [key for _, key in sorted(lots, reverse=True)]
    return dict(sorted(endings.items(), key=lambda one: -one[1].objects))


def _draw(lots: list[tuple[int, str]], key: str, most: int) -> None:
    """Keep the keys with the smallest numbers; a key's number is its own, and like a die's."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    if len(lots) < most:
        heapq.heappush(lots, (-number, key))
    elif most:
        heapq.heappushpop(lots, (-number, key))


def appraise(estimator: FileEstimator, bucket: str, endings: Iterable[Ending]) -> None:
    """Price each ending by its sample."""
    for ending in endings:
        if not ending.sample:
            continue
        found = list(estimator.estimate(_places(bucket, ending.sample)))
        costs = [one.estimate.cost for one in found if one.estimate is not None]
        ending.rejected = len(found) - len(costs)
        ending.dollars = round(ending.objects * sum(costs) / len(found), 4)


def _places(bucket: str, sample: Iterable[str]) -> Iterator[Place]:
    return (Place(S3Pointer(bucket=bucket, key=key), key) for key in sample)
