"""The well-known bank-marketing tutorial, dropped as a file: figures, the table, and seconds.

The project's own template on a local cloud that has done nothing else, the data set's file in the
inbox, and a profile with the tutorial's settings: `duration` is left out, two features are derived,
30 % of the rows are held out, XGBoost learns for 100 rounds. Beside it, in the same run and on the
same machine, plain XGBoost does the same in one process: read, encode, split, fit, predict.

    python -m bench.training [bank.csv]

Without the file (it is named, or lies among the samples: `bench.samples`), a table is made whose
best possible rate is known.
"""

from __future__ import annotations

import asyncio
import csv
import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.asked import AskedStack
from bench.results import write_result
from bench.samples import samples
from windfall import identity

ROOT = Path(__file__).parents[1]
BAR = 0.895
"""The tutorial's overall classification rate."""
TUTORIAL = "TN 10,769, FP 167, FN 1,133, TP 288 of 12,357 rows: 89.5 %"
PATIENCE = 900
HYPERPARAMETERS = {
    "max_depth": 5,
    "eta": 0.2,
    "gamma": 4,
    "min_child_weight": 6,
    "subsample": 0.8,
    "num_round": 100,
}
BANK: dict[str, Any] = {
    "name": "bank",
    "target": "y",
    "positive": "yes",
    "class_names": {"no": "No Purchase", "yes": "Purchase"},
    "drop": ["duration"],
    "derive": [
        {"name": "no_previous_contact", "column": "pdays", "values": ["999"]},
        {
            "name": "not_working",
            "column": "job",
            "values": ["student", "retired", "unemployed"],
        },
    ],
    "hyperparameters": HYPERPARAMETERS,
    "split": {"method": "stratified", "held_out": 0.3, "seed": 1729},
}
MADE: dict[str, Any] = {
    "name": "made",
    "target": "bought",
    "positive": "yes",
    "hyperparameters": HYPERPARAMETERS,
}


def made_table(path: Path, rows: int = 41_188) -> float:
    """Write a table; answers with the rate of who knows each row's true chance."""
    dice = random.Random(1729)
    best = 0.0
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["age", "job", "visits", "noise", "bought"])
        for _ in range(rows):
            age, job = dice.randint(18, 90), dice.choice(("clerk", "nurse", "pilot", "student"))
            visits, noise = dice.randint(0, 9), round(dice.random(), 4)
            pull = 0.08 * (45 - age) + (1.5 if job == "student" else 0) + 0.3 * (visits - 5)
            chance = 1 / (1 + math.exp(-pull))
            best += max(chance, 1 - chance)
            bought = "yes" if dice.random() < chance else "no"
            table.writerow([age, job, visits, noise, bought])
    return best / rows


async def dropped(path: Path, profile: dict[str, Any]) -> dict[str, Any]:
    """What comes of a file that is dropped, and how long each step takes."""
    async with _Path.fresh() as path_to:
        return await asyncio.wait_for(path_to.take(path, profile), PATIENCE)


class _Path(AskedStack):
    """What a dataset goes through."""

    async def take(self, path: Path, profile: dict[str, Any]) -> dict[str, Any]:
        """Drop the file and wait for its manifest."""
        await self.call(
            "ssm",
            "PutParameter",
            Name=f"{self.output('ProfilesPath')}/train",
            Value=json.dumps({"version": 1, "table": {"train": profile}}),
            Type="String",
            Overwrite=True,
        )
        begin = time.perf_counter()
        file_id = await self.drop(f"train/{path.name}", path)
        manifest = json.loads(await self.manifest(file_id))
        seconds = time.perf_counter() - begin
        outcomes = {one["feature"]: one for one in manifest["outcomes"]}
        broken = {
            name: one["reason"] for name, one in outcomes.items() if one["status"] == "failed"
        }
        if broken:
            raise AssertionError(broken)
        return {
            "seconds": round(seconds, 2),
            "steps": await self._steps(manifest),
            "summary": outcomes["evaluation"]["summary"],
            "warnings": outcomes["profile"]["summary"]["warnings"],
        }

    async def _steps(self, manifest: dict[str, Any]) -> dict[str, float]:
        """Seconds of each task of the machine."""
        machine = self.output("TrainModelMachineArn").replace(":stateMachine:", ":execution:")
        name = identity.execution_name(manifest["analysis_id"], manifest["attempt"])
        history = await self.call(
            "stepfunctions",
            "GetExecutionHistory",
            executionArn=f"{machine}:{name}",
            maxResults=1000,
        )
        return seconds_by_step(history["events"])


