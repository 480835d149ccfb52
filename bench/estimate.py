"""How far estimates are from the bill: files are estimated, then dropped, then what was metered.

The project's own template on a local cloud that has done nothing else, the default profile, and
files as they are: the demo's, and those of the folders that are named. Nothing that an estimate
assumes is changed for a file.

    python -m bench.estimate [FOLDER…]

Without folders, the samples (`bench.samples`) are taken too, where they are. Tables are left out:
what is trained on is billed by seconds of AWS's machines, and here they are this one's.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from bench.asked import AskedStack
from bench.results import write_result
from bench.samples import samples
from windfall.contracts.base import S3Pointer
from windfall.contracts.estimate import Estimate
from windfall.contracts.manifest import Manifest
from windfall.planning.profiles import Overrides
from windfall_cli.estimates import HERE, Estimated, FileEstimator, Place

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo"
LEFT_OUT = {".py", ".md", ".csv"}
BAR = 10
"""Per cent by which all estimates together may be off."""
PATIENCE = 400


class Metered(NamedTuple):
    """What came of a file.

    Attributes:
        cost: US dollars by feature.
    """

    status: str
    cost: dict[str, float]

    @property
    def total(self) -> float:
        """US dollars for all features."""
        return sum(self.cost.values())


def chosen_files(folders: list[str]) -> list[tuple[str, Path]]:
    """The files and the names by which they are told apart."""
    places = [Path(folder) for folder in folders] or [samples("")]
    found = [(f"demo/{path.name}", path) for path in sorted(DEMO.iterdir())]
    for place in places:
        found += [
            (path.relative_to(place).as_posix(), path)
            for path in sorted(place.rglob("*"))
            if path.is_file()
        ]
    return [(name, path) for name, path in found if path.suffix not in LEFT_OUT]


async def metered(files: list[tuple[str, Path]]) -> dict[str, Metered]:
    """Drop the files, and read what their features cost."""
    async with _Inbox.fresh() as inbox:
        return await asyncio.wait_for(inbox.take(files), PATIENCE)


class _Inbox(AskedStack):
    """Where the files are dropped."""

    async def take(self, files: list[tuple[str, Path]]) -> dict[str, Metered]:
        """Drop all files, then wait for each."""
        ids = {name: await self.drop(name, path) for name, path in files}
        return {name: await self._ended(file_id) for name, file_id in ids.items()}

    async def _ended(self, file_id: str) -> Metered:
        manifest = Manifest.model_validate_json(await self.manifest(file_id))
        return Metered(
            manifest.status.value,
            {outcome.feature: outcome.cost or 0.0 for outcome in manifest.outcomes},
        )


def compared(
    estimates: dict[str, Estimated], bills: dict[str, Metered]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Each file's estimate beside its bill, and both by feature."""
    rows = []
    by_feature: dict[str, list[float]] = {}
    for name, bill in bills.items():
        estimate: Estimate | None = estimates[name].estimate
        guessed = 0.0 if estimate is None else estimate.cost
        rows.append(
            {
                "file": name,
                "status": bill.status,
                "estimated": round(guessed, 5),
                "metered": round(bill.total, 5),
            }
        )
        for feature in estimate.features if estimate is not None else ():
            by_feature.setdefault(feature.feature, [0.0, 0.0])[0] += feature.cost or 0.0
        for feature_name, cost in bill.cost.items():
            by_feature.setdefault(feature_name, [0.0, 0.0])[1] += cost
    features = {
        name: {"estimated": round(guessed, 5), "metered": round(cost, 5)}
        for name, (guessed, cost) in sorted(by_feature.items(), key=lambda one: -one[1][1])
        if guessed or cost
    }
    return rows, features


def measure(folders: list[str]) -> dict[str, Any]:
    """Figures of all files."""
    files = chosen_files(folders)
    places = [Place(S3Pointer(bucket=HERE, key=str(path)), name) for name, path in files]
    estimates = {one.key: one for one in FileEstimator(None, Overrides()).estimate(places)}
    rows, features = compared(estimates, asyncio.run(metered(files)))
    guessed = sum(row["estimated"] for row in rows)
    paid = sum(row["metered"] for row in rows)
    off = 100 * (guessed / paid - 1)
    told_rejected = {name for name, one in estimates.items() if one.estimate is None}
    rejected = {row["file"] for row in rows if row["status"] == "rejected"}
    return {
        "files": len(rows),
        "estimated_usd": round(guessed, 4),
        "metered_usd": round(paid, 4),
        "off_percent": round(off, 1),
        "bar_percent": BAR,
        "bar_reached": abs(off) <= BAR,
        "rejections_foretold": told_rejected == rejected,
        "by_feature": features,
        "by_file": rows,
    }


if __name__ == "__main__":
    figures = measure(sys.argv[1:])
    write_result("estimate", figures)
    if not (figures["bar_reached"] and figures["rejections_foretold"]):
        sys.exit(f"estimates are off: {json.dumps(figures['off_percent'])} %")