def seconds_by_step(events: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Seconds of each task in an execution's history."""
    entered: dict[str, datetime] = {}
    steps = {}
    for event in events:
        if event["type"] == "TaskStateEntered":
            entered[event["stateEnteredEventDetails"]["name"]] = event["timestamp"]
        elif event["type"] == "TaskStateExited":
            step = event["stateExitedEventDetails"]["name"]
            steps[step] = round((event["timestamp"] - entered[step]).total_seconds(), 2)
    return steps


def plain(path: Path, profile: dict[str, Any]) -> dict[str, Any]:
    """The same by XGBoost alone, in this process."""
    import pandas as pd  # noqa: PLC0415 - not before the other path was timed
    import xgboost as xgb  # noqa: PLC0415
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    begin = time.perf_counter()
    table = pd.read_csv(path)
    label = (table.pop(profile["target"]) == profile["positive"]).astype(int)
    for one in profile.get("derive", []):
        table[one["name"]] = table[one["column"]].astype(str).isin(one["values"]).astype(int)
    encoded = pd.get_dummies(table.drop(columns=profile.get("drop", []))).astype(float)
    learnt, held, labels, truth = train_test_split(
        encoded, label, test_size=0.3, random_state=1729, stratify=label
    )
    parameters: dict[str, Any] = {**HYPERPARAMETERS, "objective": "binary:logistic", "seed": 0}
    rounds = int(parameters.pop("num_round"))
    fitting = time.perf_counter()
    booster = xgb.train(parameters, xgb.DMatrix(learnt, labels), rounds)
    fitted = time.perf_counter()
    said = booster.predict(xgb.DMatrix(held)) > 0.5
    return {
        "seconds": round(time.perf_counter() - begin, 2),
        "fit_seconds": round(fitted - fitting, 2),
        "features": encoded.shape[1],
        "overall": round(float((said == truth.to_numpy()).mean()), 4),
    }


def measure(given: str | None) -> dict[str, Any]:
    """Figures of both paths."""
    with tempfile.TemporaryDirectory() as folder:
        path, profile, best = Path(given) if given else samples("tables/bank.csv"), BANK, None
        if not path.is_file():
            path, profile = Path(folder, "made.csv"), MADE
            best = made_table(path)
        whole = asyncio.run(dropped(path, profile))
        alone = plain(path, profile)
    summary = whole["summary"]
    overall = summary["accuracy"]
    bar = BAR if best is None else best - 0.01
    return {
        "file": path.name,
        "best_possible": None if best is None else round(best, 4),
        "overall": overall,
        "bar": round(bar, 4),
        "bar_reached": overall >= bar,
        "majority": summary["majority"],
        "auc": summary["auc"],
        "held_out_rows": summary["rows"],
        "table": summary["table"].splitlines(),
        "goes_by": summary["goes_by"],
        "warnings": whole["warnings"],
        "seconds": whole["seconds"],
        "seconds_by_step": whole["steps"],
        "plain_xgboost": alone,
        "times_plain_xgboost": round(whole["seconds"] / alone["seconds"], 1),
        "tutorial": TUTORIAL if best is None else None,
    }


if __name__ == "__main__":
    write_result("training", measure(sys.argv[1] if len(sys.argv) > 1 else None))
